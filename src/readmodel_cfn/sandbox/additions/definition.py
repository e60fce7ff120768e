"""An API's definition as it is now, in the shape that API Gateway's control plane gives."""

import copy
from typing import Any

from ministack.services import apigateway_v1

Definition = dict[str, Any]


def definition_of(api_id: str) -> Definition | None:
    """A copy of everything that a deployment of the API serves; None where there is no such API."""
    api = apigateway_v1._rest_apis.get(api_id)
    if api is None:
        return None
    minimum = api.get("minimumCompressionSize")
    definition = {
        "binaryMediaTypes": api.get("binaryMediaTypes") or [],
        # UpdateRestApi's patch leaves the number as text.
        "minimumCompressionSize": None if minimum in (None, "") else int(minimum),
        "resources": list(apigateway_v1._resources[api_id].values()),
        "gatewayResponses": apigateway_v1._gateway_responses.get(api_id, {}),
    }
    return copy.deepcopy(definition)
