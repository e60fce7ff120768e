"""What a template's references stand for in a stack that was made of it."""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, parameter_values
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import join_texts

Names = Mapping[str, str]


def outer(template: Mapping[str, Any], stack_id: str, parameters: Names) -> dict[str, Any]:
    """The values of the parameters, as far as CloudFormation tells them, and of the stack itself.

    It masks a NoEcho parameter, and of one that is kept in Systems Manager it tells the name.
    """
    declared = template.get("Parameters") or {}
    told = {name: value for name, value in parameters.items() if _is_told(declared.get(name) or {})}
    without_defaults = {name: {"Type": (declared.get(name) or {}).get("Type")} for name in told}
    values = parameter_values({"Parameters": without_defaults}, told)
    return values | _pseudo_parameters(stack_id)


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


def inner(
    resources: Mapping[str, Resource], ids: Names, given: Mapping[str, Any]
) -> dict[str, Any]:
    """What Ref gives for each resource, and Fn::GetAtt for the ARN of a role or a bucket."""
    found: dict[str, Any] = dict(ids)
    evaluator = Evaluator({}, given)
    for resource in resources.values():
        if resource.type == "AWS::IAM::Role":
            path = evaluator.text(resource.properties.get("Path")) or "/"
            account = f"{given['AWS::Partition']}:iam::{given['AWS::AccountId']}"
            arn = join_texts([f"arn:{account}:role", path, ids[resource.id]])
            found[f"{resource.id}.Arn"] = arn
        elif resource.type == "AWS::S3::Bucket":
            arn = f"arn:{given['AWS::Partition']}:s3:::{ids[resource.id]}"
            found[f"{resource.id}.Arn"] = arn
    return found
