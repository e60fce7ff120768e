"""API Gateway methods and their integrations, as far as they are plainly written."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from readmodel_cfn.audit.reading import Text, fields, items, literal, texts
from readmodel_cfn.audit.resource import Resource
from readmodel_cfn.audit.response import (
    Declared,
    Response,
    integration_response,
    method_response,
)
from readmodel_cfn.audit.s3 import Objects, S3Uri, s3_uri
from readmodel_cfn.audit.selection import answers

INTEGRATION = "Properties/Integration"


@dataclass(frozen=True)
class Method:
    """One method with its integration. `asks` is the HTTP method that S3 is asked with.

    `declared` are the request parameters that it knows, `mapped` the integration's and where their
    values come from.
    """

    id: str
    api: str
    resource: str
    verb: str
    kind: str
    asks: str
    uri: S3Uri | None
    credentials: str
    content_handling: str
    cache_keys: frozenset[str]
    declared: frozenset[str]
    mapped: Mapping[str, str]
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
            target.removeprefix("integration.request.path."): source[1:-1]
            for target, source in self.mapped.items()
            if source[:1] == source[-1:] == "'"
        }
        return self.uri.objects(fixed) if self.uri else None

    def forwards(self, header: str) -> bool:
        """Does the client's header reach S3?"""
        wanted = f"header.{header.lower()}"
        return any(
            target.lower() == f"integration.request.{wanted}"
            and source.lower() == f"method.request.{wanted}"
            for target, source in self.mapped.items()
        )

    @cached_property
    def answers(self) -> Mapping[int, Response | None]:
        """The response that each status of S3 leads to."""
        return answers(self.responses)


def method(resource: Resource, text: Text) -> Method:
    """The method that a resource describes.

    Raises:
        Unreadable: a part of it is not written out.
    """
    own = resource.properties
    integration = fields(own.get("Integration"))
    return Method(
        id=resource.id,
        api=text(own.get("RestApiId")),
        resource=text(own.get("ResourceId")),
        verb=literal(own.get("HttpMethod"), text).upper(),
        kind=literal(integration.get("Type"), text).upper(),
        asks=literal(integration.get("IntegrationHttpMethod"), text).upper(),
        uri=s3_uri(text(integration.get("Uri"))),
        credentials=text(integration.get("Credentials")),
        content_handling=text(integration.get("ContentHandling")),
        cache_keys=frozenset(text(one) for _, one in items(integration.get("CacheKeyParameters"))),
        declared=frozenset(fields(own.get("RequestParameters"))),
        mapped=texts(integration.get("RequestParameters"), text),
        responses=tuple(
            integration_response(f"{INTEGRATION}/IntegrationResponses/{index}", fields(one), text)
            for index, one in items(integration.get("IntegrationResponses"))
        ),
        method_responses=tuple(
            method_response(f"Properties/MethodResponses/{index}", fields(one), text)
            for index, one in items(own.get("MethodResponses"))
        ),
    )
