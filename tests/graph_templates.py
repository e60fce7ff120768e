"""Templates for the tests of `graph`."""

import json
from typing import Any

from troposphere import Template, s3
from troposphere import apigateway as ag

from readmodel_cfn import (
    ReadModel,
    Route,
    Writer,
    add_read_model,
    build_template,
    deploy_api,
    imported,
    render,
)

Content = dict[str, Any]
NEWS = ReadModel(routes=[Route("news/{id}", "news/{id}.json")])


def content(template: Template) -> Content:
    found: Content = json.loads(render(template, "compact"))
    return found


def of(model: ReadModel) -> Content:
    return content(build_template(model))


def two() -> Content:
    """Two read models beside each other."""
    made = Template()
    add_read_model(made, ReadModel(), "Shop")
    add_read_model(made, NEWS, "News")
    return content(made)


def shared() -> Content:
    """Three on one API: with its own bucket, with one of another stack, with names alone."""
    made = Template()
    own = made.add_resource(s3.Bucket("Own"))
    api = made.add_resource(ag.RestApi("Api", Name="Shared"))
    orders = ReadModel(routes=[Route("orders", "orders.json")], writer=Writer(kind="none"))
    handles = [
        add_read_model(made, ReadModel(), "Shop", data_store=own, api=api),
        add_read_model(made, NEWS, "News", data_store=imported("base", "S3BucketName"), api=api),
        add_read_model(made, orders, "Orders", data_store="kept", gateway_role="reader", api=api),
    ]
    deploy_api(made, api, handles)
    return content(made)


def largest() -> Content:
    """As many routes as a template holds."""
    routes = [Route(f"document{number}", f"{number}.json") for number in range(160)]
    return of(ReadModel(routes=routes, writer=Writer(kind="none")))


def functions(number: int) -> Content:
    """An API that is no read model: each path has a function, each function a role."""
    made: Content = {"Api": {"Type": "AWS::ApiGateway::RestApi"}}
    for index in range(number):
        role = {"Fn::GetAtt": [f"Role{index}", "Arn"]}
        arn = {"Fn::Join": ["/", ["lambda:path", {"Fn::GetAtt": [f"Function{index}", "Arn"]}]]}
        made |= {
            f"Role{index}": {"Type": "AWS::IAM::Role"},
            f"Function{index}": {"Type": "AWS::Lambda::Function", "Properties": {"Role": role}},
            **method(f"path{index}", f"Method{index}", {"Type": "AWS_PROXY", "Uri": arn}),
        }
    return {"Resources": made}


def method(part: str, name: str, integration: Content) -> Content:
    """A GET of the API at a path, with its API resource."""
    api = {"Ref": "Api"}
    below = {"Fn::GetAtt": ["Api", "RootResourceId"]}
    resource = {"RestApiId": api, "ParentId": below, "PathPart": part}
    asked = {"RestApiId": api, "ResourceId": {"Ref": f"{name}Path"}, "HttpMethod": "GET"}
    return {
        f"{name}Path": {"Type": "AWS::ApiGateway::Resource", "Properties": resource},
        name: {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {**asked, "Integration": integration},
        },
    }


def odd_names(*keys: str) -> Content:
    """An API whose paths, buckets and keys have the given texts in them."""
    made: Content = {"Api": {"Type": "AWS::ApiGateway::RestApi"}}
    for number, key in enumerate(keys):
        uri = f"arn:aws:apigateway:x:s3:path/bucket{number}/{key}"
        integration = {"Type": "AWS", "IntegrationHttpMethod": "GET", "Uri": uri}
        made |= method(f"p{number}{key}", f"M{number}", integration)
    words = ("end", "graph", "LR", "style", "default", "x", 'a"]', "É")
    return {"Resources": made | {word: {"Type": f"Custom::{word}"} for word in words}}
