"""What a template's references stand for in a stack that was made of it."""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.audit.expressions import text
from readmodel_cfn.audit.resource import Resource

Names = Mapping[str, str]


def outer(template: Mapping[str, Any], stack_id: str, parameters: Names) -> dict[str, str]:
    """The values of the parameters, as far as CloudFormation tells them, and of the stack itself.

    It masks a NoEcho parameter, and of one that is kept in Systems Manager it tells the name.
    """
    declared = template.get("Parameters") or {}
    told = {name: value for name, value in parameters.items() if _is_told(declared.get(name) or {})}
    return told | _pseudo_parameters(stack_id)


def _is_told(parameter: Mapping[str, Any]) -> bool:
    hidden = str(parameter.get("NoEcho")).lower() == "true"
    return not hidden and not str(parameter.get("Type")).startswith("AWS::SSM::")


def _pseudo_parameters(stack_id: str) -> dict[str, str]:
    """What a stack's id says: arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/NAME/..."""
    _, partition, _, region, account, rest = stack_id.split(":", 5)
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": rest.split("/")[1],
    }


def inner(resources: Mapping[str, Resource], ids: Names, given: Names) -> dict[str, str]:
    """What Ref gives for each resource, and Fn::GetAtt for the ARN of a role or a bucket."""
    found = dict(ids)
    for one in resources.values():
        if one.type == "AWS::IAM::Role":
            path = text(one.properties.get("Path"), given) or "/"
            account = f"{given['AWS::Partition']}:iam::{given['AWS::AccountId']}"
            found[f"{one.id}.Arn"] = f"arn:{account}:role{path}{ids[one.id]}"
        elif one.type == "AWS::S3::Bucket":
            found[f"{one.id}.Arn"] = f"arn:{given['AWS::Partition']}:s3:::{ids[one.id]}"
    return found
