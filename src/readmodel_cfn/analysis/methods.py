"""API Gateway methods with their integrations and responses."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from readmodel_cfn.analysis.status_patterns import STATUSES, matched
from readmodel_cfn.cloudformation.evaluate import Evaluator, Json
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.s3_uri import Objects, S3Uri, parse_path, with_variables
from readmodel_cfn.cloudformation.s3_url import parse_url
from readmodel_cfn.cloudformation.values import PartialText, join_texts, unquoted

INTEGRATION = "Properties/Integration"
READING_VERBS = ("GET", "HEAD", "ANY")
WRITING_VERBS = ("PUT", "POST", "DELETE", "PATCH", "ANY")
"""The HTTP methods of requests to S3; ANY sends the client's own."""
_PATH_TARGET = "integration.request.path."
_GREEDY = re.compile(r"\{([^{}+]+)\+\}")
_HEADER = "method.response.header."


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
    parameters, `mapped` those of the integration and where their values come from. `greedy` are the
    parameters of the path that may contain slashes. `uri` names objects of S3: an `s3:path` URI, or
    the URL of a bucket. `is_open` says that a client needs neither authorization nor an API key.
    """

    id: str
    api: PartialText
    resource: PartialText
    verb: str
    integration_type: str
    s3_verb: str
    address: PartialText
    uri: S3Uri | None
    credentials: PartialText
    content_handling: str
    cache_keys: frozenset[str]
    declared: frozenset[str]
    mapped: Mapping[str, PartialText]
    responses: tuple[IntegrationResponse, ...]
    method_responses: tuple[MethodResponse, ...]
    greedy: frozenset[str] = frozenset()
    is_open: bool = False

    @property
    def signed(self) -> bool:
        """Whether API Gateway signs the requests to S3: not those of an HTTP integration."""
        return self.integration_type == "AWS" and self.uri is not None

    @property
    def has_role(self) -> bool:
        """Whether API Gateway uses a role, and not the caller's own credentials, or none.

        https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html: with
        `arn:aws:iam::*:user/*` the caller's identity is passed on.
        """
        return self.credentials != "" and not is_caller(str(self.credentials))

    @property
    def reads(self) -> bool:
        """Whether the method reads S3 objects, with signed requests."""
        return self.signed and self._gets and not self._names_no_key

    @property
    def reads_url(self) -> bool:
        """Whether the method reads S3 objects by their URL, with requests that are not signed."""
        return self.uri is not None and not self.signed and self._gets and not self._names_no_key

    @property
    def lists(self) -> bool:
        """Whether the method lists the keys of a bucket, or all buckets."""
        return self.uri is not None and self._gets and self._names_no_key

    @property
    def lists_buckets(self) -> bool:
        """Whether the method lists all buckets of the account."""
        return self.lists and self.objects is not None and self.objects.bucket == ""

    @property
    def writes(self) -> bool:
        """Whether the method changes S3."""
        writable = self.uri is not None and not self.uri.is_website
        return writable and self.s3_verb in WRITING_VERBS

    @property
    def _gets(self) -> bool:
        return self.s3_verb in READING_VERBS

    @property
    def _names_no_key(self) -> bool:
        return self.objects is None or not self.objects.key

    @cached_property
    def objects(self) -> Objects | None:
        """The S3 objects that the method requests; the key is empty if it requests a bucket."""
        if self.uri is None:
            return None
        fixed = {
            target.removeprefix(_PATH_TARGET): value
            for target, source in self.mapped.items()
            if (value := unquoted(source)) is not None
        }
        greedy = {
            name: "*/*"  # the bucket, a slash and the key
            for name in self.uri.bucket_parameters
            if self.bucket_source(name).removeprefix("method.request.path.") in self.greedy
        }
        return self.uri.objects({**({} if self.uri.in_host else greedy), **fixed})

    def bucket_source(self, parameter: str) -> str:
        """Where the value of a parameter in the bucket's place comes from."""
        return str(self.mapped.get(f"{_PATH_TARGET}{parameter}", ""))

    @property
    def bucket_sources(self) -> list[str]:
        """The parts of the request that name the bucket, such as method.request.path.bucket."""
        names = self.uri.bucket_parameters if self.uri else ()
        sources = (self.bucket_source(name) for name in names)
        return [source for source in sources if source.startswith("method.request.")]

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


def is_caller(credentials: str) -> bool:
    """Whether the credentials stand for the caller's own identity."""
    return credentials.replace("\\", "").endswith("::*:user/*")


def parse_method(
    resource: Resource,
    evaluator: Evaluator,
    variables: Mapping[str, PartialText] | None = None,
    path: PartialText = "",
) -> Method:
    """The method that a resource describes.

    `variables` are those of the stage, `path` is the method's path.

    Raises:
        Unreadable: a part of it is unknown.
    """
    own, text, known = resource.properties, evaluator.text, variables or {}
    integration = evaluator.fields(own.get("Integration"))
    integration_type = evaluator.literal(integration.get("Type")).upper()
    address = with_variables(text(integration.get("Uri")), known)
    mapped = evaluator.texts(integration.get("RequestParameters"))
    return Method(
        id=resource.id,
        api=text(own.get("RestApiId")),
        resource=text(own.get("ResourceId")),
        verb=evaluator.literal(own.get("HttpMethod")).upper(),
        integration_type=integration_type,
        s3_verb=evaluator.literal(integration.get("IntegrationHttpMethod")).upper(),
        address=address,
        uri=_s3_uri(integration_type, address),
        credentials=with_variables(text(integration.get("Credentials")), known),
        content_handling=str(text(integration.get("ContentHandling"))),
        cache_keys=frozenset(
            str(text(key)) for _, key in evaluator.items(integration.get("CacheKeyParameters"))
        ),
        declared=frozenset(evaluator.fields(own.get("RequestParameters"))),
        mapped={target: _with_variable(source, known) for target, source in mapped.items()},
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
        greedy=frozenset(_GREEDY.findall(str(path))),
    )


def _s3_uri(integration_type: str, address: PartialText) -> S3Uri | None:
    if integration_type.startswith("HTTP"):
        return parse_url(address)
    return parse_path(address) if integration_type == "AWS" else None


def _with_variable(source: PartialText, variables: Mapping[str, PartialText]) -> PartialText:
    """A mapping's source; a known stage variable as a static value."""
    text = str(source)
    name = text.removeprefix("stageVariables.")
    if name != text and name in variables:
        return join_texts(["'", variables[name], "'"])
    return source


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
