"""Asking: one HTTP request as it is written here, its answer as it came.

Nothing is decompressed, followed or kept, and no Accept-Encoding is sent unless it is given: what a
client sees is what is judged.
"""

import http.client
import ssl
import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.limits import INTEGRATION_SECONDS

_TIMEOUT = INTEGRATION_SECONDS + 1
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Heard:
    """An answer: headers as they came, in order, `seconds` from asking to the last byte."""

    method: str
    url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float

    def header(self, name: str) -> str | None:
        """A header's value, whatever the case of its name; repeated ones are joined by a comma."""
        found = [value for own, value in self.headers if own.lower() == name.lower()]
        return ", ".join(found) if found else None


def ask(
    url: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    timeout: float = _TIMEOUT,
) -> Heard:
    """Send one request over a connection of its own; any HTTP status is an answer.

    Raises:
        ReadModelError: nobody answers there, or not to the end.
    """
    at = urlsplit(url)
    proxy = proxy_for(url)
    connection = _connection(at, proxy, timeout)
    target = _target(at)
    more = {"Accept": "*/*", "User-Agent": "readmodel-cfn", **(headers or {})}
    if proxy and at.scheme == "http":
        target, more = url, {**_authorization(proxy), **more}
    start = time.perf_counter()
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in more.items():
            connection.putheader(name, value)
        connection.endheaders()
        reply = connection.getresponse()
        body = reply.read()
        took = time.perf_counter() - start
        return Heard(method, url, reply.status, tuple(reply.getheaders()), body, took)
    except (OSError, http.client.HTTPException) as error:
        reason = str(error) or type(error).__name__
        hint = "check the network, or deploy the stack first"
        raise ReadModelError(f"no answer to {method}: {reason}", where=url, hint=hint) from error
    finally:
        connection.close()


def proxy_for(url: str) -> SplitResult | None:
    """The environment's proxy for the URL, but none between a machine and itself."""
    from urllib.request import getproxies, proxy_bypass

    at = urlsplit(url)
    host = at.hostname or ""
    found = getproxies().get(at.scheme)
    if not found or host in LOCAL_HOSTS or proxy_bypass(host):
        return None
    return urlsplit(found if "://" in found else f"http://{found}")


def _connection(
    at: SplitResult, proxy: SplitResult | None, timeout: float
) -> http.client.HTTPConnection:
    """To the server, or through the proxy to it."""
    to = proxy or at
    if at.scheme == "http":
        return http.client.HTTPConnection(to.hostname or "", to.port, timeout=timeout)
    context = ssl.create_default_context()
    made = http.client.HTTPSConnection(to.hostname or "", to.port, timeout=timeout, context=context)
    if proxy:
        made.set_tunnel(at.hostname or "", at.port or 443, _authorization(proxy))
    return made


def _authorization(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    secret = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(secret.encode()).decode()}"}


def _target(at: SplitResult) -> str:
    return (at.path or "/") + (f"?{at.query}" if at.query else "")
