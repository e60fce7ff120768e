"""What a stack should be: text and names, whatever template they come from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from readmodel_cfn.cloudformation.reader import read_json
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import TEMPLATE_BODY_BYTES

# The tag that says which stacks this tool made, from their first deploy.
MANAGED_TAG = {"readmodel-cfn": "managed"}
MANAGED_TAG_TEXT = "readmodel-cfn = managed"
# The properties that name an IAM resource; with one, CAPABILITY_NAMED_IAM is asked for:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_IAM_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}


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
        return len(self.template.encode()) <= TEMPLATE_BODY_BYTES

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The template as a value.

        Raises:
            ConfigError: it is no template in JSON.
        """
        try:
            parsed: Mapping[str, Any] = read_json(self.template, self.name)
        except ConfigError as error:
            raise self._no_template(f"is not JSON: {error.what}") from error
        if problem := _problem(parsed):
            raise self._no_template(problem)
        return parsed

    def _no_template(self, what: str) -> ConfigError:
        hint = "give a CloudFormation template's text in JSON"
        return ConfigError(f"the template {what}", where=f"stack {self.name}", hint=hint)

    @property
    def capabilities(self) -> list[str]:
        """The capabilities that the template needs; of a macro or a nested stack none is known."""
        every = self.content["Resources"].values()
        resources = [one for one in every if isinstance(one, Mapping)]  # a Fn::ForEach is a list
        hidden = any(one["Type"] == "AWS::CloudFormation::Stack" for one in resources)
        if hidden or "Transform" in self.content or '"Fn::Transform"' in self.template:
            return ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        if any(_IAM_NAMES.get(one["Type"], "") in one.get("Properties", {}) for one in resources):
            return ["CAPABILITY_NAMED_IAM"]
        if any(one["Type"].startswith("AWS::IAM::") for one in resources):
            return ["CAPABILITY_IAM"]
        return []

    @property
    def all_tags(self) -> dict[str, str]:
        """The given tags, and the one that marks this tool's stacks."""
        return {**self.tags, **MANAGED_TAG}


def _problem(template: Any) -> str | None:
    """What keeps a value from being a template at all, if anything does."""
    if not isinstance(template, Mapping):
        return "is not a JSON object"
    resources = template.get("Resources")
    if not isinstance(resources, Mapping):
        return "has no Resources"
    if not isinstance(template.get("Parameters", {}), Mapping):
        return "has Parameters that are not a JSON object"
    for title, one in resources.items():
        if not isinstance(one, list) and not _is_resource(one):
            return f"has the resource {title} without a Type, or with Properties that are none"
    return None


def _is_resource(one: Any) -> bool:
    typed = isinstance(one, Mapping) and isinstance(one.get("Type"), str)
    return typed and isinstance(one.get("Properties", {}), Mapping)
