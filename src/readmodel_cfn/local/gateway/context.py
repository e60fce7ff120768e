"""The values of `$context` for one request, each computed when it is read."""

import re
from collections.abc import Callable, Iterator, Mapping
from time import gmtime, strftime

from readmodel_cfn.cloudformation.rest_api.expressions import CONTEXT_VARIABLES
from readmodel_cfn.local.gateway.routing import Route
from readmodel_cfn.local.gateway.types import Request

_PORT = re.compile(r":\d+$")


class RequestContext(Mapping[str, str]):
    """`fixed` has the values that are the same for every request; `route` is None without one."""

    __slots__ = ("_fixed", "_request", "_route")

    def __init__(self, fixed: Mapping[str, str], request: Request, route: Route | None) -> None:
        self._fixed, self._request, self._route = fixed, request, route

    def __getitem__(self, name: str) -> str:
        if name in self._fixed:
            return self._fixed[name]
        if name == "path":
            return f"/{self._fixed['stage']}{self._request.path}"
        if name == "resourceId":
            return self._route.resource_id if self._route else ""
        if name == "resourcePath":
            return self._route.resource_path if self._route else ""
        return _OF_REQUEST[name](self._request)

    def __iter__(self) -> Iterator[str]:
        return (name for name in CONTEXT_VARIABLES if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _host(request: Request) -> str:
    return _PORT.sub("", request.headers.get("host", ""))


_OF_REQUEST: Mapping[str, Callable[[Request], str]] = {
    "domainName": _host,
    "domainPrefix": lambda request: _host(request).partition(".")[0],
    "extendedRequestId": lambda request: request.extended_request_id,
    "httpMethod": lambda request: request.method,
    "identity.sourceIp": lambda request: request.source_ip,
    "identity.userAgent": lambda request: request.headers.get("user-agent", ""),
    "protocol": lambda request: request.protocol,
    "requestId": lambda request: request.request_id,
    "requestTime": lambda request: strftime("%d/%b/%Y:%H:%M:%S +0000", gmtime(request.time)),
    "requestTimeEpoch": lambda request: str(int(request.time * 1000)),
}
