"""Serves the snapshot of a stage's deployment with this package's gateway and ministack's S3.

ministack has no integration with S3: it answers 504. It still serves the APIs that neither read S3
nor consist of MOCK (Lambda, HTTP), and for all APIs it does what the gateway does not: host names,
account and region, the resource policy, throttling, API keys, and the signatures of requests.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ministack import app
from ministack.services import apigateway_v1

from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.gateway import Call, Gateway, Request, Response, Snapshot
from readmodel_cfn.local.gateway.access import is_signed
from readmodel_cfn.local.gateway.requests import client_request, parse_query, with_override
from readmodel_cfn.local.gateway.routing import match
from readmodel_cfn.local.sandbox.additions import deployments
from readmodel_cfn.local.sandbox.additions.api_keys import StageKeys
from readmodel_cfn.local.sandbox.additions.role_session import RoleRefusedError
from readmodel_cfn.local.sandbox.additions.s3_backend import fetch

_BY_PATH = "/_aws/execute-api/"
_query_string: ContextVar[str] = ContextVar("query_string", default="")
"""The query string of the request as sent: ministack parses it in another way."""


@dataclass(frozen=True)
class _Served:
    """The stage of a request, and the snapshot that it serves."""

    api_id: str
    stage_name: str
    stage: dict[str, Any]
    snapshot: Snapshot


def register() -> None:
    """Create snapshots, and serve the requests to stages that have one."""
    deployments.register()
    _keep_query_string()
    execute = apigateway_v1._execute_in_scope

    async def execute_in_scope(
        context: dict[str, Any], api_id: str, stage: str, *arguments: Any
    ) -> Any:
        served = _served(api_id, stage)
        if served is None:
            return await execute(context, api_id, stage, *arguments)
        context["stage"] = served.stage  # ministack needs it for its own errors
        return await _serve(served, context["request_id"], *arguments)

    apigateway_v1._execute_in_scope = execute_in_scope


def _keep_query_string() -> None:
    handle = app._handle_execute_api_request

    async def handle_execute(host: str, path: str, *arguments: Any, **named: Any) -> Any:
        _query_string.set(named.get("raw_query_string") or "")
        if path.startswith(_BY_PATH):  # slashes in front of the stage do not count
            api_id, _, rest = path.removeprefix(_BY_PATH).partition("/")
            path = f"{_BY_PATH}{api_id}/{rest.lstrip('/')}"
        return await handle(host, path, *arguments, **named)

    app._handle_execute_api_request = handle_execute


def _served(api_id: str, stage_name: str) -> _Served | None:
    stage = apigateway_v1._stages_v1.get(api_id, {}).get(stage_name)
    snapshot = deployments.snapshot_of(api_id, stage) if stage else None
    return _Served(api_id, stage_name, stage, snapshot) if snapshot else None


async def _serve(
    served: _Served,
    request_id: str,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    _: Mapping[str, list[str]],
    *owner: str,
) -> Any:
    """The status, headers and body of the response, or an error of ministack itself."""
    query = parse_query(_query_string.get())
    # The sandbox listens on this address only.
    request = client_request(
        method, path, headers, query, body, source_ip="127.0.0.1", request_id=request_id
    )
    if refused := _policy_error(served, with_override(request), *owner):
        return refused
    response = await _answer(served, request, owner[0], is_too_large=len(body) > API_PAYLOAD_BYTES)
    if response is None:
        return apigateway_v1._gw_error("API_CONFIGURATION_ERROR", "Internal server error")
    return response.status, _with_request_id(response.headers, request_id), response.body


def _policy_error(served: _Served, request: Request, *owner: str) -> Any:
    """The error for a request that the API's resource policy refuses, or None.

    For a method with AWS_IAM ministack has compared the signed request with the policy before. An
    unknown path has no method to compare (assumed; ministack's code has this order, too).
    """
    if match(served.snapshot.routes, request.path, request.method) is None:
        return None
    place = (served.api_id, served.stage_name, request.method, request.path)
    if apigateway_v1.method_authorization_type(*place) == "AWS_IAM":
        return None
    return apigateway_v1._anonymous_policy_error(*place, *owner)


def _with_request_id(headers: Mapping[str, str], request_id: str) -> dict[str, str]:
    """The headers with the request's ID once, under the name that ministack uses."""
    name = "x-amzn-requestid"
    return {key: value for key, value in headers.items() if key.lower() != name} | {
        name: request_id
    }


async def _answer(
    served: _Served, request: Request, account: str, *, is_too_large: bool
) -> Response | None:
    """The response, or None if API Gateway cannot assume the integration's role."""
    deployment = served.stage.get("deploymentId") or ""
    gateway = Gateway(
        served.snapshot,
        served.stage_name,
        # A copy: UpdateStage changes the dict, and a request has one value of each variable.
        dict(served.stage.get("variables") or {}),
        context={"accountId": account, "apiId": served.api_id, "deploymentId": deployment},
        keys=StageKeys(served.api_id, served.stage_name),
        checks_signatures=_has_checked_signature(served, request),
    )
    if _is_throttled(served, request):
        return gateway.throttled(request)
    if is_too_large:
        return gateway.failed(request, "REQUEST_TOO_LARGE")
    step = gateway.prepare(request)
    if not isinstance(step, Call):
        return step
    try:
        return gateway.finish(step, await fetch(step.s3))
    except RoleRefusedError:
        return None


def _has_checked_signature(served: _Served, request: Request) -> bool:
    """Whether ministack has checked the signature: it does if the method has AWS_IAM for it, too.

    Without a signature there is nothing to check. ministack does not know X-HTTP-Method-Override,
    and leaves out empty segments of the path.
    """
    if not is_signed(request):
        return True
    place = (served.api_id, served.stage_name, request.method, request.path)
    return str(apigateway_v1.method_authorization_type(*place)) == "AWS_IAM"


def _is_throttled(served: _Served, request: Request) -> bool:
    """Whether the stage's method settings throttle the request; if not, it uses a token."""
    if not served.stage.get("methodSettings"):
        return False
    route = match(served.snapshot.routes, request.path, request.method)
    if route is None:
        return False
    names = (served.api_id, served.stage_name, route.resource_path, request.method)
    return apigateway_v1._check_throttle(_by_path(served.stage), *names, None) is not None


def _by_path(stage: dict[str, Any]) -> dict[str, Any]:
    """The stage with plain paths in its method settings.

    A template writes the slashes of a setting's ResourcePath as ~1 (see the reference of
    AWS::ApiGateway::Stage MethodSetting); ministack needs the plain path.
    """
    settings = stage["methodSettings"].items()
    plain = {name.replace("/~1", "/", 1).replace("~1", "/"): value for name, value in settings}
    return {**stage, "methodSettings": plain}
