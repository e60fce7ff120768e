"""Read models added to an existing template."""

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from troposphere import GetAtt, Output, Parameter, Ref, Template, s3
from troposphere import apigateway as ag

from facts import missing
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


def test_handle_has_the_objects_of_the_template(host: Template) -> None:
    shop = add_read_model(host, ReadModel(), "Shop")
    assert isinstance(shop, Handle)
    made = [shop.bucket, shop.role, shop.api, shop.stage, shop.writer]
    assert [resource.title for resource in made if resource] == [
        "ShopDataStore",
        "ShopApiGatewayRole",
        "ShopApiGateway",
        "ShopApiGatewayStage",
        "ShopDataStoreWriter",
    ]
    assert all(host.resources[resource.title] is resource for resource in made if resource)
    assert shop.url is not None
    assert shop.url.to_dict() == content(host)["Outputs"]["ShopApiUrl"]["Value"]
    assert {"Other", "OtherPolicy", *(resource.title for resource in shop.resources)} == set(
        host.resources
    )
    assert all(name.startswith("Shop") for name in host.outputs)


def test_handle_is_frozen(host: Template) -> None:
    shop = add_read_model(host, ReadModel(), "Shop")
    with pytest.raises(FrozenInstanceError):
        shop.prefix = "Other"  # type: ignore[misc]


def test_handle_of_a_model_without_writer_has_none(host: Template) -> None:
    assert add_read_model(host, ReadModel(writer=Writer(kind="none"))).writer is None


def test_outputs_can_be_left_out(host: Template) -> None:
    add_read_model(host, ReadModel(), "Shop", outputs=False)
    assert not host.outputs
    clean(host)


# --- existing resources ---


def test_existing_bucket_of_the_template_is_used_unchanged(host: Template) -> None:
    other = host.resources["Other"]
    shop = add_read_model(host, ORDERS, data_store=other)
    found = clean(host)["Resources"]
    assert shop.bucket is other
    of_s3 = {name for name, resource in found.items() if resource["Type"].startswith("AWS::S3::")}
    assert of_s3 == {"Other", "OtherPolicy"}
    uris = [
        resource["Properties"]["Integration"]["Uri"]["Fn::Sub"]
        for resource in found.values()
        if resource["Type"].endswith("::Method")
    ]
    assert len(uris) == 2
    assert all("/${Other}/" in uri for uri in uris)
    assert content(host)["Outputs"]["S3BucketName"]["Value"] == {"Ref": "Other"}


def test_existing_bucket_is_used_by_name(host: Template) -> None:
    shop = add_read_model(host, ORDERS, data_store="orders-of-ours")
    found = clean(host)
    assert shop.bucket is None
    assert found["Outputs"]["S3BucketName"]["Value"] == "orders-of-ours"
    policy = found["Resources"]["ApiGatewayDataStorePolicy"]["Properties"]["PolicyDocument"]
    objects = [{"Fn::Sub": "arn:${AWS::Partition}:s3:::orders-of-ours/orders/*.json"}]
    assert policy["Statement"][0]["Resource"] == objects


def test_existing_bucket_is_used_by_intrinsic_function(host: Template) -> None:
    name = host.add_parameter(Parameter("Store", Type="String"))
    add_read_model(host, ORDERS, "A", data_store=Ref(name))
    add_read_model(host, ORDERS, "B", data_store=imported("platform", "S3BucketName", "Orders"))
    found = clean(host)
    assert found["Outputs"]["AS3BucketName"]["Value"] == {"Ref": "Store"}
    assert "BS3BucketName" not in found["Outputs"], "it is an output of the other stack already"
    there = {"Fn::ImportValue": "platform-OrdersS3BucketName"}
    assert json.dumps(there) in json.dumps(found["Resources"])


def test_existing_role_of_the_template_gets_read_permission(host: Template) -> None:
    role = host.add_resource(trusted_role())
    shop = add_read_model(host, ReadModel(), gateway_role=role)
    found = clean(host)["Resources"]
    assert shop.role is role
    assert "ApiGatewayRole" not in found
    assert found["ApiGatewayDataStorePolicy"]["Properties"]["Roles"] == [{"Ref": "Reader"}]
    integration = found["SamplesGetMethod"]["Properties"]["Integration"]
    assert integration["Credentials"] == {"Fn::GetAtt": ["Reader", "Arn"]}


def test_existing_role_is_used_by_name(host: Template) -> None:
    shop = add_read_model(host, ReadModel(), gateway_role="api-reader")
    found = clean(host)["Resources"]
    assert shop.role is None
    assert found["ApiGatewayDataStorePolicy"]["Properties"]["Roles"] == ["api-reader"]
    integration = found["SamplesGetMethod"]["Properties"]["Integration"]
    assert integration["Credentials"]["Fn::Sub"].endswith(":role/api-reader")


def test_replaced_bucket_makes_a_new_deployment() -> None:
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


def test_shared_api_has_one_deployment_and_one_stage(host: Template, shared: ag.RestApi) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    orders = add_read_model(host, ORDERS, "Orders", api=shared)
    assert shop.api is orders.api is shared
    assert (shop.stage, shop.url, shop.resources.deployment) == (None, None, None)
    live = deploy_api(host, shared, [shop, orders], Deployment(stage="live"))
    found = clean(host)
    of_kind = [resource["Type"].rpartition("::")[2] for resource in found["Resources"].values()]
    assert [of_kind.count(kind) for kind in ("RestApi", "Deployment", "Stage")] == [1, 1, 1]
    waits_for = found["Resources"][live.deployment.title]["DependsOn"]
    snapped = {
        name
        for name, resource in found["Resources"].items()
        if resource["Type"].endswith(("::Method", "::GatewayResponse"))
    }
    assert set(waits_for) == snapped
    assert len(snapped) == 5
    urls = {
        name: output["Value"] for name, output in found["Outputs"].items() if name.endswith("Url")
    }
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
def test_change_on_a_shared_api_makes_a_new_deployment(changed: Any) -> None:
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


def test_shared_deployment_depends_on_existing_methods(host: Template, shared: ag.RestApi) -> None:
    host.add_resource(health(shared))
    shop = add_read_model(host, ReadModel(), api=shared)
    assert "HealthGet" in deploy_api(host, shared, [shop]).deployment.DependsOn


def test_existing_gateway_responses_are_kept(host: Template, shared: ag.RestApi) -> None:
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
    kinds = [resource["Type"] for resource in content(host)["Resources"].values()]
    assert kinds.count("AWS::ApiGateway::GatewayResponse") == 1


@pytest.mark.parametrize("size", [None, 0, 2048])
def test_vary_is_mapped_if_the_shared_api_compresses(size: int | None) -> None:
    host = Template()
    properties = {} if size is None else {"MinimumCompressionSize": size}
    api = host.add_resource(rest_api(**properties))
    shop = add_read_model(host, ReadModel(), api=api)
    deploy_api(host, api, [shop])
    method = clean(host)["Resources"]["SamplesGetMethod"]["Properties"]
    assert ("method.response.header.Vary" in json.dumps(method)) == (size is not None)


def test_compressed_payloads_are_served_by_a_binary_api() -> None:
    host = Template()
    api = host.add_resource(rest_api(BinaryMediaTypes=["*/*"]))
    model = ReadModel(data_store=DataStore(stored_encoding="gzip"))
    deploy_api(host, api, [add_read_model(host, model, api=api)])
    clean(host)


# --- exports ---


def test_outputs_are_exported_for_other_stacks_to_import(host: Template) -> None:
    add_read_model(host, ReadModel(), "Shop", export=True)
    for name, output in clean(host)["Outputs"].items():
        assert output["Export"]["Name"] == {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, name]]}


def test_secret_key_is_not_exported(host: Template) -> None:
    add_read_model(host, ReadModel(writer=Writer(key_in="outputs")), "Shop", export=True)
    kept = {name for name, output in content(host)["Outputs"].items() if "Export" not in output}
    assert kept == {"ShopDataStoreAccessKeyId", "ShopDataStoreSecretAccessKey"}


def test_urls_of_a_shared_api_are_exported(host: Template, shared: ag.RestApi) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    deploy_api(host, shared, [shop], export=True)
    assert "Export" in content(host)["Outputs"]["ShopApiUrl"]


def test_imported_has_the_name_of_the_export() -> None:
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
    (s3.Bucket("ShopDataStore"), []),
    (
        s3.Bucket("Mine", BucketName="orders-of-ours"),
        ["AWS::S3::Bucket", "orders-of-ours"],
    ),
]


@pytest.mark.parametrize(("existing", "facts"), TAKEN)
def test_name_conflict_is_refused_and_adds_nothing(
    host: Template, existing: Any, facts: list[str]
) -> None:
    host.add_resource(existing)
    before = render(host)
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, ReadModel(data_store=DataStore(name="orders-of-ours")), "Shop")
    assert str(refused.value).startswith("ShopDataStore: ")
    assert missing(facts, refused.value) == []
    assert render(host) == before


def test_second_read_model_needs_another_prefix(host: Template) -> None:
    add_read_model(host, ReadModel(), "Shop")
    before = render(host)
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, ReadModel(), "Shop")
    assert str(refused.value).startswith("ShopDataStore: ")
    assert render(host) == before


def test_logical_id_of_a_parameter_is_a_conflict(host: Template) -> None:
    host.add_parameter(Parameter("DataStore", Type="String"))
    with pytest.raises(ConfigError, match=r"^DataStore: "):
        add_read_model(host, ReadModel())


@pytest.mark.parametrize("prefix", ["my-shop", "Shop ", "ö", "S" * 65])
def test_invalid_prefix_is_refused(host: Template, prefix: str) -> None:
    with pytest.raises(ConfigError, match=r"^prefix: .*64"):
        add_read_model(host, ReadModel(), prefix)


@pytest.mark.parametrize(
    ("model", "given", "facts"),
    [
        (
            ReadModel(data_store=DataStore(old_versions_days=3)),
            {"data_store": "orders-of-ours"},
            ["data_store.old_versions_days: "],
        ),
        (
            ReadModel(gateway_role=GatewayRole(name="reader")),
            {"gateway_role": "api-reader"},
            ["gateway_role.name: "],
        ),
        (
            ReadModel(api=Api(compress_from=1)),
            {"api": rest_api()},
            ["api.compress_from: ", "RestApi"],
        ),
        (
            ReadModel(deployment=Deployment(stage="live")),
            {"api": rest_api()},
            ["deployment.stage: ", "deploy_api"],
        ),
        (
            ReadModel(data_store=DataStore(stored_encoding="gzip")),
            {"api": rest_api()},
            ["data_store.stored_encoding: 'gzip'", "BinaryMediaTypes", "*/*", "Site"],
        ),
        (
            ReadModel(),
            {"api": rest_api(BinaryMediaTypes=["*/*"])},
            ["data_store.stored_encoding: 'none'", "BinaryMediaTypes", "*/*", "Site"],
        ),
        (
            ReadModel(),
            {"data_store": "No bucket"},
            ["data_store: 'No bucket'", "63"],
        ),
        (
            ReadModel(),
            {"gateway_role": "arn:aws:iam::123456789012:role/reader"},
            ["gateway_role: 'arn:aws:iam::123456789012:role/reader'", "64"],
        ),
    ],
)
def test_unused_or_contradictory_options_are_refused(
    host: Template, model: ReadModel, given: Any, facts: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, model, **given)
    assert missing(facts, refused.value) == []
    assert list(host.resources) == ["Other", "OtherPolicy"]


OF_RESOURCE = {
    DataStore: {"name", "account_regional", "old_versions_days", "retain", "access_logs"},
    GatewayRole: {"name", "permissions_boundary"},
    Api: {"description", "security_policy", "compress_from"},
}
APPLIES_TO_EXISTING = {
    DataStore: {"kms_key", "stored_encoding", "max_age", "stale_while_revalidate"},
    GatewayRole: set[str](),
    Api: {"cors_headers", "cors_origin", "missing"},
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
def test_conflicting_paths_of_a_shared_api_are_refused(
    host: Template, shared: ag.RestApi, first: str, second: str
) -> None:
    def model(path: str) -> ReadModel:
        route = Route(path, "-".join(["k", *path.replace("+", "").split("/")]))
        return ReadModel(routes=[route])

    add_read_model(host, model(first), "A", api=shared)
    with pytest.raises(ConfigError, match=r"^B\w+: "):
        add_read_model(host, model(second), "B", api=shared)


def test_same_path_on_another_api_is_accepted(host: Template, shared: ag.RestApi) -> None:
    add_read_model(host, ReadModel(), "A", api=shared)
    add_read_model(host, ReadModel(), "B")


def test_read_models_of_one_api_allow_one_origin(host: Template, shared: ag.RestApi) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    open_to_all = ReadModel(routes=ORDERS.routes, api=Api(cors_origin="*"))
    orders = add_read_model(host, open_to_all, "Orders", api=shared)
    before = render(host)
    with pytest.raises(ConfigError) as refused:
        deploy_api(host, shared, [shop, orders])
    assert missing(["api.cors_origin: ", "[None, '*']"], refused.value) == []
    assert render(host) == before


@pytest.mark.parametrize(
    "given",
    [
        {"data_store": s3.Bucket("Absent")},
        {"gateway_role": trusted_role("Absent")},
        {"api": ag.RestApi("Absent", Name="absent")},
    ],
    ids=lambda value: next(iter(value)),
)
def test_given_objects_must_be_in_the_template(host: Template, given: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        add_read_model(host, ReadModel(), **given)
    assert missing(["Absent: ", "add_resource"], refused.value) == []


def test_deploy_api_refuses_read_models_of_another_api(host: Template, shared: ag.RestApi) -> None:
    with pytest.raises(ConfigError, match=r"^Site: "):
        deploy_api(host, shared, [])
    shop = add_read_model(host, ReadModel(), "Shop")
    with pytest.raises(ConfigError, match=r"^Shop: .*api=Site"):
        deploy_api(host, shared, [shop])


def test_second_deploy_api_is_refused(host: Template, shared: ag.RestApi) -> None:
    shop = add_read_model(host, ReadModel(), "Shop", api=shared)
    deploy_api(host, shared, [shop])
    with pytest.raises(ConfigError, match="Site"):
        deploy_api(host, shared, [shop])


def test_more_than_500_resources_are_refused(host: Template) -> None:
    many = ReadModel(routes=[Route(f"r{number}", "k") for number in range(160)])
    add_read_model(host, many, "Many")
    before = render(host)
    with pytest.raises(ConfigError, match="500"):
        add_read_model(host, ReadModel(), "One")
    assert render(host) == before


def test_more_than_200_outputs_are_refused(host: Template) -> None:
    for number in range(197):
        host.add_output(Output(f"Own{number}", Value="x"))
    with pytest.raises(ConfigError, match=r"202.*200"):
        add_read_model(host, ReadModel())
    add_read_model(host, ReadModel(), outputs=False)
