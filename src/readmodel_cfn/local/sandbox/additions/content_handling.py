"""AWS::ApiGateway::Method keeps its integration's ContentHandling.

ministack's CloudFormation ignores it (its PutIntegration does not), so an OPTIONS method with
CONVERT_TO_TEXT in an API with binary media types would be served without it.
"""

from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

_TYPE = "AWS::ApiGateway::Method"


def register() -> None:
    """Set ContentHandling after a method is created, also if it replaces another."""
    create = provisioners._apigw_method_create

    def keep(logical_id: str, props: dict[str, Any], stack_name: str) -> Any:
        created = create(logical_id, props, stack_name)
        handling = (props.get("Integration") or {}).get("ContentHandling")
        if handling:
            resource = apigateway_v1._resources[props["RestApiId"]][props["ResourceId"]]
            method = resource["resourceMethods"][props["HttpMethod"]]
            method["methodIntegration"]["contentHandling"] = handling
        return created

    provisioners._apigw_method_create = keep  # the update calls it by this name
    provisioners._RESOURCE_HANDLERS[_TYPE]["create"] = keep
