"""What reads S3 has no literal partition or region.

Only what a read depends on is judged: the parts of the API, the roles, the buckets and their
policies, and the outputs that refer to them. An ARN with an account ID is allowed: it names an
existing resource, in whatever region the stack is.
"""

import re
from collections.abc import Iterator
from typing import Any

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import is_caller
from readmodel_cfn.analysis.roles import POLICY_TYPES
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.evaluate import function_of
from readmodel_cfn.cloudformation.resources import Resource, references
from readmodel_cfn.cloudformation.values import PartialText, Path, parts_of, walk

_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d"
_ARN = re.compile(r"(?<![\w:-])arn:(?P<partition>[^:]*):[^:]*:(?P<region>[^:]*):(?P<account>[^:]*)")
_HOST = re.compile(rf"\.(?P<region>{_REGION})\.(?:amazonaws|api\.aws)")
_API = ("RestApi", "Method", "Resource", "Stage", "Deployment", "GatewayResponse")


def _regions(view: View) -> Iterator[Violation]:
    for resource, path, value in _expressions(view):
        known = _known(value)
        if regions := list(_find_regions(known)):
            yield _violation(resource, path, value, [*_find_partitions(known), *regions])


def _partitions(view: View) -> Iterator[Violation]:
    for resource, path, value in _expressions(view):
        known = _known(value)
        partitions = list(_find_partitions(known))
        if partitions and not list(_find_regions(known)):
            yield _violation(resource, path, value, partitions)


def _violation(resource: str, path: str, value: PartialText, literals: list[str]) -> Violation:
    return Violation(
        resource,
        path,
        f"{_short(str(value))} contains {join_words(dict.fromkeys(literals))}",
        "use AWS::Partition, AWS::Region and AWS::URLSuffix instead",
    )


def _known(value: PartialText) -> str:
    return "".join(part if isinstance(part, str) else "$" for part in parts_of(value))


def _expressions(view: View) -> Iterator[tuple[str, str, PartialText]]:
    """Every string, and every function that returns one, as text, with its resource and path."""
    judged = {resource.id: resource for resource in _judged(view)}
    for resource in judged.values():
        for path, text in _within(view, resource.properties):
            yield resource.id, path, text
    for name, value in view.outputs.items():
        if any(reference.partition(".")[0] in judged for reference in references(value)):
            for path, text in _within(view, value):
                yield "Outputs", f"{name}/Value{path.removeprefix('Properties')}", text


def _judged(view: View) -> Iterator[Resource]:
    """The resources that a read depends on."""
    methods = {method.id for method in view.methods if method.uri is not None}
    for name in _API:
        for resource in view.of(f"AWS::ApiGateway::{name}"):
            api = (
                {"Ref": resource.id} if name == "RestApi" else resource.properties.get("RestApiId")
            )
            if view.text(api) in view.apis and (name != "Method" or resource.id in methods):
                yield resource
    for role in view.s3_roles:
        yield role.identity.resource
        documents = {statement.resource for statement in role.granted}
        yield from (
            policy
            for policy in view.resources.values()
            if policy.type in POLICY_TYPES and policy.id in documents
        )
    for bucket in view.buckets:
        yield bucket
        yield from view.bucket_policy_resources(bucket)


def _within(view: View, value: Any) -> Iterator[tuple[str, PartialText]]:
    function: Path | None = None  # the last function: the parts that follow belong to its text
    for path, part in walk(value):
        if "Description" in path or (function is not None and path[: len(function)] == function):
            continue
        if function_of(part) in ("Fn::Join", "Fn::Sub"):
            function = path
        if isinstance(part, str) or function == path:
            yield "/".join(("Properties", *path)), view.plain_text(part)


def _find_regions(value: str) -> Iterator[str]:
    for match in _ARN.finditer(value):
        if not re.fullmatch(r"\d{12}", match["account"]) and re.fullmatch(_REGION, match["region"]):
            yield f"the region {match['region']}"
    for match in _HOST.finditer(value):
        yield f"the region {match['region']}"


def _find_partitions(value: str) -> Iterator[str]:
    if is_caller(value):
        return
    for match in _ARN.finditer(value):
        is_account = re.fullmatch(r"\d{12}", match["account"])
        if not is_account and re.fullmatch(r"aws[a-z-]*", match["partition"]):
            yield f"the partition {match['partition']}"
    if "execute-api" in value and ".amazonaws.com" in value:
        yield "the partition's .amazonaws.com"


def _short(value: str) -> str:
    return value if len(value) <= 80 else f"{value[:77]}..."


RULES = (
    Rule(
        "R45",
        "literal-region",
        "low",
        "What reads S3 has no literal region",
        "The stack works in one region only: in others, reads fail or go to the wrong region.",
        _regions,
    ),
)
PARTITION_RULES = (
    Rule(
        "R54",
        "literal-partition",
        "low",
        "What reads S3 has no literal partition",
        "The stack works in every region of that partition, but not in others: the partition aws "
        "does not include China and GovCloud.",
        _partitions,
    ),
)
