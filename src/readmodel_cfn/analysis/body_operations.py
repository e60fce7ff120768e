"""One operation of an OpenAPI document as the properties of an AWS::ApiGateway::Method."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.json_pointer import escaped, resolved

INTEGRATION_EXTENSION = "x-amazon-apigateway-integration"
_AUTHORIZER = "x-amazon-apigateway-authorizer"
_AUTHORIZATION = {
    "token": "CUSTOM",
    "request": "CUSTOM",
    "cognito_user_pools": "COGNITO_USER_POOLS",
}
# Where a parameter is, in the names of OpenAPI and of API Gateway.
_PLACES = {"path": "path", "query": "querystring", "header": "header"}


@dataclass(frozen=True)
class Place:
    """Where a part of an API is in an OpenAPI document: a resource, and a path in it.

    `responses` are the keys of the integration responses and of the method responses, by the
    names of the properties that list them.
    """

    resource: str
    path: tuple[str, ...]
    responses: Mapping[str, tuple[str, ...]]

    def of(self, path: str) -> str:
        """The path of a property of the method, such as Properties/Integration/Uri."""
        names = path.split("/")[1:]
        found = list(self.path)
        while names:
            name = names.pop(0)
            if name == "Integration":
                found.append(INTEGRATION_EXTENSION)
            elif name in ("IntegrationResponses", "MethodResponses"):
                found.append("responses")
                if names and names[0].isdigit():
                    found.append(self.responses[name][int(names.pop(0))])
            elif name == "IntegrationHttpMethod":
                found.append("httpMethod")
            elif name == "RequestParameters" and INTEGRATION_EXTENSION not in found:
                found.append("parameters")
                break
            elif name not in ("HttpMethod", "ResourceId"):
                found.append(name[:1].lower() + name[1:])
        return "/".join(map(escaped, found))


def method_properties(
    document: Mapping[str, Any],
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    integration: Mapping[str, Any],
    evaluator: Evaluator,
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    """The properties, and the keys of the responses as in `Place`.

    Raises:
        Unreadable: a part of it is unknown.
    """
    responses = evaluator.fields(integration.get("responses"))
    declared = evaluator.fields(operation.get("responses"))
    statuses = {key: value for key, value in declared.items() if key != "default"}
    properties = {
        "Integration": {
            **{
                _property(name): value
                for name, value in integration.items()
                if name not in ("responses", "httpMethod")
            },
            "IntegrationHttpMethod": integration.get("httpMethod"),
            "IntegrationResponses": [
                _integration_response(pattern, evaluator.fields(value))
                for pattern, value in responses.items()
            ],
        },
        "MethodResponses": [
            _method_response(status, evaluator.fields(resolved(document, value)), evaluator)
            for status, value in statuses.items()
        ],
        "RequestParameters": dict(_parameters(document, item, operation, evaluator)),
        **_authorization(document, operation, evaluator),
    }
    keys = {"IntegrationResponses": tuple(responses), "MethodResponses": tuple(statuses)}
    return properties, keys


def _property(name: str) -> str:
    return name[:1].upper() + name[1:]


def _integration_response(pattern: str, response: Mapping[str, Any]) -> dict[str, Any]:
    own = {_property(name): value for name, value in response.items()}
    return own if pattern == "default" else {"SelectionPattern": pattern, **own}


def _method_response(
    status: str, response: Mapping[str, Any], evaluator: Evaluator
) -> dict[str, Any]:
    headers = evaluator.fields(response.get("headers"))
    names = {f"method.response.header.{name}": False for name in headers}
    return {"StatusCode": status, "ResponseParameters": names}


def _parameters(
    document: Mapping[str, Any],
    item: Mapping[str, Any],
    operation: Mapping[str, Any],
    evaluator: Evaluator,
) -> Iterator[tuple[str, Any]]:
    for holder in (item, operation):
        for _, value in evaluator.items(holder.get("parameters")):
            parameter = evaluator.fields(resolved(document, value))
            place = _PLACES.get(evaluator.literal(parameter.get("in")))
            if place:
                name = evaluator.literal(parameter.get("name"))
                yield f"method.request.{place}.{name}", parameter.get("required", False)


def _authorization(
    document: Mapping[str, Any], operation: Mapping[str, Any], evaluator: Evaluator
) -> dict[str, Any]:
    """The AuthorizationType, and whether an API key is required."""
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, Mapping) else None
    schemes = evaluator.fields(schemes or document.get("securityDefinitions"))
    found: dict[str, Any] = {"AuthorizationType": "NONE"}
    for _, required in evaluator.items(operation.get("security", document.get("security"))):
        for name in evaluator.fields(required):
            try:
                scheme = evaluator.fields(schemes.get(name))
                found |= _of_scheme(scheme, evaluator)
            except Unreadable:
                found["AuthorizationType"] = "CUSTOM"
    return found


def _of_scheme(scheme: Mapping[str, Any], evaluator: Evaluator) -> dict[str, Any]:
    if evaluator.text(scheme.get("x-amazon-apigateway-authtype")) == "awsSigv4":
        return {"AuthorizationType": "AWS_IAM"}
    if _AUTHORIZER in scheme:
        kind = evaluator.literal(evaluator.fields(scheme[_AUTHORIZER]).get("type")).lower()
        source = {"IdentityHeader": scheme["name"]} if "name" in scheme else {}
        return {"AuthorizationType": _AUTHORIZATION.get(kind, "CUSTOM"), **source}
    if str(evaluator.text(scheme.get("name"))).lower() == "x-api-key":
        return {"ApiKeyRequired": True}
    return {}
