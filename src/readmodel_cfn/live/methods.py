"""The methods of an API, as its template says they should be live."""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.audit.api import paths
from readmodel_cfn.audit.expressions import TOKEN
from readmodel_cfn.audit.reading import Json, Text, Unreadable, fields, items, literal, texts
from readmodel_cfn.audit.resource import Resource
from readmodel_cfn.live.facets import integration_facets
from readmodel_cfn.live.reader import Reader
from readmodel_cfn.live.values import Facets, Method, Route


def methods_of(api: str, reader: Reader) -> tuple[Mapping[Route, Method], list[str]]:
    """The methods by route, and the logical ids of those whose route cannot be known."""
    found: dict[Route, Method] = {}
    unread: list[str] = []
    where = paths(reader.resources, reader.name)
    own = [
        one for one in reader.of("Method") if reader.name(one.properties.get("RestApiId")) == api
    ]
    for one in own:
        path = where.get(reader.name(one.properties.get("ResourceId")), "${}")
        verb = reader.value(one.properties.get("HttpMethod")).upper()
        if TOKEN.search(path + verb):
            unread.append(one.id)
        else:
            found[path, verb] = _method(one, reader.value)
    return found, unread


def _method(one: Resource, text: Text) -> Method:
    access = {
        "authorizationType": text(one.properties.get("AuthorizationType")) or "NONE",
        "apiKeyRequired": text(one.properties.get("ApiKeyRequired")) or "false",
    }
    try:
        return Method(access, _integration(fields(one.properties.get("Integration")), text))
    except Unreadable:
        return Method(access, None)


def _integration(own: Json, text: Text) -> Facets:
    """The integration in the shape of an export."""
    answers = [fields(one) for _, one in items(own.get("IntegrationResponses"))]
    return integration_facets(
        {
            "type": literal(own.get("Type"), text),
            "httpMethod": text(own.get("IntegrationHttpMethod")),
            "uri": text(own.get("Uri")),
            "credentials": text(own.get("Credentials")),
            "requestParameters": texts(own.get("RequestParameters"), text),
            "responses": dict(_answer(one, text) for one in answers),
        }
    )


def _answer(own: Json, text: Text) -> tuple[str, dict[str, Any]]:
    """An export knows an answer by its pattern."""
    pattern = literal(own.get("SelectionPattern"), text) or "default"
    sources = texts(own.get("ResponseParameters"), text)
    return pattern, {"statusCode": text(own.get("StatusCode")), "responseParameters": sources}
