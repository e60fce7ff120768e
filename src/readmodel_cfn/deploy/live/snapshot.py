"""What is live: a stage and the immutable snapshot that it serves, by API Gateway's own word.

A deployment's summary tells the methods "at the date and time that the deployment resource was
created"; an export of a stage is of "a deployed version", and tells their integrations.
https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployment.html
https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html
"""

import json
from collections.abc import Mapping
from typing import Any

from readmodel_cfn.aws.errors import UnreadableAnswer, error_code, is_transient, readable_answers
from readmodel_cfn.deploy.live.facets import integration_facets, setting_facets, setting_key
from readmodel_cfn.deploy.live.values import Facets, Gone, Method, Route, Snapshot

_EXTENSION = "x-amazon-apigateway-integration"
_ANY = "x-amazon-apigateway-any-method"
_VERBS = {"get", "head", "options", "put", "post", "patch", "delete"}

Json = Mapping[str, Any]


def snapshot(client: Any, api: str, stage: str) -> Snapshot | Gone:
    """The stage as it is; `client` is boto3's for API Gateway.

    What it may not be asked is left out and named, all other refusals are raised.
    """
    asked = _Questions(client)
    found = asked("get_stage", restApiId=api, stageName=stage)
    if found is None:
        return _gone(asked, api) if asked.missing else Snapshot(unknown=tuple(asked.refused))
    with readable_answers("get_stage"):
        deployment = found["deploymentId"]
    summary = asked("get_deployment", restApiId=api, deploymentId=deployment, embed=["apisummary"])
    exported = asked(
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
        unknown=tuple(asked.refused),
    )


class _Questions:
    """Calls of one client; it keeps what is refused."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.missing = False
        self.refused: list[str] = []

    def __call__(self, call: str, **arguments: Any) -> Json | None:
        """The answer, or None where there is none."""
        try:
            with readable_answers(call):
                answer: Json = getattr(self._client, call)(**arguments)
        except self._client.exceptions.ClientError as error:
            if is_transient(error):
                raise
            code = error_code(error)
            needed = "; it needs apigateway:GET" if "AccessDenied" in code else ""
            self.missing = code == "NotFoundException"
            self.refused.append(f"{error.operation_name} says {code}{needed}")
            return None
        return answer


def _gone(asked: _Questions, api: str) -> Gone:
    """API Gateway says the same of a stage and of an API that are not there."""
    found = asked("get_rest_api", restApiId=api)
    return Gone("api" if found is None and asked.missing else "stage")


def _content(exported: Json) -> Json:
    try:
        content: Json = json.loads(exported["body"].read())
    except ValueError as error:
        raise UnreadableAnswer("get_export") from error
    return content


def _access(summary: Json) -> dict[Route, Facets]:
    return {
        (path, verb): {
            "authorizationType": one.get("authorizationType", "NONE"),
            "apiKeyRequired": str(one.get("apiKeyRequired", False)).lower(),
        }
        for path, methods in summary.items()
        for verb, one in methods.items()
    }


def _integrations(exported: Json) -> dict[Route, Facets]:
    return {
        (path, "ANY" if verb == _ANY else verb.upper()): integration_facets(one.get(_EXTENSION, {}))
        for path, methods in exported.get("paths", {}).items()
        for verb, one in methods.items()
        if verb in _VERBS or verb == _ANY
    }


def _methods(
    access: Mapping[Route, Facets] | None, integrations: Mapping[Route, Facets] | None
) -> Mapping[Route, Method] | None:
    """Both together; the summary says which methods there are, and the export where it cannot."""
    routes = integrations if access is None else access
    if routes is None:
        return None
    return {one: Method((access or {}).get(one), (integrations or {}).get(one)) for one in routes}


def _settings(found: Json) -> dict[str, Facets]:
    return {setting_key(*name.rsplit("/", 1)): setting_facets(own) for name, own in found.items()}
