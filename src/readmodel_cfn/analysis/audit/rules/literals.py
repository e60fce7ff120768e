"""No partition and no region is written into the template.

An ARN with an account's number names one thing that exists already, wherever the stack is: it is
left alone.
"""

import re
from collections.abc import Iterator
from typing import Any

from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken
from readmodel_cfn.cloudformation.evaluate import function_of
from readmodel_cfn.cloudformation.values import PartialText, Path, parts_of, walk

_JUDGED = ("AWS::ApiGateway::", "AWS::IAM::", "AWS::S3::")
_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d"
_ARN = re.compile(r"(?<![\w:-])arn:(?P<partition>[^:]*):[^:]*:(?P<region>[^:]*):(?P<account>[^:]*)")
_HOST = re.compile(rf"\.(?P<region>{_REGION})\.(?:amazonaws|api\.aws)|(?P<suffix>\.amazonaws\.com)")


def _literals(view: View) -> Iterator[Fault]:
    for resource, path, value in _expressions(view):
        known = "".join(part if isinstance(part, str) else "$" for part in parts_of(value))
        found = dict.fromkeys([*_in_arns(known), *_in_hosts(known)])
        if found:
            yield Fault(
                resource,
                path,
                f"{_short(str(value))} holds {spoken(found)}",
                "write AWS::Partition, AWS::Region and AWS::URLSuffix in their place",
            )


def _expressions(view: View) -> Iterator[tuple[str, str, PartialText]]:
    """Every expression as text, by resource and path: a string, or a function that makes one."""
    for one in view.resources.values():
        if one.type.startswith(_JUDGED):
            yield from ((one.id, path, value) for path, value in _within(view, one.properties))
    for name, value in view.outputs.items():
        below = ((path.removeprefix("Properties"), one) for path, one in _within(view, value))
        yield from (("Outputs", f"{name}/Value{path}", one) for path, one in below)


def _within(view: View, value: Any) -> Iterator[tuple[str, PartialText]]:
    read: Path | None = None  # the last function: its parts, which follow it, are read with it
    for path, one in walk(value):
        if "Description" in path or (read is not None and path[: len(read)] == read):
            continue
        if function_of(one) in ("Fn::Join", "Fn::Sub"):
            read = path
        if isinstance(one, str) or read == path:
            yield "/".join(("Properties", *path)), view.written(one)


def _in_arns(value: str) -> Iterator[str]:
    for match in _ARN.finditer(value):
        if not re.fullmatch(r"\d{12}", match["account"]):
            if re.fullmatch(r"aws[a-z-]*", match["partition"]):
                yield f"the partition {match['partition']}"
            if re.fullmatch(_REGION, match["region"]):
                yield f"the region {match['region']}"


def _in_hosts(value: str) -> Iterator[str]:
    for match in _HOST.finditer(value):
        if match["region"]:
            yield f"the region {match['region']}"
    if "execute-api" in value and ".amazonaws.com" in value:
        yield "the partition's .amazonaws.com"


def _short(value: str) -> str:
    return value if len(value) <= 80 else f"{value[:77]}..."


RULES = (
    Rule(
        "R45",
        "literal-place",
        "No literal partition or region",
        "The stack works in one region: elsewhere reads fail, or go to the wrong place.",
        _literals,
    ),
)
