"""What matters of an integration and of a stage's settings, under the same names on both sides.

An integration is taken in the shape of API Gateway's export, which names its parts as the OpenAPI
extension does:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from readmodel_cfn.cloudformation.values import PartialText, Text, as_text
from readmodel_cfn.deploy.live.values import Facets

_PLAIN = ("httpMethod", "uri", "credentials")
_RESPONSE = "method.response."


def integration_facets(own: Mapping[str, Any]) -> Facets:
    """Type, verb, URI, role, and where each parameter, status and header comes from.

    A proxy passes answers as they are, and a mock calls nothing: what they hold of it means
    nothing, and an export may or may not tell it.
    """
    kind = str(own.get("type", "")).lower()
    called = {name: own.get(name) for name in _PLAIN} if kind != "mock" else {}
    asked = own.get("requestParameters") or {}
    answers = {} if kind.endswith("_proxy") else own.get("responses") or {}
    found = {"type": kind, **called, **asked}
    for pattern, answer in answers.items():
        found[f"status for {pattern}"] = answer.get("statusCode")
        for name, source in (answer.get("responseParameters") or {}).items():
            found[f"{name.removeprefix(_RESPONSE)} for {pattern}"] = source
    return {name: _as_text(value) for name, value in found.items() if value not in (None, "")}


def setting_key(resource_path: str, verb: str) -> str:
    """The method that a setting is for, such as `products/{id}/GET`, or `*/*` for all.

    A path's slashes are written as ~1, here with a slash before them and there without.
    """
    return f"{resource_path.replace('~1', '/').strip('/')}/{verb}"


def setting_facets(own: Mapping[str, Any]) -> Facets:
    """A method's settings by API Gateway's names, numbers in one form."""
    return {name[:1].lower() + name[1:]: _plain(value) for name, value in own.items()}


def _as_text(value: Any) -> PartialText:
    return value if isinstance(value, Text) else str(value)


def _plain(value: Any) -> PartialText:
    text = as_text(value)
    if isinstance(text, Text):
        return text
    with suppress(ValueError):
        return f"{float(text):.10g}"
    return text
