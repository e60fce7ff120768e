"""Templates for the tests of `openapi`."""

import json
from typing import Any

from readmodel_cfn import ReadModel, build_template, render

Content = dict[str, Any]
API = {"Ref": "Api"}
URI = "arn:aws:apigateway:x:s3:path/bucket/"


def of(model: ReadModel) -> Content:
    found: Content = json.loads(render(build_template(model), "compact"))
    return found


def api(**methods: tuple[str, Content]) -> Content:
    """An API named Things, with a method at each path; the path `thing` has the id thingPath."""
    made: Content = {"Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "Things"}}}
    for name, (path, properties) in methods.items():
        parent: Content = {"Fn::GetAtt": ["Api", "RootResourceId"]}
        for depth, part in enumerate(path.split("/") if path else []):
            id_ = f"{name}Path{depth}"
            made[id_] = resource("Resource", ParentId=parent, PathPart=part)
            parent = {"Ref": id_}
        made[name] = resource("Method", ResourceId=parent, **properties)
    return {"Resources": made}


def resource(kind: str, **properties: Any) -> Content:
    return {"Type": f"AWS::ApiGateway::{kind}", "Properties": {"RestApiId": API, **properties}}


def reads(
    key: str, verb: str = "GET", statuses: tuple[str, ...] = ("200",), **more: Any
) -> Content:
    """The properties of a method that reads a key, and passes S3's Content-Type on."""
    headers = {"method.response.header.Content-Type": "integration.response.header.Content-Type"}
    answers = [{"StatusCode": status, "ResponseParameters": headers} for status in statuses]
    integration = {
        "Type": "AWS",
        "IntegrationHttpMethod": "HEAD" if verb == "HEAD" else "GET",
        "Uri": URI + key,
        "IntegrationResponses": answers,
    }
    declared = [
        {"StatusCode": status, "ResponseParameters": dict.fromkeys(headers, True)}
        for status in statuses
    ]
    return {
        "HttpMethod": verb,
        "Integration": integration,
        "MethodResponses": declared,
        **more,
    }


def answering(template: str, status: str = "404") -> Content:
    """The properties of a method whose answer to a status is made by a template."""
    properties = reads("k.json", statuses=("200", status))
    bodies = {"application/json": template}
    properties["Integration"]["IntegrationResponses"][1]["ResponseTemplates"] = bodies
    return properties
