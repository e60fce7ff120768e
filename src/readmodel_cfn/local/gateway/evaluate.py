"""The gateway: evaluates requests against a snapshot, one step before S3 and one after it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from . import gateway_responses
from .encoding import Encoding
from .exchange import Exchange
from .expressions import Scope
from .failures import GatewayResponseError, ResponseType
from .integration_request import s3_request
from .method import Evaluation, Unsupported
from .method_response import complete
from .request_body import mock_status
from .respond import respond
from .routing import Route, match
from .selection import select
from .snapshot import Snapshot
from .types import Request, Response, S3Request, S3Response


@dataclass(frozen=True, slots=True)
class Call:
    """A request that needs S3: carry out `s3`, then give the call and S3's answer to `finish`.

    `method` and `exchange` are what `finish` needs: the compiled method and the client's request
    with all that its mappings may read.
    """

    s3: S3Request
    method: Evaluation
    exchange: Exchange


class Gateway:
    """Serves one snapshot; it keeps no state between requests, so threads may share it.

    `stage` is the value of `$context.stage`, `variables` are the stage's.
    """

    def __init__(
        self, snapshot: Snapshot, stage: str = "", variables: Mapping[str, str] | None = None
    ) -> None:
        self._snapshot = snapshot
        self._stage = stage
        self._variables = variables or {}

    def prepare(self, request: Request) -> Response | Call:
        """The call of S3 that `request` needs, or the response where none is needed.

        A wrong request or definition has its response too: nothing is raised. A method that the
        gateway cannot evaluate answers 501, which API Gateway never gives by itself.
        """
        route = self._route(request)
        exchange = self._exchange(request, route)
        if route is None:
            return self._refuse("MISSING_AUTHENTICATION_TOKEN", exchange)
        if isinstance(route.method, Unsupported):
            return _not_evaluated(request, route.method)
        try:
            return _integrate(exchange, route.method, self._snapshot.encoding)
        except GatewayResponseError as error:
            return self._refuse(error.response_type, exchange)

    def finish(self, call: Call, answer: S3Response) -> Response:
        """The client's response, made of S3's answer to `call.s3`."""
        try:
            return _map_response(call.method, call.exchange, answer, self._snapshot.encoding)
        except GatewayResponseError as error:
            return self._refuse(error.response_type, call.exchange)

    def failed(
        self, at: Call | Request, kind: Literal["INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"]
    ) -> Response:
        """The response (504) where S3 could not be reached, or did not answer in time."""
        if isinstance(at, Call):
            return self._refuse(kind, at.exchange)
        return self._refuse(kind, self._exchange(at, self._route(at)))

    def throttled(self, request: Request) -> Response:
        """The response (429) to a request over the stage's rate."""
        return self._refuse("THROTTLED", self._exchange(request, self._route(request)))

    def _route(self, request: Request) -> Route | None:
        return match(self._snapshot.routes, request.path, request.method)

    def _exchange(self, request: Request, route: Route | None) -> Exchange:
        scope: Scope = {
            "header": request.headers,
            "querystring": request.query,
            "path": route.path_parameters if route else {},
            "context": {
                "httpMethod": request.method,
                "path": f"/{self._stage}{request.path}",
                "requestId": request.request_id,
                "stage": self._stage,
                "resourcePath": route.resource_path if route else "",
            },
            "stageVariables": self._variables,
        }
        return Exchange(request, scope)

    def _refuse(self, response_type: ResponseType, exchange: Exchange) -> Response:
        own = self._snapshot.gateway_responses
        return gateway_responses.answer(own, response_type, exchange.request, exchange.scope)


def _integrate(exchange: Exchange, method: Evaluation, encoding: Encoding) -> Response | Call:
    integration = method.integration
    body = integration.body.build(exchange.request, exchange.scope, encoding.binary_types)
    if integration.uri is None:
        answer = S3Response(mock_status(body), {}, b"")
        return _map_response(method, exchange, answer, encoding)
    call = s3_request(integration.uri, integration, exchange, body)
    return Call(call, method, exchange)


def _map_response(
    method: Evaluation, exchange: Exchange, answer: S3Response, encoding: Encoding
) -> Response:
    return respond(select(method.responses, answer.status), exchange, answer, encoding)


def _not_evaluated(request: Request, method: Unsupported) -> Response:
    message = f"Not evaluated by this gateway: {'; '.join(method.reasons)}"
    return complete(request, 501, {}, json.dumps({"message": message}).encode())
