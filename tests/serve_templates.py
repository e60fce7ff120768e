"""A small handwritten template of an S3 proxy, and requests for it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from readmodel_cfn import DataStore, ReadModel, ReadModelStack
from readmodel_cfn.local.gateway import Request, S3Request
from readmodel_cfn.local.serve import Storage

Template = dict[str, Any]

BUCKET_ARN = {"Fn::GetAtt": ["Store", "Arn"]}
ROLE_ARN = "Reader.Arn"
EVERY_KEY = {"Fn::Sub": "${Store.Arn}/*"}
_HEADERS = ("Content-Type", "ETag", "Last-Modified", "Cache-Control")
_CONDITIONS = ("If-None-Match", "If-Modified-Since")


def resource(kind: str, **properties: object) -> Template:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def statement(*actions: str, on: object = EVERY_KEY, **rest: object) -> Template:
    return {"Effect": "Allow", "Action": list(actions), "Resource": on, **rest}


LIST = statement("s3:ListBucket", on=BUCKET_ARN)
GET = statement("s3:GetObject")


def document(*statements: Template) -> Template:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def role(*statements: Template, **properties: object) -> Template:
    """A role with one policy inline."""
    inline = [{"PolicyName": "read", "PolicyDocument": document(*statements)}]
    return resource("IAM::Role", AssumeRolePolicyDocument={}, Policies=inline, **properties)


def method(verb: str, of: str, key: str, **integration: object) -> Template:
    """A method that passes 200, 304 and 404 on, with S3's headers; all else becomes a 502."""
    headers = {f"method.response.header.{name}": False for name in _HEADERS}
    passed = {name: name.replace("method.", "integration.", 1) for name in headers}
    asked = {f"method.request.header.{name}": False for name in _CONDITIONS}
    return resource(
        "ApiGateway::Method",
        RestApiId={"Ref": "Api"},
        ResourceId={"Ref": of},
        HttpMethod=verb,
        AuthorizationType="NONE",
        RequestParameters={**asked, "method.request.path.id": True},
        Integration={
            "Type": "AWS",
            "IntegrationHttpMethod": verb,
            "Uri": {"Fn::Sub": f"arn:aws:apigateway:eu-west-1:s3:path/${{Store}}/{key}"},
            "Credentials": {"Fn::GetAtt": ["Reader", "Arn"]},
            "RequestParameters": {
                "integration.request.path.id": "method.request.path.id",
                **{name.replace("method.", "integration.", 1): name for name in asked},
            },
            "IntegrationResponses": [
                *(
                    {"StatusCode": status, "SelectionPattern": status, "ResponseParameters": passed}
                    for status in ("200", "304")
                ),
                {"StatusCode": "404", "SelectionPattern": "404"},
                {"StatusCode": "502"},
            ],
            **integration,
        },
        MethodResponses=[
            {"StatusCode": "200", "ResponseParameters": headers},
            {"StatusCode": "304", "ResponseParameters": headers},
            {"StatusCode": "404"},
            {"StatusCode": "502"},
        ],
    )


def template(**more: Template) -> Template:
    """`GET` and `HEAD /things/{id}` of the stage `live`, by a role that may list."""
    api = {"Ref": "Api"}
    resources = {
        "Store": resource("S3::Bucket"),
        "Reader": role(GET, LIST),
        "Api": resource("ApiGateway::RestApi", Name="things"),
        "Things": resource(
            "ApiGateway::Resource",
            RestApiId=api,
            ParentId={"Fn::GetAtt": ["Api", "RootResourceId"]},
            PathPart="things",
        ),
        "Thing": resource(
            "ApiGateway::Resource", RestApiId=api, ParentId={"Ref": "Things"}, PathPart="{id}"
        ),
        "GetThing": method("GET", "Thing", "things/{id}.json"),
        "HeadThing": method("HEAD", "Thing", "things/{id}.json"),
        "Deployed": resource("ApiGateway::Deployment", RestApiId=api, StageName="live"),
    }
    return {"Resources": {**resources, **more}}


def storage(**data_store: Any) -> Storage:
    """How a read model with these options of its data store stores documents of any key."""
    model = ReadModel(data_store=DataStore(**data_store))
    found = ReadModelStack("shop", model).serve_source().storage
    return replace(found, publishes=lambda _: True)


def s3_get(
    key: str, headers: Mapping[str, str] | None = None, *, method: str = "GET", **rest: Any
) -> S3Request:
    """The call of S3 that a gateway makes for a key."""
    asked = {"bucket": "Store", "region": "eu-west-1", "credentials": ROLE_ARN, **rest}
    return S3Request(method=method, key=key, headers=headers or {}, query={}, **asked)


def get(path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> Request:
    """A client's request below the stage."""
    return Request(method, path, headers or {})
