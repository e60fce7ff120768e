#!/bin/sh
# Deploy the stack of readmodel.toml and print its outputs: sh deploy.sh STACK-NAME
set -eu
readmodel-cfn template --output read-model.json
aws cloudformation deploy --stack-name "$1" --template-file read-model.json \
    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset
aws cloudformation describe-stacks --stack-name "$1" --query 'Stacks[0].Outputs' --output table
