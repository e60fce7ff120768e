"""API Gateway methods and their integrations, as far as they are plainly written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from readmodel_cfn.analysis.audit.response import (
    Declared,
    Response,
    integration_response,
    method_response,
)
from readmodel_cfn.analysis.audit.selection import answers
from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.s3_uri import Objects, S3Uri, parse_path
from readmodel_cfn.cloudformation.values import PartialText, unquoted

INTEGRATION = "Properties/Integration"


@dataclass(frozen=True)
class Method:
    """One method with its integration. `asks` is the HTTP method that S3 is asked with.

    `declared` are the request parameters that it knows, `mapped` the integration's and where their
    values come from.
    """

    id: str
    api: PartialText
    resource: PartialText
    verb: str
    kind: str
    asks: str
    uri: S3Uri | None
    credentials: PartialText
    content_handling: str
    cache_keys: frozenset[str]
    declared: frozenset[str]
    mapped: Mapping[str, PartialText]
    responses: tuple[Response, ...]
    method_responses: tuple[Declared, ...]

    @property
    def reads(self) -> bool:
        """Does it read objects of S3?"""
        return self.kind == "AWS" and self.uri is not None and self.asks in ("GET", "HEAD")

    @cached_property
    def objects(self) -> Objects | None:
        """The objects of S3 that it asks for."""
        fixed = {
            target.removeprefix("integration.request.path."): value
            for target, source in self.mapped.items()
            if (value := unquoted(source)) is not None
        }
        return self.uri.objects(fixed) if self.uri else None

    def forwards(self, header: str) -> bool:
        """Does the client's header reach S3?"""
        wanted = f"header.{header.lower()}"
        return any(
            target.lower() == f"integration.request.{wanted}"
            and str(source).lower() == f"method.request.{wanted}"
            for target, source in self.mapped.items()
        )

    @cached_property
    def answers(self) -> Mapping[int, Response | None]:
        """The response that each status of S3 leads to."""
        return answers(self.responses)


def method(resource: Resource, evaluator: Evaluator) -> Method:
    """The method that a resource describes.

    Raises:
        Unreadable: a part of it is not known.
    """
    own, text = resource.properties, evaluator.text
    integration = evaluator.fields(own.get("Integration"))
    return Method(
        id=resource.id,
        api=text(own.get("RestApiId")),
        resource=text(own.get("ResourceId")),
        verb=evaluator.literal(own.get("HttpMethod")).upper(),
        kind=evaluator.literal(integration.get("Type")).upper(),
        asks=evaluator.literal(integration.get("IntegrationHttpMethod")).upper(),
        uri=parse_path(text(integration.get("Uri"))),
        credentials=text(integration.get("Credentials")),
        content_handling=str(text(integration.get("ContentHandling"))),
        cache_keys=frozenset(
            str(text(key)) for _, key in evaluator.items(integration.get("CacheKeyParameters"))
        ),
        declared=frozenset(evaluator.fields(own.get("RequestParameters"))),
        mapped=evaluator.texts(integration.get("RequestParameters")),
        responses=tuple(
            integration_response(
                f"{INTEGRATION}/IntegrationResponses/{index}", evaluator.fields(value), evaluator
            )
            for index, value in evaluator.items(integration.get("IntegrationResponses"))
        ),
        method_responses=tuple(
            method_response(
                f"Properties/MethodResponses/{index}", evaluator.fields(value), evaluator
            )
            for index, value in evaluator.items(own.get("MethodResponses"))
        ),
    )
