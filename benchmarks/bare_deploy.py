"""The floor of a first deploy: create a stack with bare boto3, poll until it ends, print outputs.

bare_deploy.py NAME TEMPLATE, with the endpoint and the key in AWS's environment variables.
"""

import sys
import time
from pathlib import Path

import boto3

name, template = sys.argv[1:]
cloudformation = boto3.client("cloudformation")
cloudformation.create_stack(
    StackName=name,
    TemplateBody=Path(template).read_text(encoding="utf-8"),
    Capabilities=["CAPABILITY_IAM"],
)
stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
while stack["StackStatus"].endswith("_IN_PROGRESS"):
    time.sleep(0.1)
    stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
if stack["StackStatus"] != "CREATE_COMPLETE":
    sys.exit(stack["StackStatus"])
for output in stack["Outputs"]:
    print(output["OutputKey"], output["OutputValue"])
