"""Deployments as snapshots, as on AWS: a later change needs a new deployment.

ministack serves and exports the current definition instead, and its apiSummary has no
authorizationType. Here a stage serves and exports its deployment. An incomplete definition is
rejected, also in CloudFormation: a Deployment that does not depend on its methods fails, as on AWS.

https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html
https://docs.aws.amazon.com/apigateway/latest/api/API_MethodSnapshot.html
"""

import copy
import json
import logging
from dataclasses import dataclass
from typing import Any

from ministack.services import apigateway_v1

from readmodel_cfn.local.gateway import DefinitionError, Snapshot, unsupported

logger = logging.getLogger("sandbox")

JsonObject = dict[str, Any]
HttpResponse = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Deployed:
    """The API of a deployment; ministack serves it if `snapshot` is None."""

    definition: JsonObject
    snapshot: Snapshot | None


_deployed: dict[tuple[str, str], Deployed] = {}


def register() -> None:
    """Create snapshots, and use them for exports and summaries."""
    _snapshot_deployments()
    _export_deployment()
    _add_authorization_type()


def _snapshot_deployments() -> None:
    create = apigateway_v1._create_deployment

    def create_deployment(api_id: str, data: dict[str, Any]) -> HttpResponse:
        definition = definition_of(api_id)
        try:
            deployed = Deployed(definition, _compile(api_id, definition)) if definition else None
        except DefinitionError as error:
            return _bad_request(str(error))
        response: HttpResponse = create(api_id, data)
        if deployed:
            _store(api_id, json.loads(response[2])["id"], deployed)
        return response

    apigateway_v1._create_deployment = create_deployment


def definition_of(api_id: str) -> JsonObject | None:
    """A copy of the API's current definition; None if the API does not exist."""
    api = apigateway_v1._rest_apis.get(api_id)
    if api is None:
        return None
    minimum = api.get("minimumCompressionSize")
    definition = {
        "binaryMediaTypes": api.get("binaryMediaTypes") or [],
        # After UpdateRestApi the number is a text.
        "minimumCompressionSize": None if minimum in (None, "") else int(minimum),
        "apiKeySource": api.get("apiKeySource"),
        "requestValidators": apigateway_v1._request_validators.get(api_id, {}),
        "resources": list(apigateway_v1._resources[api_id].values()),
        "gatewayResponses": apigateway_v1._gateway_responses.get(api_id, {}),
    }
    return copy.deepcopy(definition)


def deployed_to(api_id: str, stage: dict[str, Any]) -> Deployed | None:
    """The stage's deployment; None if it no longer exists."""
    return _deployed.get((api_id, stage["deploymentId"]))


def snapshot_of(api_id: str, stage: dict[str, Any]) -> Snapshot | None:
    """The snapshot of the stage's deployment; None if ministack serves it."""
    deployed = deployed_to(api_id, stage)
    return deployed.snapshot if deployed else None


def _compile(api_id: str, definition: JsonObject) -> Snapshot | None:
    """The snapshot; None for an API that ministack serves."""
    methods = [m for r in definition["resources"] for m in r["resourceMethods"].values()]
    _check_complete(methods)
    features = [str(feature) for feature in unsupported(definition, checks_signatures=True)]
    if features:
        logger.warning("API %s: not supported: %s", api_id, "; ".join(features))
    if features and _is_served_by_ministack(methods):
        return None
    return Snapshot.from_definition(definition)


def _check_complete(methods: list[JsonObject]) -> None:
    if not methods:
        raise DefinitionError("", "The REST API doesn't contain any methods")
    if not all(method["methodIntegration"] for method in methods):
        raise DefinitionError("", "No integration defined for method")


def _is_served_by_ministack(methods: list[JsonObject]) -> bool:
    """Whether ministack supports the API better: it calls other backends, but does not read S3."""
    integrations = [method["methodIntegration"] for method in methods]
    reads_s3 = any("s3:path/" in (integration["uri"] or "") for integration in integrations)
    return not reads_s3 and any(integration["type"] != "MOCK" for integration in integrations)


def _bad_request(message: str) -> HttpResponse:
    response: HttpResponse = apigateway_v1._v1_error("BadRequestException", message, 400)
    return response


def _store(api_id: str, deployment_id: str, deployed: Deployed) -> None:
    """Store a deployment, and remove those that were deleted with or without their API."""
    _deployed[api_id, deployment_id] = deployed
    for api, deployment in list(_deployed):
        if deployment not in apigateway_v1._deployments_v1.get(api, {}):
            del _deployed[api, deployment]


def _export_deployment() -> None:
    build = apigateway_v1._build_api_export

    def build_export(api_id: str, stage_name: str, *arguments: Any) -> JsonObject:
        stage = apigateway_v1._stages_v1[api_id][stage_name]
        deployed = deployed_to(api_id, stage)
        live = apigateway_v1._resources[api_id]
        if deployed:
            kept = {resource["id"]: resource for resource in deployed.definition["resources"]}
            apigateway_v1._resources[api_id] = kept
        try:
            exported: JsonObject = build(api_id, stage_name, *arguments)
        finally:
            apigateway_v1._resources[api_id] = live
        return exported

    apigateway_v1._build_api_export = build_export


def _add_authorization_type() -> None:
    build = apigateway_v1._build_api_summary

    def build_summary(api_id: str) -> JsonObject:
        summary: JsonObject = build(api_id)
        for resource in apigateway_v1._resources.get(api_id, {}).values():
            for verb, method in resource["resourceMethods"].items():
                summary[resource["path"]][verb]["authorizationType"] = method["authorizationType"]
        return summary

    apigateway_v1._build_api_summary = build_summary
