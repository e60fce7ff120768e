"""Production with CORS: pages of one other origin may read, errors and preflights included."""

from collections.abc import Iterator

from readmodel_cfn import Api, ReadModel
from second_opinion.cases.shared import FEW_ROUTES, NOT_FOUND, SAMPLES
from second_opinion.steps import Ask, Case

_ORIGIN = "https://www.example.com"
_FROM = {"Origin": _ORIGIN}
# API Gateway compares no origins: the header is a fixed one.
_ELSEWHERE = {"Origin": "https://elsewhere.example"}
_HAVING_IT = _FROM | {"If-None-Match": SAMPLES.etag}
_ASKING = {
    "Access-Control-Request-Method": "GET",
    "Access-Control-Request-Headers": "if-none-match",
}
_ALLOWED = {"access-control-allow-origin": _ORIGIN}
_READABLE = _ALLOWED | {"access-control-expose-headers": "ETag", "vary": "Accept-Encoding"}
_PREFLIGHTED = _ALLOWED | {
    "access-control-allow-headers": "If-None-Match,If-Modified-Since",
    "access-control-allow-methods": "GET,HEAD,OPTIONS",
    "access-control-max-age": "7200",
}


def _reads() -> Iterator[Ask]:
    for method, body, name in (("GET", SAMPLES.body, ""), ("HEAD", b"", "HEAD, ")):
        for which, headers in (("same", _FROM), ("elsewhere", _ELSEWHERE), ("none", {})):
            asked = f"{name}document, origin {which}"
            yield Ask(asked, "/samples", 200, method, headers, body, _READABLE)
        asked = f"{name}If-None-Match, same"
        yield Ask(asked, "/samples", 304, method, _HAVING_IT, b"", _READABLE)
        missing = NOT_FOUND if body else b""
        asked = f"{name}missing object"
        yield Ask(asked, "/products/missing", 404, method, _FROM, missing, _ALLOWED)


def _preflights() -> Iterator[Ask]:
    for name, path, headers in (
        ("preflight", "/samples", _FROM | _ASKING),
        ("preflight of a parameter", "/products/1", _FROM | _ASKING),
        ("preflight, any type", "/samples", _FROM | _ASKING | {"Accept": "*/*"}),
        ("preflight from elsewhere", "/samples", _ELSEWHERE | _ASKING),
        ("OPTIONS that is no preflight", "/samples", {}),
    ):
        yield Ask(name, path, 204, "OPTIONS", headers, b"", _PREFLIGHTED)


CORS = Case(
    "cors",
    ReadModel(FEW_ROUTES, api=Api(cors_origin=_ORIGIN)),
    (
        SAMPLES,
        *_reads(),
        Ask("unknown path", "/unknown", 404, "GET", _FROM, NOT_FOUND, _ALLOWED),
        Ask("POST", "/samples", 404, "POST", _FROM, NOT_FOUND, _ALLOWED),
        Ask("preflight, unknown path", "/unknown", 404, "OPTIONS", _FROM, NOT_FOUND, _ALLOWED),
        *_preflights(),
    ),
)
