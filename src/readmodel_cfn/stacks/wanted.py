"""What a stack should be: text and names, whatever template they come from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

# The tag that says which stacks this tool made, from their first deploy.
MANAGED_TAG = {"readmodel-cfn": "managed"}
# The properties that name an IAM resource; with one, CAPABILITY_NAMED_IAM is asked for:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_IAM_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
MOST_INLINE_BYTES = 51_200  # of a template that is sent with the call, CloudFormation's quota


@dataclass(frozen=True)
class Wanted:
    """The stack that should exist: its name, the template's text (JSON), parameters and tags.

    `template_url` is where CloudFormation finds the text when it is too long for a call. The rest
    is how it is brought about: `role_arn` is the role that CloudFormation acts as, `express` has it
    end as soon as the configuration is applied, `disable_rollback` keeps what was made when it
    fails.
    """

    name: str
    template: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    termination_protection: bool = False
    template_url: str | None = None
    role_arn: str | None = None
    express: bool = False
    disable_rollback: bool = False

    @property
    def fits_a_call(self) -> bool:
        """Is the text short enough to be sent with the call?"""
        return len(self.template.encode()) <= MOST_INLINE_BYTES

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The template as a value."""
        parsed: Mapping[str, Any] = json.loads(self.template)
        return parsed

    @property
    def capabilities(self) -> list[str]:
        """The one capability that the template needs, or none."""
        resources = self.content["Resources"].values()
        if any(_IAM_NAMES.get(one["Type"], "") in one.get("Properties", {}) for one in resources):
            return ["CAPABILITY_NAMED_IAM"]
        if any(one["Type"].startswith("AWS::IAM::") for one in resources):
            return ["CAPABILITY_IAM"]
        return []

    @property
    def all_tags(self) -> dict[str, str]:
        """The given tags, and the one that marks this tool's stacks."""
        return {**self.tags, **MANAGED_TAG}
