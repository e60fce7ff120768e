"""StackSpec: the stack to deploy, and the quotas of CloudFormation that it must not exceed.

Nothing here calls AWS. The template may be any CloudFormation template in JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from readmodel_cfn.cloudformation.reader import read_json
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import (
    STACK_TAGS,
    TAG_KEY_LENGTH,
    TAG_VALUE_LENGTH,
    TEMPLATE_BODY_BYTES,
    TEMPLATE_BYTES,
    TEMPLATE_OUTPUTS,
    TEMPLATE_PARAMETERS,
    TEMPLATE_RESOURCES,
)

if TYPE_CHECKING:
    from readmodel_cfn.deploy.rollback import Rollback

# The tag of every stack that this tool has deployed.
MANAGED_TAG = {"readmodel-cfn": "managed"}
MANAGED_TAG_TEXT = "readmodel-cfn = managed"
# The properties that name an IAM resource; a template with one requires CAPABILITY_NAMED_IAM:
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html
_IAM_NAMES = {
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
}
_QUOTAS = {
    "Resources": TEMPLATE_RESOURCES,
    "Parameters": TEMPLATE_PARAMETERS,
    "Outputs": TEMPLATE_OUTPUTS,
}


@dataclass(frozen=True)
class StackSpec:
    """A stack to deploy: its name, the template's text (JSON), parameters and tags.

    `role_arn` is the ARN of the IAM role that CloudFormation assumes. `express` ends an operation
    when the configuration is applied, without waiting until resources are stable.
    `disable_rollback` keeps the resources of a failed operation. `rollback` are the alarms that
    roll it back; None leaves those of the stack as they are. `template_url` is the S3 URL of a
    template that is too long for a request. `command_options` are the options of the command line
    that select the template's read model, for commands in messages.
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
    rollback: "Rollback | None" = None
    command_options: tuple[str, ...] = ()

    @property
    def fits_request(self) -> bool:
        """Whether the template is short enough to be sent in a request."""
        return len(self.template.encode()) <= TEMPLATE_BODY_BYTES

    @cached_property
    def content(self) -> Mapping[str, Any]:
        """The template as a value.

        Raises:
            ConfigError: it is not a template in JSON.
        """
        try:
            parsed: Mapping[str, Any] = read_json(self.template, self.name)
        except ConfigError as error:
            raise self._invalid(f"is not JSON: {error.what}") from error
        if problem := _problem(parsed):
            raise self._invalid(problem)
        return parsed

    def _invalid(self, what: str) -> ConfigError:
        hint = "pass the text of a CloudFormation template in JSON"
        return ConfigError(f"the template {what}", where=f"stack {self.name}", hint=hint)

    @property
    def capabilities(self) -> list[str]:
        """The capabilities that the template requires.

        A macro or a nested stack may create named IAM resources that the template does not show.
        """
        declared = self.content["Resources"].values()
        resources = [found for found in declared if isinstance(found, Mapping)]  # Fn::ForEach: list
        nested = any(resource["Type"] == "AWS::CloudFormation::Stack" for resource in resources)
        if nested or "Transform" in self.content or '"Fn::Transform"' in self.template:
            return ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
        if any(
            _IAM_NAMES.get(resource["Type"], "") in resource.get("Properties", {})
            for resource in resources
        ):
            return ["CAPABILITY_NAMED_IAM"]
        if any(resource["Type"].startswith("AWS::IAM::") for resource in resources):
            return ["CAPABILITY_IAM"]
        return []

    @property
    def all_tags(self) -> dict[str, str]:
        """The tags, and the one that marks stacks of this tool."""
        return {**self.tags, **MANAGED_TAG}


def _problem(template: Any) -> str | None:
    """What is wrong with the structure of a template; None if it is valid."""
    if not isinstance(template, Mapping):
        return "is not a JSON object"
    resources = template.get("Resources")
    if not isinstance(resources, Mapping):
        return "has no Resources"
    if not isinstance(template.get("Parameters", {}), Mapping):
        return "has Parameters that are not a JSON object"
    for logical_id, resource in resources.items():
        if not isinstance(resource, list) and not _is_resource(resource):
            return f"has a resource {logical_id} without Type or with invalid Properties"
    return None


def _is_resource(resource: Any) -> bool:
    typed = isinstance(resource, Mapping) and isinstance(resource.get("Type"), str)
    return typed and isinstance(resource.get("Properties", {}), Mapping)


def check_quotas(spec: StackSpec) -> None:
    """Check the template, the parameters and the tags against CloudFormation's limits.

    Raises:
        ConfigError: a quota is exceeded, or a parameter is missing or unknown.
    """
    for what, hint in (*_sizes(spec), *_parameters(spec), *_tags(spec)):
        raise ConfigError(what, where=f"stack {spec.name}", hint=hint)


def _sizes(spec: StackSpec) -> Iterator[tuple[str, str]]:
    for section, quota in _QUOTAS.items():
        count = len(spec.content.get(section, {}))
        if count > quota:
            what = f"the template has {count} {section}, CloudFormation allows {quota}"
            yield what, "split it into several stacks"
    size = len(spec.template.encode())
    if size > TEMPLATE_BYTES:
        what = f"the template has {size:,} bytes, CloudFormation allows {TEMPLATE_BYTES:,} from S3"
        yield what, "split it into several stacks"


def _parameters(spec: StackSpec) -> Iterator[tuple[str, str]]:
    declared = spec.content.get("Parameters", {})
    for name, parameter in declared.items():
        if "Default" not in parameter and name not in spec.parameters:
            yield f"the template requires the parameter {name}", "set its value or a Default"
    for name in spec.parameters:
        if name not in declared:
            yield f"the template has no parameter {name}", "remove its value"


def _tags(spec: StackSpec) -> Iterator[tuple[str, str]]:
    tags = spec.all_tags
    if len(tags) > STACK_TAGS:
        what = f"it has {len(tags)} tags, including the one that marks stacks of this tool"
        yield what, f"CloudFormation allows {STACK_TAGS}: remove some"
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            yield f"the tag {key} begins with aws:, which AWS reserves", "use another key"
        if not 1 <= len(key) <= TAG_KEY_LENGTH:
            what = f"the key of the tag {key[:20]!r} has {len(key)} characters"
            yield what, f"allowed: 1 to {TAG_KEY_LENGTH}"
        if not 1 <= len(value) <= TAG_VALUE_LENGTH:
            what = f"the value of the tag {key[:20]!r} has {len(value)} characters"
            yield what, f"allowed: 1 to {TAG_VALUE_LENGTH}"
