"""How CloudFormation creates API Gateway stages, resources and methods.

A stage or resource that conflicts with another fails, as on AWS. ministack's CloudFormation
overwrites an existing stage, continues without an ID if a path part exists, and allows two
variables at one level. Each can happen in an update: the article's stack (whose deployment names
the stage) gets a Stage, or a path parameter is renamed, because the new resource is created before
the old one is deleted.

A method keeps its integration's ContentHandling. ministack's CloudFormation ignores it (its
PutIntegration does not), so an OPTIONS method with CONVERT_TO_TEXT in an API with binary media
types would be served without it.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Create = Callable[[str, Properties, str], Any]


def register() -> None:
    """Change the creation of these types, also in a replacement."""
    _add_check("AWS::ApiGateway::Stage", "_apigw_stage_create", _check_stage)
    _add_check("AWS::ApiGateway::Resource", "_apigw_resource_create", _check_resource)
    _keep_content_handling()


def _add_check(resource_type: str, name: str, check: Callable[[Properties], None]) -> None:
    create: Create = getattr(provisioners, name)

    def checked(logical_id: str, props: Properties, stack_name: str) -> Any:
        check(props)
        return create(logical_id, props, stack_name)

    setattr(provisioners, name, checked)  # updates call it by this name
    provisioners._RESOURCE_HANDLERS[resource_type]["create"] = checked


def _check_stage(props: Properties) -> None:
    if props["StageName"] in apigateway_v1._stages_v1.get(props["RestApiId"], {}):
        raise ValueError("Stage already exists")


def _check_resource(props: Properties) -> None:
    part = props["PathPart"]
    resources = apigateway_v1._resources.get(props["RestApiId"], {}).values()
    siblings = [r["pathPart"] for r in resources if r["parentId"] == props["ParentId"]]
    if part in siblings:
        raise ValueError(f"Another resource with the same parent already has this name: {part}")
    variables = [sibling for sibling in siblings if sibling.startswith("{")]
    if part.startswith("{") and variables:
        raise ValueError(
            f"A sibling ({variables[0]}) of this resource already has a variable path part"
            " -- only one is allowed"
        )


def _keep_content_handling() -> None:
    """Set ContentHandling after a method is created, also if it replaces another."""
    create = provisioners._apigw_method_create

    def create_method(logical_id: str, props: Properties, stack_name: str) -> Any:
        created = create(logical_id, props, stack_name)
        handling = (props.get("Integration") or {}).get("ContentHandling")
        if handling:
            resource = apigateway_v1._resources[props["RestApiId"]][props["ResourceId"]]
            method = resource["resourceMethods"][props["HttpMethod"]]
            method["methodIntegration"]["contentHandling"] = handling
        return created

    provisioners._apigw_method_create = create_method  # updates call it by this name
    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]["create"] = create_method
