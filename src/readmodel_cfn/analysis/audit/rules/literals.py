"""The template has no literal partition or region.

An ARN with an account ID is allowed: it names an existing resource, in whatever region the stack
is.
"""

import re
from collections.abc import Iterator
from typing import Any

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.evaluate import function_of
from readmodel_cfn.cloudformation.values import PartialText, Path, parts_of, walk

_JUDGED = ("AWS::ApiGateway::", "AWS::IAM::", "AWS::S3::")
_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d"
_ARN = re.compile(r"(?<![\w:-])arn:(?P<partition>[^:]*):[^:]*:(?P<region>[^:]*):(?P<account>[^:]*)")
_HOST = re.compile(rf"\.(?P<region>{_REGION})\.(?:amazonaws|api\.aws)|(?P<suffix>\.amazonaws\.com)")


def _literals(view: View) -> Iterator[Violation]:
    for resource, path, value in _expressions(view):
        known = "".join(part if isinstance(part, str) else "$" for part in parts_of(value))
        literals = dict.fromkeys([*_in_arns(known), *_in_hosts(known)])
        if literals:
            yield Violation(
                resource,
                path,
                f"{_short(str(value))} contains {join_words(literals)}",
                "use AWS::Partition, AWS::Region and AWS::URLSuffix instead",
            )


def _expressions(view: View) -> Iterator[tuple[str, str, PartialText]]:
    """Every string, and every function that returns one, as text, with its resource and path."""
    for resource in view.resources.values():
        if resource.type.startswith(_JUDGED):
            for path, text in _within(view, resource.properties):
                yield resource.id, path, text
    for name, value in view.outputs.items():
        for path, text in _within(view, value):
            yield "Outputs", f"{name}/Value{path.removeprefix('Properties')}", text


def _within(view: View, value: Any) -> Iterator[tuple[str, PartialText]]:
    function: Path | None = None  # the last function: the parts that follow belong to its text
    for path, part in walk(value):
        if "Description" in path or (function is not None and path[: len(function)] == function):
            continue
        if function_of(part) in ("Fn::Join", "Fn::Sub"):
            function = path
        if isinstance(part, str) or function == path:
            yield "/".join(("Properties", *path)), view.plain_text(part)


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
        "literal-region",
        "low",
        "No literal partition or region",
        "The stack works in one region only: in others, reads fail or go to the wrong region.",
        _literals,
    ),
)
