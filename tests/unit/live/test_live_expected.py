"""What a template says about its stages, and which parts of it are unknown."""

import copy
from typing import Any

from live_stacks import STACK_ID, desired, ids_of, template_of

from articles import article_template
from readmodel_cfn import Deployment, ReadModel, Route
from readmodel_cfn.deploy.live.expected import expected
from readmodel_cfn.deploy.live.values import Expected, Facets

GET = ("/samples", "GET")


def only_stage(template: dict[str, Any], **parameters: str) -> Expected:
    (found,) = desired(template, **parameters)
    return found


def plain() -> dict[str, Any]:
    return copy.deepcopy(template_of(ReadModel()))


def integration_of(template: dict[str, Any], **parameters: str) -> Facets:
    found = only_stage(template, **parameters).methods[GET].integration
    assert found is not None
    return found


def test_stage_is_identified_by_physical_ids() -> None:
    template = plain()
    ids = ids_of(template)
    ids["ApiGateway"] = "abc123"
    deployment = next(name for name in ids if name.startswith("ApiGatewayDeployment"))
    ids[deployment] = "def456"
    (found,) = expected(template, ids, STACK_ID, {})
    assert (found.api, found.stage, found.deployment) == ("abc123", "v1", "def456")
    assert found.separate
    assert found.complete
    assert not found.canary


def test_every_route_has_its_expected_methods() -> None:
    routes = (Route("samples", "payload.json"), Route("products/{id}", "products/{id}.json"))
    found = only_stage(template_of(ReadModel(routes=routes)))
    assert found.methods.keys() == {
        ("/samples", "GET"),
        ("/samples", "HEAD"),
        ("/products/{id}", "GET"),
        ("/products/{id}", "HEAD"),
    }


def test_integration_facets() -> None:
    found = integration_of(plain())
    assert found["type"] == "aws"
    assert found["httpMethod"] == "GET"
    assert found["uri"] == "arn:aws:apigateway:eu-west-1:s3:path/DataStore/payload.json"
    assert found["credentials"] == "arn:aws:iam::123456789012:role/ApiGatewayRole"
    asked = "integration.request.header.If-None-Match"
    assert found[asked] == "method.request.header.If-None-Match"
    others = {(*name.split()[::2], value) for name, value in found.items() if " " in name}
    assert {value for *_, value in others} >= {"304", "503"}
    assert ("header.ETag", "200", "integration.response.header.ETag") in others


def test_article_stage_is_part_of_its_deployment() -> None:
    found = only_stage(article_template(), StackName="shop")
    assert (found.stage, found.deployment) == ("v1", "ApiGatewayDeployment")
    assert not found.separate
    uri = (found.methods[GET].integration or {})["uri"]
    assert uri == "arn:aws:apigateway:eu-west-1:s3:path/shop-data-store/payload.json"


def test_settings_have_api_names_and_plain_paths() -> None:
    route = Route("products/{id}", "products/{id}.json", throttle_rate=5)
    model = ReadModel(routes=(route,), deployment=Deployment(throttle_burst=7, metrics=True))
    assert only_stage(template_of(model)).settings == {
        "*/*": {"metricsEnabled": "true", "throttlingBurstLimit": "7"},
        **{
            f"products/{{id}}/{verb}": {
                "metricsEnabled": "true",
                "throttlingBurstLimit": "7",
                "throttlingRateLimit": "5",
            }
            for verb in ("GET", "HEAD")
        },
    }


def test_settings_of_a_deployment_belong_to_its_stage() -> None:
    template = article_template()
    setting = {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": "2.50"}
    deployment = template["Resources"]["ApiGatewayDeployment"]["Properties"]
    deployment["StageDescription"] = {"MethodSettings": [setting], "CanarySetting": {}}
    found = only_stage(template, StackName="shop")
    assert found.settings == {"*/*": {"throttlingRateLimit": "2.5"}}
    assert found.canary


def test_resource_without_physical_id_is_not_expected() -> None:
    template = plain()
    ids = ids_of(template)
    del ids["SamplesHeadMethod"]  # its condition did not hold
    (found,) = expected(template, ids, STACK_ID, {})
    assert found.methods.keys() == {GET}
    assert found.complete


def test_parameters_have_the_values_of_the_stack() -> None:
    template = plain()
    template["Parameters"] = {"Verb": {"Type": "String"}, "Key": {"Type": "String"}}
    method = template["Resources"]["SamplesGetMethod"]["Properties"]
    method["HttpMethod"] = {"Ref": "Verb"}
    method["Integration"]["Uri"] = {"Fn::Sub": "s3/${DataStore}/${Key}"}
    found = only_stage(template, Verb="POST", Key="one.json")
    assert (found.methods["/samples", "POST"].integration or {})["uri"] == "s3/DataStore/one.json"


def test_no_echo_parameter_matches_any_value() -> None:
    template = plain()
    stored = "AWS::SSM::Parameter::Value<String>"
    template["Parameters"] = {
        "Secret": {"Type": "String", "NoEcho": True},
        "Stored": {"Type": stored},
    }
    integration = template["Resources"]["SamplesGetMethod"]["Properties"]["Integration"]
    integration["Uri"] = {"Fn::Join": ["/", ["s3", {"Ref": "Secret"}, {"Ref": "Stored"}]]}
    found = integration_of(template, Secret="****", Stored="/a/name")
    assert str(found["uri"]) == "s3/${Secret}/${Stored}"


def test_api_of_another_stack_is_incomplete() -> None:
    template = plain()
    template["Parameters"] = {"Api": {"Type": "String"}}
    for resource in template["Resources"].values():
        if "RestApiId" in resource["Properties"]:
            resource["Properties"]["RestApiId"] = {"Ref": "Api"}
    found = only_stage(template, Api="abc123")
    assert found.api == "abc123"
    assert not found.complete
    assert len(found.unknown) == 1


def test_stage_of_an_unknown_api_is_skipped() -> None:
    template = plain()
    stage = template["Resources"]["ApiGatewayStage"]["Properties"]
    stage["RestApiId"] = {"Fn::ImportValue": "api"}
    assert desired(template) == []


def test_template_without_stage_expects_none() -> None:
    assert desired({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}) == []


def test_api_with_body_or_transform_is_incomplete() -> None:
    with_body = plain()
    with_body["Resources"]["ApiGateway"]["Properties"]["Body"] = {"openapi": "3.0.1"}
    assert not only_stage(with_body).complete
    template = plain()
    ids = ids_of(template) | {"MadeByATransform": "id"}
    (found,) = expected(template, ids, STACK_ID, {})
    assert not found.complete


def test_method_of_an_unknown_route_is_named() -> None:
    template = plain()
    part = {"Fn::If": ["New", "samples", "old"]}
    template["Resources"]["SampleResource"]["Properties"]["PathPart"] = part
    found = only_stage(template)
    assert found.methods == {}
    assert not found.complete
    get, head = found.unknown
    assert "SamplesGetMethod" in get
    assert "SamplesHeadMethod" in head


def test_conditional_integration_is_named_and_not_compared() -> None:
    template = plain()
    integration = template["Resources"]["SamplesGetMethod"]["Properties"]["Integration"]
    integration["IntegrationResponses"] = {"Fn::If": ["New", [], []]}
    found = only_stage(template)
    assert found.methods[GET].integration is None
    (unknown,) = found.unknown
    assert "GET /samples" in unknown


def test_conditional_settings_are_named() -> None:
    template = plain()
    stage = template["Resources"]["ApiGatewayStage"]["Properties"]
    stage["MethodSettings"] = {"Fn::If": ["New", [], []]}
    found = only_stage(template)
    assert found.settings is None
    assert len(found.unknown) == 1


def test_unknown_deployment_is_not_compared() -> None:
    template = plain()
    stage = template["Resources"]["ApiGatewayStage"]["Properties"]
    stage["DeploymentId"] = {"Fn::ImportValue": "deployment"}
    assert only_stage(template).deployment is None


def test_authorization_defaults_to_none() -> None:
    template = plain()
    assert only_stage(template).methods[GET].access == {
        "authorizationType": "NONE",
        "apiKeyRequired": "false",
    }
    method = template["Resources"]["SamplesGetMethod"]["Properties"]
    method |= {"AuthorizationType": "AWS_IAM", "ApiKeyRequired": True}
    assert only_stage(template).methods[GET].access == {
        "authorizationType": "AWS_IAM",
        "apiKeyRequired": "true",
    }


def test_proxy_responses_and_mock_requests_are_ignored() -> None:
    """An export may say of them or not; neither means anything."""
    template = plain()
    integration = template["Resources"]["SamplesGetMethod"]["Properties"]["Integration"]
    template["Resources"]["SamplesGetMethod"]["Properties"]["Integration"] = {
        **integration,
        "Type": "HTTP_PROXY",
    }
    assert not [name for name in integration_of(template) if " " in name]
    template["Resources"]["SamplesGetMethod"]["Properties"]["Integration"] = {
        **integration,
        "Type": "MOCK",
    }
    assert not integration_of(template).keys() & {"httpMethod", "uri", "credentials"}
