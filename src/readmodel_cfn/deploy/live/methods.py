"""The methods of an API, as its template says they should be live."""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.resources import Resource, api_paths
from readmodel_cfn.cloudformation.values import PartialText
from readmodel_cfn.deploy.live.facets import integration_facets
from readmodel_cfn.deploy.live.reader import Reader
from readmodel_cfn.deploy.live.values import Facets, Method, Route


def methods_of(api: PartialText, reader: Reader) -> tuple[Mapping[Route, Method], list[str]]:
    """The methods by route, and the logical ids of those whose route cannot be known."""
    found: dict[Route, Method] = {}
    unread: list[str] = []
    where = api_paths(reader.resources, reader.by_name)
    own = [
        method
        for method in reader.of("Method")
        if reader.name(method.properties.get("RestApiId")) == api
    ]
    for method in own:
        path = where.get(reader.name(method.properties.get("ResourceId")))
        verb = reader.value(method.properties.get("HttpMethod"))
        if isinstance(path, str) and isinstance(verb, str):
            found[path, verb.upper()] = _method(method, reader.by_id)
        else:
            unread.append(method.id)
    return found, unread


def _method(method: Resource, evaluator: Evaluator) -> Method:
    own = method.properties
    access = {
        "authorizationType": evaluator.text(own.get("AuthorizationType")) or "NONE",
        "apiKeyRequired": evaluator.text(own.get("ApiKeyRequired")) or "false",
    }
    try:
        return Method(access, _integration(own.get("Integration"), evaluator))
    except Unreadable:
        return Method(access, None)


def _integration(value: Any, evaluator: Evaluator) -> Facets:
    """The integration in the shape of an export."""
    own, text = evaluator.fields(value), evaluator.text
    answers = [answer for _, answer in evaluator.items(own.get("IntegrationResponses"))]
    return integration_facets(
        {
            "type": evaluator.literal(own.get("Type")),
            "httpMethod": text(own.get("IntegrationHttpMethod")),
            "uri": text(own.get("Uri")),
            "credentials": text(own.get("Credentials")),
            "requestParameters": evaluator.texts(own.get("RequestParameters")),
            "responses": dict(_answer(answer, evaluator) for answer in answers),
        }
    )


def _answer(value: Any, evaluator: Evaluator) -> tuple[str, dict[str, Any]]:
    """An export knows an answer by its pattern."""
    own = evaluator.fields(value)
    pattern = evaluator.literal(own.get("SelectionPattern")) or "default"
    sources = evaluator.texts(own.get("ResponseParameters"))
    status = evaluator.text(own.get("StatusCode"))
    return pattern, {"statusCode": status, "responseParameters": sources}
