"""Access checks: the bucket, plain HTTP and old TLS versions."""

import socket
import ssl
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber
from observations import received

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify import session
from readmodel_cfn.verify.session import accepts_old_tls, check_access

API = "https://abc.execute-api.eu-west-1.amazonaws.com/v1"
Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a TLS server that only completes handshakes, without a certificate; its URL."""
    listening: list[socket.socket] = []

    def make(oldest: ssl.TLSVersion) -> str:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("AECDH:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = oldest
        server = socket.create_server(("127.0.0.1", 0))
        listening.append(server)
        Thread(target=shake_hands, args=(server, context), daemon=True).start()
        return f"https://127.0.0.1:{server.getsockname()[1]}"

    yield make
    for server in listening:
        server.close()


def shake_hands(server: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError), server.accept()[0] as plain:
        context.wrap_socket(plain, server_side=True).close()


def test_server_with_old_tls_is_detected(serve: Serve) -> None:
    assert accepts_old_tls(serve(ssl.TLSVersion.TLSv1)) is True


def test_server_with_new_tls_refuses_old_tls(serve: Serve) -> None:
    assert accepts_old_tls(serve(ssl.TLSVersion.TLSv1_2)) is False


def test_client_without_old_tls_cannot_check_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none_so_old() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context

    monkeypatch.setattr(session, "_old_context", none_so_old)
    assert accepts_old_tls(serve(ssl.TLSVersion.TLSv1_2)) is None


@dataclass
class AccessSite:
    """Two stubbed S3 clients, and the requests that were sent."""

    s3: Any
    plain: Any
    asked: list[str]

    def open(self, plain: bool = True, url: str = API) -> Any:
        return check_access(self.s3, "bucket", "a/k.json", self.plain if plain else None, url)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> AccessSite:
    monkeypatch.setattr(session, "accepts_old_tls", lambda _: False)
    monkeypatch.setattr(session, "proxy_for", lambda _: None)
    aws = boto3.Session("key", "secret", region_name="eu-west-1")
    asked: list[str] = []

    def ask(url: str, **_: object) -> Any:
        asked.append(url)
        if url.startswith("http:"):
            raise ReadModelError("nobody")
        return received(403)

    monkeypatch.setattr(session, "request", ask)
    return AccessSite(aws.client("s3"), aws.client("s3"), asked)


def test_bucket_is_read_and_listed_without_credentials(found: AccessSite) -> None:
    seen = found.open(plain=False)
    store = "https://s3.eu-west-1.amazonaws.com/bucket"
    assert found.asked == [f"{store}/a/k.json", f"{store}?list-type=2"]
    assert (seen.item.status, seen.listing.status) == (403, 403)


def test_emulator_is_not_checked_for_tls(found: AccessSite) -> None:
    seen = found.open(plain=False)
    assert (seen.plain_bucket, seen.plain_api, seen.old_tls) == (None, None, None)
    assert seen.why
    assert seen.why == found.open(url="http://127.0.0.1:4566/x").why


def test_authorized_read_without_tls_is_refused(found: AccessSite) -> None:
    with Stubber(found.s3) as s3, Stubber(found.plain) as plain:
        s3.add_response("head_object", {})
        plain.add_client_error("head_object", "403", "Forbidden", 403)
        seen = found.open()
    assert (seen.plain_bucket, seen.plain_api, seen.old_tls, seen.why) == (403, 0, False, "")
    assert found.asked[-1] == API.replace("https", "http")


def test_bucket_that_answers_without_tls_is_detected(found: AccessSite) -> None:
    with Stubber(found.s3) as s3, Stubber(found.plain) as plain:
        s3.add_response("head_object", {})
        plain.add_response("head_object", {})
        assert found.open().plain_bucket == 200


def test_plain_http_is_not_checked_without_read_permission(found: AccessSite) -> None:
    with Stubber(found.s3) as s3:
        s3.add_client_error("head_object", "403", "Forbidden", 403)
        assert found.open().plain_bucket is None


def test_blocked_port_80_is_not_a_refusal(
    found: AccessSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_response(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://s3")

    monkeypatch.setattr(found.plain, "head_object", no_response)
    with Stubber(found.s3) as s3:
        s3.add_response("head_object", {})
        assert found.open().plain_bucket == 0


def test_tls_is_not_checked_through_a_proxy(
    found: AccessSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "proxy_for", lambda _: "a proxy")
    with Stubber(found.s3) as s3:
        s3.add_client_error("head_object", "403", "Forbidden", 403)
        seen = found.open()
    assert (seen.plain_api, seen.old_tls) == (None, None)
    assert seen.why
