"""CreateDeployment takes a snapshot, as on AWS: later changes need a new deployment.

ministack serves the live definition instead. What a definition lacks for a deployment is refused
here, in CloudFormation too: a Deployment that does not depend on its methods fails, as on AWS.
"""

import json
import logging
from typing import Any

from ministack.services import apigateway_v1

from readmodel_cfn.gateway import DefinitionError, Snapshot, unsupported
from readmodel_cfn.sandbox.additions.definition import Definition, definition_of

logger = logging.getLogger("sandbox")

Answer = tuple[int, dict[str, str], bytes]

_snapshots: dict[tuple[str, str], Snapshot] = {}


def register() -> None:
    """Take the snapshot, then let ministack make the deployment."""
    create = apigateway_v1._create_deployment

    def create_deployment(api_id: str, data: dict[str, Any]) -> Answer:
        try:
            snapshot = _compile(api_id)
        except DefinitionError as error:
            return _refused(str(error))
        answer: Answer = create(api_id, data)
        if snapshot:
            _keep(api_id, json.loads(answer[2])["id"], snapshot)
        return answer

    apigateway_v1._create_deployment = create_deployment


def snapshot_of(api_id: str, stage: dict[str, Any]) -> Snapshot | None:
    """What the stage's deployment serves; None leaves it to ministack."""
    return _snapshots.get((api_id, stage["deploymentId"]))


def _compile(api_id: str) -> Snapshot | None:
    """None for an API that is left to ministack, and for one that does not exist."""
    definition = definition_of(api_id)
    if definition is None:
        return None
    methods = [m for r in definition["resources"] for m in r["resourceMethods"].values()]
    _refuse_incomplete(methods)
    findings = unsupported(definition)
    if findings:
        logger.warning("API %s: not evaluated: %s", api_id, "; ".join(findings))
    if findings and _is_left_to_ministack(methods):
        return None
    return Snapshot.from_definition(definition)


def _refuse_incomplete(methods: list[Definition]) -> None:
    if not methods:
        raise DefinitionError("The REST API doesn't contain any methods")
    if not all(method["methodIntegration"] for method in methods):
        raise DefinitionError("No integration defined for method")


def _is_left_to_ministack(methods: list[Definition]) -> bool:
    """Whether ministack does better: it checks callers and requests, but cannot read from S3."""
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


def _keep(api_id: str, deployment_id: str, snapshot: Snapshot) -> None:
    """Remember the snapshot, and forget those whose deployment or API has been deleted."""
    _snapshots[api_id, deployment_id] = snapshot
    for api, deployment in list(_snapshots):
        if deployment not in apigateway_v1._deployments_v1.get(api, {}):
            del _snapshots[api, deployment]
