"""The checks of a distribution, for the responses that CloudFront may give."""

import gzip
from dataclasses import replace

import pytest

from readmodel_cfn.aws.http import Response
from readmodel_cfn.verify.cdn import CdnReads, judge_cdn, not_read
from readmodel_cfn.verify.contract import Contract, PromisedRoute, plan_probe

URL = "https://d1.cloudfront.net"


def response(status: int, body: bytes = b"", **headers: str) -> Response:
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Response("GET", URL, status, named, body, 0.1)


GOOD = CdnReads(
    URL,
    document=response(200, b'{"id":1}'),
    missing=response(404, b"<Error/>"),
    root=response(404, b'{"message":"Not Found"}'),
    plain=403,
    sent=b'{"id":1}',
)


def broken(reads: CdnReads) -> list[str]:
    return [found.name for found in judge_cdn(reads) if found.status == "broken"]


def test_promises_are_kept() -> None:
    assert {found.status for found in judge_cdn(GOOD)} == {"kept"}
    assert broken(replace(GOOD, plain=0)) == []


def test_document_may_be_stored_compressed() -> None:
    packed = response(200, gzip.compress(GOOD.sent), Content_Encoding="gzip")
    assert broken(replace(GOOD, document=packed)) == []


@pytest.mark.parametrize(
    ("reads", "name"),
    [
        (replace(GOOD, document=response(403)), "CDN document"),
        (replace(GOOD, document=response(200, b"{}")), "CDN document"),
        (replace(GOOD, document=response(200, b"{}", Content_Encoding="gzip")), "CDN document"),
        (replace(GOOD, missing=response(403)), "CDN missing document"),
        (replace(GOOD, root=response(200, b"<ListBucketResult/>")), "CDN unknown path"),
        (replace(GOOD, root=response(404, b"<Error/>")), "CDN unknown path"),
        (replace(GOOD, plain=200), "CDN TLS"),
    ],
)
def test_broken_promise_is_named(reads: CdnReads, name: str) -> None:
    assert broken(reads) == [name]


def test_probe_is_not_left_in_the_cache_of_a_static_route() -> None:
    static = plan_probe(Contract((PromisedRoute("samples", "payload.json"),)), None)
    other = plan_probe(Contract((PromisedRoute("p/{id}", "p/{id}.json"),)), None)
    assert not_read(URL, static, "no-cache", emulated=False) is None
    assert not_read(URL, other, "max-age=60", emulated=False) is None
    reads = not_read(URL, static, "max-age=60", emulated=False)
    assert reads is not None
    assert {found.status for found in judge_cdn(reads)} == {"cannot be shown"}
    assert not_read(URL, other, "no-cache", emulated=True) is not None
