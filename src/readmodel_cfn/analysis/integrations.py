"""Which methods can be read, and why others cannot."""

import re
from collections.abc import Iterator, Mapping, Sequence

from readmodel_cfn.analysis.methods import (
    INTEGRATION,
    READING_VERBS,
    WRITING_VERBS,
    Method,
    parse_method,
)
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.cloudformation.branches import branches
from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.s3_uri import S3Action, parse_uri
from readmodel_cfn.cloudformation.s3_url import host_of
from readmodel_cfn.cloudformation.values import (
    PartialText,
    match_text,
    unknowns_in,
)

# A URI of another service of AWS, such as Lambda.
_OTHER_SERVICE = re.compile(
    r".*:(?:[^:/]+\.)?(?P<service>[a-z0-9][a-z0-9.-]*):(?:path|action)/.*",
    re.DOTALL,
)
Variables = Mapping[str, PartialText]


def read_methods(
    resource: Resource,
    evaluator: Evaluator,
    stages: Sequence[Variables],
    path: PartialText,
    names: Mapping[str, Resource],
) -> tuple[list[Method], list[Unchecked]]:
    """The methods that a resource describes, and what was not read.

    There are several if an undecided Fn::If is part of it, or if stages have different variables.
    `stages` are the variables of the API's stages, `names` are the template's resources.
    """
    found: list[Method] = []
    unchecked: list[Unchecked] = []
    for own in branches(resource.properties, resource.existing(evaluator)):
        for variables in stages or ({},):
            method = _read(resource, own, variables, path)
            if method is not None and method not in found:
                found.append(method)
            reason = _reason(method, names) if method else (INTEGRATION, "a part of it is unknown")
            if reason:
                unchecked.append(Unchecked(resource.id, *reason))
    return found, list(dict.fromkeys(unchecked))


def _read(
    resource: Resource, evaluator: Evaluator, variables: Variables, path: PartialText
) -> Method | None:
    """The method; if it cannot be read without the parameters' defaults, then with them."""
    found = _parsed(resource, evaluator, variables, path)
    if found and not _depends_on_parameters(found):
        return found
    filled = _parsed(resource, evaluator.with_defaults(), variables, path)
    return found if found and found.uri and not (filled and filled.reads) else filled or found


def _depends_on_parameters(method: Method) -> bool:
    """Whether a parameter decides if the method reads S3, or if it reads an object.

    `s3:path/${Place}` is a bucket or an object: the default of Place may have a slash.
    """
    if method.uri is None or method.lists:
        return bool(unknowns_in(method.address))
    return False


def _parsed(
    resource: Resource, evaluator: Evaluator, variables: Variables, path: PartialText
) -> Method | None:
    try:
        return parse_method(resource, evaluator, variables, path)
    except Unreadable:
        return None


def _reason(method: Method, names: Mapping[str, Resource]) -> tuple[str, str] | None:
    """Why it is unknown whether the method reads S3: a path, and what is there."""
    if method.integration_type in ("MOCK", "AWS_PROXY"):
        return None
    if method.uri is not None:
        known = method.s3_verb in (*READING_VERBS, *WRITING_VERBS, "OPTIONS")
        what = "the HTTP method of the request to S3 is unknown"
        return None if known else (f"{INTEGRATION}/IntegrationHttpMethod", what)
    unknown = _unknown_address(method, names)
    return (f"{INTEGRATION}/Uri", unknown) if unknown else None


def _unknown_address(method: Method, names: Mapping[str, Resource]) -> str | None:
    """What is unknown in a URI that may be one of S3."""
    if not method.address:
        return "the integration has no URI"
    if method.integration_type.startswith("HTTP"):
        unknown = unknowns_in(host_of(method.address))
        known = all(part.logical_id in names for part in unknown)
        return None if known else f"the host of {method.address} is unknown"
    if isinstance(parse_uri(method.address), S3Action):
        return f"{method.address} is an action of S3; only s3:path is checked"
    if match_text(_OTHER_SERVICE, method.address):
        return None
    kind = "unknown" if unknowns_in(method.address) else "not the URI of an AWS service"
    return f"the URI {method.address} is {kind}"


def stage_variables(stages: Sequence[Resource], evaluator: Evaluator) -> Iterator[Variables]:
    """The variables of each stage, as far as they are known."""
    for stage in stages:
        holder = stage.properties
        try:
            if stage.type.endswith("::Deployment"):
                if "StageName" not in holder:
                    continue
                holder = evaluator.fields(holder.get("StageDescription"))
            yield evaluator.texts(holder.get("Variables"))
        except Unreadable:
            yield {}
