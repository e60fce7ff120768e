"""Responses of the article's API."""

import json

import pytest
from gateway_definitions import article, call, direct, request, through


def test_payload_is_read_from_the_integration_bucket_with_its_role() -> None:
    """The call of S3 has the URI's region, bucket and key, the role, and nothing of the client."""
    definition = article()
    sent = request("/samples", headers={"if-none-match": '"x"', "cookie": "a=b"}, query={"q": "1"})
    s3 = call(definition, sent).s3
    assert (s3.method, s3.region, s3.bucket, s3.key) == (
        "GET",
        "eu-west-1",
        "demo-data-store",
        "payload.json",
    )
    assert s3.credentials == "arn:aws:iam::111122223333:role/reader"
    assert (s3.headers, s3.query, s3.body) == ({}, {}, b"")


def test_client_gets_the_payload_as_json_without_etag() -> None:
    """Without header mappings the client gets the body, a request id and application/json."""
    s3_headers = {"etag": '"x"', "content-type": "text/plain", "cache-control": "max-age=60"}
    answer = through(article(), request("/samples"), 200, s3_headers, b'{"a":1}')
    assert (answer.status, answer.body) == (200, b'{"a":1}')
    assert answer.headers == {"x-amzn-RequestId": "id-1", "Content-Type": "application/json"}


@pytest.mark.parametrize("status", [304, 403, 404, 412, 503])
def test_every_s3_status_but_200_becomes_500(status: int) -> None:
    """The article's one pattern has no default beside it: a missing object is a server error."""
    answer = through(article(), request("/samples"), status, body=b"<Error/>")
    assert (answer.status, json.loads(answer.body or b"{}")) == (
        500,
        {"message": "Internal server error"},
    )
    assert len(answer.body) == 36  # recorded on AWS: a space is in front of the message
    assert answer.headers["x-amzn-ErrorType"] == "InternalServerErrorException"


@pytest.mark.parametrize(
    ("path", "method"), [("/samples", "HEAD"), ("/samples", "POST"), ("/", "GET"), ("/x", "GET")]
)
def test_unknown_path_or_method_answers_403_missing_authentication_token(
    path: str, method: str
) -> None:
    """AWS's words for an unknown route: 403, Missing Authentication Token."""
    answer = direct(article(), request(path, method))
    assert answer.status == 403
    assert answer.headers["x-amzn-ErrorType"] == "MissingAuthenticationTokenException"
    shown = b"" if method == "HEAD" else b'{"message":"Missing Authentication Token"}'
    assert answer.body == shown
