"""How CloudFormation creates API Gateway's resources.

What API Gateway refuses fails, as on AWS: see `api_gateway_refusals`. ministack's CloudFormation
overwrites an existing stage, continues without an ID if a path part exists, and allows two
variables at one level. Each can happen in an update: the article's stack (whose deployment names
the stage) gets a Stage, or a path parameter is renamed, because the new resource is created before
the old one is deleted.

ministack's CloudFormation also ignores some properties, which its API does not: the ContentHandling
of an integration (an OPTIONS method with CONVERT_TO_TEXT in an API with binary media types would be
served without it), a method's RequestValidatorId, and an API's ApiKeySourceType. It gives a request
validator an ID, and does not create it. It keeps a method's throttle in a usage plan under names
that it does not read, and an API key is enabled unless the boolean false says otherwise.
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
    _keep_method_throttles()
    _enable_keys_only_if_true()


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


def _keep_method_throttles() -> None:
    body = provisioners._apigw_usage_plan_body

    def with_throttles(props: Properties) -> Any:
        made = body(props)
        for covered in made["apiStages"]:
            covered["throttle"] = {
                method: provisioners._apigw_throttle(limits)
                for method, limits in (covered["throttle"] or {}).items()
            }
        return made

    provisioners._apigw_usage_plan_body = with_throttles


def _enable_keys_only_if_true() -> None:
    """A key without Enabled is disabled, as in `serve` (assumed)."""
    create, update = provisioners._apigw_api_key_create, provisioners._apigw_api_key_update

    def created(logical_id: str, props: Properties, stack_name: str) -> Any:
        return create(logical_id, _with_enabled(props), stack_name)

    def updated(physical_id: str, old: Properties, new: Properties, stack_name: str) -> Any:
        return update(physical_id, old, _with_enabled(new), stack_name)

    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::ApiKey"]
    handlers |= {"create": created, "update": updated}


def _with_enabled(props: Properties) -> Properties:
    return {**props, "Enabled": _is_true(props.get("Enabled"))}


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
