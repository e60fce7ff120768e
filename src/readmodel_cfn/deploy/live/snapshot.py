"""A stage and the deployment that it serves, as API Gateway describes them.

GetDeployment returns the methods "at the date and time that the deployment resource was created";
GetExport of a stage returns "a deployed version" with its integrations.
https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployment.html
https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html
"""

import json
from collections.abc import Mapping
from typing import Any

from readmodel_cfn.aws.errors import (
    UnreadableResponse,
    error_code,
    is_transient,
    readable_responses,
)
from readmodel_cfn.deploy.live.values import (
    Facets,
    Gone,
    Method,
    Route,
    Snapshot,
    integration_facets,
    setting_facets,
    setting_key,
)

_EXTENSION = "x-amazon-apigateway-integration"
_ANY = "x-amazon-apigateway-any-method"
_HTTP_METHODS = {"get", "head", "options", "put", "post", "patch", "delete"}

Json = Mapping[str, Any]


def snapshot(client: Any, api: str, stage: str) -> Snapshot | Gone:
    """Read a stage; `client` is boto3's client of API Gateway.

    The parts that AWS refuses to return are omitted and named in `unknown`. Transient errors are
    raised.
    """
    calls = _Calls(client)
    found = calls("get_stage", restApiId=api, stageName=stage)
    if found is None:
        return _gone(calls, api) if calls.not_found else Snapshot(unknown=tuple(calls.refused))
    with readable_responses("get_stage"):
        deployment = found["deploymentId"]
    summary = calls("get_deployment", restApiId=api, deploymentId=deployment, embed=["apisummary"])
    exported = calls(
        "get_export",
        restApiId=api,
        stageName=stage,
        exportType="oas30",
        parameters={"extensions": "integrations"},
        accepts="application/json",
    )
    access = None if summary is None else _access(summary.get("apiSummary", {}))
    integrations = None if exported is None else _integrations(_content(exported))
    return Snapshot(
        deployment=deployment,
        canary=(found.get("canarySettings") or {}).get("percentTraffic", 0),
        settings=_settings(found.get("methodSettings") or {}),
        methods=_methods(access, integrations),
        unknown=tuple(calls.refused),
    )


class _Calls:
    """The calls of one client, and those of them that AWS refused."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.not_found = False  # whether the last refused call was a 404
        self.refused: list[str] = []

    def __call__(self, call: str, **arguments: Any) -> Json | None:
        """The response; None if AWS refuses the call."""
        try:
            with readable_responses(call):
                response: Json = getattr(self._client, call)(**arguments)
        except self._client.exceptions.ClientError as error:
            if is_transient(error):
                raise
            code = error_code(error)
            needed = "; allow apigateway:GET" if "AccessDenied" in code else ""
            self.not_found = code == "NotFoundException"
            self.refused.append(f"{error.operation_name} failed with {code}{needed}")
            return None
        return response


def _gone(calls: _Calls, api: str) -> Gone:
    """Whether the stage or its API is missing: GetStage returns the same error for both."""
    found = calls("get_rest_api", restApiId=api)
    return Gone("api" if found is None and calls.not_found else "stage")


def _content(exported: Json) -> Json:
    try:
        content: Json = json.loads(exported["body"].read())
    except ValueError as error:
        raise UnreadableResponse("get_export") from error
    return content


def _access(summary: Json) -> dict[Route, Facets]:
    return {
        (path, http_method): {
            "authorizationType": method.get("authorizationType", "NONE"),
            "apiKeyRequired": str(method.get("apiKeyRequired", False)).lower(),
        }
        for path, methods in summary.items()
        for http_method, method in methods.items()
    }


def _integrations(exported: Json) -> dict[Route, Facets]:
    return {
        (path, "ANY" if name == _ANY else name.upper()): integration_facets(
            operation.get(_EXTENSION, {})
        )
        for path, operations in exported.get("paths", {}).items()
        for name, operation in operations.items()
        if name in _HTTP_METHODS or name == _ANY
    }


def _methods(
    access: Mapping[Route, Facets] | None, integrations: Mapping[Route, Facets] | None
) -> Mapping[Route, Method] | None:
    """The methods of the summary, or of the export if there is no summary."""
    routes = integrations if access is None else access
    if routes is None:
        return None
    return {
        route: Method((access or {}).get(route), (integrations or {}).get(route))
        for route in routes
    }


def _settings(found: Json) -> dict[str, Facets]:
    return {
        setting_key(*name.rsplit("/", 1)): setting_facets(settings)
        for name, settings in found.items()
    }
