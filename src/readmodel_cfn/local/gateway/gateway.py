"""The gateway: evaluates a request in two steps, before and after the call of S3."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from readmodel_cfn.cloudformation.rest_api.expressions import Scope
from readmodel_cfn.cloudformation.rest_api.features import api_features
from readmodel_cfn.local.gateway.access import ApiKeys, NoApiKeys
from readmodel_cfn.local.gateway.context import RequestContext
from readmodel_cfn.local.gateway.definition import Json, resources
from readmodel_cfn.local.gateway.failures import GatewayResponseError, ResponseType
from readmodel_cfn.local.gateway.gateway_responses import (
    GatewayResponse,
    compile_gateway_responses,
    gateway_response,
)
from readmodel_cfn.local.gateway.integration_request import mock_status, s3_request
from readmodel_cfn.local.gateway.integration_response import respond, select
from readmodel_cfn.local.gateway.method import Evaluation, Method, Unsupported, compile_method
from readmodel_cfn.local.gateway.method_response import not_evaluated
from readmodel_cfn.local.gateway.payload import Encoding
from readmodel_cfn.local.gateway.requests import with_override
from readmodel_cfn.local.gateway.routing import Node, Resource, Route, build, match
from readmodel_cfn.local.gateway.types import (
    Exchange,
    Request,
    Response,
    S3Request,
    S3Response,
)

Failure = Literal[
    "INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT", "API_CONFIGURATION_ERROR", "REQUEST_TOO_LARGE"
]
"""What the caller of the gateway can report: S3 cannot be reached (504), does not answer in time
(504) or sends more than API Gateway accepts (500), or the client sends more (413)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A compiled API. It is immutable, like a deployment on AWS: later changes do not affect it.

    `unsupported` are the features of the whole API that this gateway does not evaluate.
    """

    routes: Node
    gateway_responses: Mapping[str, GatewayResponse]
    encoding: Encoding
    unsupported: tuple[str, ...] = ()

    @classmethod
    def from_definition(cls, definition: Json) -> Self:
        """Compile a definition in the format of API Gateway's API (camelCase).

        A method that this gateway cannot evaluate is compiled too: it answers 501.

        Raises:
            DefinitionError: API Gateway would not deploy the definition.
        """
        return cls(
            routes=build(
                Resource(
                    path,
                    _compile_methods(path, methods, definition),
                    str(resource.get("id") or ""),
                )
                for resource, path, methods in resources(definition)
            ),
            gateway_responses=compile_gateway_responses(definition),
            encoding=Encoding.of(definition),
            unsupported=tuple(feature for feature, _ in api_features(definition)),
        )


@dataclass(frozen=True, slots=True)
class Call:
    """A request that needs S3: send `s3`, then pass the call and S3's response to `finish`.

    `method` and `exchange` are what `finish` needs: the compiled method, and the client's request
    with the values that mappings may read.
    """

    s3: S3Request
    method: Evaluation
    exchange: Exchange


class Gateway:
    """Serves one snapshot; it keeps no state between requests, so threads may share it.

    `stage` is the value of `$context.stage`, `variables` are the stage's variables, `keys` its API
    keys. `context` has the values of `$context` that are the same for every request: accountId,
    apiId, deploymentId. `checks_signatures` is whether the server has checked the signature of a
    signed request before; if not, a signed request to a method with AWS_IAM gets a 501.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        stage: str = "",
        variables: Mapping[str, str] | None = None,
        *,
        context: Mapping[str, str] | None = None,
        keys: ApiKeys | None = None,
        checks_signatures: bool = False,
    ) -> None:
        self._snapshot = snapshot
        self._stage = stage
        self._variables = variables or {}
        self._context = {**(context or {}), "stage": stage}
        self._keys = keys or NoApiKeys()
        self._checks_signatures = checks_signatures

    def prepare(self, request: Request) -> Response | Call:
        """The call of S3 that the request requires, or the response if it requires none.

        It never raises: a request that fails gets a gateway response. A request that uses an
        unsupported feature gets a 501, a status that API Gateway itself never returns.
        """
        if self._snapshot.unsupported:
            return not_evaluated(request, self._snapshot.unsupported)
        request = with_override(request)
        route = self._route(request)
        exchange = self._exchange(request, route)
        if route is None:
            return self._gateway_response("MISSING_AUTHENTICATION_TOKEN", exchange)
        if isinstance(route.method, Unsupported):
            return not_evaluated(request, route.method.features)
        access = route.method.access
        if access:
            feature = access.feature(request, checks_signatures=self._checks_signatures)
            if feature:
                return not_evaluated(request, [feature])
        try:
            if access:
                access.check(exchange, self._keys, route.resource_path, route.http_method)
            return _integrate(exchange, route.method, self._snapshot.encoding)
        except GatewayResponseError as error:
            return self._gateway_response(error.response_type, exchange, error.message)

    def finish(self, call: Call, response: S3Response) -> Response:
        """The client's response for S3's response to `call.s3`."""
        try:
            return _map_response(
                call.method, call.exchange, response, self._snapshot.encoding, traced=True
            )
        except GatewayResponseError as error:
            return self._gateway_response(error.response_type, call.exchange, error.message)

    def failed(self, at: Call | Request, failure: Failure) -> Response:
        """The gateway response for a request that failed, or for a failed call of S3."""
        if isinstance(at, Call):
            return self._gateway_response(failure, at.exchange)
        return self._gateway_response(failure, self._exchange(at, self._route(at)))

    def throttled(self, request: Request) -> Response:
        """The response (429) to a request over the stage's rate."""
        return self._gateway_response("THROTTLED", self._exchange(request, self._route(request)))

    def _route(self, request: Request) -> Route | None:
        return match(self._snapshot.routes, request.path, request.method)

    def _exchange(self, request: Request, route: Route | None) -> Exchange:
        scope: Scope = {
            "header": request.headers,
            "querystring": request.query,
            "path": route.path_parameters if route else {},
            "context": RequestContext(self._context, request, route),
            "stageVariables": self._variables,
        }
        return Exchange(request, scope)

    def _gateway_response(
        self, response_type: ResponseType, exchange: Exchange, message: str | None = None
    ) -> Response:
        own = self._snapshot.gateway_responses
        return gateway_response(own, response_type, exchange.request, exchange.scope, message)


def _integrate(exchange: Exchange, method: Evaluation, encoding: Encoding) -> Response | Call:
    integration = method.integration
    body = integration.body.build(exchange.request, exchange.scope, encoding.binary_types)
    if integration.uri is None:
        response = S3Response(mock_status(body), {}, b"")
        return _map_response(method, exchange, response, encoding, traced=False)
    call = s3_request(integration.uri, integration, exchange, body)
    return Call(call, method, exchange)


def _map_response(
    method: Evaluation,
    exchange: Exchange,
    response: S3Response,
    encoding: Encoding,
    *,
    traced: bool,
) -> Response:
    selected = select(method.responses, response.status)
    return respond(selected, exchange, response, encoding, traced=traced)


def _compile_methods(path: str, methods: Json, api: Json) -> dict[str, Method]:
    return {
        name: compile_method(body or {}, f"{name} {path}", api) for name, body in methods.items()
    }
