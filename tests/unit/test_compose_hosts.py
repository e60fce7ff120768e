"""Hosts as people write them: what of theirs is understood, and what is refused before it fails."""

import json
from typing import Any

import pytest
from troposphere import Equals, GetAtt, If, Parameter, Ref, Sub, Tags, Template, iam, s3
from troposphere import apigateway as ag

from readmodel_cfn import DataStore, ReadModel, Route, Writer, add_read_model, deploy_api, render
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import lint

ORDERS = ReadModel(routes=[Route("orders/{id}", "orders/{id}.json")], writer=Writer(kind="none"))
GZIP = ReadModel(data_store=DataStore(stored_encoding="gzip"))
ANY_ROLE = {"Version": "2012-10-17", "Statement": []}


def site(**properties: Any) -> tuple[Template, ag.RestApi]:
    host = Template()
    return host, host.add_resource(ag.RestApi("Site", Name="site", **properties))


def refused(host: Template, model: ReadModel, *prefix: str, **given: Any) -> str:
    """What is told, where nothing is added."""
    before = dict(host.resources)
    with pytest.raises(ConfigError) as told:
        add_read_model(host, model, *prefix, **given)
    assert host.resources == before
    return str(told.value)


# --- the API's own properties ---


@pytest.mark.parametrize(
    ("properties", "model", "told"),
    [
        ({"Body": {"openapi": "3.0.1"}}, ORDERS, "Site: its Body would overwrite what is added"),
        (
            {"BinaryMediaTypes": If("Any", ["*/*"], [])},
            ORDERS,
            "Site: its BinaryMediaTypes are unknown, because they are a function",
        ),
        ({"BinaryMediaTypes": ["*~1*"]}, ORDERS, "'none' cannot be served with BinaryMediaTypes *"),
        (
            {"BinaryMediaTypes": ["application/json"]},
            ORDERS,
            "'none' cannot be served with BinaryMediaTypes application/json",
        ),
        (
            {"BinaryMediaTypes": ["*/*"], "MinimumCompressionSize": 1},
            GZIP,
            "'gzip' cannot be served with MinimumCompressionSize",
        ),
        (
            {"MinimumCompressionSize": 99_999_999},
            ORDERS,
            "Site: MinimumCompressionSize 99999999 is not allowed; use 0 to 10485760",
        ),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_an_api_that_could_not_serve_the_documents_is_refused(
    properties: Any, model: ReadModel, told: str
) -> None:
    host, api = site(**properties)
    assert told in refused(host, model, api=api)


def test_a_binary_type_may_be_escaped() -> None:
    host, api = site(BinaryMediaTypes=["*~1*"])
    deploy_api(host, api, [add_read_model(host, GZIP, api=api)])
    assert lint(render(host)) == []


@pytest.mark.parametrize("size", ["1024", Ref("Least")], ids=["text", "function"])
def test_vary_is_told_where_the_api_may_compress(size: Any) -> None:
    host, api = site(MinimumCompressionSize=size)
    host.add_parameter(Parameter("Least", Type="Number", Default=10))
    add_read_model(host, ORDERS, api=api)
    assert "method.response.header.Vary" in render(host)


@pytest.mark.parametrize("api", ["Site", Ref("Site")], ids=["text", "function"])
def test_an_api_is_given_as_the_object_that_it_is(api: Any) -> None:
    host, _ = site()
    assert "is not allowed; use the template's RestApi object" in refused(host, ORDERS, api=api)


# --- a bucket, a role or an API under a condition ---


@pytest.mark.parametrize(
    ("name", "there"),
    [
        ("data_store", s3.Bucket("There", Condition="Here")),
        ("gateway_role", iam.Role("There", Condition="Here", AssumeRolePolicyDocument=ANY_ROLE)),
        ("api", ag.RestApi("There", Condition="Here", Name="there")),
    ],
)
def test_what_is_there_only_sometimes_is_refused(name: str, there: Any) -> None:
    host = Template()
    host.add_resource(there)
    told = refused(host, ORDERS, **{name: there})
    assert told.startswith("There: it exists only under the condition Here")


def test_a_bucket_that_is_there_only_sometimes_is_given_by_an_if() -> None:
    host = Template()
    host.add_condition("Here", Equals(Ref("AWS::Region"), "eu-west-1"))
    bucket = host.add_resource(s3.Bucket("Maybe", Condition="Here"))
    add_read_model(host, ORDERS, data_store=If("Here", Ref(bucket), "kept-elsewhere"))
    assert lint(render(host)) == []


# --- references in other words ---


@pytest.mark.parametrize("given", [Ref("Own"), Sub("${Own}")], ids=["Ref", "Sub"])
def test_a_reference_to_a_bucket_of_the_template_is_that_bucket(given: Any) -> None:
    host = Template()
    bucket = host.add_resource(s3.Bucket("Own"))
    assert add_read_model(host, ORDERS, data_store=given).bucket is bucket


def test_a_reference_to_a_role_of_the_template_is_that_role_with_its_path() -> None:
    host = Template()
    role = host.add_resource(iam.Role("Own", Path="/api/", AssumeRolePolicyDocument=ANY_ROLE))
    made = add_read_model(host, ORDERS, gateway_role=Ref(role))
    credentials = json.loads(render(host))["Resources"][made.resources.methods[0].title]
    assert credentials["Properties"]["Integration"]["Credentials"] == {"Fn::GetAtt": ["Own", "Arn"]}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (GetAtt("Own", "Arn"), "{'Fn::GetAtt': ['Own', 'Arn']} is not allowed; use a bucket's"),
        (Sub("${Own.Arn}"), "{'Fn::GetAtt': ['Own', 'Arn']} is not allowed; use a bucket's"),
        (Parameter("Name", Type="String"), "the Parameter Name is not allowed; use a bucket's"),
    ],
    ids=["GetAtt", "Sub", "parameter"],
)
def test_what_is_no_name_is_refused(given: Any, told: str) -> None:
    host = Template()
    host.add_resource(s3.Bucket("Own"))
    assert told in refused(host, ORDERS, data_store=given)


def orders_of(api: Any, root: Any) -> ag.Resource:
    return ag.Resource("Mine", RestApiId=api, ParentId=root, PathPart="orders")


def test_a_path_is_found_however_its_api_is_named() -> None:
    host, api = site()
    host.add_resource(orders_of(Sub("${Site}"), Sub("${Site.RootResourceId}")))
    told = "OrdersResource: the API has /orders already, and this adds /orders"
    assert told in refused(host, ORDERS, api=api)


def test_a_method_is_waited_for_however_its_api_is_named() -> None:
    host, api = site()
    host.add_resource(
        ag.Method(
            "Root",
            RestApiId=Sub("${Site}"),
            ResourceId=Sub("${Site.RootResourceId}"),
            HttpMethod="GET",
            AuthorizationType="NONE",
            Integration=ag.Integration(Type="MOCK"),
        )
    )
    live = deploy_api(host, api, [add_read_model(host, ORDERS, api=api)])
    assert "Root" in live.deployment.DependsOn


def test_the_policies_of_several_on_one_role_have_names_of_their_own() -> None:
    """On a role, a policy replaces another of its name, of whatever stack it is."""
    host = Template()
    for prefix in ("", "Shop", "ShopOrders"):
        add_read_model(host, ORDERS, prefix, gateway_role="api-reader")
    every = json.loads(render(host))["Resources"].values()
    names = [
        json.dumps(one["Properties"]["PolicyName"])
        for one in every
        if one["Type"] == "AWS::IAM::Policy"
    ]
    assert len(set(names)) == len(names) == 3
    assert all("AWS::StackId" in name for name in names)
    assert lint(render(host)) == []


# --- stages and deployments ---


@pytest.mark.parametrize("kind", ["stage", "deployment"])
def test_a_stage_that_the_api_has_already_is_refused(kind: str) -> None:
    host, api = site()
    on_it = add_read_model(host, ORDERS, api=api)
    named = {"StageName": "v1"}
    if kind == "stage":
        host.add_resource(ag.Stage("Mine", RestApiId=Ref(api), DeploymentId="x", **named))
    else:
        host.add_resource(ag.Deployment("Mine", RestApiId=Ref(api), **named))
    before = render(host)
    with pytest.raises(ConfigError, match="SiteStage: the API has the stage v1 already: Mine;"):
        deploy_api(host, api, [on_it])
    assert render(host) == before


def test_what_a_deployment_would_lack_is_refused() -> None:
    host, api = site()
    deploy_api(host, api, [add_read_model(host, ORDERS, api=api)])
    told = refused(host, ReadModel(), "Later", api=api)
    assert told.startswith("Site: it is deployed already: SiteDeployment")
    alone = add_read_model(host, ReadModel(), "Alone")
    assert "is deployed already" in refused(host, ORDERS, "Later", api=alone.api)


def test_a_read_model_is_deployed_once_and_where_it_is() -> None:
    host, api = site()
    on_it = add_read_model(host, ORDERS, api=api)
    with pytest.raises(ConfigError, match="Site: one of its read models is given twice"):
        deploy_api(host, api, [on_it, on_it])
    other = Template()
    other.add_resource(api)
    with pytest.raises(ConfigError, match="read model: is not in this template"):
        deploy_api(other, api, [on_it])


@pytest.mark.parametrize(
    ("properties", "anew"),
    [
        ({"Policy": {"Version": "2012-10-17"}}, True),
        ({"ApiKeySourceType": "AUTHORIZER"}, True),
        ({"DisableExecuteApiEndpoint": True}, True),
        ({"Description": "other"}, False),
        ({"Tags": Tags(team="shop")}, False),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else "",
)
def test_the_api_is_deployed_anew_when_what_it_serves_by_changes(
    properties: Any, anew: bool
) -> None:
    def deployment(**given: Any) -> str:
        host, api = site(**given)
        live = deploy_api(host, api, [add_read_model(host, ORDERS, api=api)])
        return str(live.deployment.title)

    assert (deployment() != deployment(**properties)) == anew


# --- quotas ---


def test_more_paths_than_one_api_takes_are_refused() -> None:
    host, api = site()
    deep = "/".join(["a"] * 200)
    writer = Writer(kind="none")
    add_read_model(host, ReadModel(routes=[Route(deep, "a")], writer=writer), "A", api=api)
    other = ReadModel(routes=[Route("b/" + deep, "b")], writer=writer)
    assert "401 path segments of one API are more than" in refused(host, other, "B", api=api)


def test_a_logical_id_that_would_be_too_long_is_refused() -> None:
    host = Template()
    api = host.add_resource(ag.RestApi("A" * 240, Name="long"))
    on_it = add_read_model(host, ORDERS, api=api)
    with pytest.raises(ConfigError, match="a logical id has at most 255 characters; shorten"):
        deploy_api(host, api, [on_it])
