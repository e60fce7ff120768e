"""Documents, and requests that more than one stack gets."""

from collections.abc import Iterator

from readmodel_cfn import Route
from second_opinion.steps import Ask, Publish, Step

FEW_ROUTES = (Route("samples", "payload.json"), Route("products/{id}", "products/{id}.json"))
SAMPLES = Publish("payload.json", '{"text": "café", "numbers": [1, 2.50, -0]}\n'.encode())
OTHER_TYPE = Publish("payload.json", b'{"data": []}', "application/vnd.api+json")
NOT_FOUND = b'{"message":"Not Found"}'
MISSING_TOKEN = b'{"message":"Missing Authentication Token"}'
LONG_AGO, FUTURE = "Sat, 01 Jan 2000 00:00:00 GMT", "Tue, 01 Jan 2097 00:00:00 GMT"

READS: tuple[Step, ...] = (
    SAMPLES,
    Ask("document", "/samples", 200, body=SAMPLES.body),
    Ask("trailing slash", "/samples/", 200),
    Ask("two trailing slashes", "/samples//", 200),
    Ask("query string", "/samples?id=1&id=2&empty=", 200),
    Ask("Accept: text/html", "/samples", 200, headers={"Accept": "text/html"}),
    # Recorded on AWS: GitHub, localstack/localstack pull request 11304.
    Ask("double slash first", "//samples", 200),
    # S3 is not asked with these, as no stack passes them on.
    Ask("If-Match, other", "/samples", 200, headers={"If-Match": '"other"'}),
    Ask("If-Unmodified-Since", "/samples", 200, headers={"If-Unmodified-Since": LONG_AGO}),
    Ask("Range", "/samples", 200, headers={"Range": "bytes=0-3"}, body=SAMPLES.body),
)
"""One document, and what makes no difference to it."""


def unserved(status: int, body: bytes) -> Iterator[Ask]:
    """Methods and paths that no route has: 403 as AWS does it, or what the stack makes of it."""
    for method in ("OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
        yield Ask(method, "/samples", status, method, body=body)
    for name, path in (
        ("unknown path", "/unknown"),
        ("path below", "/samples/1"),
        ("path in capitals", "/SAMPLES"),
        ("root", "/"),
        ("root without slash", ""),
    ):
        yield Ask(name, path, status, body=body)
