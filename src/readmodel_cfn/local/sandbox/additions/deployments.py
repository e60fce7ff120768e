"""CreateDeployment creates a snapshot, as on AWS: later changes need a new deployment.

ministack serves the current definition instead. An incomplete definition is refused here, also in
CloudFormation: a Deployment that does not depend on its methods fails, as on AWS.
"""

import copy
import json
import logging
from dataclasses import dataclass
from typing import Any

from ministack.services import apigateway_v1

from readmodel_cfn.local.gateway import DefinitionError, Snapshot, unsupported

logger = logging.getLogger("sandbox")

Definition = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]


@dataclass(frozen=True)
class Deployed:
    """A deployed API; without a snapshot ministack serves it."""

    definition: Definition
    snapshot: Snapshot | None


_deployed: dict[tuple[str, str], Deployed] = {}


def register() -> None:
    """Store the definition when ministack creates a deployment."""
    create = apigateway_v1._create_deployment

    def create_deployment(api_id: str, data: dict[str, Any]) -> Answer:
        definition = definition_of(api_id)
        try:
            deployed = Deployed(definition, _compile(api_id, definition)) if definition else None
        except DefinitionError as error:
            return _refused(str(error))
        answer: Answer = create(api_id, data)
        if deployed:
            _keep(api_id, json.loads(answer[2])["id"], deployed)
        return answer

    apigateway_v1._create_deployment = create_deployment


def definition_of(api_id: str) -> Definition | None:
    """A copy of all that a deployment of the API serves; None if the API does not exist."""
    api = apigateway_v1._rest_apis.get(api_id)
    if api is None:
        return None
    minimum = api.get("minimumCompressionSize")
    definition = {
        "binaryMediaTypes": api.get("binaryMediaTypes") or [],
        # After UpdateRestApi the number is a text.
        "minimumCompressionSize": None if minimum in (None, "") else int(minimum),
        "resources": list(apigateway_v1._resources[api_id].values()),
        "gatewayResponses": apigateway_v1._gateway_responses.get(api_id, {}),
    }
    return copy.deepcopy(definition)


def deployed_to(api_id: str, stage: dict[str, Any]) -> Deployed | None:
    """The stage's deployment; None if it does not exist any more."""
    return _deployed.get((api_id, stage["deploymentId"]))


def snapshot_of(api_id: str, stage: dict[str, Any]) -> Snapshot | None:
    """The snapshot of the stage's deployment; None if ministack serves it."""
    deployed = deployed_to(api_id, stage)
    return deployed.snapshot if deployed else None


def _compile(api_id: str, definition: Definition) -> Snapshot | None:
    """The snapshot; None for an API that ministack serves."""
    methods = [m for r in definition["resources"] for m in r["resourceMethods"].values()]
    _refuse_incomplete(methods)
    features = [str(feature) for feature in unsupported(definition)]
    if features:
        logger.warning("API %s: not supported: %s", api_id, "; ".join(features))
    if features and _is_served_by_ministack(methods):
        return None
    return Snapshot.from_definition(definition)


def _refuse_incomplete(methods: list[Definition]) -> None:
    if not methods:
        raise DefinitionError("", "The REST API doesn't contain any methods")
    if not all(method["methodIntegration"] for method in methods):
        raise DefinitionError("", "No integration defined for method")


def _is_served_by_ministack(methods: list[Definition]) -> bool:
    """Whether ministack supports more: it checks callers and requests, but cannot read from S3."""
    checked = any(
        method["authorizationType"] != "NONE"
        or method["apiKeyRequired"]
        or method["requestValidatorId"]
        for method in methods
    )
    uris = [method["methodIntegration"]["uri"] or "" for method in methods]
    return checked or not any(":s3:path/" in uri for uri in uris)


def _refused(message: str) -> Answer:
    answer: Answer = apigateway_v1._v1_error("BadRequestException", message, 400)
    return answer


def _keep(api_id: str, deployment_id: str, deployed: Deployed) -> None:
    """Store it, and remove those whose deployment or API was deleted."""
    _deployed[api_id, deployment_id] = deployed
    for api, deployment in list(_deployed):
        if deployment not in apigateway_v1._deployments_v1.get(api, {}):
            del _deployed[api, deployment]
