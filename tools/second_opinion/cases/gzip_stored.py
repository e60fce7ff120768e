"""Production with payloads kept compressed: the bytes of S3, whatever a client accepts.

With a CORS origin, as binary media types fail a preflight that is not declared as text.
"""

from readmodel_cfn import Api, DataStore, ReadModel
from second_opinion.cases.shared import FEW_ROUTES, NOT_FOUND
from second_opinion.steps import ABSENT, Ask, Case, Publish

_KEPT = Publish("payload.json", b'{"text": "' + b"small " * 500 + b'"}', gzip=True)
_ALLOWED = {"access-control-allow-origin": "*"}
_GZIP = _ALLOWED | {"content-encoding": "gzip", "content-type": "application/json"}
_TEXT = _ALLOWED | {"content-encoding": ABSENT, "content-type": "application/json"}
_HAVING_IT = {"If-None-Match": _KEPT.etag}
_ACCEPTED = (
    "*/*",
    "application/json",
    "text/html,application/xhtml+xml,*/*;q=0.8",
    "image/png",
    "application/octet-stream",
)


def _read(name: str, header: str, value: str) -> Ask:
    return Ask(name, "/samples", 200, "GET", {header: value}, _KEPT.stored, _GZIP)


def _missing(name: str, accepted: str) -> Ask:
    return Ask(name, "/products/missing", 404, "GET", {"Accept": accepted}, NOT_FOUND, _TEXT)


GZIP_STORED = Case(
    "gzip",
    ReadModel(FEW_ROUTES, data_store=DataStore(stored_encoding="gzip"), api=Api(cors_origin="*")),
    (
        _KEPT,
        Ask("document", "/samples", 200, body=_KEPT.stored, gives=_GZIP),
        *(_read(f"Accept: {one}", "Accept", one) for one in _ACCEPTED),
        _read("gzip accepted", "Accept-Encoding", "gzip"),
        _read("identity accepted", "Accept-Encoding", "identity"),
        Ask("HEAD", "/samples", 200, "HEAD", body=b"", gives=_GZIP),
        Ask("If-None-Match, same", "/samples", 304, "GET", _HAVING_IT, b"", _ALLOWED),
        Ask("HEAD, If-None-Match, same", "/samples", 304, "HEAD", _HAVING_IT, b"", _ALLOWED),
        Ask("missing object", "/products/missing", 404, body=NOT_FOUND, gives=_TEXT),
        *(_missing(f"missing object, Accept: {one}", one) for one in _ACCEPTED),
        Ask("missing object, HEAD", "/products/missing", 404, "HEAD", body=b"", gives=_ALLOWED),
        Ask("unknown path", "/unknown", 404, body=NOT_FOUND, gives=_ALLOWED),
        Ask("preflight", "/samples", 204, "OPTIONS", body=b"", gives=_ALLOWED),
        Ask("preflight, any type", "/samples", 204, "OPTIONS", {"Accept": "*/*"}, b"", _ALLOWED),
    ),
)
