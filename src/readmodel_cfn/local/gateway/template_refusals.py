"""Refuses the resources of a template that API Gateway would refuse, with its reasons."""

from collections.abc import Callable, Iterator, Mapping

from readmodel_cfn.cloudformation.rest_api import refusals
from readmodel_cfn.local.gateway.definition import DefinitionError, Json
from readmodel_cfn.local.gateway.template_access import Resources

_REFUSALS: Mapping[str, Callable[[Json], Iterator[refusals.Refusal]]] = {
    "RestApi": refusals.api_refusals,
    "GatewayResponse": refusals.gateway_response_refusals,
    "Stage": refusals.stage_refusals,
    "Deployment": refusals.deployment_refusals,
    "ApiKey": refusals.api_key_refusals,
    "Model": refusals.model_refusals,
}


def check_creation(resources: Mapping[str, Resources]) -> None:
    """Check the resources of an API, by short type.

    Raises:
        DefinitionError: API Gateway would refuse one of them.
    """
    models = {*resources.get("Model", {})}
    models |= {str(own["Name"]) for own in resources.get("Model", {}).values() if "Name" in own}
    _check_path_parts(resources.get("Resource", {}))
    for logical_id, own in resources.get("Method", {}).items():
        _raise_first(logical_id, refusals.method_refusals(own, models))
    for kind, refused in _REFUSALS.items():
        for logical_id, own in resources.get(kind, {}).items():
            _raise_first(logical_id, refused(own))


def _check_path_parts(resources: Resources) -> None:
    siblings: dict[str, list[str]] = {}
    for logical_id, own in resources.items():
        part, parent = own.get("PathPart"), own.get("ParentId", "")
        if not part:
            continue  # it is named as missing when the paths are read
        listed = siblings.setdefault(parent, [])
        reason = refusals.path_part_refusal(part) or refusals.sibling_refusal(part, listed)
        if parent in resources:
            reason = reason or refusals.child_refusal(resources[parent].get("PathPart", ""))
        if reason:
            raise DefinitionError.of_resource(logical_id, reason, "PathPart")
        listed.append(part)


def _raise_first(logical_id: str, found: Iterator[refusals.Refusal]) -> None:
    for keys, reason in found:
        raise DefinitionError.of_resource(logical_id, reason, *keys)
