"""One operation of the OpenAPI document: its parameters and its responses."""

import json
import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from mimetypes import MimeTypes
from typing import Any

from readmodel_cfn.analysis.apis import Api
from readmodel_cfn.analysis.methods import IntegrationResponse, Method, MethodResponse
from readmodel_cfn.analysis.openapi_security import security
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.evaluate import Unreadable
from readmodel_cfn.template.releases import integration_key

ERROR_SCHEMA = {
    "type": "object",
    "required": ["message"],
    "properties": {"message": {"type": "string"}},
}
_ERROR = {"schema": {"$ref": "#/components/schemas/Error"}}
_JSON = "application/json"
_PARAMETER = re.compile(r"method\.request\.(header|querystring)\.(.+)")
# https://fetch.spec.whatwg.org/#http-responses and what OWASP's page on secure headers names
_FOR_BROWSERS = re.compile(
    "access-control-.*|cross-origin-.*|content-security-policy.*|permissions-policy"
    "|referrer-policy|strict-transport-security|timing-allow-origin|x-content-type-options"
    "|x-frame-options|x-xss-protection",
    re.IGNORECASE,
)
_STATUS = re.compile("[1-5][0-9]{2}")
_WITHOUT_BODY = ("204", "205", "304")


def operation(view: View, api: Api, method: Method, verb: str, operation_id: str) -> dict[str, Any]:
    """The operation for one verb of a method."""
    parameters = list(_parameters(view, method))
    requirements = " ".join(_requirements(view, method))
    required, _ = security(view, method)
    declared = {
        response.status: response
        for response in method.method_responses
        if _STATUS.fullmatch(response.status)
    }
    return {
        "operationId": operation_id,
        **_summary(method, verb),
        **({"description": requirements} if requirements else {}),
        **({"parameters": parameters} if parameters else {}),
        **({"security": [required]} if required else {}),
        "responses": {
            **{status: _response(method, verb, declared[status]) for status in sorted(declared)},
            "default": _default_response(view, api, verb),
        },
    }


def _summary(method: Method, verb: str) -> dict[str, str]:
    if method.uri is None:
        return {}
    if method.lists:
        bucket = method.uri.bucket
        return {"summary": "List all buckets" if method.lists_buckets else f"List {bucket}"}
    if not method.reads and not method.reads_url:
        return {}
    s3_verb = verb if method.s3_verb == "ANY" else method.s3_verb
    what = {"GET": "Read", "HEAD": "Headers of"}.get(s3_verb, "Write")
    return {"summary": f"{what} {str(method.uri.key).removeprefix(integration_key(''))}"}


def _parameters(view: View, method: Method) -> Iterator[dict[str, Any]]:
    """The method's headers and query parameters; path parameters belong to the path."""
    properties = view.resources[method.id].properties
    try:
        declared = view.evaluator.fields(properties.get("RequestParameters"))
    except Unreadable:
        declared = dict.fromkeys(sorted(method.declared), False)
    for name, required in declared.items():
        match = _PARAMETER.fullmatch(name)
        if match and match[2].lower() != "origin":  # browsers set it; no other client needs it
            yield {
                "name": match[2],
                "in": "header" if match[1] == "header" else "query",
                "required": str(view.text(required)).lower() == "true",
                "schema": {"type": "string"},
            }


def _requirements(view: View, method: Method) -> Iterator[str]:
    properties = view.resources[method.id].properties
    authorization = view.text(properties.get("AuthorizationType")) or "NONE"
    if authorization != "NONE":
        yield f"Requires authorization: {authorization}."
    if str(view.text(properties.get("ApiKeyRequired"))).lower() == "true":
        yield "Requires an API key in the header x-api-key."


def _response(method: Method, verb: str, declared: MethodResponse) -> dict[str, Any]:
    """The response that a method response declares."""
    responses = [r for r in method.responses if r.status == declared.status]
    headers = {
        name: {"schema": _header(responses, name)}
        for name in sorted(declared.headers)
        if name.lower() != "content-type"  # in OpenAPI it is the key of the content
        and not _FOR_BROWSERS.fullmatch(name)
    }
    without_body = verb == "HEAD" or declared.status in _WITHOUT_BODY or declared.status < "200"
    content = {} if without_body else _content(method, responses, declared.status)
    return {
        "description": _phrase(declared.status),
        **({"headers": headers} if headers else {}),
        **({"content": content} if content else {}),
    }


def _phrase(status: str) -> str:
    try:
        return HTTPStatus(int(status)).phrase
    except ValueError:
        return f"Status {status}"


def _header(responses: Sequence[IntegrationResponse], name: str) -> dict[str, str]:
    """The schema of a header: any text, or the fixed text in the template."""
    sources = {response.source(name) or "" for response in responses}
    source = sources.pop() if len(sources) == 1 else ""
    fixed = len(source) > 1 and source[0] == source[-1] == "'"
    return {"type": "string", **({"const": source[1:-1]} if fixed else {})}


def _content(
    method: Method, responses: Sequence[IntegrationResponse], status: str
) -> dict[str, Any]:
    templates = {name: text for response in responses for name, text in response.templates.items()}
    if templates:
        return {name: _body(text) for name, text in templates.items()}
    has_document = method.reads or method.reads_url or method.lists
    return {_document_type(method, responses): {}} if has_document and status < "300" else {}


def _body(template: str) -> dict[str, Any]:
    """The body from a template; unknown if the template has variables."""
    try:
        value = json.loads(template)
    except ValueError:
        return {}
    is_error = isinstance(value, dict) and isinstance(value.get("message"), str)
    return {**(_ERROR if is_error else {}), "example": value}


def _document_type(method: Method, responses: Sequence[IntegrationResponse]) -> str:
    """The media type by the key's suffix; API Gateway's default if S3's is not mapped."""
    passes = method.integration_type == "HTTP_PROXY"
    if not passes and all(response.source("Content-Type") is None for response in responses):
        return _JSON
    if method.lists:
        return "application/xml"
    media_type, _ = MimeTypes().guess_type(str(method.uri.key) if method.uri else "")
    return media_type or "*/*"


def _default_response(view: View, api: Api, verb: str) -> dict[str, Any]:
    """API Gateway's own errors; their body is unknown if a gateway response changes it."""
    response = {"description": "An error of API Gateway itself, such as 429 Too Many Requests"}
    known = verb != "HEAD" and all(
        '"message"' in body for own in api.gateway_responses for body in _bodies(view, own.id)
    )
    return {**response, "content": {_JSON: _ERROR}} if known else response


def _bodies(view: View, gateway_response: str) -> list[str]:
    templates = view.resources[gateway_response].properties.get("ResponseTemplates")
    try:
        return list(map(str, view.evaluator.texts(templates).values()))
    except Unreadable:
        return [""]
