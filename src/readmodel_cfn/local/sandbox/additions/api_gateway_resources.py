"""How CloudFormation creates API Gateway's resources.

What API Gateway refuses fails, as on AWS: see `api_gateway_refusals`. ministack's CloudFormation
overwrites an existing stage, continues without an ID if a path part exists, and allows two
variables at one level. Each can happen in an update: the article's stack (whose deployment names
the stage) gets a Stage, or a path parameter is renamed, because the new resource is created before
the old one is deleted.

ministack's CloudFormation also ignores some properties, which its API does not: the ContentHandling
of an integration (an OPTIONS method with CONVERT_TO_TEXT in an API with binary media types would be
served without it), a method's RequestValidatorId, and an API's ApiKeySourceType. It gives a request
validator an ID, and does not create it.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

from readmodel_cfn.local.sandbox.additions import api_gateway_refusals as refused

Properties = dict[str, Any]
Create = Callable[[str, Properties, str], Any]
Refusal = Callable[[Properties], str | None]


def register() -> None:
    """Change the creation of these types, also in a replacement."""
    _change("RestApi", "_apigw_rest_api_create", refused.api, _keep_key_source)
    _change("Stage", "_apigw_stage_create", refused.stage)
    _change("Resource", "_apigw_resource_create", refused.resource)
    _change("Method", "_apigw_method_create", refused.method, _keep_method_properties)
    _change("Deployment", "_apigw_deployment_create", refused.deployment)
    _change("GatewayResponse", "_apigw_gateway_response_create", refused.gateway_response)
    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"] |= {
        "create": _create_validator,
        "update": _update_validator,
    }


def _change(
    kind: str,
    name: str,
    refusal: Refusal,
    created: Callable[[Properties, str], None] | None = None,
) -> None:
    """Check the properties before a resource is created, and call `created` with its ID after."""
    create: Create = getattr(provisioners, name)

    def changed(logical_id: str, props: Properties, stack_name: str) -> Any:
        if reason := refusal(props):
            raise ValueError(reason)
        made = create(logical_id, props, stack_name)
        if created:
            created(props, made[0])
        return made

    setattr(provisioners, name, changed)  # updates call it by this name
    provisioners._RESOURCE_HANDLERS[f"AWS::ApiGateway::{kind}"]["create"] = changed


def _keep_key_source(props: Properties, api_id: str) -> None:
    if "ApiKeySourceType" in props:
        apigateway_v1._rest_apis[api_id]["apiKeySource"] = props["ApiKeySourceType"]


def _keep_method_properties(props: Properties, _: str) -> None:
    resource = apigateway_v1._resources[props["RestApiId"]][props["ResourceId"]]
    method = resource["resourceMethods"][props["HttpMethod"]]
    method["requestValidatorId"] = props.get("RequestValidatorId")
    handling = (props.get("Integration") or {}).get("ContentHandling")
    if handling:
        method["methodIntegration"]["contentHandling"] = handling


def _create_validator(_: str, props: Properties, __: str) -> Any:
    data = {
        "name": props.get("Name", ""),
        "validateRequestBody": _is_true(props.get("ValidateRequestBody")),
        "validateRequestParameters": _is_true(props.get("ValidateRequestParameters")),
    }
    _, _, body = apigateway_v1._create_request_validator(props["RestApiId"], data)
    validator_id = json.loads(body)["id"]
    return validator_id, {"RequestValidatorId": validator_id}


def _update_validator(physical_id: str, _: Properties, props: Properties, stack: str) -> Any:
    """The validator with the new properties, under its ID: a replacement has no other effect."""
    new_id, _ = _create_validator("", props, stack)
    validators = apigateway_v1._request_validators[props["RestApiId"]]
    validators[physical_id] = {**validators.pop(new_id), "id": physical_id}
    return physical_id, {"RequestValidatorId": physical_id}


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
