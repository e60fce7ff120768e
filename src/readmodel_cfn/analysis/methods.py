"""API Gateway methods with their integrations and responses."""

import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from readmodel_cfn.cloudformation.evaluate import Evaluator, Json
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.s3_uri import Objects, S3Uri, parse_path
from readmodel_cfn.cloudformation.values import PartialText, unquoted

INTEGRATION = "Properties/Integration"
STATUSES = range(100, 600)
_HEADER = "method.response.header."
_MAX_PATTERN = 300  # characters


@dataclass(frozen=True)
class IntegrationResponse:
    """An integration response; without a pattern it is the default.

    `headers` are the mapped ones: the name of each, and where its value comes from.
    """

    path: str
    status: str
    pattern: str | None
    headers: Mapping[str, str]
    templates: Mapping[str, str]
    content_handling: str

    def source(self, header: str) -> str | None:
        """Where a header's value comes from; the case of its name does not matter."""
        names = {name.lower(): source for name, source in self.headers.items()}
        return names.get(header.lower())

    @property
    def code(self) -> int:
        """The status as a number; 0 if it is not a status."""
        return int(self.status) if re.fullmatch("[1-9][0-9]{2}", self.status) else 0


@dataclass(frozen=True)
class MethodResponse:
    """A method response: a status, and the headers that a client may get with it."""

    path: str
    status: str
    headers: frozenset[str]


@dataclass(frozen=True)
class Method:
    """One method with its integration.

    `s3_verb` is the HTTP method of the request to S3. `declared` are the method's request
    parameters, `mapped` those of the integration and where their values come from. `is_open` says
    that a client needs neither authorization nor an API key.
    """

    id: str
    api: PartialText
    resource: PartialText
    verb: str
    integration_type: str
    s3_verb: str
    uri: S3Uri | None
    credentials: PartialText
    content_handling: str
    cache_keys: frozenset[str]
    declared: frozenset[str]
    mapped: Mapping[str, PartialText]
    responses: tuple[IntegrationResponse, ...]
    method_responses: tuple[MethodResponse, ...]
    is_open: bool

    @property
    def reads(self) -> bool:
        """Whether the method reads S3 objects."""
        is_proxy = self.integration_type == "AWS" and self.uri is not None
        return is_proxy and self.s3_verb in ("GET", "HEAD")

    @cached_property
    def objects(self) -> Objects | None:
        """The S3 objects that the method requests."""
        fixed = {
            target.removeprefix("integration.request.path."): value
            for target, source in self.mapped.items()
            if (value := unquoted(source)) is not None
        }
        return self.uri.objects(fixed) if self.uri else None

    def forwards(self, header: str) -> bool:
        """Whether the method forwards the client's header to S3."""
        name = f"header.{header.lower()}"
        return any(
            target.lower() == f"integration.request.{name}"
            and str(source).lower() == f"method.request.{name}"
            for target, source in self.mapped.items()
        )

    @cached_property
    def response_by_status(self) -> Mapping[int, IntegrationResponse | None]:
        """The response to each status of S3."""
        return select_responses(self.responses)


def parse_method(resource: Resource, evaluator: Evaluator) -> Method:
    """The method that a resource describes.

    Raises:
        Unreadable: a part of it is unknown.
    """
    own, text = resource.properties, evaluator.text
    integration = evaluator.fields(own.get("Integration"))
    return Method(
        id=resource.id,
        api=text(own.get("RestApiId")),
        resource=text(own.get("ResourceId")),
        verb=evaluator.literal(own.get("HttpMethod")).upper(),
        integration_type=evaluator.literal(integration.get("Type")).upper(),
        s3_verb=evaluator.literal(integration.get("IntegrationHttpMethod")).upper(),
        uri=parse_path(text(integration.get("Uri"))),
        credentials=text(integration.get("Credentials")),
        content_handling=str(text(integration.get("ContentHandling"))),
        cache_keys=frozenset(
            str(text(key)) for _, key in evaluator.items(integration.get("CacheKeyParameters"))
        ),
        declared=frozenset(evaluator.fields(own.get("RequestParameters"))),
        mapped=evaluator.texts(integration.get("RequestParameters")),
        responses=tuple(
            _integration_response(
                f"{INTEGRATION}/IntegrationResponses/{index}", evaluator.fields(value), evaluator
            )
            for index, value in evaluator.items(integration.get("IntegrationResponses"))
        ),
        method_responses=tuple(
            _method_response(
                f"Properties/MethodResponses/{index}", evaluator.fields(value), evaluator
            )
            for index, value in evaluator.items(own.get("MethodResponses"))
        ),
        is_open=(
            str(text(own.get("AuthorizationType")) or "NONE").upper() == "NONE"
            and str(text(own.get("ApiKeyRequired")) or "false").lower() == "false"
        ),
    )


def _integration_response(path: str, value: Json, evaluator: Evaluator) -> IntegrationResponse:
    headers = evaluator.texts(value.get("ResponseParameters"))
    return IntegrationResponse(
        path=path,
        status=evaluator.literal(value.get("StatusCode")),
        pattern=evaluator.literal(value.get("SelectionPattern")) or None,
        headers={
            name.removeprefix(_HEADER): str(source)
            for name, source in headers.items()
            if name.startswith(_HEADER)
        },
        templates={
            name: str(body)
            for name, body in evaluator.texts(value.get("ResponseTemplates")).items()
        },
        content_handling=str(evaluator.text(value.get("ContentHandling"))),
    )


def _method_response(path: str, value: Json, evaluator: Evaluator) -> MethodResponse:
    names = evaluator.fields(value.get("ResponseParameters"))
    return MethodResponse(
        path=path,
        status=evaluator.literal(value.get("StatusCode")),
        headers=frozenset(name.removeprefix(_HEADER) for name in names),
    )


def select_responses(
    responses: Iterable[IntegrationResponse],
) -> Mapping[int, IntegrationResponse | None]:
    """The response to each status of S3; None if no pattern matches and there is no default.

    API Gateway does not document the dialect of selection patterns, nor whether they are anchored,
    nor which pattern is used if two match *(assumed)*: here a pattern must match the whole status,
    and the first is used. The audit reports the patterns for which that makes a difference.
    """
    listed = list(responses)
    default = next((response for response in listed if not response.pattern), None)
    selected = dict.fromkeys(STATUSES, default)
    for response in reversed(listed):
        if response.pattern:
            selected |= dict.fromkeys(matched(response.pattern), response)
    return selected


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern; None if it is not a valid regular expression."""
    if len(pattern) > _MAX_PATTERN:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # re warns of unusual but valid patterns
            return re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return None


@lru_cache(maxsize=256)
def matched(pattern: str) -> frozenset[int]:
    """The statuses that the pattern matches as a whole."""
    regex = compiled(pattern)
    if regex is None:
        return frozenset()
    return frozenset(status for status in STATUSES if regex.fullmatch(str(status)))


@lru_cache(maxsize=256)
def contained(pattern: str) -> frozenset[int]:
    """The statuses that contain a match of the pattern."""
    regex = compiled(pattern)
    if regex is None:
        return frozenset()
    return frozenset(status for status in STATUSES if regex.search(str(status)))
