"""An S3 at a URL: the requests that arrive there, and what its responses become."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.gateway import Request, S3Request
from readmodel_cfn.local.serve.api import Api, api_of
from readmodel_cfn.local.serve.endpoint import Endpoint
from readmodel_cfn.local.serve.signing import Signer
from readmodel_cfn.local.serve.source import Source
from serve_templates import get, method, resource, s3_get, template


@dataclass
class RecordingS3:
    """An S3 that records its requests and answers all of them alike."""

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    requests: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def s3() -> Iterator[RecordingS3]:
    found = RecordingS3()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            found.requests.append((self.command, self.path, headers, body))
            self.send_response_only(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(found.body)

        do_GET = do_HEAD = do_PUT = answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        found.url = f"http://127.0.0.1:{server.server_port}"
        yield found
        server.shutdown()
        thread.join()


def api(s3: RecordingS3, **more: Any) -> Api:
    named = resource("S3::Bucket", BucketName="my-things")
    return api_of(Source.of(template(Store=named, **more)), Endpoint(s3.url), print)


def test_request_has_only_what_the_integration_request_has(s3: RecordingS3) -> None:
    headers = {"if-none-match": '"x"', "accept": "text/html", "user-agent": "client"}
    assert api(s3).answer(get("/things/1", headers)).status == 200
    (request,) = s3.requests
    host = s3.url.removeprefix("http://")
    expected = {"host": host, "if-none-match": '"x"'}
    assert request == ("GET", "/my-things/things/1.json", expected, b"")


def test_head_is_sent_as_head(s3: RecordingS3) -> None:
    assert api(s3).answer(get("/things/1", method="HEAD")).status == 200
    assert [request[:2] for request in s3.requests] == [("HEAD", "/my-things/things/1.json")]


def test_key_and_query_are_percent_encoded(s3: RecordingS3) -> None:
    sent = replace(s3_get("a b/ä+%.json"), query={"versionId": "a b&c"})
    Endpoint(f"{s3.url}/base/").answer(sent)
    (request,) = s3.requests
    assert request[1] == "/base/Store/a%20b/%C3%A4%2B%25.json?versionId=a%20b%26c"


def test_body_of_a_put_is_sent_with_its_length(s3: RecordingS3) -> None:
    put = method("PUT", "Thing", "things/{id}.json")
    sent = Request("PUT", "/things/1", {"content-type": "application/json"}, {}, b'{"id": 1}')
    assert api(s3, PutThing=put).answer(sent).status == 200
    (request,) = s3.requests
    assert (request[0], request[2]["content-length"], request[3]) == ("PUT", "9", b'{"id": 1}')


@pytest.mark.parametrize(("status", "expected"), [(200, 200), (304, 304), (404, 404), (503, 502)])
def test_status_of_s3_selects_the_integration_response(
    s3: RecordingS3, status: int, expected: int
) -> None:
    s3.status, s3.headers, s3.body = status, {"ETag": '"e"'}, b""
    response = api(s3).answer(get("/things/1"))
    assert response.status == expected
    assert (response.headers.get("ETag") == '"e"') == (status in (200, 304))


def test_document_over_the_limit_is_a_500(s3: RecordingS3) -> None:
    s3.body = b"x" * (API_PAYLOAD_BYTES + 1)
    assert api(s3).answer(get("/things/1")).status == 500
    s3.body = b"x" * API_PAYLOAD_BYTES
    assert api(s3).answer(get("/things/1")).status == 200


def test_status_of_a_missing_document_is_not_announced(s3: RecordingS3) -> None:
    (route,) = api(s3).routes
    assert (route.key, route.missing) == ("things/{id}.json", None)
    assert s3.requests == []


def test_s3_that_cannot_be_reached_is_a_504() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    notes: list[str] = []
    found = api_of(Source.of(template()), Endpoint(url), notes.append)
    assert found.answer(get("/things/1")).status == 504
    assert len(notes) == 1


def test_s3_that_does_not_answer_is_a_504(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel_cfn.local.serve.endpoint.INTEGRATION_SECONDS", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        response = api_of(Source.of(template()), Endpoint(url), print).answer(get("/things/1"))
    assert response.status == 504
    assert b"timed out" in response.body


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:9000", "s3://bucket", "http://", "http://a:x", "http://a/?b", "http://a b"],
)
def test_endpoint_must_be_an_http_url(url: str) -> None:
    with pytest.raises(ConfigError, match="--s3-endpoint"):
        Endpoint(url)


def test_signer_signs_what_is_sent(s3: RecordingS3) -> None:
    """For the region of the integration's URI, with the key it is given."""
    key = Connection(credentials=Credentials("AKIDEXAMPLE", "secret"))
    endpoint = Endpoint(s3.url, Signer(key))
    endpoint.answer(S3Request("GET", "things", "a b.json", "eu-west-1", None, {"x-a": "1"}, {}))
    ((_, path, headers, _),) = s3.requests
    assert path == "/things/a%20b.json"
    assert headers["x-a"] == "1"
    authorization = headers["authorization"]
    assert authorization.startswith("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/")
    assert "/eu-west-1/s3/aws4_request" in authorization
    assert "x-a" in authorization


def test_signer_needs_an_access_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ReadModelError):
        Signer()
