"""Read: GET a URL of the API as any client would, and tell what came back."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.limits import INTEGRATION_SECONDS

if TYPE_CHECKING:
    from urllib.request import OpenerDirector, ProxyHandler, Request

_TIMEOUT = INTEGRATION_SECONDS + 1
# On AWS the rest of the host is the region and its suffix, on LocalStack localhost and its port.
_EXECUTE_API = re.compile(r"https://([a-z0-9]+)\.execute-api\.[^/]+(/.*)")


@dataclass(frozen=True)
class Answer:
    """What a client got; header names as they came, `seconds` from asking to the last byte."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def kept(self) -> bool:
        """Is this what the read model promises: a payload, or that it has not changed?"""
        return 200 <= self.status < 300 or self.status == 304


def reachable(url: str, endpoint_url: str | None) -> str:
    """The URL under which an API is reached where `endpoint_url` stands for AWS.

    An emulator serves every API below one path of its own, `/_aws/execute-api/ID/STAGE/PATH`, on
    both the sandbox and LocalStack. On AWS itself the URL is returned as it is.
    """
    found = _EXECUTE_API.fullmatch(url)
    if not endpoint_url or not found:
        return url
    return f"{endpoint_url.rstrip('/')}/_aws/execute-api/{found[1]}{found[2]}"


def get(url: str, headers: Mapping[str, str] | None = None) -> Answer:
    """GET the URL; any HTTP status is an answer.

    Raises:
        ConfigError: it is no URL, or not of http or https.
        ReadModelError: nobody answers there, or not to the end.
    """
    from http.client import HTTPException, InvalidURL
    from urllib.request import Request, build_opener

    try:
        if urlsplit(url).scheme not in ("http", "https"):
            raise ConfigError("not an http URL", where=url)
        request = Request(url, headers=dict(headers or {}))  # noqa: S310 - checked above
        opener = build_opener(_proxies(url))
        start = time.perf_counter()
        with _open(opener, request) as reply:
            return Answer(url, reply.status, dict(reply.headers), reply.read(), _since(start))
    except (InvalidURL, ValueError) as error:
        hint = "write other characters than the URL's own as %XX"
        raise ConfigError("not a URL", where=url, hint=hint) from error
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        hint = "check the network, or deploy the stack first"
        raise ReadModelError(f"no answer: {reason}", where=url, hint=hint) from error


def _open(opener: "OpenerDirector", request: "Request") -> Any:
    """The reply, whatever its status."""
    from urllib.error import HTTPError

    try:
        return opener.open(request, timeout=_TIMEOUT)
    except HTTPError as reply:
        return reply


def _proxies(url: str) -> "ProxyHandler":
    """The environment's proxies, but none between a machine and itself."""
    from urllib.request import ProxyHandler

    local = urlsplit(url).hostname in ("127.0.0.1", "localhost", "::1")
    return ProxyHandler({} if local else None)


def _since(start: float) -> float:
    return time.perf_counter() - start
