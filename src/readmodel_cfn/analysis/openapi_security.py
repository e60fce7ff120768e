"""How a client proves who it is: the security schemes of the OpenAPI document.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authtype.html
"""

import re
from typing import Any

from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.evaluate import Unreadable
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import reference_of

_SOURCE = re.compile(r"method\.request\.(header|querystring)\.(.+)")
_TYPE = "x-amazon-apigateway-authtype"
_API_KEY = {"type": "apiKey", "name": "x-api-key", "in": "header"}
_AUTHORIZATION = {"type": "apiKey", "name": "Authorization", "in": "header"}

Schemes = dict[str, dict[str, Any]]


def security(view: View, method: Method) -> tuple[dict[str, list[str]], Schemes]:
    """What every request of a method needs: the scopes by scheme, and the schemes by name."""
    properties = view.resources[method.id].properties
    required: dict[str, list[str]] = {}
    schemes: Schemes = {}
    kind = str(view.text(properties.get("AuthorizationType")) or "NONE")
    if kind != "NONE":
        name, scheme = _authorization(view, properties, kind)
        required[name] = _scopes(view, properties)
        schemes[name] = scheme
    if str(view.text(properties.get("ApiKeyRequired"))).lower() == "true":
        required["apiKey"] = []
        schemes["apiKey"] = _API_KEY
    return required, schemes


def _authorization(view: View, properties: Any, kind: str) -> tuple[str, dict[str, Any]]:
    if kind == "AWS_IAM":
        return "iam", {**_AUTHORIZATION, _TYPE: "awsSigv4"}
    named = {"COGNITO_USER_POOLS": "cognito_user_pools", "CUSTOM": "custom"}
    scheme = {**_AUTHORIZATION, _TYPE: named.get(kind, kind.lower())}
    if header := properties.get("IdentityHeader"):  # of an authorizer in an OpenAPI document
        scheme["name"] = str(view.text(header))
    name = reference_of(view.text(properties.get("AuthorizerId"))) or ""
    authorizer = view.resources.get(name.partition(".")[0])
    if authorizer is None:
        return named.get(kind, "authorizer").replace("_user_pools", ""), scheme
    return authorizer.id, {**scheme, **_identity(view, authorizer)}


def _identity(view: View, authorizer: Resource) -> dict[str, str]:
    """Where an authorizer looks for the client's identity: its first source."""
    sources = str(view.text(authorizer.properties.get("IdentitySource")))
    match = _SOURCE.fullmatch(sources.partition(",")[0].strip())
    if match is None:
        return {}
    return {"name": match[2], "in": "header" if match[1] == "header" else "query"}


def _scopes(view: View, properties: Any) -> list[str]:
    try:
        items = view.evaluator.items(properties.get("AuthorizationScopes"))
    except Unreadable:
        return []
    return [str(view.text(scope)) for _, scope in items]
