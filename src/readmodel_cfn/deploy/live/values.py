"""A stage as values: what it should serve and what it serves, under the same names on both sides.

An integration has the shape of API Gateway's export, which names its parts as the OpenAPI extension
does:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

from readmodel_cfn.cloudformation.values import PartialText, Text, as_text

Facets = Mapping[str, PartialText]
"""The compared parts of a method or of method settings, by name, without those that are not set.

In a template's facets a text may have unknown parts, such as `${Function.Arn}`, which only
CloudFormation knows.
"""

Route = tuple[str, str]
"""A path and an HTTP method."""


@dataclass(frozen=True)
class Method:
    """One method: its authorization and its integration; None if it is not known."""

    access: Facets | None
    integration: Facets | None


@dataclass(frozen=True)
class Expected:
    """A stage as the template describes it; IDs are physical IDs.

    `separate` is True if the stage is a resource, False if it is part of its deployment. `complete`
    is True if `methods` are all methods of the API. `deployment` and `settings` are None if they
    are not known; `unknown` lists the parts of the template that cannot be read.
    """

    api: str
    stage: str
    deployment: str | None
    separate: bool
    canary: bool
    settings: Mapping[str, Facets] | None
    methods: Mapping[Route, Method]
    complete: bool
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """A stage as API Gateway describes it; what could not be read is None, `unknown` has why.

    `canary` is the percentage of requests that go to a canary deployment.
    """

    deployment: str | None = None
    canary: float | None = None
    settings: Mapping[str, Facets] | None = None
    methods: Mapping[Route, Method] | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gone:
    """The stage, or its whole API, does not exist."""

    what: Literal["stage", "api"]


Kind = Literal["gone", "deployment", "canary", "settings", "extra", "missing", "differs"]


@dataclass(frozen=True)
class Finding:
    """One difference between a stage and the template; `todo` says how to fix it.

    `stage` is API/STAGE. `route` and `method` are empty if the difference is in the whole stage.
    """

    kind: Kind
    stage: str
    route: str
    method: str
    detail: str
    todo: str


@dataclass(frozen=True)
class Comparison:
    """The differences of one stage (API/STAGE), the compared parts, and why others were not."""

    stage: str
    findings: tuple[Finding, ...]
    compared: tuple[str, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Live:
    """The comparisons of all stages of a stack; `compared` is by stage, `unknown` has sentences."""

    findings: tuple[Finding, ...] = ()
    compared: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


_CALL = ("httpMethod", "uri", "credentials")
_RESPONSE = "method.response."
STATUS_FOR = "status for "
"""Begins the name of a response's status, before the pattern that selects it."""


def integration_facets(integration: Mapping[str, Any]) -> Facets:
    """Type, method, URI, role, and the source of each parameter, status code and header.

    A proxy integration passes responses through and a mock calls nothing, so their other parts are
    omitted: an export may or may not have them.
    """
    kind = str(integration.get("type", "")).lower()
    called = {name: integration.get(name) for name in _CALL} if kind != "mock" else {}
    parameters = integration.get("requestParameters") or {}
    responses = {} if kind.endswith("_proxy") else integration.get("responses") or {}
    found = {"type": kind, **called, **parameters}
    for pattern, response in responses.items():
        found[f"{STATUS_FOR}{pattern}"] = response.get("statusCode")
        for name, source in (response.get("responseParameters") or {}).items():
            found[f"{name.removeprefix(_RESPONSE)} for {pattern}"] = source
    return {name: _as_text(value) for name, value in found.items() if value not in (None, "")}


def setting_key(resource_path: str, http_method: str) -> str:
    """The method that a setting is for, such as `products/{id}/GET`, or `*/*` for all.

    The slashes of a path may be written as ~1: CloudFormation has one before the path, GetStage
    has none.
    """
    return f"{resource_path.replace('~1', '/').strip('/')}/{http_method}"


def setting_facets(settings: Mapping[str, Any]) -> Facets:
    """The settings of a method by API Gateway's names; numbers have one form."""
    return {name[:1].lower() + name[1:]: _plain(value) for name, value in settings.items()}


def _as_text(value: Any) -> PartialText:
    return value if isinstance(value, Text) else str(value)


def _plain(value: Any) -> PartialText:
    text = as_text(value)
    if isinstance(text, Text):
        return text
    with suppress(ValueError):
        return f"{float(text):.10g}"
    return text
