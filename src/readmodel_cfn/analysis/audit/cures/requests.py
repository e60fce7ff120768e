"""Cures of requests: conditions, parameters, URIs, cache keys, and methods that are missing."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.analysis.audit.cures.edit import (
    Cure,
    Edit,
    appended,
    depends,
    extended,
    is_plain,
    method_of,
    new_id,
    without,
)
from readmodel_cfn.analysis.audit.cures.responses import origin_of
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.view import View

_CONDITION = "request.header.If-None-Match"
_ETAG = {"method.response.header.ETag": "integration.response.header.ETag"}


def _forwarded_condition(view: View, resource: str, _: str) -> Iterator[Edit]:
    method, own = method_of(view, resource), f"Resources/{resource}/Properties"
    mapping = {f"integration.{_CONDITION}": f"method.{_CONDITION}"}
    yield from extended(view, f"{own}/Integration/RequestParameters", mapping)
    yield from extended(view, f"{own}/RequestParameters", {f"method.{_CONDITION}": False})
    if method and not any(response.code == 304 for response in method.responses):
        origin = origin_of(view, method)
        headers = {
            **_ETAG,
            **({"method.response.header.Access-Control-Allow-Origin": origin} if origin else {}),
        }
        item = {"StatusCode": "304", "SelectionPattern": "304", "ResponseParameters": headers}
        yield from appended(view, f"{own}/Integration/IntegrationResponses", [item])
        if not any(response.status == "304" for response in method.method_responses):
            names = dict.fromkeys(headers, False)
            item = {"StatusCode": "304", "ResponseParameters": names}
            yield from appended(view, f"{own}/MethodResponses", [item])


def _without_mapping(view: View, resource: str, path: str) -> Iterator[Edit]:
    yield from without(view, f"Resources/{resource}/{path}")


def _declared(view: View, resource: str, path: str) -> Iterator[Edit]:
    method, target = method_of(view, resource), path.rpartition("/")[2]
    if method and target in method.mapped:
        source = str(method.mapped[target])
        required = source.startswith("method.request.path.")
        own = f"Resources/{resource}/Properties/RequestParameters"
        yield from extended(view, own, {source: required})


def _filled(view: View, resource: str, _: str) -> Iterator[Edit]:
    """The parameters of the URI that the path of the method has."""
    method = method_of(view, resource)
    path = str(view.paths.get(method.resource, "")) if method else ""
    names = method.uri.parameters if method and method.uri else []
    missing = [
        name
        for name in dict.fromkeys(names)
        if method and f"integration.request.path.{name}" not in method.mapped
    ]
    if missing and all(f"{{{n}}}" in path or f"{{{n}+}}" in path for n in missing):
        own = f"Resources/{resource}/Properties"
        sources = {f"integration.request.path.{n}": f"method.request.path.{n}" for n in missing}
        yield from extended(view, f"{own}/Integration/RequestParameters", sources)
        declared = dict.fromkeys(sources.values(), True)
        yield from extended(view, f"{own}/RequestParameters", declared)


def _head(view: View, resource: str, _: str) -> Iterator[Edit]:
    method, written = method_of(view, resource), view.written(f"Resources/{resource}")
    if method is None or not isinstance(written, Mapping):
        return
    head: dict[str, Any] = json.loads(json.dumps(written, default=str))
    head.pop("Metadata", None)
    properties: Any = head.get("Properties")
    integration: Any = properties.get("Integration") if is_plain(properties) else None
    listed = integration.get("IntegrationResponses", []) if is_plain(integration) else None
    if not isinstance(listed, list) or not all(map(is_plain, listed)):
        return
    properties["HttpMethod"] = integration["IntegrationHttpMethod"] = "HEAD"
    for response in listed:
        response.pop("ResponseTemplates", None)
        response.pop("ContentHandling", None)
    name = new_id(view, f"{resource}Head")
    yield Edit(f"Resources/{name}", head)
    yield from depends(view, method.api, name)


def _same_verb(view: View, resource: str, path: str) -> Iterator[Edit]:
    if method := method_of(view, resource):
        yield Edit(f"Resources/{resource}/{path}", method.verb)


def _same_uri(view: View, resource: str, path: str) -> Iterator[Edit]:
    head = method_of(view, resource)
    for get in view.reads:
        if head and get.verb == "GET" and (get.api, get.resource) == (head.api, head.resource):
            uri = view.written(f"Resources/{get.id}/{path}")
            if uri is not None:
                yield Edit(f"Resources/{resource}/{path}", uri)
            mapped = view.written(f"Resources/{get.id}/{INTEGRATION}/RequestParameters")
            if mapped is not None and mapped != view.written(
                f"Resources/{resource}/{INTEGRATION}/RequestParameters"
            ):
                yield Edit(f"Resources/{resource}/{INTEGRATION}/RequestParameters", mapped)
            return


def _preflight(view: View, resource: str, _: str) -> Iterator[Edit]:
    method = method_of(view, resource)
    origin = origin_of(view, method) if method else None
    if method is None or origin is None:
        return
    prefix = "method.response.header.Access-Control-Allow-"
    headers = {
        f"{prefix}Origin": origin,
        f"{prefix}Methods": "'GET,HEAD,OPTIONS'",
        f"{prefix}Headers": "'If-None-Match,If-Modified-Since'",
    }
    name = new_id(view, f"{resource}Options")
    yield Edit(f"Resources/{name}", _mock(view, method, headers))
    yield from depends(view, method.api, name)


def _mock(view: View, method: Method, headers: Mapping[str, str]) -> dict[str, Any]:
    own = f"Resources/{method.id}/Properties"
    binary = method.api in view.apis and view.apis[method.api].all_binary
    return {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            "AuthorizationType": "NONE",
            "HttpMethod": "OPTIONS",
            "RestApiId": view.written(f"{own}/RestApiId"),
            "ResourceId": view.written(f"{own}/ResourceId"),
            "Integration": {
                "Type": "MOCK",
                **({"ContentHandling": "CONVERT_TO_TEXT"} if binary else {}),
                "RequestTemplates": {"application/json": '{"statusCode":204}'},
                "IntegrationResponses": [{"StatusCode": "204", "ResponseParameters": headers}],
            },
            "MethodResponses": [
                {"StatusCode": "204", "ResponseParameters": dict.fromkeys(headers, False)}
            ],
        },
    }


def _cache_keys(view: View, resource: str, path: str) -> Iterator[Edit]:
    method = method_of(view, resource)
    names = [
        str(source)
        for target, source in (method.mapped.items() if method else ())
        if method and not {target, str(source)} & method.cache_keys
    ]
    place = f"Resources/{resource}/{path}"
    yield from appended(view, place, names)


CURES: Mapping[str, Cure] = {
    "R13": _without_mapping,
    "R14": _forwarded_condition,
    "R15": _declared,
    "R16": _filled,
    "R20": _head,
    "R21": _same_verb,
    "R22": _same_uri,
    "R24": _preflight,
    "R32": _cache_keys,
}
"""The cures by rule."""
