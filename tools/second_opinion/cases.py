"""What is deployed, published and asked, in the same order in both places.

To ask something else too, add a step to a case. A step either publishes a document or makes a
request; `status` is what API Gateway answers by its documentation, and both places must agree on it
too: two wrong answers that are alike would prove nothing.
"""

import hashlib
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from readmodel_cfn import ReadModel, Route
from readmodel_cfn.store.publish import CONTENT_TYPE


@dataclass(frozen=True)
class Publish:
    """Put a document to a key of the data store."""

    key: str
    body: bytes
    content_type: str = CONTENT_TYPE

    @property
    def etag(self) -> str:
        """Its ETag in S3: the MD5, as it is put in one part and not encrypted with KMS."""
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True)
class Ask:
    """Make a request below the stage; a `status` of None is one that no source tells."""

    name: str
    path: str
    status: int | None
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One stack, and what happens to it."""

    name: str
    model: ReadModel
    steps: tuple[Publish | Ask, ...]


# Every character that a key and a path may have: see readmodel_cfn.routes.
_ALL = string.ascii_letters + string.digits + "._-"
_DEEP = f"{_ALL}/{_ALL[::-1]}/a.json"
_SAMPLES = Publish("payload.json", '{"text": "café", "numbers": [1, 2.50, -0]}\n'.encode())
_OTHER_TYPE = Publish("payload.json", b'{"data": []}', "application/vnd.api+json")
_LONG_AGO, _FUTURE = "Sat, 01 Jan 2000 00:00:00 GMT", "Tue, 01 Jan 2097 00:00:00 GMT"

_ON_SAMPLES: tuple[Publish | Ask, ...] = (
    _SAMPLES,
    Ask("document", "/samples", 200),
    Ask("trailing slash", "/samples/", 200),
    Ask("two trailing slashes", "/samples//", 200),
    Ask("query string", "/samples?id=1&id=2&empty=", 200),
    Ask("Accept: text/html", "/samples", 200, headers={"Accept": "text/html"}),
    Ask("gzip accepted", "/samples", 200, headers={"Accept-Encoding": "gzip, deflate"}),
    Ask("If-None-Match, same", "/samples", 200, headers={"If-None-Match": _SAMPLES.etag}),
    Ask("If-None-Match, other", "/samples", 200, headers={"If-None-Match": '"other"'}),
    Ask("If-Modified-Since, past", "/samples", 200, headers={"If-Modified-Since": _LONG_AGO}),
    Ask("If-Modified-Since, future", "/samples", 200, headers={"If-Modified-Since": _FUTURE}),
    Ask("If-Match, other", "/samples", 200, headers={"If-Match": '"other"'}),
    Ask("If-Unmodified-Since", "/samples", 200, headers={"If-Unmodified-Since": _LONG_AGO}),
    Ask("Range", "/samples", 200, headers={"Range": "bytes=0-3"}),
    Ask("HEAD", "/samples", 403, "HEAD"),
    Ask("OPTIONS", "/samples", 403, "OPTIONS"),
    Ask("POST", "/samples", 403, "POST"),
    Ask("PUT", "/samples", 403, "PUT"),
    Ask("DELETE", "/samples", 403, "DELETE"),
    Ask("unknown path", "/unknown", 403),
    Ask("path below", "/samples/1", 403),
    Ask("path in capitals", "/SAMPLES", 403),
    Ask("root", "/", 403),
    Ask("root without slash", "", 403),
    # Recorded on AWS: GitHub, localstack/localstack pull request 11304.
    Ask("double slash first", "//samples", 200),
    _OTHER_TYPE,
    Ask("other Content-Type", "/samples", 200),
)
_ON_PARAMETERS: tuple[Publish | Ask, ...] = (
    Publish("products/1.json", b'{"id": 1}'),
    Publish("top.json", b'{"top": true}'),
    Publish(f"products/{_ALL}.json", b'{"all": "characters"}'),
    Publish("products/a;b.json", b'{"id": "a;b"}'),
    Publish("products/a b.json", b'{"id": "a b"}'),
    Publish("products/a+b.json", b'{"id": "a+b"}'),
    Publish("products/a/b.json", b'{"id": "a/b"}'),
    Ask("parameter", "/products/1", 200),
    Ask("parameter, trailing slash", "/products/1/", 200),
    Ask("parameter, query string", "/products/1?id=2", 200),
    Ask("parameter, all characters", f"/products/{_ALL}", 200),
    Ask("parameter, missing object", "/products/missing", 502),
    Ask("parameter, PUT", "/products/1", 403, "PUT"),
    Ask("parameter left out", "/products", 403),
    Ask("parameter empty", "/products/", 403),
    Ask("parameter with more below", "/products/1/2", 403),
    Ask("static beside parameter", "/products/top", 200),
    Publish("products/lists.json", b'{"id": "lists"}'),
    # Measured on AWS: GitHub, floci-io/floci pull request 3399.
    Ask("static without a method", "/products/lists", 200),
    Ask("parameter with ;", "/products/a;b", None),
    Ask("parameter with %20", "/products/a%20b", None),
    Ask("parameter with +", "/products/a+b", None),
    Ask("parameter with %2F", "/products/a%2Fb", None),
    Ask("parameter with %31", "/products/%31", None),
    Publish("shops/s.1/i_2-3.json", b'{"shop": "s.1", "item": "i_2-3"}'),
    Ask("two parameters", "/shops/s.1/items/i_2-3", 200),
    Ask("two parameters, missing object", "/shops/s.1/items/missing", 502),
    Ask("two parameters, one left out", "/shops/s.1/items", 403),
)
_ON_GREEDY: tuple[Publish | Ask, ...] = (
    Publish("assets/a", b'{"a": 1}'),
    Publish(f"assets/{_DEEP}", b'{"deep": true}'),
    Publish("assets/a//b", b'{"empty": "segment"}'),
    Publish("assets/big.json", b'{"big": "' + b"x" * 1_000_000 + b'"}'),
    Ask("greedy, one segment", "/assets/a", 200),
    Ask("greedy, all characters", f"/assets/{_DEEP}", 200),
    Ask("greedy, trailing slash", "/assets/a/", 200),
    Ask("greedy, query string", "/assets/a?path=b", 200),
    Ask("greedy, a megabyte", "/assets/big.json", 200),
    Ask("greedy, missing object", "/assets/b/c", 502),
    Ask("greedy, double slash", "/assets/a//b", 200),
    Ask("greedy, HEAD", "/assets/a", 403, "HEAD"),
    Ask("greedy left out", "/assets", 403),
    Ask("greedy empty", "/assets/", 403),
)

_ROUTES = (
    Route("samples", "payload.json"),
    Route("products/{id}", "products/{id}.json"),
    Route("products/top", "top.json"),
    Route("products/lists/new", "lists/new.json"),
    Route("shops/{shop}/items/{item}", "shops/{shop}/{item}.json"),
    Route("assets/{path+}", "assets/{path}"),
)
CASES = (
    Case(
        "article",
        ReadModel.article(),
        (Ask("not yet published", "/samples", 500), *_ON_SAMPLES),
    ),
    Case(
        "production",
        ReadModel(_ROUTES),
        (Ask("not yet published", "/samples", 502), *_ON_SAMPLES, *_ON_PARAMETERS, *_ON_GREEDY),
    ),
)
