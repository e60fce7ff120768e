"""Limits: what CloudFormation refuses of any template, parameters or tags. Pure."""

from collections.abc import Iterator

from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import (
    STACK_TAGS,
    TAG_KEY_LENGTH,
    TAG_VALUE_LENGTH,
    TEMPLATE_BYTES,
    TEMPLATE_OUTPUTS,
    TEMPLATE_PARAMETERS,
    TEMPLATE_RESOURCES,
)

_MOST = {
    "Resources": TEMPLATE_RESOURCES,
    "Parameters": TEMPLATE_PARAMETERS,
    "Outputs": TEMPLATE_OUTPUTS,
}


def check_limits(wanted: Wanted) -> None:
    """Check what can be told without asking CloudFormation.

    Raises:
        ConfigError: the first thing that it would refuse.
    """
    for what, hint in (*_sizes(wanted), *_parameters(wanted), *_tags(wanted)):
        raise ConfigError(what, where=f"stack {wanted.name}", hint=hint)


def _sizes(wanted: Wanted) -> Iterator[tuple[str, str]]:
    for part, most in _MOST.items():
        count = len(wanted.content.get(part, {}))
        if count > most:
            what = f"the template's {part} are {count}, CloudFormation takes {most}"
            yield what, "divide it into several stacks"
    size = len(wanted.template.encode())
    if size > TEMPLATE_BYTES:
        what = f"the template has {size:,} bytes, CloudFormation takes {TEMPLATE_BYTES:,} from S3"
        yield what, "divide it into several stacks"


def _parameters(wanted: Wanted) -> Iterator[tuple[str, str]]:
    declared = wanted.content.get("Parameters", {})
    for name, one in declared.items():
        if "Default" not in one and name not in wanted.parameters:
            yield f"the template needs the parameter {name}", "give it a value or a Default"
    for name in wanted.parameters:
        if name not in declared:
            yield f"the template has no parameter {name}", "do not give it a value"


def _tags(wanted: Wanted) -> Iterator[tuple[str, str]]:
    tags = wanted.all_tags
    if len(tags) > STACK_TAGS:
        what = f"it has {len(tags)} tags with the one that marks it as this tool's"
        yield what, f"CloudFormation takes {STACK_TAGS}: give fewer"
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            yield f"the tag {key} begins with aws:, which is AWS's own", "give it another key"
        if not 1 <= len(key) <= TAG_KEY_LENGTH:
            what = f"the key of the tag {key[:20]!r} has {len(key)} characters"
            yield what, f"give 1 to {TAG_KEY_LENGTH}"
        if not 1 <= len(value) <= TAG_VALUE_LENGTH:
            what = f"the value of the tag {key[:20]!r} has {len(value)} characters"
            yield what, f"give 1 to {TAG_VALUE_LENGTH}"
