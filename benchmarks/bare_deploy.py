"""Creates a stack with plain boto3, waits for it and prints its outputs, to compare `deploy` with.

    bare_deploy.py NAME TEMPLATE

The endpoint and the credentials are in AWS's environment variables.
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
