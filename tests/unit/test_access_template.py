"""What [access] changes in the template."""

import json
from dataclasses import replace
from typing import Any

import pytest
from troposphere import Template
from troposphere import apigateway as ag

from readmodel_cfn import Access, Api, ReadModel, Releases, Route, add_read_model, build_template
from readmodel_cfn.config.changes import changed_settings
from readmodel_cfn.config.file import parse
from readmodel_cfn.config.starter import starter
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.settings import settings_in

PLAIN = ReadModel(
    routes=(Route(), Route("products/{id}", "products/{id}.json")), api=Api(cors_origin="*")
)
ROLE = "arn:aws:iam::123456789012:role/shop"
VPCE = "vpce-0123456789abcdef0"


def content(access: Access | None, **changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = replace(PLAIN, access=access, **changes).to_dict()
    return made


def properties(template: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The properties of the API Gateway resources of a type."""
    found = template["Resources"].values()
    return [each["Properties"] for each in found if each["Type"] == f"AWS::ApiGateway::{kind}"]


def policy(access: Access, **changes: Any) -> list[dict[str, Any]]:
    """The statements of the API's resource policy; none without one."""
    (api,) = properties(content(access, **changes), "RestApi")
    found: list[dict[str, Any]] = api.get("Policy", {}).get("Statement", [])
    return found


def credentials(template: dict[str, Any]) -> dict[str, set[tuple[Any, Any]]]:
    """The authorization of the methods, and whether they require an API key, by HTTP method."""
    found: dict[str, set[tuple[Any, Any]]] = {}
    for each in properties(template, "Method"):
        needs = (each["AuthorizationType"], each.get("ApiKeyRequired", False))
        found.setdefault(each["HttpMethod"], set()).add(needs)
    return found


@pytest.mark.parametrize("access", [None, Access()])
def test_public_api_is_the_same_as_without_the_table(access: Access | None) -> None:
    found, plain = content(access), PLAIN.to_dict()
    assert found["Resources"] == plain["Resources"]
    assert found["Outputs"] == plain["Outputs"]


@pytest.mark.parametrize(
    ("access", "needs"),
    [
        (Access(auth="iam"), ("AWS_IAM", False)),
        (Access(auth="api-key"), ("NONE", True)),
        (Access(source_ips=("192.0.2.0/24",)), ("NONE", False)),
    ],
)
def test_reads_need_credentials_and_preflights_do_not(
    access: Access, needs: tuple[str, bool]
) -> None:
    found = credentials(content(access))
    assert found == {"GET": {needs}, "HEAD": {needs}, "OPTIONS": {("NONE", False)}}


@pytest.mark.parametrize(
    ("access", "header"),
    [(Access(auth="iam"), "X-Amz-Date"), (Access(auth="api-key"), "x-api-key")],
)
def test_preflights_allow_the_headers_of_the_credentials(access: Access, header: str) -> None:
    text = json.dumps(content(access)["Resources"])
    assert header in text
    assert header not in json.dumps(content(None)["Resources"])


def test_iam_alone_needs_no_resource_policy() -> None:
    assert policy(Access(auth="iam")) == []


def test_principals_may_read_and_everybody_may_send_a_preflight() -> None:
    reads, preflights = policy(Access(auth="iam", principals=(ROLE, "210987654321")))
    assert reads["Effect"] == preflights["Effect"] == "Allow"
    assert reads["Principal"] == {"AWS": [ROLE, "210987654321"]}
    assert reads["Resource"] == ["execute-api:/*/GET/*", "execute-api:/*/HEAD/*"]
    assert preflights["Principal"] == "*"
    assert preflights["Resource"] == ["execute-api:/*/OPTIONS/*"]


def test_without_cors_nobody_is_allowed_preflights() -> None:
    (reads,) = policy(Access(auth="iam", principals=(ROLE,)), api=Api())
    assert "*" not in str(reads["Principal"])


@pytest.mark.parametrize(
    "access",
    [
        Access(auth="iam", source_ips=("192.0.2.0/24",)),
        Access(auth="iam", private=True, source_vpces=(VPCE,)),
    ],
)
def test_signed_reads_are_never_allowed_to_everybody(access: Access) -> None:
    """An Allow for everybody would allow every identity of the account."""
    for statement in policy(access):
        is_preflight = statement["Resource"] == ["execute-api:/*/OPTIONS/*"]
        assert statement["Effect"] == "Deny" or is_preflight


@pytest.mark.parametrize("auth", ["public", "api-key"])
def test_other_addresses_are_denied(auth: Any) -> None:
    allow, deny = policy(Access(auth=auth, source_ips=("192.0.2.0/24", "2001:db8::/32")))
    assert (allow["Effect"], allow["Principal"], deny["Effect"]) == ("Allow", "*", "Deny")
    assert allow["Resource"] == deny["Resource"] == ["execute-api:/*"]
    ranges = ["192.0.2.0/24", "2001:db8::/32"]
    assert deny["Condition"] == {"NotIpAddress": {"aws:SourceIp": ranges}}


def test_private_api_is_behind_its_vpc_endpoints() -> None:
    access = Access(private=True, source_vpces=(VPCE, "vpce-0123abcd"), source_ips=("10.0.0.0/8",))
    template = content(access)
    (api,) = properties(template, "RestApi")
    vpces = [VPCE, "vpce-0123abcd"]
    endpoint = {"Types": ["PRIVATE"], "VpcEndpointIds": vpces, "IpAddressType": "dualstack"}
    assert api["EndpointConfiguration"] == endpoint
    _, addresses, endpoints = policy(access)
    assert addresses["Condition"] == {"NotIpAddress": {"aws:VpcSourceIp": ["10.0.0.0/8"]}}
    assert endpoints["Condition"] == {"StringNotEquals": {"aws:SourceVpce": vpces}}
    url = template["Outputs"]["ApiUrl"]["Value"]["Fn::Join"][1]
    assert url[:4] == ["https://", {"Ref": "ApiGateway"}, f"-{VPCE}", ".execute-api."]


def test_each_api_key_is_in_the_usage_plan_of_every_stage() -> None:
    access = Access(
        auth="api-key",
        keys=("web", "partner"),
        throttle_rate=5,
        throttle_burst=10,
        quota=1000,
        quota_period="day",
    )
    template = content(access, releases=Releases(preview=True))
    (plan,) = properties(template, "UsagePlan")
    stages = [stage["Stage"]["Ref"] for stage in plan["ApiStages"]]
    assert stages == ["ApiGatewayStage", "ApiGatewayPreviewStage"]
    assert plan["Throttle"] == {"BurstLimit": 10, "RateLimit": 5}
    assert plan["Quota"] == {"Limit": 1000, "Period": "DAY"}
    members = [member["KeyId"]["Ref"] for member in properties(template, "UsagePlanKey")]
    assert members == ["WebApiKey", "PartnerApiKey"]
    assert all(key["Enabled"] is True for key in properties(template, "ApiKey"))


def test_outputs_have_the_id_of_an_api_key_and_no_template_has_its_value() -> None:
    template = content(Access(auth="api-key"))
    assert template["Outputs"]["ReaderApiKeyId"]["Value"] == {"Ref": "ReaderApiKey"}
    assert all("Value" not in key for key in properties(template, "ApiKey"))
    assert "ReaderApiKeyId" not in content(Access(auth="iam"))["Outputs"]


def test_output_has_the_resource_for_the_policy_of_a_reader() -> None:
    arn = content(Access(auth="iam"))["Outputs"]["ReadArn"]["Value"]["Fn::Sub"]
    assert arn.endswith(":${ApiGateway}/v1/*")


def test_unknown_path_is_a_403_if_requests_must_be_signed() -> None:
    """API Gateway has one type of response for it and for a request without a signature."""
    statuses = [
        response["StatusCode"]
        for access in (Access(auth="iam"), Access(auth="api-key"))
        for response in properties(content(access), "GatewayResponse")
        if response["ResponseType"] == "MISSING_AUTHENTICATION_TOKEN"
    ]
    assert statuses == ["403", "404"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, Access(auth="iam")),
        (None, Access(source_ips=("192.0.2.0/24",))),
        (Access(source_ips=("192.0.2.0/24",)), Access(source_ips=("192.0.2.0/25",))),
        (Access(auth="iam"), Access(auth="iam", principals=(ROLE,))),
    ],
)
def test_changed_access_is_deployed(before: Access | None, after: Access) -> None:
    ids = [
        {name for name in content(each)["Resources"] if name.startswith("ApiGatewayDeployment")}
        for each in (before, after)
    ]
    assert ids[0] != ids[1]


def test_another_api_key_needs_no_deployment() -> None:
    before, after = (content(Access(auth="api-key", keys=keys)) for keys in (("a",), ("a", "b")))
    added = after["Resources"].keys() - before["Resources"].keys()
    assert added == {"BApiKey", "BUsagePlanKey"}


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"principals": (ROLE,)}, "principals"),
        ({"auth": "api-key", "principals": (ROLE,)}, "principals"),
        ({"auth": "iam", "principals": ("everybody",)}, "principals"),
        ({"auth": "iam", "principals": ("*",)}, "principals"),
        ({"keys": ("web",)}, "keys"),
        ({"auth": "iam", "quota": 5}, "quota"),
        ({"throttle_rate": 5, "throttle_burst": 5}, "throttle_rate"),
        ({"auth": "api-key", "throttle_rate": 5}, "throttle_burst"),
        ({"auth": "api-key", "throttle_burst": 5}, "throttle_rate"),
        ({"auth": "api-key", "quota_period": "day"}, "quota_period"),
        ({"auth": "api-key", "quota": 0}, "quota"),
        ({"auth": "api-key", "keys": ("Web",)}, "keys"),
        ({"auth": "api-key", "keys": ("web", "web")}, "keys"),
        ({"source_vpces": (VPCE,)}, "source_vpces"),
        ({"private": True}, "private"),
        ({"private": True, "source_vpces": ("vpc-0123abcd",)}, "source_vpces"),
        ({"source_ips": ("192.0.2.1/24",)}, "source_ips"),
        ({"source_ips": ("192.0.2.0/33",)}, "source_ips"),
        ({"source_ips": ("example.com",)}, "source_ips"),
        ({"auth": "none"}, "auth"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options: dict[str, Any], key: str) -> None:
    with pytest.raises(ConfigError) as error:
        Access(**options)
    assert error.value.where == f"access.{key}"


def test_resource_policy_over_the_quota_is_refused() -> None:
    ranges = tuple(f"10.{n // 256}.{n % 256}.0/24" for n in range(600))
    with pytest.raises(ConfigError) as error:
        content(Access(source_ips=ranges))
    assert error.value.where == "access"


def test_access_needs_an_api_of_its_own() -> None:
    host = Template()
    api = host.add_resource(ag.RestApi("Shared", Name="shared"))
    with pytest.raises(ConfigError) as error:
        add_read_model(host, ReadModel(access=Access(auth="iam")), api=api)
    assert error.value.where == "access"


def test_composed_read_model_exports_the_ids_of_its_keys() -> None:
    host = Template()
    add_read_model(host, ReadModel(access=Access(auth="api-key")), "Shop", export=True)
    found = json.loads(host.to_json())["Outputs"]["ShopReaderApiKeyId"]
    assert "Export" in found


def test_table_is_read_from_the_file_and_kept_with_the_template() -> None:
    text = '[access]\nauth = "api-key"\nkeys = ["web"]\nquota = 10\n'
    model = parse(text, "readmodel.toml").model
    assert model.access == Access(auth="api-key", keys=("web",), quota=10)
    template = json.loads(build_template(model).to_json())
    assert settings_in(template)[""]["access"] == {"auth": "api-key", "keys": ["web"], "quota": 10}


def test_diff_names_the_setting() -> None:
    found = list(changed_settings(content(None), replace(PLAIN, access=Access(auth="iam"))))
    assert {setting[0] for setting in found} == {"access"}


def test_starter_file_keeps_the_table() -> None:
    access = Access(auth="iam", principals=(ROLE,))
    config = replace(parse("", "f"), model=replace(PLAIN, access=access))
    assert parse(starter(config), "f").model.access == access
