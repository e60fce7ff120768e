"""What a client sees, status by status, through the production stack on the embedded AWS."""

import gzip
import http.client
import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from readmodel_cfn import (
    Api,
    DataStore,
    Deployment,
    ReadModel,
    Route,
    build_template,
    render,
)
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.empty import remove
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.local.sandbox.home import Home
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.put import put

ROUTES = (
    Route(),
    Route("products/{id}", "products/{id}.json"),
    Route("shops/{shop}/items/{item}", "shops/{shop}-{item}.json"),
    Route("assets/{path+}", "assets/{path}"),
)
SAFE = "ABCXYZabcxyz0189._-"
ORIGIN = "http://localhost:3000"  # the sandbox refuses pages of other machines
OTHER_ORIGIN, REFUSED = "http://shop.localhost", "http://other.localhost"


@dataclass(frozen=True)
class Answer:
    """What a client got; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Deployed:
    """A deployed read model: publish to it, and send requests to it as a client would."""

    model: ReadModel
    url: str
    bucket: str
    clients: Callable[..., Any]

    def publish(self, key: str, value: object) -> str:
        """Publish as the model says; the ETag."""
        store = self.model.data_store
        settings = Settings(store.cache_control, store.gzip_stored)
        return put(self.clients("s3"), self.bucket, key, json.dumps(value).encode(), settings).etag

    def send(self, path: str, method: str = "GET", **headers: str) -> Answer:
        """Send a request; underscores in header names are dashes."""
        at = urlsplit(self.url)
        connection = http.client.HTTPConnection(at.netloc, timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, f"{at.path}/{path}", headers=named)
            got = connection.getresponse()
            lower = {name.lower(): value for name, value in got.getheaders()}
            return Answer(got.status, lower, got.read())
        finally:
            connection.close()


Deploy = Callable[..., Deployed]


@pytest.fixture(scope="module")
def deployed(
    sandbox: Sandbox, client_of: Callable[..., Any], connection: Connection
) -> Iterator[Deploy]:
    """Deploys a model, once for the whole module, and removes everything at its end."""
    made: dict[ReadModel, Deployed] = {}

    def clients(service: str) -> Any:
        return client_of(sandbox, service)

    def make(**sections: Any) -> Deployed:
        model = ReadModel(**{"routes": ROUTES, **sections})
        if model not in made:
            name = f"reads-{secrets.token_hex(4)}"
            spec = StackSpec(name, render(build_template(model), "compact"))
            outputs = deploy(spec, connection, lint=False).outputs
            bucket = outputs["S3BucketName"]
            made[model] = Deployed(model, outputs["ApiUrl"], bucket, clients)
        return made[model]

    yield make
    for api in made.values():
        remove(clients("s3"), api.bucket)


# --- routes ---


def test_each_kind_of_route_serves_its_keys(deployed: Deploy) -> None:
    api = deployed()
    for key, path in (
        ("payload.json", "samples"),
        (f"products/{SAFE}.json", f"products/{SAFE}"),
        ("shops/north-42.json", "shops/north/items/42"),
        (f"assets/a/b/{SAFE}", f"assets/a/b/{SAFE}"),
    ):
        api.publish(key, {"at": key})
        assert json.loads(api.send(path).body) == {"at": key}


# --- conditional reads ---


def test_matching_condition_is_304_with_etag_and_no_body(
    deployed: Deploy,
) -> None:
    api = deployed()
    etag = api.publish("payload.json", {"n": 1})
    first = api.send("samples")
    assert (first.status, first.headers["etag"]) == (200, etag)
    again = api.send("samples", If_None_Match=etag)
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == etag
    assert again.headers["cache-control"] == first.headers["cache-control"] == "no-cache"
    since = api.send("samples", If_Modified_Since=first.headers["last-modified"])
    assert (since.status, since.body) == (304, b"")


def test_condition_is_sent_to_s3_which_answers_304(deployed: Deploy, sandbox_home: Path) -> None:
    api = deployed()
    etag = api.publish("payload.json", {"n": secrets.token_hex(4)})
    api.send("samples", If_None_Match=etag)
    last = Home(sandbox_home).s3_log.read_text().splitlines()[-1]
    assert last.endswith(f"GET {api.bucket}/payload.json | if-none-match: {etag} | 304 0 bytes")


def test_changed_document_has_another_etag_and_is_sent_whole(deployed: Deploy) -> None:
    api = deployed()
    old = api.publish("payload.json", {"n": 1})
    new = api.publish("payload.json", {"n": 2})
    answer = api.send("samples", If_None_Match=old)
    assert (answer.status, answer.headers["etag"]) == (200, new)
    assert json.loads(answer.body) == {"n": 2}


def test_if_none_match_overrides_if_modified_since(deployed: Deploy) -> None:
    api = deployed()
    old = api.publish("payload.json", {"n": 1})
    modified = api.send("samples").headers["last-modified"]
    api.publish("payload.json", {"n": 2})
    answer = api.send("samples", If_None_Match=old, If_Modified_Since=modified)
    assert answer.status == 200


def test_head_has_the_headers_of_get_and_no_body(deployed: Deploy) -> None:
    api = deployed()
    etag = api.publish("payload.json", {"n": 1})
    get, head = api.send("samples"), api.send("samples", "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "content-type", "last-modified", "cache-control", "vary"):
        assert head.headers[name] == get.headers[name]
    assert api.send("samples", "HEAD", If_None_Match=etag).status == 304


# --- errors ---


@pytest.mark.parametrize("missing", ["not-found", "mask"])
def test_missing_document_is_a_404_in_json(deployed: Deploy, missing: str) -> None:
    api = deployed(api=Api(missing=missing))  # type: ignore[arg-type]
    answer = api.send("products/none")
    assert answer.status == 404
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(answer.body) == {"message": "Not Found"}
    assert "etag" not in answer.headers
    head = api.send("products/none", "HEAD")
    assert (head.status, head.body) == (404, b"")


def test_forbidden_document_is_a_403_in_json(deployed: Deploy) -> None:
    """A policy of the bucket's owner may forbid what the role is allowed."""
    api = deployed(deployment=Deployment(serial=2))  # a stack of its own
    api.publish("payload.json", 1)
    s3 = api.clients("s3")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject"}
    at = {"Resource": f"arn:aws:s3:::{api.bucket}/payload.json"}
    policy = {"Version": "2012-10-17", "Statement": [deny | at]}
    s3.put_bucket_policy(Bucket=api.bucket, Policy=json.dumps(policy))
    answer = api.send("samples")
    assert answer.status == 403
    assert json.loads(answer.body) == {"message": "Forbidden"}


def test_unknown_path_and_method_are_404_in_json(deployed: Deploy) -> None:
    api = deployed()
    for answer in (api.send("nowhere"), api.send("samples", "POST")):
        assert answer.status == 404
        assert json.loads(answer.body) == {"message": "Not Found"}


# --- CORS ---


def test_without_cors_no_origin_is_allowed(deployed: Deploy) -> None:
    api = deployed()
    api.publish("payload.json", 1)
    assert "access-control-allow-origin" not in api.send("samples", Origin=ORIGIN).headers
    assert api.send("samples", "OPTIONS", Origin=ORIGIN).status == 404


@pytest.mark.parametrize("encoding", ["none", "gzip"])
def test_allowed_origin_may_read_successes_and_errors(deployed: Deploy, encoding: Any) -> None:
    api = deployed(api=Api(cors_origin=ORIGIN), data_store=DataStore(stored_encoding=encoding))
    etag = api.publish("payload.json", 1)
    answers = [
        api.send("samples", Origin=ORIGIN),
        api.send("samples", Origin=ORIGIN, If_None_Match=etag),
        api.send("products/none", Origin=ORIGIN),
        api.send("nowhere", Origin=ORIGIN),
        api.send("samples", "HEAD", Origin=ORIGIN),
    ]
    assert [answer.status for answer in answers] == [200, 304, 404, 404, 200]
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answers[0].headers["access-control-expose-headers"] == "ETag"


@pytest.mark.parametrize("encoding", ["none", "gzip"])
def test_cors_preflight_allows_conditional_reads(deployed: Deploy, encoding: Any) -> None:
    api = deployed(api=Api(cors_origin=ORIGIN), data_store=DataStore(stored_encoding=encoding))
    answer = api.send(
        "samples",
        "OPTIONS",
        Origin=ORIGIN,
        Access_Control_Request_Method="GET",
        Access_Control_Request_Headers="if-none-match",
    )
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "GET" in answer.headers["access-control-allow-methods"]
    assert "If-None-Match" in answer.headers["access-control-allow-headers"]
    assert int(answer.headers["access-control-max-age"]) > 0


@pytest.mark.parametrize("missing", ["not-found", "mask"])
@pytest.mark.parametrize("encoding", ["none", "gzip"])
def test_each_of_several_origins_may_read_and_no_other(
    deployed: Deploy, encoding: Any, missing: Any
) -> None:
    api = deployed(
        api=Api(cors_origin=(ORIGIN, OTHER_ORIGIN), missing=missing),
        data_store=DataStore(stored_encoding=encoding),
    )
    etag = api.publish("payload.json", LARGE)
    for origin, allowed in ((ORIGIN, ORIGIN), (OTHER_ORIGIN, OTHER_ORIGIN), (REFUSED, None)):
        answers = [
            api.send("samples", Origin=origin),
            api.send("samples", Origin=origin, Accept_Encoding="gzip"),
            api.send("samples", Origin=origin, If_None_Match=etag),
            api.send("products/none", Origin=origin),
            api.send("samples", "HEAD", Origin=origin),
        ]
        assert [answer.status for answer in answers] == [200, 200, 304, 404, 200]
        for answer in answers:
            assert answer.headers.get("access-control-allow-origin") == allowed
            assert "Origin" in answer.headers["vary"].split(",")
        assert answers[1].headers["content-encoding"] == "gzip"
        nowhere = api.send("nowhere", Origin=origin)
        assert (nowhere.status, nowhere.headers["access-control-allow-origin"]) == (404, "*")
    assert "access-control-allow-origin" not in api.send("samples").headers


def test_preflight_allows_the_configured_headers(deployed: Deploy) -> None:
    origins = (ORIGIN, OTHER_ORIGIN)
    api = deployed(api=Api(cors_origin=origins, cors_headers=("traceparent", "Authorization")))
    answer = api.send("samples", "OPTIONS", Origin=REFUSED, Access_Control_Request_Method="GET")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (204, "*")
    allowed = answer.headers["access-control-allow-headers"].split(",")
    assert {"If-None-Match", "traceparent", "Authorization"} <= {*allowed}
    api.publish("payload.json", 1)
    assert api.send("samples", Origin=ORIGIN, Authorization="Bearer x").status == 200


# --- small on the wire ---

LARGE = [{"name": "something that repeats"}] * 200


def test_large_document_is_compressed_for_clients_that_accept_gzip(deployed: Deploy) -> None:
    api = deployed()
    api.publish("payload.json", LARGE)
    plain, small = api.send("samples"), api.send("samples", Accept_Encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert small.headers["content-encoding"] == "gzip"
    assert len(small.body) * 5 < len(plain.body)
    assert gzip.decompress(small.body) == plain.body
    assert plain.headers["vary"] == small.headers["vary"] == "Accept-Encoding"
    assert (
        api.send("samples", Accept_Encoding="gzip", If_None_Match=small.headers["etag"]).status
        == 304
    )


def test_small_document_is_not_compressed(deployed: Deploy) -> None:
    api = deployed()
    api.publish("payload.json", 1)
    assert "content-encoding" not in api.send("samples", Accept_Encoding="gzip").headers


def test_compression_can_be_disabled(deployed: Deploy) -> None:
    api = deployed(api=Api(compress_from="never"))
    api.publish("payload.json", LARGE)
    answer = api.send("samples", Accept_Encoding="gzip")
    assert "content-encoding" not in answer.headers
    assert "vary" not in answer.headers


@pytest.mark.parametrize("accept", ["*/*", "application/json", "text/html", "image/png"])
def test_documents_stored_compressed_are_sent_as_stored(deployed: Deploy, accept: str) -> None:
    api = deployed(data_store=DataStore(stored_encoding="gzip"))
    etag = api.publish("payload.json", LARGE)
    answer = api.send("samples", Accept=accept, Accept_Encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "application/json"
    assert json.loads(gzip.decompress(answer.body)) == LARGE
    assert api.send("samples", Accept=accept, If_None_Match=etag).status == 304
    missing = api.send("products/none", Accept=accept)
    assert (missing.status, json.loads(missing.body)) == (404, {"message": "Not Found"})


def test_same_document_has_the_same_etag_when_published_again(
    deployed: Deploy,
) -> None:
    api = deployed(data_store=DataStore(stored_encoding="gzip"))
    assert api.publish("payload.json", LARGE) == api.publish("payload.json", LARGE)


# --- freshness and limits ---


def test_cache_control_comes_from_the_model(deployed: Deploy) -> None:
    api = deployed(data_store=DataStore(max_age=60, stale_while_revalidate=600))
    etag = api.publish("payload.json", 1)
    kept = "max-age=60, stale-while-revalidate=600"
    assert api.send("samples").headers["cache-control"] == kept
    assert api.send("samples", If_None_Match=etag).headers["cache-control"] == kept


def test_throttled_request_is_a_429_in_json(deployed: Deploy) -> None:
    api = deployed(
        api=Api(cors_origin="*"), deployment=Deployment(throttle_rate=1, throttle_burst=1)
    )
    answers = [api.send("samples") for _ in range(5)]
    throttled = [answer for answer in answers if answer.status == 429]
    assert throttled
    assert list(json.loads(throttled[0].body)) == ["message"]
    assert throttled[0].headers["access-control-allow-origin"] == "*"


def test_route_can_have_its_own_throttling(deployed: Deploy) -> None:
    limited = Route("limited/{id}", "limited/{id}.json", throttle_rate=1, throttle_burst=1)
    api = deployed(routes=(Route(), limited))
    assert 429 in [api.send("limited/1").status for _ in range(5)]
    assert 429 not in [api.send("samples").status for _ in range(5)]
