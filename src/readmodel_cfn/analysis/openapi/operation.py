"""One operation: what may be sent with a request, and every answer to it."""

import re
from collections.abc import Iterator
from typing import Any

from readmodel_cfn.analysis.audit.api import Api
from readmodel_cfn.analysis.audit.method import Method
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.openapi.answer import ERROR_CONTENT, answer
from readmodel_cfn.cloudformation.evaluate import Unreadable

_PARAMETER = re.compile(r"method\.request\.(header|querystring)\.(.+)")
_STATUS = re.compile("[1-5][0-9]{2}")


def operation(view: View, api: Api, method: Method, verb: str, name: str) -> dict[str, Any]:
    """The operation of that name: a method, as it answers the verb."""
    parameters = list(_parameters(view, method))
    needs = " ".join(_needs(view, method))
    declared = {one.status: one for one in method.method_responses if _STATUS.fullmatch(one.status)}
    return {
        "operationId": name,
        **_summary(method),
        **({"description": needs} if needs else {}),
        **({"parameters": parameters} if parameters else {}),
        "responses": {
            **{status: answer(method, verb, one) for status, one in sorted(declared.items())},
            "default": _of_api_gateway(view, api, verb),
        },
    }


def _summary(method: Method) -> dict[str, str]:
    if not method.reads or method.uri is None:
        return {}
    what = "Read" if method.asks == "GET" else "Headers of"
    return {"summary": f"{what} {method.uri.key}"}


def _parameters(view: View, method: Method) -> Iterator[dict[str, Any]]:
    """The headers and the query that the method takes; those of the path stand with the path."""
    declared = view.evaluator.fields(view.resources[method.id].properties.get("RequestParameters"))
    for name, required in declared.items():
        found = _PARAMETER.fullmatch(name)
        if found:
            yield {
                "name": found[2],
                "in": "header" if found[1] == "header" else "query",
                "required": str(view.text(required)).lower() == "true",
                "schema": {"type": "string"},
            }


def _needs(view: View, method: Method) -> Iterator[str]:
    own = view.resources[method.id].properties
    authorization = view.text(own.get("AuthorizationType")) or "NONE"
    if authorization != "NONE":
        yield f"Needs authorization: {authorization}."
    if str(view.text(own.get("ApiKeyRequired"))).lower() == "true":
        yield "Needs an API key in the header x-api-key."


def _of_api_gateway(view: View, api: Api, verb: str) -> dict[str, Any]:
    """What API Gateway answers by itself; its body is known unless a gateway response shapes it."""
    told = {"description": "An error of API Gateway itself, such as 429 Too Many Requests"}
    known = verb != "HEAD" and all(
        '"message"' in text for one in api.gateway_responses for text in _bodies(view, one.id)
    )
    return {**told, "content": ERROR_CONTENT} if known else told


def _bodies(view: View, gateway_response: str) -> list[str]:
    templates = view.resources[gateway_response].properties.get("ResponseTemplates")
    try:
        return list(map(str, view.evaluator.texts(templates).values()))
    except Unreadable:
        return [""]
