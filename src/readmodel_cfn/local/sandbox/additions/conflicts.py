"""CloudFormation fails if API Gateway refuses a stage or a resource that conflicts with another.

ministack's CloudFormation overwrites an existing stage, continues without an ID if a path part
exists, and allows two variables at one level. On AWS each of these fails, and each can happen in an
update: an article's stack (whose deployment names the stage) gets a Stage, or a path parameter is
renamed, as the new resource is created before the old one is deleted.
"""

from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

Properties = dict[str, Any]
Create = Callable[[str, Properties, str], Any]


def register() -> None:
    """Check before a resource is created, also if it replaces another."""
    _check("AWS::ApiGateway::Stage", "_apigw_stage_create", _stage)
    _check("AWS::ApiGateway::Resource", "_apigw_resource_create", _resource)


def _check(resource_type: str, name: str, check: Callable[[Properties], None]) -> None:
    create: Create = getattr(provisioners, name)

    def checked(logical_id: str, props: Properties, stack_name: str) -> Any:
        check(props)
        return create(logical_id, props, stack_name)

    setattr(provisioners, name, checked)  # updates call it by this name
    provisioners._RESOURCE_HANDLERS[resource_type]["create"] = checked


def _stage(props: Properties) -> None:
    if props["StageName"] in apigateway_v1._stages_v1.get(props["RestApiId"], {}):
        raise ValueError("Stage already exists")


def _resource(props: Properties) -> None:
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
