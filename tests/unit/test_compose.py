"""A read model in a template of somebody's: what it makes, what it uses, what it refuses."""

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from troposphere import GetAtt, Output, Parameter, Ref, Template, s3
from troposphere import apigateway as ag

from hosts import health, trusted_role
from readmodel_cfn import (
    Api,
    DataStore,
    Deployment,
    GatewayRole,
    Handle,
    ReadModel,
    Route,
    Writer,
    add_read_model,
    deploy_api,
    imported,
    render,
)
from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import lint
from readmodel_cfn.template import policies
from readmodel_cfn.template.options import options_of

ORDERS = ReadModel(routes=[Route("orders/{id}", "orders/{id}.json")])


@pytest.fixture
def host() -> Template:
    """A template with a bucket of its own, a sound one."""
    made = Template()
    blocked = s3.PublicAccessBlockConfiguration(
        BlockPublicAcls=True,
        BlockPublicPolicy=True,
        IgnorePublicAcls=True,
        RestrictPublicBuckets=True,
    )
    bucket = made.add_resource(s3.Bucket("Other", PublicAccessBlockConfiguration=blocked))
    refused = policies.document([policies.refuse_plain_http(GetAtt(bucket, "Arn"))])
    made.add_resource(s3.BucketPolicy("OtherPolicy", Bucket=Ref(bucket), PolicyDocument=refused))
    return made


def content(template: Template) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(render(template))
    return found


def clean(template: Template) -> dict[str, Any]:
    """The template, which has no finding of cfn-lint and none of the audit."""
    found = content(template)
    assert lint(render(template)) == []
    assert audit(found) == []
    return found


# --- one ---


def test_its_handle_holds_the_objects_of_the_template(host: Template) -> None:
    shop = add_read_model(host, ReadModel(), "Shop")
    assert isinstance(shop, Handle)
    made = [shop.bucket, shop.role, shop.api, shop.stage, shop.writer]
    assert [one.title for one in made if one] == [
        "ShopDataStore",
        "ShopApiGatewayRole",
        "ShopApiGateway",
        "ShopApiGatewayStage",
        "ShopDataStoreWriter",
    ]
    assert all(host.resources[one.title] is one for one in made if one)
    assert shop.url is not None
    assert shop.url.to_dict() == content(host)["Outputs"]["ShopApiUrl"]["Value"]
    assert {"Other", "OtherPolicy", *(one.title for one in shop.resources)} == set(host.resources)
    assert all(name.startswith("Shop") for name in host.outputs)


def test_its_handle_is_frozen(host: Template) -> None:
    shop = add_read_model(host, ReadModel(), "Shop")
    with pytest.raises(FrozenInstanceError):
        shop.prefix = "Other"  # type: ignore[misc]


def test_a_model_without_a_writer_has_none(host: Template) -> None:
    assert add_read_model(host, ReadModel(writer=Writer(kind="none"))).writer is None


def test_outputs_can_be_left_out(host: Template) -> None:
    add_read_model(host, ReadModel(), "Shop", outputs=False)
    assert not host.outputs
    clean(host)


# --- what is there already ---


def test_a_bucket_of_the_template_is_used_and_left_as_it_is(host: Template) -> None:
    other = host.resources["Other"]
    shop = add_read_model(host, ORDERS, data_store=other)
    found = clean(host)["Resources"]
    assert shop.bucket is other
    of_s3 = {name for name, one in found.items() if one["Type"].startswith("AWS::S3::")}
    assert of_s3 == {"Other", "OtherPolicy"}
    uris = [
        one["Properties"]["Integration"]["Uri"]["Fn::Join"][1]
        for one in found.values()
        if one["Type"].endswith("::Method")
    ]
    assert len(uris) == 2
    assert all({"Ref": "Other"} in uri for uri in uris)
    assert content(host)["Outputs"]["S3BucketName"]["Value"] == {"Ref": "Other"}


def test_a_bucket_is_used_by_its_name(host: Template) -> None:
    shop = add_read_model(host, ORDERS, data_store="orders-of-ours")
    found = clean(host)
    assert shop.bucket is None
    assert found["Outputs"]["S3BucketName"]["Value"] == "orders-of-ours"
    arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":s3:::", "orders-of-ours"]]}
    policy = found["Resources"]["ApiGatewayDataStorePolicy"]["Properties"]["PolicyDocument"]
    objects = [{"Fn::Join": ["", [arn, "/orders/*.json"]]}]
    assert policy["Statement"][0]["Resource"] == objects


def test_a_bucket_is_used_by_a_function(host: Template) -> None:
    name = host.add_parameter(Parameter("Store", Type="String"))
    add_read_model(host, ORDERS, "A", data_store=Ref(name))
    add_read_model(host, ORDERS, "B", data_store=imported("platform", "S3BucketName", "Orders"))
    found = clean(host)
    assert found["Outputs"]["AS3BucketName"]["Value"] == {"Ref": "Store"}
    assert "BS3BucketName" not in found["Outputs"], "it is an output of the other stack already"
    there = {"Fn::ImportValue": "platform-OrdersS3BucketName"}
    assert json.dumps(there) in json.dumps(found["Resources"])


def test_a_role_of_the_template_is_used_and_may_read(host: Template) -> None:
    role = host.add_resource(trusted_role())
    shop = add_read_model(host, ReadModel(), gateway_role=role)
    found = clean(host)["Resources"]
    assert shop.role is role
    assert "ApiGatewayRole" not in found
    assert found["ApiGatewayDataStorePolicy"]["Properties"]["Roles"] == [{"Ref": "Reader"}]
    integration = found["SamplesGetMethod"]["Properties"]["Integration"]
    assert integration["Credentials"] == {"Fn::GetAtt": ["Reader", "Arn"]}


def test_a_role_is_used_by_its_name(host: Template) -> None:
    shop = add_read_model(host, ReadModel(), gateway_role="api-reader")
    found = clean(host)["Resources"]
    assert shop.role is None
    assert found["ApiGatewayDataStorePolicy"]["Properties"]["Roles"] == ["api-reader"]
    integration = found["SamplesGetMethod"]["Properties"]["Integration"]
    assert integration["Credentials"]["Fn::Join"][1][-1] == "api-reader"


def test_a_replaced_bucket_of_the_hosts_is_deployed_anew() -> None:
    """The snapshot holds the bucket's name, the template only a Ref."""

    def deployment(name: str) -> str:
        template = Template()
        bucket = template.add_resource(s3.Bucket("Other", BucketName=name))
        shop = add_read_model(template, ReadModel(), data_store=bucket)
        assert shop.resources.deployment
        return str(shop.resources.deployment.title)

    assert deployment("before") != deployment("after-it")


# --- several on one API ---


def rest_api(**properties: Any) -> ag.RestApi:
    return ag.RestApi("Site", Name="site", **properties)


@pytest.fixture
def shared(host: Template) -> ag.RestApi:
    """An API of the host's, without anything on it."""
    api: ag.RestApi = host.add_resource(rest_api())
    return api


def test_on_an_api_of_the_hosts_one_deployment_and_one_stage_serve_all(
    host: Template, shared: ag.RestApi
) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    orders = add_read_model(host, ORDERS, "Orders", api=shared)
    assert shop.api is orders.api is shared
    assert (shop.stage, shop.url, shop.resources.deployment) == (None, None, None)
    live = deploy_api(host, shared, [shop, orders], Deployment(stage="live"))
    found = clean(host)
    of_kind = [one["Type"].rpartition("::")[2] for one in found["Resources"].values()]
    assert [of_kind.count(kind) for kind in ("RestApi", "Deployment", "Stage")] == [1, 1, 1]
    waits_for = found["Resources"][live.deployment.title]["DependsOn"]
    snapped = {
        name
        for name, one in found["Resources"].items()
        if one["Type"].endswith(("::Method", "::GatewayResponse"))
    }
    assert set(waits_for) == snapped
    assert len(snapped) == 5
    urls = {name: one["Value"] for name, one in found["Outputs"].items() if name.endswith("Url")}
    assert set(urls) == {"ShopSamplesUrl", "ShopApiUrl", "OrdersSamplesUrl", "OrdersApiUrl"}
    assert urls["ShopApiUrl"] == urls["OrdersApiUrl"] == live.url.to_dict()


@pytest.mark.parametrize(
    "changed",
    [
        {"template": '{"statusCode": 200}'},
        {"key": "other.json"},
        {"properties": {"MinimumCompressionSize": 10}},
        {"options": Deployment(serial=2)},
    ],
    ids=str,
)
def test_its_deployment_is_new_when_anything_on_the_api_is(changed: Any) -> None:
    def deployment(
        template: str = '{"statusCode":200}',
        key: str = "payload.json",
        properties: Any = (),
        options: Deployment | None = None,
    ) -> str:
        host = Template()
        api = host.add_resource(rest_api(**dict(properties)))
        host.add_resource(health(api, template))
        shop = add_read_model(host, ReadModel(routes=[Route("samples", key)]), api=api)
        return str(deploy_api(host, api, [shop], options).deployment.title)

    assert deployment() == deployment() != deployment(**changed)


def test_the_hosts_own_methods_are_waited_for(host: Template, shared: ag.RestApi) -> None:
    host.add_resource(health(shared))
    shop = add_read_model(host, ReadModel(), api=shared)
    assert "HealthGet" in deploy_api(host, shared, [shop]).deployment.DependsOn


def test_the_hosts_own_gateway_responses_stay(host: Template, shared: ag.RestApi) -> None:
    host.add_resource(
        ag.GatewayResponse(
            "Nowhere",
            RestApiId=Ref(shared),
            ResponseType="MISSING_AUTHENTICATION_TOKEN",
            StatusCode="410",
        )
    )
    shop = add_read_model(host, ReadModel(), api=shared)
    deploy_api(host, shared, [shop])
    kinds = [one["Type"] for one in content(host)["Resources"].values()]
    assert kinds.count("AWS::ApiGateway::GatewayResponse") == 1


@pytest.mark.parametrize("size", [None, 0, 2048])
def test_vary_is_told_where_the_hosts_api_compresses(size: int | None) -> None:
    host = Template()
    properties = {} if size is None else {"MinimumCompressionSize": size}
    api = host.add_resource(rest_api(**properties))
    shop = add_read_model(host, ReadModel(), api=api)
    deploy_api(host, api, [shop])
    method = clean(host)["Resources"]["SamplesGetMethod"]["Properties"]
    assert ("method.response.header.Vary" in json.dumps(method)) == (size is not None)


def test_payloads_kept_compressed_are_served_by_an_api_of_bytes() -> None:
    host = Template()
    api = host.add_resource(rest_api(BinaryMediaTypes=["*/*"]))
    model = ReadModel(data_store=DataStore(stored_encoding="gzip"))
    deploy_api(host, api, [add_read_model(host, model, api=api)])
    clean(host)


# --- exports ---


def test_outputs_are_exported_for_other_stacks_to_import(host: Template) -> None:
    add_read_model(host, ReadModel(), "Shop", export=True)
    for name, one in clean(host)["Outputs"].items():
        assert one["Export"]["Name"] == {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, name]]}


def test_a_secret_key_is_never_exported(host: Template) -> None:
    add_read_model(host, ReadModel(writer=Writer(key_in="outputs")), "Shop", export=True)
    kept = {name for name, one in content(host)["Outputs"].items() if "Export" not in one}
    assert kept == {"ShopDataStoreAccessKeyId", "ShopDataStoreSecretAccessKey"}


def test_the_urls_of_a_shared_api_are_exported(host: Template, shared: ag.RestApi) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    deploy_api(host, shared, [shop], export=True)
    assert "Export" in content(host)["Outputs"]["ShopApiUrl"]


def test_an_import_names_what_an_export_does() -> None:
    there, here = Template(), Template()
    stack = here.add_parameter(Parameter("Platform", Type="String"))
    add_read_model(there, ReadModel(), "Shop", export=True)
    exported = content(there)["Outputs"]["ShopApiUrl"]["Export"]["Name"]["Fn::Join"]
    by_name = imported("platform", "ApiUrl", "Shop").to_dict()["Fn::ImportValue"]
    by_function = imported(Ref(stack), "ApiUrl", "Shop").to_dict()["Fn::ImportValue"]["Fn::Join"]
    assert exported == ["-", [{"Ref": "AWS::StackName"}, "ShopApiUrl"]]
    assert by_name == "platform-ShopApiUrl"
    assert by_function == ["-", [{"Ref": "Platform"}, "ShopApiUrl"]]


# --- refusals ---

TAKEN = [
    (s3.Bucket("ShopDataStore"), "ShopDataStore: the template has this logical id already"),
    (
        s3.Bucket("Mine", BucketName="orders-of-ours"),
        "ShopDataStore: the template has an AWS::S3::Bucket named 'orders-of-ours' already",
    ),
]


@pytest.mark.parametrize(("there", "told"), TAKEN)
def test_what_is_taken_is_told_and_nothing_is_added(host: Template, there: Any, told: str) -> None:
    host.add_resource(there)
    before = render(host)
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, ReadModel(data_store=DataStore(name="orders-of-ours")), "Shop")
    assert str(refused.value).startswith(told)
    assert render(host) == before


def test_a_second_one_needs_another_prefix(host: Template) -> None:
    add_read_model(host, ReadModel(), "Shop")
    before = render(host)
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, ReadModel(), "Shop")
    assert refused.value.where == "ShopDataStore"
    assert "already" in refused.value.what
    assert render(host) == before


def test_a_parameter_takes_a_logical_id_too(host: Template) -> None:
    host.add_parameter(Parameter("DataStore", Type="String"))
    with pytest.raises(ConfigError, match="DataStore: the template has this logical id already"):
        add_read_model(host, ReadModel())


@pytest.mark.parametrize("prefix", ["my-shop", "Shop ", "ö", "S" * 65])
def test_a_prefix_that_no_logical_id_can_have_is_refused(host: Template, prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"prefix: .* is not allowed; use at most 64 of"):
        add_read_model(host, ReadModel(), prefix)


@pytest.mark.parametrize(
    ("model", "given", "where", "fact"),
    [
        (
            ReadModel(data_store=DataStore(old_versions_days=3)),
            {"data_store": "orders-of-ours"},
            "data_store.old_versions_days",
            "no effect on an existing bucket",
        ),
        (
            ReadModel(gateway_role=GatewayRole(name="reader")),
            {"gateway_role": "api-reader"},
            "gateway_role.name",
            "no effect on an existing role",
        ),
        (
            ReadModel(api=Api(compress_from=1)),
            {"api": rest_api()},
            "api.compress_from",
            "no effect on an existing API",
        ),
        (
            ReadModel(deployment=Deployment(stage="live")),
            {"api": rest_api()},
            "deployment.stage",
            "no effect on an existing stage",
        ),
        (
            ReadModel(data_store=DataStore(stored_encoding="gzip")),
            {"api": rest_api()},
            "data_store.stored_encoding",
            "'gzip' needs BinaryMediaTypes */*",
        ),
        (
            ReadModel(),
            {"api": rest_api(BinaryMediaTypes=["*/*"])},
            "data_store.stored_encoding",
            "'none' cannot be served with BinaryMediaTypes */*",
        ),
        (ReadModel(), {"data_store": "No bucket"}, "data_store", "'No bucket'"),
        (
            ReadModel(),
            {"gateway_role": "arn:aws:iam::123456789012:role/reader"},
            "gateway_role",
            "'arn:aws:iam::123456789012:role/reader'",
        ),
    ],
)
def test_an_option_without_effect_or_an_impossible_name_is_refused(
    host: Template, model: ReadModel, given: Any, where: str, fact: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, model, **given)
    assert refused.value.where == where
    assert fact in refused.value.what
    assert refused.value.hint
    assert list(host.resources) == ["Other", "OtherPolicy"]


OF_RESOURCE = {
    DataStore: {"name", "account_regional", "old_versions_days", "retain", "access_logs"},
    GatewayRole: {"name", "permissions_boundary"},
    Api: {"description", "security_policy", "compress_from"},
}
APPLIES_TO_EXISTING = {
    DataStore: {"kms_key", "stored_encoding", "max_age", "stale_while_revalidate"},
    GatewayRole: set[str](),
    Api: {"cors_origin", "missing"},
}


@pytest.mark.parametrize("section", OF_RESOURCE)
def test_every_option_is_a_setting_of_the_resource_or_applies_to_an_existing_one(
    section: type,
) -> None:
    """A new option fails here until it is in one of the two lists."""
    options = [declared for declared, _ in options_of(section)]
    marked = {option.name for option in options if option.metadata["of_resource"]}
    assert marked == OF_RESOURCE[section]
    assert {option.name for option in options} - marked == APPLIES_TO_EXISTING[section]


@pytest.mark.parametrize(
    ("first", "second"),
    [("health", "health"), ("orders/{id}", "orders"), ("{id}", "{sku}/all"), ("{id}", "{rest+}")],
)
def test_paths_that_api_gateway_could_not_tell_apart_are_refused(
    host: Template, shared: ag.RestApi, first: str, second: str
) -> None:
    def model(path: str) -> ReadModel:
        route = Route(path, "-".join(["k", *path.replace("+", "").split("/")]))
        return ReadModel(routes=[route])

    add_read_model(host, model(first), "A", api=shared)
    with pytest.raises(ConfigError, match=r"the API has /.* already, and this adds /"):
        add_read_model(host, model(second), "B", api=shared)


def test_another_apis_paths_are_no_obstacle(host: Template, shared: ag.RestApi) -> None:
    add_read_model(host, ReadModel(), "A", api=shared)
    add_read_model(host, ReadModel(), "B")


def test_read_models_of_one_api_allow_one_origin(host: Template, shared: ag.RestApi) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    open_to_all = ReadModel(routes=ORDERS.routes, api=Api(cors_origin="*"))
    orders = add_read_model(host, open_to_all, "Orders", api=shared)
    before = render(host)
    with pytest.raises(ConfigError) as refused:
        deploy_api(host, shared, [shop, orders])
    assert refused.value.where == "api.cors_origin"
    assert "[None, '*']" in refused.value.what
    assert render(host) == before


@pytest.mark.parametrize(
    "given",
    [
        {"data_store": s3.Bucket("Absent")},
        {"gateway_role": trusted_role("Absent")},
        {"api": ag.RestApi("Absent", Name="absent")},
    ],
    ids=lambda one: next(iter(one)),
)
def test_what_is_given_must_be_in_the_template(host: Template, given: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, ReadModel(), **given)
    assert refused.value.where == "Absent"
    assert "not in the template" in refused.value.what


def test_only_what_is_on_the_api_is_deployed_with_it(host: Template, shared: ag.RestApi) -> None:
    with pytest.raises(ConfigError, match="Site: no read model is on it"):
        deploy_api(host, shared, [])
    shop = add_read_model(host, ReadModel(), "Shop")
    with pytest.raises(ConfigError, match="Shop: is not on the API Site; pass api=Site to"):
        deploy_api(host, shared, [shop])


def test_an_api_is_deployed_once(host: Template, shared: ag.RestApi) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    deploy_api(host, shared, [shop])
    with pytest.raises(ConfigError, match="the template has this logical id already"):
        deploy_api(host, shared, [shop])


def test_more_than_a_stack_may_have_is_refused(host: Template) -> None:
    many = ReadModel(routes=[Route(f"r{number}", "k") for number in range(160)])
    add_read_model(host, many, "Many")
    before = render(host)
    with pytest.raises(ConfigError, match="resources are more than the 500 of a stack"):
        add_read_model(host, ReadModel(), "One")
    assert render(host) == before


def test_more_outputs_than_a_template_may_have_are_refused(host: Template) -> None:
    for number in range(197):
        host.add_output(Output(f"Own{number}", Value="x"))
    with pytest.raises(ConfigError, match="outputs: 202 outputs are more than the 200 of a templ"):
        add_read_model(host, ReadModel())
    add_read_model(host, ReadModel(), outputs=False)
