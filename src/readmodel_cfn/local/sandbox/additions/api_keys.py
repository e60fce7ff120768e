"""The API keys of a stage: ministack's keys and usage plans, with their throttles and quotas."""

from dataclasses import dataclass
from typing import Any

from ministack.services import apigateway_v1

from readmodel_cfn.local.gateway.failures import ResponseType

Plan = dict[str, Any]
"""A usage plan, or its entry for a stage, in the format of API Gateway's API."""


@dataclass(frozen=True)
class StageKeys:
    """The API keys of one stage."""

    api_id: str
    stage_name: str

    def refusal(self, key: str, resource_path: str, http_method: str) -> ResponseType | None:
        """Why a request with the key is not served, or None; a request that is served counts."""
        found = apigateway_v1._resolve_api_key(key)
        place = (self.api_id, self.stage_name)
        plans = found and apigateway_v1._usage_plans_for_key(found["id"], *place)
        if not plans:
            return "INVALID_API_KEY"
        method = f"{resource_path}/{http_method}"
        for plan_id, plan, covered in plans:
            if not self._take_token(plan_id, plan, covered, found["id"], method):
                return "THROTTLED"
        return "QUOTA_EXCEEDED" if apigateway_v1._check_quota(found, *place) else None

    def _take_token(
        self, plan_id: str, plan: Plan, covered: Plan, key_id: str, method: str
    ) -> bool:
        """Whether the plan allows a request now: the limits of a method replace those of the plan.

        ministack would apply both.
        """
        own = (covered.get("throttle") or {}).get(method)
        slot = (plan_id, key_id, self.api_id, self.stage_name, method if own else "")
        limits = own or plan.get("throttle") or {}
        # A rate alone allows as many requests at once, as in `serve`.
        limits = {"burstLimit": limits.get("rateLimit"), **limits}
        return bool(apigateway_v1._take_token(slot, limits))
