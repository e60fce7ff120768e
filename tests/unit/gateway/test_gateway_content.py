"""Content handling of binary and text bodies, as LocalStack recorded it from AWS."""

import base64
import json
from typing import Any

import pytest
from gateway_definitions import (
    Definition,
    api,
    call,
    direct,
    mock_method,
    request,
    s3_method,
    through,
)
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.local.gateway import Response

TEXT, BINARY = "CONVERT_TO_TEXT", "CONVERT_TO_BINARY"
ENCODED = (
    b"H4sIABRs7mMC/0vOzy0oSi0uTk1RSEksSdRRKM7IL81JUUhKVcjMK0vMyUxRCA1x07VQKC4pysxLBwC4ORBXLwAAAA=="
)
RAW = base64.b64decode(ENCODED)  # a gzip file
WORDS = b"this is a UTF8 text typed object"
SPOILED = (
    "\x1f\ufffd\x08\x00\x14l\ufffdc\x02\ufffdK\ufffd\ufffd-(J-.NMQHI,I\ufffdQ(\ufffd\ufffd/\ufffd"
    "IQHJU\ufffd\ufffd+K\ufffd\ufffdLQ\x08\rq\u04f5P(.)\ufffd\ufffdK\x07\x00\ufffd9\x10W/\x00\x00\x00"
).encode()

AS_TEXT = {RAW: SPOILED, ENCODED: ENCODED, WORDS: WORDS}
UNCHANGED = {body: body for body in AS_TEXT}
DECODED = {RAW: None, ENCODED: RAW, WORDS: None}
IN_BASE64 = {body: base64.b64encode(body) for body in AS_TEXT}
"""What each body becomes; None is a 500."""

RESPONSES = [
    # payload's type, Accept, binary types, handling, result
    ("image/png", "text/plain", [], None, AS_TEXT),
    ("image/png", "image/png", [], TEXT, AS_TEXT),
    ("image/png", "image/png", [], BINARY, DECODED),
    ("text/plain", "text/plain", ["image/png"], None, AS_TEXT),
    ("text/plain", "text/plain", ["image/png"], TEXT, AS_TEXT),
    ("text/plain", "text/plain", ["image/png"], BINARY, DECODED),
    ("text/plain", "image/png", ["image/png"], None, DECODED),
    ("text/plain", "image/png", ["image/png"], TEXT, AS_TEXT),
    ("text/plain", "image/png", ["image/png"], BINARY, DECODED),
    ("image/png", "text/plain", ["image/png"], None, IN_BASE64),
    ("image/png", "text/plain", ["image/png"], TEXT, IN_BASE64),
    ("image/png", "text/plain", ["image/png"], BINARY, UNCHANGED),
    ("image/png", "image/png", ["image/png"], None, UNCHANGED),
    ("image/png", "image/png", ["image/png"], TEXT, IN_BASE64),
    ("image/png", "image/png", ["image/png"], BINARY, UNCHANGED),
]
REQUESTS = [
    # Content-Type, binary types, handling, result
    ("image/png", [], None, AS_TEXT),
    ("image/png", [], TEXT, AS_TEXT),
    ("image/png", [], BINARY, DECODED),
    ("text/plain", ["image/png"], None, AS_TEXT),
    ("text/plain", ["image/png"], TEXT, AS_TEXT),
    ("text/plain", ["image/png"], BINARY, DECODED),
    ("image/png", ["image/png"], None, UNCHANGED),
    ("image/png", ["image/png"], TEXT, IN_BASE64),
    ("image/png", ["image/png"], BINARY, UNCHANGED),
]


def answered(
    handling: str | None,
    binary_types: list[str],
    accept: str | None = None,
    content_type: str = "application/json",
    body: bytes = RAW,
    **response: Any,
) -> Response:
    """The answer made of S3's body, through one response with this handling."""
    method = s3_method(responses={"200": {"contentHandling": handling, **response}})
    sent = request("/x", headers={"accept": accept} if accept else {})
    definition = api({"/x": {"GET": method}}, binaryMediaTypes=binary_types)
    return through(definition, sent, 200, {"content-type": content_type}, body)


@pytest.mark.parametrize(("content_type", "accept", "types", "handling", "result"), RESPONSES)
@pytest.mark.parametrize("body", [RAW, ENCODED, WORDS], ids=["gzip", "base64", "text"])
def test_response_conversion_matches_aws(
    content_type: str,
    accept: str,
    types: list[str],
    handling: str | None,
    result: dict[bytes, bytes | None],
    body: bytes,
) -> None:
    """The payload's type, Accept and contentHandling decide; text that is no Base64 is a 500."""
    answer = answered(handling, types, accept, content_type, body)
    if result[body] is None:
        assert (answer.status, json.loads(answer.body)["message"]) == (500, "Internal server error")
    else:
        assert (answer.status, answer.body) == (200, result[body])


@pytest.mark.parametrize(("content_type", "types", "handling", "result"), REQUESTS)
@pytest.mark.parametrize("body", [RAW, ENCODED, WORDS], ids=["gzip", "base64", "text"])
def test_request_conversion_matches_aws(
    content_type: str,
    types: list[str],
    handling: str | None,
    result: dict[bytes, bytes | None],
    body: bytes,
) -> None:
    """Content-Type and contentHandling decide; without a handling bytes stay bytes."""
    method = s3_method(httpMethod="PUT", contentHandling=handling)
    definition = api({"/x": {"PUT": method}}, binaryMediaTypes=types)
    sent = request("/x", "PUT", headers={"content-type": content_type}, body=body)
    if result[body] is None:
        assert direct(definition, sent).status == 500
    else:
        assert call(definition, sent).s3.body == result[body]


BODIES = st.binary(max_size=200)
ACCEPTS = st.none() | st.sampled_from(
    ["*/*", "application/json", "text/html,*/*;q=0.8", "image/webp", "", "nonsense"]
)


@given(BODIES, ACCEPTS, st.sampled_from(["application/json", "image/png", "text/plain"]))
def test_binary_body_is_unchanged_if_all_types_are_binary(
    body: bytes, accept: str | None, content_type: str
) -> None:
    """`*/*` and CONVERT_TO_BINARY: bytes in are bytes out, whatever Accept says."""
    answer = answered(BINARY, ["*/*"], accept, content_type, body)
    assert (answer.status, answer.body) == (200, body)


@given(st.text(max_size=200), ACCEPTS)
def test_text_body_is_unchanged_without_binary_types(text: str, accept: str | None) -> None:
    """UTF-8 is unchanged without binary media types."""
    assert answered(None, [], accept, body=text.encode()).body == text.encode()


@given(BODIES, st.sampled_from(["image/png", "image/gif"]))
def test_binary_body_is_base64_if_accept_is_not_binary(body: bytes, content_type: str) -> None:
    """The trap of an undefined handling: an Accept that names no binary type."""
    answer = answered(None, ["image/*"], "application/json", content_type, body)
    assert base64.b64decode(answer.body, validate=True) == body


@pytest.mark.parametrize(
    ("types", "accept", "raw"),
    [
        (["image/png"], "image/png", True),
        (["image/png"], "IMAGE/PNG; q=1, text/html", True),
        (["Image/PNG"], "image/png", True),
        (["image/png"], "image/png,text/html", True),
        (["image/*"], "image/webp", True),
        (["image/png"], "text/html, image/png", False),
        (["image/png"], "image/*", False),
        (["image/png"], "*/*", False),
        (["image/png"], "image", False),
        (["image/*"], "imagenes/png", False),
        (["application/json"], None, False),
        (["application/json"], "", False),
        (["application/*", "image/jpg"], "application/*", True),
        (["application/*"], "application", False),
        (["*/png"], "*/png", False),
        (["*/png"], "image/png", False),
        (["*/*"], None, True),
        (["*/*"], "anything", True),
    ],
)
def test_only_the_first_media_type_of_accept_counts(
    types: list[str], accept: str | None, raw: bool
) -> None:
    """A missing header matches nothing; a wildcard works at the right, in the API's list only."""
    answer = answered(None, [*types, "a/b"], accept, "a/b")
    assert answer.body == (RAW if raw else ENCODED)


@pytest.mark.parametrize("text", [b'{"QUJD":1}', b"QUJD\n", b"QUI"])
def test_invalid_base64_is_a_500(text: bytes) -> None:
    """Strict, as Java's decoder is by default (assumed)."""
    assert answered(BINARY, [], body=text).status == 500
    assert answered(BINARY, [], body=b"QUJD").body == b"ABC"
    assert answered(BINARY, [], body=b"").body == b""


TEMPLATE: dict[str, Any] = {"responseTemplates": {"application/json": '{"message":"none"}'}}


@pytest.mark.parametrize(("handling", "status"), [(None, 500), (BINARY, 500), (TEXT, 200)])
def test_response_template_for_a_binary_body_is_a_500(handling: str | None, status: int) -> None:
    """With `*/*` S3's XML error is binary, so a JSON error needs CONVERT_TO_TEXT."""
    answer = answered(handling, ["*/*"], "*/*", "application/xml", b"<Error/>", **TEMPLATE)
    assert answer.status == status
    assert (answer.body == b'{"message":"none"}') == (status == 200)


def test_empty_response_template_passes_a_binary_body() -> None:
    """The console's passthrough is no template (assumed for bytes)."""
    assert answered(BINARY, ["*/*"], responseTemplates={"application/json": ""}).body == RAW


def test_response_template_reads_a_binary_body_as_base64() -> None:
    """Developer guide: only the Base64-encoded string, through $input.body."""
    template = {"application/json": '{"data":"$input.body"}'}
    answer = answered(TEXT, ["image/png"], None, "image/png", responseTemplates=template)
    assert answer.body == b'{"data":"' + ENCODED + b'"}'


def test_request_template_for_a_binary_body_is_a_500() -> None:
    """Recorded: a Base64 text that becomes binary cannot be mapped; another type passes."""
    method = s3_method(
        httpMethod="PUT", contentHandling=BINARY, requestTemplates={"application/json": "{}"}
    )
    definition = api({"/x": {"PUT": method}})
    mapped = request("/x", "PUT", headers={"content-type": "application/json"}, body=ENCODED)
    assert direct(definition, mapped).status == 500
    passed = request("/x", "PUT", headers={"content-type": "image/png"}, body=ENCODED)
    assert call(definition, passed).s3.body == RAW


def preflight(
    handling: str | None, binary_types: list[str], response: Definition | None = None
) -> Response:
    method = mock_method(s204=response or {})
    method["methodIntegration"]["contentHandling"] = handling
    definition = api({"/x": {"OPTIONS": method}}, binaryMediaTypes=binary_types)
    return direct(definition, request("/x", "OPTIONS", headers={"accept": "*/*"}))


@pytest.mark.parametrize(("handling", "status"), [(None, 500), (BINARY, 500), (TEXT, 204)])
def test_preflight_with_binary_types_needs_convert_to_text(
    handling: str | None, status: int
) -> None:
    """With `*/*` the empty request is binary: Unable to transform request."""
    assert preflight(handling, ["*/*"]).status == status
    assert preflight(None, ["image/png"]).status == 204


@pytest.mark.parametrize(("handling", "status"), [(None, 500), (TEXT, 204)])
def test_mock_response_template_with_binary_types_needs_convert_to_text(
    handling: str | None, status: int
) -> None:
    """The empty answer of a MOCK is binary as well (assumed), which no template reads."""
    assert preflight(TEXT, ["*/*"], {"contentHandling": handling, **TEMPLATE}).status == status
