"""Compression of responses and decompression of requests."""

import gzip
import json
import zlib
from typing import Any

import pytest
from gateway_definitions import Definition, api, call, direct, request, s3_method, through
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.local.gateway import DefinitionError, Response, Snapshot

BODY = b'{"name":"' + b"a" * 500 + b'"}'


def answered(
    accept_encoding: str | None,
    size: int | None = 0,
    body: bytes = BODY,
    method: str = "GET",
    status: int = 200,
    headers: dict[str, str] | None = None,
    **response: Any,
) -> Response:
    served = s3_method(responses={str(status): response})
    definition = api({"/x": {"GET": served, "HEAD": served}}, minimumCompressionSize=size)
    sent = {} if accept_encoding is None else {"accept-encoding": accept_encoding}
    return through(definition, request("/x", method, headers=sent), status, headers, body)


def coding(answer: Response) -> str | None:
    return answer.headers.get("Content-Encoding")


def plain(answer: Response) -> bytes:
    """The body as the client reads it."""
    match coding(answer):
        case "gzip":
            return gzip.decompress(answer.body)
        case "deflate":
            return zlib.decompress(answer.body)
    return answer.body


@pytest.mark.parametrize(
    ("accept_encoding", "chosen"),
    [
        ("gzip", "gzip"),
        ("deflate", "deflate"),
        ("GZIP", "gzip"),
        ("gzip, deflate, br", "gzip"),
        ("deflate,gzip", "deflate"),
        ("deflate;q=0.5,gzip;q=1.0", "gzip"),
        ("gzip;q=1.0,identity;q=0.5,*;q=0", "gzip"),
        ("gzip;q=1.0, deflate", "gzip"),
        ("gzip ; q=0.5", "gzip"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0, gzip", "gzip"),
        (", gzip,", "gzip"),
        ("br, gzip", None),
        ("br;q=1.0, gzip;q=0.8", None),
        ("identity, gzip", None),
        ("identity;q=1, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("gzip;q=0.000", None),
        ("gzip;q=0, deflate;q=0", None),
        ("*", None),
        ("*;q=1, gzip;q=0.5", None),
        ("identity", None),
        ("br", None),
        ("gzip;level=9", None),
        ("gzip;q=high", None),
        ("", None),
        (None, None),
    ],
)
def test_preferred_coding_is_used_only_if_supported(
    accept_encoding: str | None, chosen: str | None
) -> None:
    """gzip or deflate, named by the client, with the highest weight, the first of equals."""
    answer = answered(accept_encoding)
    assert coding(answer) == chosen
    assert (answer.body == BODY) == (chosen is None)


def test_gzip_and_deflate_bodies_have_their_formats() -> None:
    """RFC 9110: deflate is the zlib format, not the bare stream."""
    assert gzip.decompress(answered("gzip").body) == BODY
    assert zlib.decompress(answered("deflate").body) == BODY


@given(
    st.binary(max_size=400), st.integers(0, 400), st.sampled_from(["gzip", "deflate", "br", None])
)
def test_decompressed_body_is_the_same_and_small_bodies_are_not_compressed(
    body: bytes, size: int, accept_encoding: str | None
) -> None:
    """Bodies of at least the minimum size are compressed with the requested coding."""
    binary = {"contentHandling": "CONVERT_TO_BINARY"}
    method = s3_method(responses={"200": binary})
    definition = api({"/x": {"GET": method}}, minimumCompressionSize=size, binaryMediaTypes=["*/*"])
    sent = {} if accept_encoding is None else {"accept-encoding": accept_encoding}
    answer = through(definition, request("/x", headers=sent), body=body)
    assert plain(answer) == body
    asked = accept_encoding in ("gzip", "deflate")
    compressed = asked and len(body) >= max(size, 1)
    assert coding(answer) == (accept_encoding if compressed else None)


def test_compression_is_deterministic() -> None:
    """No time and no name is in the gzip header, so a cache can compare."""
    body = answered("gzip").body
    assert body == answered("gzip").body
    assert body[3:8] == b"\0\0\0\0\0"


def test_bodies_are_not_compressed_without_minimum_compression_size() -> None:
    """None is off, zero is everything."""
    assert coding(answered("gzip", None)) is None
    assert coding(answered("gzip", 0, b"{}")) == "gzip"
    assert coding(answered("gzip", 0, b"")) is None


def test_minimum_compression_size_applies_to_the_mapped_body() -> None:
    """A long template for a short body is compressed, a short one for a long body is not."""
    long, short = ({"application/json": text} for text in ("b" * 300, "b" * 299))
    assert coding(answered("gzip", 300, b"{}", responseTemplates=long)) == "gzip"
    assert coding(answered("gzip", 300, responseTemplates=short)) is None


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)], ids=["HEAD", "204", "304"]
)
def test_response_without_body_has_no_content_encoding(method: str, status: int) -> None:
    """There is nothing to compress."""
    answer = answered("gzip", method=method, status=status)
    assert (answer.body, coding(answer)) == (b"", None)


def test_encoded_body_is_not_compressed_again() -> None:
    """Whether Content-Encoding is mapped from S3, not mapped, or a static value."""
    stored = {"content-encoding": "gzip"}
    unmapped = answered("gzip", headers=stored)
    assert (unmapped.body, coding(unmapped)) == (BODY, None)
    target = "method.response.header.Content-Encoding"
    mapped = {target: "integration.response.header.Content-Encoding"}
    assert answered("gzip", headers=stored, responseParameters=mapped).body == BODY
    said = answered("gzip", responseParameters={target: "'br'"})
    assert (said.body, coding(said)) == (BODY, "br")


def test_compression_adds_only_content_encoding() -> None:
    """Vary is not added and the ETag is not changed; the definition must do this."""
    etag = {"method.response.header.ETag": "integration.response.header.ETag"}
    answer = answered("gzip", headers={"etag": '"e"'}, responseParameters=etag)
    without = answered(None, headers={"etag": '"e"'}, responseParameters=etag)
    assert answer.headers == {**without.headers, "Content-Encoding": "gzip"}


def test_gateway_responses_are_not_compressed() -> None:
    """AWS's conditions speak of integration responses (assumed)."""
    definition = api({}, minimumCompressionSize=0)
    answer = direct(definition, request("/x", headers={"accept-encoding": "gzip"}))
    assert json.loads(answer.body) == {"message": "Missing Authentication Token"}


@pytest.mark.parametrize("size", [-1, 10_485_761, "100", 1.5])
def test_invalid_minimum_compression_size_is_refused(size: object) -> None:
    """From 0 to 10,485,760; text is not a number."""
    with pytest.raises(DefinitionError, match="minimumCompressionSize"):
        Snapshot.from_definition({"minimumCompressionSize": size})
    Snapshot.from_definition({"minimumCompressionSize": 10_485_760})


def putting(body: bytes, content_encoding: str | None) -> tuple[Definition, Any]:
    definition = api({"/x": {"PUT": s3_method(httpMethod="PUT")}}, binaryMediaTypes=["*/*"])
    headers = {} if content_encoding is None else {"content-encoding": content_encoding}
    return definition, request("/x", "PUT", headers=headers, body=body)


@pytest.mark.parametrize(
    ("content_encoding", "body"),
    [
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("GZip ", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("identity", BODY),
        (None, BODY),
        ("", BODY),
    ],
)
def test_compressed_request_body_reaches_s3_decompressed(
    content_encoding: str | None, body: bytes
) -> None:
    """API Gateway decompresses by the request's Content-Encoding."""
    assert call(*putting(body, content_encoding)).s3.body == BODY


@pytest.mark.parametrize(
    ("content_encoding", "body", "status"),
    [
        ("br", BODY, 415),
        ("gzip", BODY, 415),
        ("gzip", gzip.compress(BODY, mtime=0)[:-9], 415),
        ("deflate", gzip.compress(BODY, mtime=0), 415),
        ("gzip", gzip.compress(bytes(10_485_761), mtime=0), 413),
    ],
)
def test_request_that_cannot_be_decompressed_is_refused(
    content_encoding: str, body: bytes, status: int
) -> None:
    """Another coding, a body not in it or cut off: 415; one that grows too large: 413."""
    assert direct(*putting(body, content_encoding)).status == status


def test_request_of_10_mb_is_accepted() -> None:
    """10 MB is the limit."""
    largest = bytes(10_485_760)
    assert call(*putting(gzip.compress(largest), "gzip")).s3.body == largest


def test_empty_gzip_request_is_accepted() -> None:
    """An empty body is not gzip and no error."""
    assert call(*putting(b"", "gzip")).s3.body == b""
