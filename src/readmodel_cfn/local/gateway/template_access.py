"""API keys, usage plans and request validators of a template, for one stage of its API."""

from collections.abc import Iterator, Mapping
from typing import Any

from readmodel_cfn.local.gateway.definition import Json, section
from readmodel_cfn.local.gateway.usage_plans import Limits, UsagePlan, UsagePlans

Resources = Mapping[str, Json]
"""The properties of resources by logical ID."""


def request_validators(resources: Mapping[str, Resources], api: str) -> dict[str, Any]:
    """The API's request validators by logical ID, in the format of API Gateway's API."""
    return {
        logical_id: {
            "validateRequestBody": own.get("ValidateRequestBody", False),
            "validateRequestParameters": own.get("ValidateRequestParameters", False),
        }
        for logical_id, own in resources.get("RequestValidator", {}).items()
        if own.get("RestApiId") == api
    }


def usage_plans(resources: Mapping[str, Resources], api: str, stage: str) -> UsagePlans:
    """The usage plans that cover the stage."""
    return UsagePlans([plan for plan, _ in _plans(resources, api, stage)])


def keys_without_value(resources: Mapping[str, Resources], api: str, stage: str) -> list[str]:
    """The stage's API keys whose value AWS generates, or another template has."""
    plans = _plans(resources, api, stage)
    found = [key for _, keys in plans for key, own in keys.items() if not own.get("Value")]
    return list(dict.fromkeys(found))


def _plans(
    resources: Mapping[str, Resources], api: str, stage: str
) -> Iterator[tuple[UsagePlan, Resources]]:
    """The plans that cover the stage, each with its enabled keys."""
    names = {id_: own.get("StageName") for id_, own in resources.get("Stage", {}).items()}
    for logical_id, own in resources.get("UsagePlan", {}).items():
        for covered in own.get("ApiStages") or ():
            given = covered.get("Stage")
            if covered.get("ApiId") == api and names.get(given, given) == stage:
                keys = _keys(resources, logical_id)
                values = frozenset(key["Value"] for key in keys.values() if key.get("Value"))
                yield _plan(own, covered, values), keys


def _keys(resources: Mapping[str, Resources], plan: str) -> Resources:
    """The enabled keys of a plan; nothing is known of the key of another template.

    A key is disabled unless Enabled is true (assumed; the CDK always sets it).
    """
    listed = resources.get("ApiKey", {})
    links = resources.get("UsagePlanKey", {}).values()
    ids = [str(link.get("KeyId")) for link in links if link.get("UsagePlanId") == plan]
    elsewhere: Json = {"Enabled": True}
    found = {key: listed.get(key, elsewhere) for key in ids}
    return {key: own for key, own in found.items() if own.get("Enabled")}


def _plan(plan: Json, covered: Json, keys: frozenset[str]) -> UsagePlan:
    methods = section(covered, "Throttle").items()
    limits = {method: found for method, own in methods if (found := _limits(own))}
    quota = section(plan, "Quota").get("Limit")
    return UsagePlan(
        keys=keys,
        throttle=_limits(section(plan, "Throttle")),
        by_method=limits,
        quota=None if quota is None else int(quota),
    )


def _limits(throttle: Json) -> Limits | None:
    """The limits; a rate alone allows as many requests at once, a burst alone has no refill."""
    rate: float | None = throttle.get("RateLimit")
    burst: float | None = throttle.get("BurstLimit")
    most = rate if burst is None else burst
    return None if most is None else Limits(rate or 0.0, most)
