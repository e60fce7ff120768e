"""The gateway: evaluates requests against a snapshot, one step before S3 and one after it."""

import json
from dataclasses import dataclass
from typing import Literal

from . import gateway_responses
from .expressions import Scope
from .failures import GatewayResponseError, ResponseType
from .integration_request import s3_request
from .integration_response import respond
from .method import Evaluation, Unsupported
from .method_response import complete
from .request_body import mock_status
from .routing import Route, match
from .selection import select
from .snapshot import Snapshot
from .types import Request, Response, S3Request, S3Response


@dataclass(frozen=True, slots=True)
class Call:
    """A request that needs S3: carry out `s3`, then give the call and S3's answer to `finish`.

    `method` and `scope` are what `finish` needs: the compiled method and the values its mappings
    may read.
    """

    s3: S3Request
    request: Request
    method: Evaluation
    scope: Scope


class Gateway:
    """Serves one snapshot; it keeps no state between requests, so threads may share it.

    `stage` is the value of `$context.stage`.
    """

    def __init__(self, snapshot: Snapshot, stage: str = "") -> None:
        self._snapshot = snapshot
        self._stage = stage

    def prepare(self, request: Request) -> Response | Call:
        """The call of S3 that `request` needs, or the response where none is needed.

        A wrong request or definition has its response too: nothing is raised. A method that the
        gateway cannot evaluate answers 501, which API Gateway never gives by itself.
        """
        route = self._route(request)
        scope = self._scope(request, route)
        if route is None:
            return self._refuse("MISSING_AUTHENTICATION_TOKEN", request, scope)
        if isinstance(route.method, Unsupported):
            return _not_evaluated(request, route.method)
        try:
            return _integrate(request, route.method, scope)
        except GatewayResponseError as error:
            return self._refuse(error.response_type, request, scope)

    def finish(self, call: Call, answer: S3Response) -> Response:
        """The client's response, made of S3's answer to `call.s3`."""
        try:
            return _map_response(call.request, call.method, answer, call.scope)
        except GatewayResponseError as error:
            return self._refuse(error.response_type, call.request, call.scope)

    def failed(
        self, at: Call | Request, kind: Literal["INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"]
    ) -> Response:
        """The response (504) where S3 could not be reached, or did not answer in time."""
        if isinstance(at, Call):
            return self._refuse(kind, at.request, at.scope)
        return self._refuse(kind, at, self._scope(at, self._route(at)))

    def throttled(self, request: Request) -> Response:
        """The response (429) to a request over the stage's rate."""
        return self._refuse("THROTTLED", request, self._scope(request, self._route(request)))

    def _route(self, request: Request) -> Route | None:
        return match(self._snapshot.routes, request.path, request.method)

    def _scope(self, request: Request, route: Route | None) -> Scope:
        return {
            "header": request.headers,
            "querystring": request.query,
            "path": route.path_parameters if route else {},
            "context": {
                "requestId": request.request_id,
                "stage": self._stage,
                "resourcePath": route.resource_path if route else "",
            },
        }

    def _refuse(self, response_type: ResponseType, request: Request, scope: Scope) -> Response:
        own = self._snapshot.gateway_responses
        return gateway_responses.answer(own, response_type, request, scope)


def _integrate(request: Request, method: Evaluation, scope: Scope) -> Response | Call:
    integration = method.integration
    if integration.uri is None:
        status = mock_status(integration.body.build(request, scope["context"]))
        return _map_response(request, method, S3Response(status, {}, b""), scope)
    call = s3_request(integration.uri, integration, request, scope)
    return Call(call, request, method, scope)


def _map_response(
    request: Request, method: Evaluation, answer: S3Response, scope: Scope
) -> Response:
    response = select(method.responses, answer.status)
    return respond(response, request, answer.body, {**scope, "response": answer.headers})


def _not_evaluated(request: Request, method: Unsupported) -> Response:
    message = f"Not evaluated by this gateway: {'; '.join(method.reasons)}"
    return complete(request, 501, {}, json.dumps({"message": message}).encode())
