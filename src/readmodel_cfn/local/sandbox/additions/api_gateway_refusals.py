"""What API Gateway refuses to create, with its reasons: in CloudFormation and in its own API.

ministack creates most of it. The functions return the reason, or None.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import apigateway_v1

from readmodel_cfn.cloudformation.rest_api import refusals

Properties = dict[str, Any]
_CONFLICT = ("Another resource", "Stage already", "Method already")


def register() -> None:
    """Refuse the calls of API Gateway's API."""
    _refuse("_create_resource", lambda api, parent, data: resource(_resource(api, parent, data)))
    _refuse("_put_method", lambda api, _, verb, data: method(_method(api, verb, data)))
    _refuse("_put_integration", lambda api, _, __, data: method(_integration(api, data)))
    _refuse(
        "_put_integration_response",
        lambda api, _, __, status, data: method(_integration_response(api, status, data)),
    )
    _refuse("_create_stage", lambda api, data: stage(_named({"restApiId": api, **data})))
    _refuse("_create_api_key", lambda data: api_key(_named(data)))
    _refuse("_create_model", lambda _, data: model(_named(data)))
    _refuse(
        "_put_gateway_response",
        lambda _, kind, data: gateway_response(_named({**data, "responseType": kind})),
    )


def api(props: Properties) -> str | None:
    """Why an API is refused."""
    return _first(refusals.api_refusals(props))


def stage(props: Properties) -> str | None:
    """Why a stage is refused; CloudFormation asks only this, and ignores ministack's own errors."""
    api_id, name = props.get("RestApiId"), props.get("StageName")
    if not name:
        return "Stage name is required"
    if name in apigateway_v1._stages_v1.get(api_id, {}):
        return "Stage already exists"
    if props.get("DeploymentId") not in apigateway_v1._deployments_v1.get(api_id, {}):
        return "Invalid Deployment identifier specified"
    role = (apigateway_v1._account_settings.get("settings") or {}).get("cloudwatchRoleArn")
    if props.get("AccessLogSetting") and not role:
        return "CloudWatch Logs role ARN must be set in account settings to enable logging"
    return _first(refusals.stage_refusals(props))


def resource(props: Properties) -> str | None:
    """Why a resource is refused."""
    part, parent = props.get("PathPart", ""), props.get("ParentId")
    resources = apigateway_v1._resources.get(props.get("RestApiId"), {})
    siblings = [other["pathPart"] for other in resources.values() if other["parentId"] == parent]
    above = resources.get(parent, {}).get("pathPart") or ""
    return (
        refusals.path_part_refusal(part)
        or refusals.sibling_refusal(part, siblings)
        or refusals.child_refusal(above)
    )


def method(props: Properties) -> str | None:
    """Why a method, or a part of it, is refused."""
    models = apigateway_v1._models.get(props.get("RestApiId"), {})
    names = {*models, *(model.get("name") for model in models.values())}
    return _first(refusals.method_refusals(props, names))


def gateway_response(props: Properties) -> str | None:
    """Why a gateway response is refused."""
    return _first(refusals.gateway_response_refusals(props))


def deployment(props: Properties) -> str | None:
    """Why a deployment is refused."""
    return _first(refusals.deployment_refusals(props))


def api_key(props: Properties) -> str | None:
    """Why an API key is refused."""
    return _first(refusals.api_key_refusals(props))


def model(props: Properties) -> str | None:
    """Why a model is refused."""
    return _first(refusals.model_refusals(props))


def _first(found: Iterator[refusals.Refusal]) -> str | None:
    return next((reason for _, reason in found), None)


def _refuse(name: str, refusal: Callable[..., str | None]) -> None:
    """Answer a call of API Gateway's API with the reason, if there is one."""
    call = getattr(apigateway_v1, name)

    def refusing(*arguments: Any) -> Any:
        reason = refusal(*arguments)
        if reason is None:
            return call(*arguments)
        if reason.startswith(_CONFLICT):
            return apigateway_v1._v1_error("ConflictException", reason, 409)
        return apigateway_v1._v1_error("BadRequestException", reason, 400)

    setattr(apigateway_v1, name, refusing)


def _named(data: Properties) -> Properties:
    """The data of a call with CloudFormation's names."""
    return {name[:1].upper() + name[1:]: value for name, value in data.items() if value is not None}


def _resource(api_id: str, parent: str, data: Properties) -> Properties:
    return {"RestApiId": api_id, "ParentId": parent, **_named(data)}


def _method(api_id: str, verb: str, data: Properties) -> Properties:
    return {**_named(data), "RestApiId": api_id, "HttpMethod": verb}


def _integration(api_id: str, data: Properties) -> Properties:
    named = _named(data)
    if "HttpMethod" in named:
        named["IntegrationHttpMethod"] = named.pop("HttpMethod")
    return {"RestApiId": api_id, "Integration": named}


def _integration_response(api_id: str, status: str, data: Properties) -> Properties:
    response = {**_named(data), "StatusCode": status}
    return {"RestApiId": api_id, "Integration": {"IntegrationResponses": [response]}}
