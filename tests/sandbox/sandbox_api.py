"""A small read API for the tests: a bucket, a role, and an API that reads one key of the bucket."""

from collections.abc import Mapping
from typing import Any

Template = dict[str, Any]

READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": {"Fn::Sub": "${Store.Arn}/*"}}
LIST = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": {"Fn::GetAtt": ["Store", "Arn"]}}
TRUST = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}}


def template(
    key: str = "samples.json",
    *,
    deployment: str = "Deployment",
    permissions: tuple[Any, ...] = (READ,),
    trust: Mapping[str, Any] = TRUST,
) -> Template:
    """A bucket, a role and an API that reads a key as /samples."""
    document = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
    resources = {
        "Store": {"Type": "AWS::S3::Bucket"},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": document}},
        "Api": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "api"}},
        "Samples": {
            "Type": "AWS::ApiGateway::Resource",
            "Properties": {"PathPart": "samples"}
            | {"RestApiId": {"Ref": "Api"}, "ParentId": {"Fn::GetAtt": ["Api", "RootResourceId"]}},
        },
        "Get": method("GET", read(key)),
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"StageName": "v1", "RestApiId": {"Ref": "Api"}}
            | {"DeploymentId": {"Ref": deployment}},
        },
        deployment: {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": ["Get"],
            "Properties": {"RestApiId": {"Ref": "Api"}},
        },
    }
    if permissions:
        statements = {"Version": "2012-10-17", "Statement": list(permissions)}
        resources["Policy"] = {
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "read", "PolicyDocument": statements}
            | {"Roles": [{"Ref": "Role"}]},
        }
    outputs = {"Api": {"Value": {"Ref": "Api"}}, "Store": {"Value": {"Ref": "Store"}}}
    return {
        "Resources": resources,
        "Outputs": outputs | {"Role": {"Value": {"Ref": "Role"}}},
    }


def method(name: str, integration: Mapping[str, Any], **more: Any) -> Template:
    ids = {"RestApiId": {"Ref": "Api"}, "ResourceId": {"Ref": "Samples"}}
    condition = {"method.request.header.If-None-Match": False}
    etag = {"method.response.header.ETag": False}
    return {
        "Type": "AWS::ApiGateway::Method",
        "Properties": {
            **ids,
            "HttpMethod": name,
            "AuthorizationType": "NONE",
            "RequestParameters": condition,
            "MethodResponses": [
                {"StatusCode": status, "ResponseParameters": etag}
                for status in ("200", "304", "404", "500")
            ],
            "Integration": integration,
            **more,
        },
    }


def read(key: str) -> Template:
    """An S3 integration that lets conditions through and maps S3's errors."""
    etag = {"method.response.header.ETag": "integration.response.header.ETag"}
    missing = {"application/json": '{"message":"not found"}'}
    condition = "integration.request.header.If-None-Match"
    return {
        "Type": "AWS",
        "IntegrationHttpMethod": "GET",
        "Uri": {"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:s3:path/${{Store}}/{key}"},
        "Credentials": {"Fn::GetAtt": ["Role", "Arn"]},
        "RequestParameters": {condition: "method.request.header.If-None-Match"},
        "IntegrationResponses": [
            {"StatusCode": "200", "SelectionPattern": "200", "ResponseParameters": etag},
            {"StatusCode": "304", "SelectionPattern": "304", "ResponseParameters": etag},
            {"StatusCode": "404", "SelectionPattern": "403", "ResponseTemplates": missing},
            {"StatusCode": "500"},
        ],
    }
