"""Limits: what CloudFormation refuses of any template, parameters or tags. Pure."""

from collections.abc import Iterator

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.stacks.wanted import Wanted

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
_MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200}
_MOST_BYTES = 1_000_000  # of a template that comes from S3
# https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Tag.html
_MOST_TAGS, _LONGEST_KEY, _LONGEST_VALUE = 50, 128, 256


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
    if size > _MOST_BYTES:
        what = f"the template has {size:,} bytes, CloudFormation takes {_MOST_BYTES:,} from S3"
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
    if len(tags) > _MOST_TAGS:
        what = f"it has {len(tags)} tags with the one that marks it as this tool's"
        yield what, f"CloudFormation takes {_MOST_TAGS}: give fewer"
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            yield f"the tag {key} begins with aws:, which is AWS's own", "give it another key"
        if not 1 <= len(key) <= _LONGEST_KEY:
            what = f"the key of the tag {key[:20]!r} has {len(key)} characters"
            yield what, f"give 1 to {_LONGEST_KEY}"
        if not 1 <= len(value) <= _LONGEST_VALUE:
            what = f"the value of the tag {key[:20]!r} has {len(value)} characters"
            yield what, f"give 1 to {_LONGEST_VALUE}"
