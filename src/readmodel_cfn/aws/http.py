"""An HTTP client that changes neither the request nor the response.

It follows no redirects, decompresses no bodies and adds no Accept-Encoding header: `read` and
`verify` report what a client of the API receives.
"""

import json
import re
import time
import zlib
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from readmodel_cfn.aws.causes import CHECK_PROXY, NOT_TRUSTED
from readmodel_cfn.aws.debug import log_request, log_response
from readmodel_cfn.errors import ConfigError, NoSuchDocument, PromiseBroken, ReadModelError
from readmodel_cfn.limits import INTEGRATION_SECONDS
from readmodel_cfn.plural import counted

if TYPE_CHECKING:  # imported when a request is sent: it takes time
    from http.client import HTTPConnection, HTTPResponse

TIMEOUT = INTEGRATION_SECONDS + 1  # seconds
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
# On AWS the rest of the host is the region and its suffix, on LocalStack localhost and its port.
_EXECUTE_API = re.compile(r"https://([a-z0-9]+)(?:-vpce-[0-9a-f]+)?\.execute-api\.[^/]+(/.*)")


@dataclass(frozen=True)
class Response:
    """One HTTP response.

    `headers` have their original order and case. `seconds` is the time from sending the request to
    receiving the last byte. `hint` says what to do about a status that is not `ok`.
    """

    method: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float
    hint: str | None = None

    def header(self, name: str) -> str | None:
        """The value of a header, by its name in any case; repeated headers are joined by commas."""
        values = [value for header, value in self.headers if header.lower() == name.lower()]
        return ", ".join(values) if values else None

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx or 304 (not modified)."""
        return 200 <= self.status < 300 or self.status == 304

    def __str__(self) -> str:
        return f"{self.method} {self.url}: {self.status}, {counted(len(self.body), 'byte')}"

    def json(self) -> Any:
        """The body as a JSON value.

        Raises:
            ReadModelError: the body is not JSON.
        """
        try:
            return json.loads(self.decoded() or b"")
        except ValueError as error:
            what = f"the response ({self.status}) is not JSON: {error}"
            raise ReadModelError(what, where=self.url) from error

    def raise_for_status(self) -> None:
        """Raise an error unless the response is `ok`.

        Raises:
            NoSuchDocument: the status is 404.
            PromiseBroken: the status is neither 2xx nor 304 nor 404.
        """
        if self.ok:
            return
        hint = self.hint or "check the path against the routes, and whether its document exists"
        if self.status == 404:
            raise NoSuchDocument("no such document", where=self.url, hint=hint)
        raise PromiseBroken(f"the response has status {self.status}", where=self.url, hint=hint)

    def as_dict(self) -> dict[str, object]:
        """The response as `read --json` prints it: header names in lower case, body as text."""
        names = dict.fromkeys(name.lower() for name, _ in self.headers)
        return {
            "url": self.url,
            "status": self.status,
            "headers": {name: self.header(name) for name in names},
            "seconds": round(self.seconds, 4),
            "body": self.body.decode("utf-8", "replace"),
        }

    def decoded(self) -> bytes | None:
        """The body without its Content-Encoding; None if it cannot be decoded."""
        encoding = (self.header("Content-Encoding") or "identity").lower()
        if encoding == "identity":
            return self.body
        if encoding != "gzip":
            return None
        import gzip

        try:
            return gzip.decompress(self.body)
        except (OSError, EOFError, zlib.error):
            return None


def request(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT,
    ca_bundle: Path | None = None,
) -> Response:
    """Send one request over a new connection; no HTTP status is an error.

    Raises:
        ConfigError: the URL is not an http or https URL, or `ca_bundle` has no certificates.
        ReadModelError: no server responds, or the response is incomplete.
    """
    from http.client import HTTPException, InvalidURL
    from ssl import SSLCertVerificationError

    connection = connect(url, timeout, ca_bundle)
    target, own_headers = request_head(url)
    sent = {**own_headers, **(headers or {})}
    log_request(method, url, headers or {})
    start = time.perf_counter()
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        body = reply.read()
        seconds = time.perf_counter() - start
        log_response(method, url, reply.status, seconds, _request_id(reply), body)
        return Response(method, url, reply.status, tuple(reply.getheaders()), body, seconds)
    except SSLCertVerificationError as error:  # which is a ValueError, too
        what = f"the certificate is not trusted: {error.verify_message}"
        raise ReadModelError(what, where=url, hint=NOT_TRUSTED) from error
    except (InvalidURL, ValueError) as error:
        raise _not_a_url(url) from error
    except (OSError, HTTPException) as error:
        reason = str(error) or type(error).__name__
        hint = "check the network, or deploy the stack first"
        raise ReadModelError(f"no response to {method}: {reason}", where=url, hint=hint) from error
    finally:
        connection.close()


def _request_id(reply: "HTTPResponse") -> str | None:
    """API Gateway's ID of the request."""
    return reply.getheader("x-amzn-RequestId")


def connect(url: str, timeout: float = TIMEOUT, ca_bundle: Path | None = None) -> "HTTPConnection":
    """A connection to the URL's server, through the environment's proxy if there is one.

    The authorities in `ca_bundle` are trusted, and so are those of the system.
    """
    import http.client

    parts, proxy = _parsed(url), proxy_for(url)
    server = proxy or parts
    if parts.scheme == "http":
        return http.client.HTTPConnection(server.hostname or "", server.port, timeout=timeout)
    import ssl

    context = ssl.create_default_context()
    if ca_bundle:
        try:
            context.load_verify_locations(ca_bundle)
        except OSError as error:
            hint = "set AWS_CA_BUNDLE to a file in PEM format"
            raise ConfigError("has no certificates", where=str(ca_bundle), hint=hint) from error
    connection = http.client.HTTPSConnection(
        server.hostname or "", server.port, timeout=timeout, context=context
    )
    if proxy:
        connection.set_tunnel(parts.hostname or "", parts.port or 443, _authorization(proxy))
    return connection


def request_head(url: str) -> tuple[str, dict[str, str]]:
    """The target and headers of a request over `connect(url)`."""
    parts, proxy = _parsed(url), proxy_for(url)
    headers = {"Accept": "*/*", "User-Agent": "readmodel-cfn"}
    if proxy and parts.scheme == "http":
        return url, {**_authorization(proxy), **headers}
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else ""), headers


def proxy_for(url: str) -> SplitResult | None:
    """The proxy that the environment sets for the URL; None for a server on this machine.

    Raises:
        ReadModelError: the proxy's URL is invalid.
    """
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname or ""
    proxy = getproxies().get(parts.scheme)
    if not proxy or host in LOCAL_HOSTS or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return None
    try:
        found = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        valid = found.hostname and found.port != 0
    except ValueError:  # an invalid port or IPv6 address
        valid = False
    if not valid:
        what = "the proxy's URL is invalid"
        raise ReadModelError(what, where=f"{parts.scheme.upper()}_PROXY", hint=CHECK_PROXY)
    return found


def reachable_url(url: str, endpoint_url: str | None) -> str:
    """The URL at which this machine can reach an API.

    With an emulator at `endpoint_url` an API is at `/_aws/execute-api/ID/STAGE/PATH` below it, on
    both the sandbox and LocalStack. Without one, and for any other text, the value is unchanged.
    """
    match = _EXECUTE_API.fullmatch(url)
    if not endpoint_url or not match:
        return url
    return f"{endpoint_url.rstrip('/')}/_aws/execute-api/{match[1]}{match[2]}"


def resolves(url: str) -> bool:
    """Whether this machine can look up the URL's host."""
    import socket

    parts = _parsed(url)
    try:
        return bool(socket.getaddrinfo(parts.hostname, parts.port or parts.scheme))
    except OSError:
        return False


def _parsed(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
        (parts.hostname or "").encode("idna")
    except ValueError as error:
        raise _not_a_url(url) from error
    if not url.isascii() or re.search(r"[\x00-\x20\x7f]", url):
        raise _not_a_url(url)
    if not valid:
        raise ConfigError("not an http URL", where=url, hint="use a URL such as https://HOST/PATH")
    return parts


def _not_a_url(url: str) -> ConfigError:
    hint = "percent-encode (%XX) characters that a URL cannot contain"
    return ConfigError("not a URL", where=url, hint=hint)


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    secret = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(secret.encode()).decode()}"}
