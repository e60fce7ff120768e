"""Integration requests: mapping of a client's request to a request to S3."""

import pytest
from gateway_definitions import (
    Definition,
    api,
    article,
    call,
    direct,
    gateway,
    request,
    s3_method,
)
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn.local.gateway import DefinitionError, Request, S3Request, Snapshot

CONDITIONAL = {
    "integration.request.header.If-None-Match": "method.request.header.If-None-Match",
    "integration.request.header.If-Modified-Since": "method.request.header.If-Modified-Since",
}


def sent_to_s3(method: Definition, sent: Request, path: str = "/x") -> S3Request:
    return call(api({path: {"ANY": method}}), sent).s3


def test_mapped_conditional_headers_reach_s3() -> None:
    """A declared and mapped header is passed on in S3's spelling, a missing one is not."""
    sent = request("/x", headers={"if-none-match": '"e"', "accept": "*/*"})
    assert sent_to_s3(s3_method(request=CONDITIONAL), sent).headers == {"if-none-match": '"e"'}


def test_request_mapping_reads_each_source() -> None:
    """Headers, query, path, static text and the request id can be mapped to other names."""
    mapped = {
        "integration.request.header.x-amz-meta-id": "method.request.path.id",
        "integration.request.header.x-amz-meta-why": "method.request.querystring.why",
        "integration.request.header.x-amz-acl": "'private'",
        "integration.request.header.x-amz-meta-request": "context.requestId",
        "integration.request.querystring.versionId": "method.request.header.X-Version",
    }
    sent = request("/p/7", headers={"x-version": "v9"}, query={"why": "because"})
    s3 = sent_to_s3(s3_method(request=mapped), sent, "/p/{id}")
    assert s3.query == {"versionId": "v9"}
    assert s3.headers == {
        "x-amz-meta-id": "7",
        "x-amz-meta-why": "because",
        "x-amz-acl": "private",
        "x-amz-meta-request": "id-1",
    }


def test_empty_source_maps_no_header() -> None:
    """An empty header is like a missing one (assumed)."""
    sent = request("/x", headers={"if-none-match": ""})
    assert sent_to_s3(s3_method(request=CONDITIONAL), sent).headers == {}


def test_query_parameter_names_are_case_sensitive() -> None:
    """Header names have no case, query names do."""
    mapped = {"integration.request.querystring.q": "method.request.querystring.Q"}
    assert sent_to_s3(s3_method(request=mapped), request("/x", query={"q": "1"})).query == {}


@pytest.mark.parametrize(
    ("uri", "template", "path", "bucket", "key"),
    [
        ("bucket/products/{id}.json", "/p/{id}", "/p/7", "bucket", "products/7.json"),
        ("bucket/docs/{id}", "/d/{id+}", "/d/a/b.json", "bucket", "docs/a/b.json"),
        ("{id}/index.json", "/b/{id}", "/b/other", "other", "index.json"),
        ("bucket", "/{id}", "/x", "bucket", ""),
    ],
)
def test_path_parameters_fill_the_uri(
    uri: str, template: str, path: str, bucket: str, key: str
) -> None:
    """Bucket and key are the URI with the mapped parameters' values."""
    method = s3_method(uri, request={"integration.request.path.id": "method.request.path.id"})
    s3 = sent_to_s3(method, request(path), template)
    assert (s3.bucket, s3.key) == (bucket, key)


def test_uri_parameter_takes_the_mapped_value() -> None:
    """The mapping's own name counts: {key} of the URI is filled from {id} of the path."""
    mapped = {"integration.request.path.key": "method.request.path.id"}
    s3 = sent_to_s3(s3_method("bucket/{key}", request=mapped), request("/p/7"), "/p/{id}")
    assert s3.key == "7"


@pytest.mark.parametrize("uri", ["bucket/{id}", "bucket/{proxy+}", "{id}"])
def test_unmapped_uri_parameter_is_a_500(uri: str) -> None:
    """AWS refuses the braces that stay: Illegal character in path."""
    answer = direct(api({"/{id}": {"GET": s3_method(uri)}}), request("/7"))
    assert answer.status == 500


def test_path_parameter_cannot_change_the_bucket() -> None:
    """A greedy value that starts with a slash leaves no bucket to call."""
    mapped = {"integration.request.path.all": "method.request.path.all"}
    definition = api({"/x/{all+}": {"GET": s3_method("{all}", request=mapped)}})
    assert direct(definition, request("/x//key")).status == 500


@pytest.mark.parametrize(
    "header",
    [
        "Authorization",
        "Connection",
        "Content-Length",
        "Expect",
        "Proxy-Authenticate",
        "TE",
        "transfer-encoding",
    ],
)
def test_mapping_a_forbidden_header_is_a_500(header: str) -> None:
    """Recorded on AWS: the mapping deploys and every request that fills it fails."""
    method = s3_method(request={f"integration.request.header.{header}": "'x'"})
    assert direct(api({"/x": {"GET": method}}), request("/x")).status == 500


def test_s3_is_called_with_the_integration_method() -> None:
    """A GET may be an S3 HEAD; only ANY hands the client's method on."""
    assert sent_to_s3(s3_method(httpMethod="HEAD"), request("/x")).method == "HEAD"
    assert sent_to_s3(s3_method(httpMethod="ANY"), request("/x", "DELETE")).method == "DELETE"


def test_put_sends_the_request_body_and_get_does_not() -> None:
    """API Gateway sends no body with GET, HEAD and OPTIONS."""
    sent = request("/x", "PUT", body=b"payload")
    assert sent_to_s3(s3_method(httpMethod="PUT"), sent).body == b"payload"
    for method in ("GET", "HEAD", "OPTIONS"):
        assert sent_to_s3(s3_method(httpMethod=method), sent).body == b""


def test_request_template_makes_the_body() -> None:
    """The template of the request's Content-Type replaces the body, parameters aside."""
    method = s3_method(httpMethod="PUT", requestTemplates={"text/plain": "by $context.requestId"})
    sent = request("/x", "PUT", headers={"content-type": "text/plain; charset=utf-8"}, body=b"x")
    assert sent_to_s3(method, sent).body == b"by id-1"


@pytest.mark.parametrize(
    ("passthrough", "templates", "status"),
    [
        ("NEVER", {}, 415),
        ("NEVER", {"application/json": "{}"}, 415),
        ("WHEN_NO_TEMPLATES", {"application/json": "{}"}, 415),
        ("WHEN_NO_TEMPLATES", {}, None),
        ("WHEN_NO_MATCH", {"application/json": "{}"}, None),
        ("NEVER", {"$default": "{}"}, None),
        ("NEVER", {"text/csv": ""}, None),
        ("NEVER", {"text/csv": "{}"}, None),
        (None, {}, None),
    ],
)
def test_passthrough_behavior_applies_to_unmapped_content_types(
    passthrough: str | None, templates: dict[str, str], status: int | None
) -> None:
    """A body of a type without template is refused with 415 or passed on."""
    method = s3_method(passthroughBehavior=passthrough, requestTemplates=templates)
    step = gateway(api({"/x": {"GET": method}})).prepare(
        request("/x", headers={"content-type": "text/csv"})
    )
    assert getattr(step, "status", None) == status


def test_mapped_request_parameter_must_be_declared() -> None:
    """AWS refuses the mapping; the message names method, path and parameter."""
    method = s3_method(request=CONDITIONAL)
    method["requestParameters"] = {"method.request.header.If-None-Match": False}
    with pytest.raises(DefinitionError, match=r"GET /x: .*header\.If-Modified-Since"):
        Snapshot.from_definition(api({"/x": {"GET": method}}))


NAMES = st.sampled_from(["range", "if-match", "accept", "cookie", "x-a", "x-b", "host", "origin"])
VALUES = st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1)


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES), st.sets(NAMES))
def test_unmapped_headers_do_not_reach_s3(
    headers: dict[str, str], query: dict[str, str], mapped: set[str]
) -> None:
    """S3 gets exactly the mapped headers that were sent, and never a query or another header."""
    mappings = {f"integration.request.header.{n}": f"method.request.header.{n}" for n in mapped}
    s3 = sent_to_s3(s3_method(request=mappings), request("/x", headers=headers, query=query))
    assert s3.headers == {name: value for name, value in headers.items() if name in mapped}
    assert s3.query == {}


def test_snapshot_does_not_change_with_the_definition() -> None:
    """A definition that changes afterwards changes nothing until it is compiled again."""
    definition = article()
    server = gateway(definition)
    definition["resources"][1]["resourceMethods"].clear()
    assert getattr(server.prepare(request("/samples")), "status", None) is None
