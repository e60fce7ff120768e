"""Publishing of one document: checks, headers and checksum."""

import base64
import gzip
import hashlib
import json
import threading
from io import BytesIO
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.aws.errors import UnreadableResponse
from readmodel_cfn.errors import ConfigError, Unfinished
from readmodel_cfn.publish import put as module
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import MAX_BYTES, Settings, check_document
from readmodel_cfn.publish.put import put
from readmodel_cfn.publish.results import Published

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(json_values, st.booleans())
def test_every_json_value_is_accepted(value: object, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    check_document(text.encode("utf-8", "surrogatepass" if ascii_only else "replace"), "f")


@pytest.mark.parametrize(
    "body",
    [
        *(b"{}", b" [] ", b'"text"', b"0", b"-0.5e+30", b"null", b"true", '"ü"'.encode()),
        *(b"9" * 5000, b"[" * 100 + b"]" * 100, b'{"a":1,"a":2}'),
    ],
    ids=lambda body: repr(body[:12]),
)
def test_rfc_8259_json_is_accepted(body: bytes) -> None:
    check_document(body, "f")


BAD = {
    "empty": b"",
    "white space": b" \n",
    "text": b"hello",
    "half": b'{"a":',
    "two documents": b"{}{}",
    "trailing comma": b"[1,]",
    "single quotes": b"{'a': 1}",
    "comment": b"{} // no",
    "NaN": b"NaN",
    "Infinity inside": b'{"a": [Infinity]}',
    "-Infinity": b"-Infinity",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a": 1}'.encode("utf-16-le"),
    "UTF-32": '{"a": 1}'.encode("utf-32"),
    "Latin-1": '"é"'.encode("latin-1"),
    "control character": b'"\x01"',
    "gzip": b"\x1f\x8b\x08\x00",
    "nested without end": b"[" * 200_000,
    "nested too deeply": b"[" * 200_000 + b"]" * 200_000,
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_invalid_json_is_refused_in_one_line_that_names_the_file(body: bytes) -> None:
    with pytest.raises(ConfigError) as refused:
        check_document(body, "prices.json")
    line = str(refused.value)
    assert line.startswith("prices.json: ")
    assert len(line.splitlines()) == 1
    assert refused.value.exit_code == 2


def test_document_over_10_mb_is_refused() -> None:
    """API Gateway's hard limit: https://docs.aws.amazon.com/apigateway/latest/developerguide/"""
    most = b'"' + b"x" * (10 * 1024 * 1024 - 2) + b'"'
    assert len(most) == MAX_BYTES
    check_document(most, "f")
    with pytest.raises(ConfigError, match=r"10,485,761.*10,485,760"):
        check_document(most + b" ", "f")


def test_size_is_checked_before_syntax() -> None:
    with pytest.raises(ConfigError, match="10,485,761"):
        check_document(b"x" * (MAX_BYTES + 1), "f")


KMS = {"ServerSideEncryption": "aws:kms"}  # then an ETag is no MD5


class Bucket:
    """Takes one object, as S3's client does."""

    def __init__(self, **answer: str) -> None:
        self.answer = answer

    def put_object(self, **call: Any) -> dict[str, str]:
        self.call = call
        return self.answer

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": BytesIO(b"<html>")}


def test_put_sends_content_type_and_checksum() -> None:
    s3 = Bucket(ETag='"e"', VersionId="v", **KMS)
    assert put(s3, "b", "k.json", b"{}") == Published("b", "k.json", '"e"', "v", 2)
    digest = base64.b64encode(hashlib.sha256(b"{}").digest()).decode()
    assert s3.call == {
        "Bucket": "b",
        "Key": "k.json",
        "Body": b"{}",
        "ContentType": "application/json",
        "CacheControl": "no-cache",
        "ChecksumSHA256": digest,
    }


def test_put_sends_cache_control_of_the_settings() -> None:
    s3 = Bucket(ETag='"e"', **KMS)
    put(s3, "b", "k", b"{}", Settings(cache_control="max-age=60"))
    assert s3.call["CacheControl"] == "max-age=60"


def test_compression_of_documents_is_deterministic() -> None:
    """Publishing it again does not change the ETag."""
    s3, body = Bucket(ETag='"e"', **KMS), json.dumps(["x" * 100] * 10).encode()
    done = put(s3, "b", "k", body, Settings(gzip=True))
    assert s3.call["ContentEncoding"] == "gzip"
    assert s3.call["ContentType"] == "application/json"
    assert gzip.decompress(s3.call["Body"]) == body
    assert done.bytes == len(s3.call["Body"]) < len(body)
    digest = hashlib.sha256(s3.call["Body"]).digest()
    assert s3.call["ChecksumSHA256"] == base64.b64encode(digest).decode()
    first = s3.call["Body"]
    put(s3, "b", "k", body, Settings(gzip=True))
    assert s3.call["Body"] == first


def test_compressed_document_may_exceed_10_mb() -> None:
    body = b'"' + b"x" * MAX_BYTES + b'"'
    check_document(body, "f", Settings(gzip=True))
    with pytest.raises(ConfigError):
        check_document(body, "f", Settings(gzip=False))


def test_put_without_versioning_returns_no_version() -> None:
    assert put(Bucket(ETag='"e"', **KMS), "b", "k", b"{}").version is None


def test_response_that_is_not_from_s3_raises_unreadable_answer() -> None:
    """For example a captive portal that answers 200 with a page."""
    with pytest.raises(UnreadableResponse):
        put(Bucket(), "bucket", "payload.json", b"1")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ConnectionClosedError(endpoint_url="https://x"), Unfinished),
        (EndpointConnectionError(endpoint_url="https://x"), EndpointConnectionError),
    ],
)
def test_put_without_a_response_is_unfinished_if_it_was_sent(
    error: Exception, kind: type[Exception]
) -> None:
    class Lost:
        def put_object(self, **_: Any) -> None:
            raise error

    with pytest.raises(kind):
        put(Lost(), "bucket", "a.json", b"{}")


@pytest.mark.parametrize("system", [3, 7, 11, 255])
def test_compressed_bytes_do_not_depend_on_the_python_version(
    monkeypatch: pytest.MonkeyPatch, system: int
) -> None:
    """RFC 1952: byte 9 is the system that compressed; versions of Python write different ones."""
    expected = Settings(gzip=True).stored(b"{}")
    compress = gzip.compress

    def another(*arguments: Any, **options: Any) -> bytes:
        made = bytearray(compress(*arguments, **options))
        made[9] = system
        return bytes(made)

    monkeypatch.setattr(gzip, "compress", another)
    assert Settings(gzip=True).stored(b"{}") == expected
    assert gzip.decompress(expected) == b"{}"


def test_document_that_s3_does_not_confirm_ends_after_two_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forever, clock = threading.Event(), iter(range(0, 10**6, 120))
    monkeypatch.setattr(module, "_put", lambda *_: forever.wait())
    monkeypatch.setattr(module, "clock", lambda: next(clock))
    with pytest.raises(Unfinished, match=r"bucket/a\.json"):
        module.publish_document("a.json", 1, Destination("bucket", "eu-west-1"))
    forever.set()
