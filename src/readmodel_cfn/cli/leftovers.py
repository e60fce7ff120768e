"""What an update leaves in the deployed API that the template no longer has."""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.deploy.names import resources_of

_METHOD = "AWS::ApiGateway::Method"


def removed_methods(before: Any, after: Mapping[str, Any]) -> list[str]:
    """The logical ids of methods that the update removed.

    CloudFormation deletes them only after it made the new deployment, whose snapshot therefore
    still holds them. `before` is None for a new stack, and text for another tool's.
    """
    if not isinstance(before, Mapping):
        return []
    return [
        name
        for name, resource in resources_of(before).items()
        if resource["Type"] == _METHOD and name not in after["Resources"]
    ]
