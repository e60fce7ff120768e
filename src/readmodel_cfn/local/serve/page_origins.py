"""The origins whose pages may read a served API, besides those that its template allows.

A front end under development has an origin of this machine, such as http://localhost:3000, which a
template for production does not allow.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.gateway import Request, Response

LOCAL_ORIGINS = ("http://localhost:*", "http://127.0.0.1:*")
"""The default: pages of this machine, on any port."""
NONE = "none"

_ALLOW = "Access-Control-Allow-"
_METHODS = "GET,HEAD,OPTIONS"
_CONDITIONS = "If-None-Match,If-Modified-Since"


@dataclass(frozen=True)
class PageOrigins:
    """Exact origins, `*` for every one, or origins with `*` as the port."""

    origins: tuple[str, ...] = LOCAL_ORIGINS

    @classmethod
    def of(cls, origins: Sequence[str]) -> Self:
        """The origins, or the default if there are none; `none` alone stands for no origin.

        Raises:
            ConfigError: one is not an origin as browsers send it.
        """
        if tuple(origins) == (NONE,):
            return cls(())
        for origin in origins:
            _check(origin)
        return cls(tuple(dict.fromkeys(origins)) or LOCAL_ORIGINS)

    def allows(self, origin: str) -> bool:
        """Whether pages of this origin may read."""
        return any(
            allowed in ("*", origin)
            or (allowed.endswith(":*") and re.sub(r":\d+$", "", origin) == allowed[:-2])
            for allowed in self.origins
        )

    def allows_host(self, host: str) -> bool:
        """Whether pages of this host may read."""
        return any(self.allows(f"{scheme}://{host.lower()}") for scheme in ("http", "https"))

    def adapted(
        self, request: Request, response: Response, *, answers_preflights: bool
    ) -> Response:
        """The response, which a page of these origins can read.

        What the template allows is unchanged. `answers_preflights` says that the template
        has methods for preflights: then they decide which request headers are allowed. Without them
        every header is.
        """
        origin = request.headers.get("origin")
        if origin is None or not self.allows(origin):
            return response
        if _value(response, f"{_ALLOW}Origin") in ("*", origin):
            return response
        method = request.headers.get("access-control-request-method")
        if request.method != "OPTIONS" or method is None:
            return _with(response, origin, {"Access-Control-Expose-Headers": "ETag"})
        asked = request.headers.get("access-control-request-headers", "")
        if 200 <= response.status < 300:
            allowed = {f"{_ALLOW}Methods": _METHODS, f"{_ALLOW}Headers": _CONDITIONS}
            return _with(response, origin, allowed)
        if answers_preflights:
            return response
        allowed = {f"{_ALLOW}Methods": _METHODS, f"{_ALLOW}Headers": asked or _CONDITIONS}
        return _with(Response(204, {}, b""), origin, allowed)


def _check(origin: str) -> None:
    from readmodel_cfn.template.cors_origin import ORIGIN_IN_WORDS, browser_origin

    without_port = origin.removesuffix(":*")
    has_two_ports = origin.count(":") > 2
    if origin == "*" or (without_port == browser_origin(without_port) and not has_two_ports):
        return
    hint = f"use {ORIGIN_IN_WORDS}, or with * as the port, such as http://localhost:*; or none"
    raise ConfigError(f"{origin!r} is not allowed", where="--origin", hint=hint)


def _with(response: Response, origin: str, defaults: Mapping[str, str]) -> Response:
    """The response with the origin, and with these headers unless it has its own."""
    replaced = {f"{_ALLOW}Origin".lower(), "vary"}
    kept = {name: value for name, value in response.headers.items() if name.lower() not in replaced}
    own = {name.lower() for name in kept}
    vary = _value(response, "Vary") or ""
    if "origin" not in vary.lower().replace(" ", "").split(","):
        vary = ",".join(filter(None, [vary, "Origin"]))
    headers = {
        **kept,
        **{name: value for name, value in defaults.items() if name.lower() not in own},
        f"{_ALLOW}Origin": origin,
        "Vary": vary,
    }
    return Response(response.status, headers, response.body)


def _value(response: Response, header: str) -> str | None:
    return next(
        (value for name, value in response.headers.items() if name.lower() == header.lower()), None
    )
