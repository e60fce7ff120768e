"""Integration responses: selection by S3's status, and mapping of headers and bodies."""

import pytest
from gateway_definitions import Definition, api, request, s3_method, through
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.local.gateway import DefinitionError, Request, Response, Snapshot


def header(name: str) -> dict[str, str]:
    return {f"method.response.header.{name}": f"integration.response.header.{name}"}


GET = request("/products/7")
PRODUCTION = s3_method(
    "bucket/products/{id}.json",
    request={
        "integration.request.path.id": "method.request.path.id",
        "integration.request.header.If-None-Match": "method.request.header.If-None-Match",
    },
    responses={
        "200": {
            "selectionPattern": "200",
            "responseParameters": header("Content-Type")
            | header("ETag")
            | {"method.response.header.Cache-Control": "'max-age=60'"},
        },
        "304": {"selectionPattern": "304", "responseParameters": header("ETag")},
        "404": {
            "selectionPattern": "403|404",
            "responseTemplates": {"application/json": '{"message":"no such product"}'},
        },
        "502": {"responseTemplates": {"application/json": '{"id":"$context.requestId"}'}},
    },
)


def answered(
    method: Definition,
    status: int,
    headers: dict[str, str] | None = None,
    sent: Request = GET,
) -> Response:
    definition = api({"/products/{id}": {"GET": method, "HEAD": method}})
    return through(definition, sent, status, headers, b"<body/>")


def test_document_is_returned_with_mapped_headers() -> None:
    """Mapped headers get the definition's spelling; the rest of S3's stays behind."""
    s3_headers = {"etag": '"e"', "content-type": "application/json; v=1", "x-amz-id-2": "secret"}
    answer = answered(PRODUCTION, 200, s3_headers)
    assert (answer.status, answer.body) == (200, b"<body/>")
    assert answer.headers == {
        "x-amzn-RequestId": "id-1",
        "Content-Type": "application/json; v=1",
        "ETag": '"e"',
        "Cache-Control": "max-age=60",
    }


def test_unchanged_document_is_a_304_with_etag_and_no_body() -> None:
    """A condition that S3 found unchanged reaches the client."""
    answer = answered(PRODUCTION, 304, {"etag": '"e"'})
    assert (answer.status, answer.headers["ETag"], answer.body) == (304, '"e"', b"")


@pytest.mark.parametrize("status", [403, 404])
def test_missing_object_returns_the_template_instead_of_xml(status: int) -> None:
    """The template's text replaces the backend's body."""
    answer = answered(PRODUCTION, status, {"content-type": "application/xml"})
    assert (answer.status, answer.body) == (404, b'{"message":"no such product"}')
    assert answer.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("status", [200, 404])
def test_head_has_no_body(status: int) -> None:
    """Neither S3's bytes nor a template's text answer a HEAD; its headers are those of a GET."""
    s3_headers = {"etag": '"e"', "content-type": "text/plain"}
    head = answered(PRODUCTION, status, s3_headers, request("/products/7", "HEAD"))
    assert (head.status, head.body) == (status, b"")
    assert head.headers == answered(PRODUCTION, status, s3_headers).headers


@pytest.mark.parametrize("status", [400, 500, 503, 2000])
def test_default_response_applies_if_no_pattern_matches(status: int) -> None:
    """A pattern matches the whole status: 2000 is no 200."""
    answer = answered(PRODUCTION, status)
    assert (answer.status, answer.body) == (502, b'{"id":"id-1"}')


def test_content_type_is_json_if_not_mapped() -> None:
    """The classic defect: one default response serves a missing object as 200."""
    answer = answered(s3_method(), 404, {"content-type": "application/xml"})
    assert (answer.status, answer.body) == (200, b"<body/>")
    assert answer.headers["Content-Type"] == "application/json"


def test_first_of_several_default_responses_applies() -> None:
    """The definition's order decides (assumed)."""
    assert (
        answered(s3_method(responses={"200": {}, "502": {"selectionPattern": ""}}), 404).status
        == 200
    )


def test_integration_response_without_method_response_is_a_500() -> None:
    """The chosen status must be one the method declares."""
    method = s3_method(responses={"200": {}})
    method["methodResponses"] = {"201": {}}
    assert answered(method, 200).status == 500


def test_statuses_may_be_numbers_or_text() -> None:
    """CloudFormation writes both."""
    method = s3_method(responses={"200": {}})
    method["methodResponses"] = {200: None}
    method["methodIntegration"]["integrationResponses"] = {"200": {"statusCode": 200}}
    assert answered(method, 200).status == 200


@pytest.mark.parametrize(
    ("mapped", "shown"),
    [
        ("Content-Length", "x-amzn-Remapped-Content-Length"),
        ("Date", "x-amzn-Remapped-Date"),
        ("server", "x-amzn-Remapped-Server"),
        ("Connection", "x-amzn-Remapped-Connection"),
        ("Content-MD5", "x-amzn-Remapped-Content-MD5"),
        ("Last-Modified", "Last-Modified"),
        ("Content-Encoding", "Content-Encoding"),
    ],
)
def test_remapped_headers_have_another_name(mapped: str, shown: str) -> None:
    """API Gateway renames what it sets itself, and passes the others unchanged."""
    method = s3_method(responses={"200": {"responseParameters": header(mapped)}})
    headers = answered(method, 200, {mapped.lower(): "v"}).headers
    assert headers == {"x-amzn-RequestId": "id-1", shown: "v", "Content-Type": "application/json"}


def test_transfer_encoding_never_reaches_the_client() -> None:
    """It is dropped even where it is mapped."""
    method = s3_method(responses={"200": {"responseParameters": header("Transfer-Encoding")}})
    headers = answered(method, 200, {"transfer-encoding": "chunked"}).headers
    assert not [name for name in headers if "transfer" in name.lower()]


@pytest.mark.parametrize(
    ("accept", "body"),
    [
        ("text/plain", b"plain"),
        ("application/json", b"json"),
        ("image/png", b"json"),
        (None, b"json"),
    ],
)
def test_accept_selects_the_response_template(accept: str | None, body: bytes) -> None:
    """An Accept without template of its own gets the JSON one."""
    templates = {"text/plain": "plain", "application/json": "json"}
    method = s3_method(responses={"200": {"responseTemplates": templates}})
    sent = request("/products/7", headers={"accept": accept} if accept else {})
    assert answered(method, 200, sent=sent).body == body


def test_empty_response_template_passes_the_body() -> None:
    """The console's "output passthrough" is an empty JSON template."""
    method = s3_method(responses={"200": {"responseTemplates": {"application/json": None}}})
    assert answered(method, 200).body == b"<body/>"


def test_first_response_template_applies_without_a_json_template() -> None:
    """The definition's order decides."""
    templates = {"text/plain": "first", "text/html": "second"}
    method = s3_method(responses={"200": {"responseTemplates": templates}})
    assert answered(method, 200).body == b"first"


def test_mapped_response_header_must_be_declared() -> None:
    """AWS refuses to deploy it; the message names method, path, status and header."""
    method = s3_method(responses={"200": {"responseParameters": header("ETag")}})
    method["methodResponses"] = {
        "200": {"responseParameters": {"method.response.header.Age": False}}
    }
    with pytest.raises(DefinitionError, match=r"GET /x: .*method\.response\.header\.ETag"):
        Snapshot.from_definition(api({"/x": {"GET": method}}))


NAMES = st.sampled_from(["etag", "x-amz-id-2", "last-modified", "set-cookie", "x-a", "vary", "age"])
VALUES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)


@given(st.dictionaries(NAMES, VALUES), st.sets(NAMES))
def test_unmapped_headers_do_not_reach_the_client(
    headers: dict[str, str], mapped: set[str]
) -> None:
    """The client gets exactly the mapped headers that S3 sent, and the two of API Gateway."""
    parameters: dict[str, str] = {}
    for name in mapped:
        parameters |= header(name)
    method = s3_method(responses={"200": {"responseParameters": parameters}})
    own = {"x-amzn-RequestId": "id-1", "Content-Type": "application/json"}
    passed = {name: value for name, value in headers.items() if name in mapped}
    assert answered(method, 200, headers).headers == own | passed


@given(st.integers(100, 599), st.sets(st.integers(100, 599), max_size=6))
def test_selection_pattern_matches_the_whole_status(status: int, known: set[int]) -> None:
    """Disjoint patterns map each status to its own response, and the others to a 500."""
    responses = {str(code): {"selectionPattern": str(code)} for code in sorted(known)}
    answer = answered(s3_method(responses=responses), status)
    assert answer.status == (status if status in known else 500)
