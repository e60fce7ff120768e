"""Cures of responses: statuses, patterns, headers, bodies and their method responses."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from readmodel_cfn.analysis.audit.cures.edit import Cure, Edit, extended, method_of, without
from readmodel_cfn.analysis.methods import INTEGRATION, IntegrationResponse, Method
from readmodel_cfn.analysis.view import View

_HEADER = "method.response.header."
_ORIGIN = "Access-Control-Allow-Origin"
_REPEATED = ("Cache-Control", "Content-Location", "Expires", "Vary")
# 404 stays 404, and every other error of the client is a 403.
_ERRORS = {"404": "404", "403": "40[0-35-9]|4[1-9][0-9]", "502": None}


def _all_responses(view: View, resource: str, _: str) -> Iterator[Edit]:
    """All responses, replaced: a document is 200, errors keep their class, and the rest is 502."""
    method = method_of(view, resource)
    if method is None or not method.reads:
        return
    made = list(_made(view, method))
    yield Edit(f"Resources/{resource}/{INTEGRATION}/IntegrationResponses", made)
    yield Edit(
        f"Resources/{resource}/Properties/MethodResponses",
        [_declared(response) for response in made],
    )


def _made(view: View, method: Method) -> Iterator[dict[str, Any]]:
    full = method.response_by_status[200]
    full = full if full and full.code == 200 else None
    kept = dict(full.headers) if full else {}
    fixed = {name: source for name, source in kept.items() if name.lower() == _ORIGIN.lower()}
    document = {**_of_s3("Content-Type", "ETag"), **kept}
    binary = method.api in view.apis and view.apis[method.api].all_binary
    body = {"ContentHandling": "CONVERT_TO_BINARY"} if binary and method.verb != "HEAD" else {}
    ranged = ["206"] if method.forwards("Range") else []
    for status in ("200", *ranged):
        yield {"StatusCode": status, "SelectionPattern": status, **_mapped(document), **body}
    if any(map(method.forwards, ("If-None-Match", "If-Modified-Since"))):
        repeated = {n: s for n, s in kept.items() if n in _REPEATED}
        headers = {**_of_s3("ETag"), **repeated, **fixed}
        yield {"StatusCode": "304", "SelectionPattern": "304", **_mapped(headers)}
    for status, pattern in _ERRORS.items():
        selected = {"SelectionPattern": pattern} if pattern else {}
        text = _body(status, binary) if method.verb != "HEAD" else {}
        yield {"StatusCode": status, **selected, **_mapped(fixed), **text}


def _of_s3(*names: str) -> dict[str, str]:
    return {name: f"integration.response.header.{name}" for name in names}


def _mapped(headers: Mapping[str, str]) -> dict[str, Any]:
    named = {f"{_HEADER}{name}": source for name, source in headers.items()}
    return {"ResponseParameters": named} if named else {}


def _body(status: str, binary: bool) -> dict[str, Any]:
    """A JSON body in place of S3's XML."""
    message = HTTPStatus(int(status)).phrase
    handling = {"ContentHandling": "CONVERT_TO_TEXT"} if binary else {}
    return {"ResponseTemplates": {"application/json": f'{{"message":"{message}"}}'}, **handling}


def _declared(response: Mapping[str, Any]) -> dict[str, Any]:
    names = dict.fromkeys(response.get("ResponseParameters", {}), False)
    return {
        "StatusCode": response["StatusCode"],
        **({"ResponseParameters": names} if names else {}),
    }


def _response_at(view: View, resource: str, path: str) -> tuple[Method, IntegrationResponse] | None:
    """The method and the integration response in which a path is."""
    method = method_of(view, resource)
    for response in method.responses if method else ():
        if method and f"{path}/".startswith(f"{response.path}/"):
            return method, response
    return None


def with_headers(
    view: View, method: Method, response: IntegrationResponse, headers: Mapping[str, str]
) -> Iterator[Edit]:
    """The response with these headers, mapped and declared."""
    named = {f"{_HEADER}{name}": source for name, source in headers.items()}
    yield from extended(view, f"Resources/{method.id}/{response.path}/ResponseParameters", named)
    yield from _declaring(view, method, response.status, list(named))


def _declaring(view: View, method: Method, status: str, targets: list[str]) -> Iterator[Edit]:
    """The method response of a status, with these headers."""
    declared = [found for found in method.method_responses if found.status == status]
    names = dict.fromkeys(targets, False)
    if declared:
        path = f"Resources/{method.id}/{declared[0].path}/ResponseParameters"
        if not {target.removeprefix(_HEADER) for target in targets} <= declared[0].headers:
            yield from extended(view, path, names)
        return
    path = f"Resources/{method.id}/Properties/MethodResponses"
    written = view.written(path)
    if written is None or isinstance(written, list):
        item = {"StatusCode": status, **({"ResponseParameters": names} if names else {})}
        yield Edit(f"{path}/{len(written)}" if written else path, item if written else [item])


def _undeclared_status(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        method, response = found
        targets = [f"{_HEADER}{name}" for name in response.headers]
        yield from _declaring(view, method, response.status, targets)


def _undeclared_header(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        method, response = found
        yield from _declaring(view, method, response.status, [path.rpartition("/")[2]])


def _missing_headers(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        method, response = found
        names = [name for name in ("Content-Type", "ETag") if response.source(name) is None]
        yield from with_headers(view, method, response, _of_s3(*names))


def _missing_on_304(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        method, response = found
        full = method.response_by_status[200]
        repeated = {name: full.source(name) for name in _REPEATED} if full else {}
        headers = {
            **_of_s3("ETag"),
            **{name: source for name, source in repeated.items() if source},
        }
        missing = {n: source for n, source in headers.items() if response.source(n) is None}
        yield from with_headers(view, method, response, missing)


def _etag_of_s3(view: View, resource: str, path: str) -> Iterator[Edit]:
    above, _, target = path.rpartition("/")
    yield from extended(
        view, f"Resources/{resource}/{above}", {target: "integration.response.header.ETag"}
    )


def _unmapped_header(view: View, resource: str, path: str) -> Iterator[Edit]:
    yield from without(view, f"Resources/{resource}/{path}")


def _json_body(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        method, response = found
        known = re.fullmatch("[45][0-9]{2}", response.status) and int(response.status) in set(
            HTTPStatus
        )
        binary = method.api in view.apis and view.apis[method.api].all_binary
        for name, value in _body(response.status if known else "502", binary).items():
            yield Edit(f"Resources/{resource}/{response.path}/{name}", value)


def _origin(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        method, response = found
        if source := origin_of(view, method):
            yield from with_headers(view, method, response, {_ORIGIN: source})


def origin_of(view: View, method: Method) -> str | None:
    """The origin that another response of the method's API allows, as it is mapped."""
    others = sorted(
        (other for other in view.methods if other.api == method.api),
        key=lambda other: other.resource != method.resource,
    )
    sources = [r.source(_ORIGIN) for other in others for r in other.responses]
    return next((source for source in sources if source), None)


def _binary(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        _, response = found
        if 200 <= response.code < 300:
            yield Edit(f"Resources/{resource}/{path}", "CONVERT_TO_BINARY")
        elif response.templates:
            yield Edit(f"Resources/{resource}/{path}", "CONVERT_TO_TEXT")


def _text(_: View, resource: str, path: str) -> Iterator[Edit]:
    yield Edit(f"Resources/{resource}/{path}", "CONVERT_TO_TEXT")


def _content_encoding(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        yield from with_headers(view, *found, _of_s3("Content-Encoding"))


def _vary(view: View, resource: str, path: str) -> Iterator[Edit]:
    if found := _response_at(view, resource, path):
        method, response = found
        headers = {"Vary": "'Accept-Encoding'"}
        yield from with_headers(view, method, response, headers)
        unchanged = method.response_by_status[304]
        if unchanged and unchanged.code == 304:
            yield from with_headers(view, method, unchanged, headers)


CURES: Mapping[str, Cure] = {
    **dict.fromkeys(("R01", "R02", "R03", "R04", "R05", "R06"), _all_responses),
    "R07": _undeclared_status,
    "R08": _undeclared_header,
    "R09": _missing_headers,
    "R10": _missing_on_304,
    "R11": _etag_of_s3,
    "R12": _unmapped_header,
    "R19": _json_body,
    "R23": _origin,
    "R26": _binary,
    "R27": _text,
    "R28": _content_encoding,
    "R31": _vary,
}
"""The cures by rule."""
