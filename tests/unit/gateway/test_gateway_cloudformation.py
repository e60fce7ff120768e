"""Reading of API definitions from CloudFormation templates."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn.local.gateway import (
    Call,
    DefinitionError,
    Gateway,
    Request,
    S3Response,
    Snapshot,
    unsupported,
)
from readmodel_cfn.local.gateway.cloudformation import TemplateApi, read_api

Template = dict[str, Any]

API = {"RestApiId": {"Ref": "Api"}}
ROOT = {"Fn::GetAtt": ["Api", "RootResourceId"]}


def typed(short_type: str, **properties: Any) -> Template:
    return {"Type": f"AWS::ApiGateway::{short_type}", "Properties": {**API, **properties}}


def template(**changes: Any) -> Template:
    """An API with GET /products/{id} and OPTIONS /products; `changes` replace whole resources."""
    uri = "arn:${AWS::Partition}:apigateway:${AWS::Region}:s3:path/${Store}/products/{id}.json"
    etag = "method.response.header.ETag"
    key = "method.request.path.id"
    resources = {
        "Store": {"Type": "AWS::S3::Bucket"},
        "Role": {"Type": "AWS::IAM::Role"},
        "Api": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {
                "Name": "api",
                "BinaryMediaTypes": ["image~1png"],
                "MinimumCompressionSize": "100",
            },
        },
        "Id": typed("Resource", ParentId={"Ref": "Products"}, PathPart="{id}"),
        "Products": typed("Resource", ParentId=ROOT, PathPart="products"),
        "Get": typed(
            "Method",
            HttpMethod="GET",
            AuthorizationType="NONE",
            ResourceId={"Ref": "Id"},
            RequestParameters={key: True},
            MethodResponses=[{"StatusCode": "200", "ResponseParameters": {etag: True}}],
            Integration={
                "Type": "AWS",
                "IntegrationHttpMethod": "GET",
                "Uri": {"Fn::Sub": uri},
                "Credentials": {"Fn::GetAtt": "Role.Arn"},
                "RequestParameters": {"integration.request.path.id": key},
                "IntegrationResponses": [
                    {
                        "StatusCode": 200,
                        "ResponseParameters": {etag: "integration.response.header.ETag"},
                    }
                ],
            },
        ),
        "Options": typed(
            "Method",
            HttpMethod="OPTIONS",
            AuthorizationType="NONE",
            ResourceId={"Ref": "Products"},
            MethodResponses=[{"StatusCode": "204"}],
            Integration={
                "Type": "MOCK",
                "ContentHandling": "CONVERT_TO_TEXT",
                "RequestTemplates": {"application/json": '{"statusCode": 204}'},
                "IntegrationResponses": [{"StatusCode": "204"}],
            },
        ),
        "NotFound": typed(
            "GatewayResponse",
            ResponseType="MISSING_AUTHENTICATION_TOKEN",
            StatusCode=404,
            ResponseParameters={"gatewayresponse.header.X-Own": "'yes'"},
            ResponseTemplates={"application/json": '{"message":"no route"}'},
        ),
        "Deployment": typed("Deployment"),
        "Stage": typed("Stage", DeploymentId={"Ref": "Deployment"}, StageName="live"),
    }
    changed = {name: own for name, own in changes.items() if own is not None}
    kept = {name: own for name, own in resources.items() if name not in changes}
    return {"Resources": kept | changed}


def with_uri(uri: Any) -> Template:
    made = template()
    made["Resources"]["Get"]["Properties"]["Integration"]["Uri"] = uri
    return made


def asked(made: TemplateApi, path: str, method: str = "GET") -> Any:
    gateway = Gateway(Snapshot.from_definition(made.definition), made.stage)
    return gateway.prepare(Request(method, path, request_id="id-1"))


def test_template_is_served_as_deployed() -> None:
    """Resources, methods, gateway responses and settings; the bucket is its logical id."""
    made = read_api(template(), {"AWS::Region": "eu-west-1", "AWS::Partition": "aws-cn"})
    assert (made.api, made.stage) == ("Api", "live")
    assert unsupported(made.definition) == []
    assert made.definition["binaryMediaTypes"] == ["image/png"]
    assert made.definition["minimumCompressionSize"] == 100
    step = asked(made, "/products/7")
    assert (step.s3.region, step.s3.bucket, step.s3.key) == (
        "eu-west-1",
        "Store",
        "products/7.json",
    )
    assert step.s3.credentials == "Role.Arn"
    gateway = Gateway(Snapshot.from_definition(made.definition))
    assert gateway.finish(step, S3Response(200, {"etag": "e"}, b"{}")).headers["ETag"] == "e"
    assert asked(made, "/products", "OPTIONS").status == 204
    refused = asked(made, "/other")
    assert (refused.status, refused.body) == (404, b'{"message":"no route"}')
    assert refused.headers["X-Own"] == "yes"


@pytest.mark.parametrize(
    ("name", "parameters", "bucket"),
    [("article", {"StackName": "demo"}, "demo-data-store"), ("read-model", {}, "DataStore")],
)
def test_generated_templates_are_served(name: str, parameters: dict[str, str], bucket: str) -> None:
    """The article's, whose deployment names the stage and whose parameter has no default."""
    path = Path(__file__).parents[3] / "templates" / f"{name}.json"
    made = read_api(json.loads(path.read_text()), parameters)
    assert (made.api, made.stage) == ("ApiGateway", "v1")
    step = asked(made, "/samples")
    assert isinstance(step, Call)
    assert (step.s3.bucket, step.s3.key) == (bucket, "payload.json")


def test_s3_is_called_with_the_integration_http_method() -> None:
    """IntegrationHttpMethod beside the method's own HttpMethod."""
    made = template()
    made["Resources"]["Get"]["Properties"]["Integration"]["IntegrationHttpMethod"] = "HEAD"
    assert asked(read_api(made), "/products/7").s3.method == "HEAD"


def test_served_does_not_change_the_template() -> None:
    """A caller may render it again."""
    made = template()
    before = copy.deepcopy(made)
    read_api(made)
    assert made == before


@pytest.mark.parametrize(
    ("function", "path"),
    [
        ({"Fn::Join": ["/", ["a", {"Ref": "Store"}, 7, True]]}, "a/Store/7/true"),
        ({"Fn::Join": ["", ["b", {"Ref": "AWS::NoValue"}, "/k"]]}, "b/k"),
        ({"Fn::Sub": "${Store}/${AWS::StackName}/${Prefix}"}, "Store/read-model/in"),
        ({"Fn::Sub": "${Role.Arn}/${!Literal}/{id}"}, "Role.Arn/${Literal}/{id}"),
        ({"Fn::Sub": ["${own}/${Store}", {"own": {"Ref": "Prefix"}}]}, "in/Store"),
        ({"Fn::GetAtt": ["Store", "Arn"]}, "Store.Arn"),
        ({"Fn::GetAtt": ["Store", {"Ref": "Prefix"}]}, "Store.in"),
        ({"Fn::GetAtt": "Store.Outputs.Arn"}, "Store.Outputs.Arn"),
        ({"Ref": "Number"}, "5"),
        ({"Fn::Sub": "${AWS::AccountId}.${AWS::URLSuffix}"}, "123456789012.amazonaws.com"),
    ],
)
def test_intrinsic_functions_are_evaluated(function: Any, path: str) -> None:
    """Ref, Fn::GetAtt, Fn::Join and Fn::Sub, with parameters' defaults."""
    arn = "arn:aws:apigateway:us-east-1:s3:path/"
    made = with_uri({"Fn::Join": ["", [arn, function]]})
    made["Parameters"] = {
        "Prefix": {"Type": "String", "Default": "in"},
        "Number": {"Type": "Number", "Default": 5},
    }
    resource = read_api(made).definition["resources"][1]
    assert resource["resourceMethods"]["GET"]["methodIntegration"]["uri"] == arn + path


def test_pseudo_parameters_have_default_values() -> None:
    """The template is read without a region to deploy it in."""
    get = read_api(template()).definition["resources"][1]["resourceMethods"]["GET"]
    uri = get["methodIntegration"]["uri"]
    assert uri == "arn:aws:apigateway:us-east-1:s3:path/Store/products/{id}.json"


def test_given_parameter_value_overrides_its_default() -> None:
    """A list's parameter is a list, whoever gives it."""
    made = template()
    made["Parameters"] = {"Types": {"Type": "CommaDelimitedList", "Default": "a/b"}}
    made["Resources"]["Api"]["Properties"]["BinaryMediaTypes"] = {"Ref": "Types"}
    assert read_api(made).definition["binaryMediaTypes"] == ["a/b"]
    given = read_api(made, {"Types": "image/png, text/csv"}).definition
    assert given["binaryMediaTypes"] == ["image/png", "text/csv"]


def test_no_value_removes_a_property() -> None:
    """A property that a template leaves to a condition's other side."""
    made = template()
    made["Resources"]["Api"]["Properties"]["MinimumCompressionSize"] = {"Ref": "AWS::NoValue"}
    made["Resources"]["Api"]["Properties"]["BinaryMediaTypes"] = [{"Ref": "AWS::NoValue"}]
    definition = read_api(made).definition
    assert definition["minimumCompressionSize"] is None
    assert definition["binaryMediaTypes"] == []


def test_resources_outside_the_api_are_ignored() -> None:
    """A condition or a function elsewhere does not matter."""
    other = {"Type": "AWS::S3::Bucket", "Condition": "Never", "Properties": {"Fn::If": [1, 2, 3]}}
    assert read_api(template(Other=other)).api == "Api"


def test_first_of_several_stages_is_served() -> None:
    """A Stage goes before the stage that a Deployment names."""
    second = typed("Stage", StageName="second")
    deployment = typed("Deployment", StageName="old")
    made = read_api(template(Deployment=deployment, Second=second))
    assert made.stage == "live"
    assert read_api(template(Deployment=deployment, Stage=None)).stage == "old"


def test_stage_variables_are_read_from_the_stage_or_the_deployments_own_stage() -> None:
    stage = typed("Stage", StageName="live", Variables={"version": 2})
    assert read_api(template(Stage=stage)).variables == {"version": "2"}
    description = {"Variables": {"version": "3"}}
    deployment = typed("Deployment", StageName="old", StageDescription=description)
    assert read_api(template(Deployment=deployment, Stage=None)).variables == {"version": "3"}


def method(**properties: Any) -> Template:
    return typed(
        "Method",
        HttpMethod="GET",
        AuthorizationType="NONE",
        ResourceId={"Ref": "Products"},
        Integration={"Type": "MOCK"},
    ) | {
        "Properties": {**API, "HttpMethod": "GET", "ResourceId": {"Ref": "Products"}, **properties}
    }


TWICE = [{"StatusCode": "200"}, {"StatusCode": 200}]


@pytest.mark.parametrize(
    ("made", "facts"),
    [
        ({"Resources": {}}, ["AWS::ApiGateway::RestApi"]),
        ({}, ["AWS::ApiGateway::RestApi"]),
        (
            template(Other={"Type": "AWS::ApiGateway::RestApi"}),
            ["AWS::ApiGateway::RestApi", "Api", "Other"],
        ),
        (template(Stage=None), ["Api: ", "Stage"]),
        (template(Api=typed("RestApi", Body={})), ["Api: ", "Body"]),
        (template(Api=typed("RestApi", BodyS3Location={})), ["Api: ", "BodyS3Location"]),
        (template(Api=typed("RestApi", CloneFrom="a")), ["Api: ", "CloneFrom"]),
        (
            template(Api=typed("RestApi", MinimumCompressionSize="x")),
            ["Api: ", "MinimumCompressionSize", "x"],
        ),
        (template(Api=typed("RestApi", MinimumCompressionSize=[])), "Api: MinimumCompressionSize"),
        (template(Get=typed("Method", RestApiId="other")), "Get: its RestApiId is not Api"),
        (template(Stage=typed("Stage", RestApiId=None)), "Stage: its RestApiId"),
        (template(Id=typed("Resource", RestApiId="other")), "Id: its RestApiId"),
        (template(NotFound=typed("GatewayResponse", RestApiId="other")), "NotFound: its RestApiId"),
        (template(Deployment=typed("Deployment", RestApiId="other")), "Deployment: its RestApiId"),
        (
            template(Get={**method(), "Condition": "Never"}),
            "Get: its condition Never",
        ),
        (template(Get=method(HttpMethod=None)), "Get: HttpMethod is None"),
        (template(Get=method(HttpMethod="")), ["Get: ", "HttpMethod"]),
        (template(Get=method(ResourceId="Nowhere")), "Get: there is no resource Nowhere"),
        (template(Get=method(), More=method()), ["More: ", "Products", "GET"]),
        (template(Get=method(MethodResponses=TWICE)), "Get: two responses with the status 200"),
        (
            template(Get=method(Integration={"Type": "MOCK", "IntegrationResponses": TWICE})),
            ["Get: ", "200"],
        ),
        (template(NotFound=typed("GatewayResponse")), ["NotFound: ", "ResponseType"]),
        (template(Id=typed("Resource", ParentId=ROOT)), ["Id: ", "PathPart"]),
        (template(Products=typed("Resource", PathPart="p")), ["Products: ", "ParentId"]),
        (
            template(Id=typed("Resource", ParentId={"Ref": "Id"}, PathPart="x")),
            ["Id: ", "Api.RootResourceId"],
        ),
        (
            template(Id=typed("Resource", ParentId={"Ref": "Store"}, PathPart="x")),
            ["Id: "],
        ),
        (with_uri({"Ref": "Unknown"}), "Get: Unknown has no value"),
        (with_uri({"Fn::Sub": "${Unknown}"}), "Get: Unknown has no value"),
        (with_uri({"Fn::Sub": "${Unknown.Arn}"}), "Get: there is no resource Unknown"),
        (with_uri({"Fn::GetAtt": ["Unknown", "Arn"]}), "Get: there is no resource Unknown"),
        (with_uri({"Fn::If": ["A", "b", "c"]}), "Get: Fn::If"),
        (with_uri({"Fn::ImportValue": "a"}), "Get: Fn::ImportValue"),
        (with_uri({"Fn::Join": "a"}), "Get: Fn::Join"),
        (with_uri({"Fn::Join": ["-", {"Ref": "AWS::StackName"}]}), "Get: Fn::Join"),
        (with_uri({"Fn::Join": ["", ["a", {"b": "c"}]]}), "Get: Fn::Join"),
        (with_uri({"Fn::Sub": 5}), "Get: Fn::Sub"),
        (with_uri({"Fn::GetAtt": "Store"}), "Get: Fn::GetAtt"),
        (with_uri({"Ref": ["a"]}), "Get: Ref"),
    ],
)
def test_template_that_cannot_be_served_is_refused(made: Template, facts: list[str]) -> None:
    """The error names the resource and the property."""
    with pytest.raises(DefinitionError) as error:
        read_api(made)
    assert [fact for fact in facts if fact not in str(error.value)] == []


def test_path_part_may_be_a_number() -> None:
    """YAML has numbers where CloudFormation wants text."""
    year = typed("Resource", ParentId=ROOT, PathPart=2024)
    paths = [own["path"] for own in read_api(template(Products=year)).definition["resources"]]
    assert paths == ["/", "/2024/{id}", "/2024"]


def test_method_without_integration_is_refused() -> None:
    """The snapshot refuses it and names the method."""
    made = read_api(template(Get=method()))
    with pytest.raises(DefinitionError, match=r"^GET /products: "):
        Snapshot.from_definition(made.definition)


def test_partly_unsupported_api_is_served() -> None:
    """`unsupported` names the features, and where they are in the template."""
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/f/invocations"
    made = template(
        Get=method(
            Integration={"Type": "AWS_PROXY", "Uri": uri},
            AuthorizationType="CUSTOM",
            AuthorizerId="a",
        )
    )
    made["Resources"]["Api"]["Properties"]["Policy"] = {"Statement": []}
    api = read_api(made)
    found = unsupported(api.definition)
    assert [str(feature) for feature in found] == [
        "resource policy",
        "GET /products: authorization CUSTOM",
        "GET /products: integration type AWS_PROXY",
    ]
    assert [api.path(feature.place, feature.keys) for feature in found] == [
        ("Resources", "Api", "Properties", "Policy"),
        ("Resources", "Get", "Properties", "AuthorizationType"),
        ("Resources", "Get", "Properties", "Integration", "Type"),
    ]


def test_a_decided_condition_decides_what_is_served() -> None:
    conditions = {
        "IsLive": {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]},
        "IsTest": {"Fn::Not": [{"Condition": "IsLive"}]},
    }
    made = template(Get={**method(), "Condition": "IsTest"}) | {"Conditions": conditions}
    assert "GET" in methods_at(made, "/products")
    assert "GET" not in methods_at(made, "/products", {"AWS::Region": "eu-west-1"})


def methods_at(made: Template, path: str, parameters: dict[str, str] | None = None) -> Any:
    (found,) = (
        resource["resourceMethods"]
        for resource in read_api(made, parameters).definition["resources"]
        if resource["path"] == path
    )
    return found


def test_a_parameter_kept_in_systems_manager_has_no_value_to_serve() -> None:
    made = with_uri({"Ref": "Uri"})
    kind = "AWS::SSM::Parameter::Value<String>"
    made["Parameters"] = {"Uri": {"Type": kind, "Default": "/where/it/is"}}
    with pytest.raises(DefinitionError, match="Uri has no value"):
        read_api(made)
