"""The API keys of a stage: ministack's keys and usage plans, with their throttles and quotas."""

from dataclasses import dataclass
from typing import Any

from ministack.services import apigateway_v1

from readmodel_cfn.local.gateway.failures import ResponseType


@dataclass(frozen=True)
class StageKeys:
    """The API keys of one stage."""

    api_id: str
    stage_name: str

    def refusal(self, key: str, resource_path: str, http_method: str) -> ResponseType | None:
        """Why a request with the key is not served, or None; a request that is served counts."""
        found = apigateway_v1._resolve_api_key(key)
        place = (self.api_id, self.stage_name)
        if found is None or not apigateway_v1._usage_plans_for_key(found["id"], *place):
            return "INVALID_API_KEY"
        no_stage_limits: dict[str, Any] = {}
        names = (*place, resource_path, http_method)
        if apigateway_v1._check_throttle(no_stage_limits, *names, found):
            return "THROTTLED"
        return "QUOTA_EXCEEDED" if apigateway_v1._check_quota(found, *place) else None
