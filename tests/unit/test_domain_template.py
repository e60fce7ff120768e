"""What [domain] changes in the template."""

import json
from dataclasses import replace
from typing import Any

import pytest
from troposphere import Template
from troposphere import apigateway as ag

from readmodel_cfn import (
    Api,
    Deployment,
    Domain,
    Logs,
    ReadModel,
    Releases,
    Route,
    add_read_model,
    build_template,
    render,
)
from readmodel_cfn.analysis.audit import audit_report
from readmodel_cfn.config.changes import changed_settings
from readmodel_cfn.config.file import parse
from readmodel_cfn.config.origins import origins
from readmodel_cfn.config.starter import starter
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.settings import settings_in

ZONE = "Z0123456789ABCDEFGHIJ"
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d-0000-1111-2222"
PLAIN = ReadModel(routes=(Route(), Route("products/{id}", "products/{id}.json")))
IN_ZONE = Domain("data.example.com", ZONE)
BY_ARN = Domain("data.example.com", certificate=CERTIFICATE)
MODEL = replace(PLAIN, domain=IN_ZONE)


def content(model: ReadModel) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(build_template(model), "compact"))
    return made


def one(model: ReadModel, kind: str) -> dict[str, Any]:
    """The properties of the only resource of a type."""
    (found,) = [each for each in content(model)["Resources"].values() if each["Type"] == kind]
    properties: dict[str, Any] = found["Properties"]
    return properties


def added(model: ReadModel) -> list[str]:
    """The types of the resources that the table adds."""
    without = content(replace(model, domain=None))["Resources"]
    return [
        each["Type"] for name, each in content(model)["Resources"].items() if name not in without
    ]


def test_hosted_zone_requests_a_certificate_and_adds_both_alias_records() -> None:
    assert added(MODEL) == [
        "AWS::CertificateManager::Certificate",
        "AWS::ApiGateway::DomainName",
        "AWS::ApiGateway::BasePathMapping",
        "AWS::Route53::RecordSet",
        "AWS::Route53::RecordSet",
    ]
    certificate = one(MODEL, "AWS::CertificateManager::Certificate")
    validation = {"DomainName": "data.example.com", "HostedZoneId": ZONE}
    assert certificate["DomainValidationOptions"] == [validation]
    assert certificate["ValidationMethod"] == "DNS"
    records = [
        each["Properties"]
        for each in content(MODEL)["Resources"].values()
        if each["Type"] == "AWS::Route53::RecordSet"
    ]
    assert [record["Type"] for record in records] == ["A", "AAAA"]
    for record in records:
        assert (record["Name"], record["HostedZoneId"]) == ("data.example.com", ZONE)
        target = record["AliasTarget"]
        assert target["DNSName"] == {"Fn::GetAtt": ["DomainName", "RegionalDomainName"]}
        assert target["HostedZoneId"] == {"Fn::GetAtt": ["DomainName", "RegionalHostedZoneId"]}


def test_certificate_without_a_hosted_zone_adds_no_records() -> None:
    model = replace(PLAIN, domain=BY_ARN)
    assert added(model) == ["AWS::ApiGateway::DomainName", "AWS::ApiGateway::BasePathMapping"]
    assert one(model, "AWS::ApiGateway::DomainName")["RegionalCertificateArn"] == CERTIFICATE


def test_certificate_with_a_hosted_zone_is_not_requested() -> None:
    model = replace(PLAIN, domain=replace(BY_ARN, hosted_zone_id=ZONE))
    assert added(model).count("AWS::Route53::RecordSet") == 2
    assert "AWS::CertificateManager::Certificate" not in added(model)


def test_domain_name_has_ipv6_addresses_for_the_aaaa_record() -> None:
    endpoint = one(MODEL, "AWS::ApiGateway::DomainName")["EndpointConfiguration"]
    assert endpoint == {"Types": ["REGIONAL"], "IpAddressType": "dualstack"}


@pytest.mark.parametrize("policy", ["TLS_1_2", "SecurityPolicy_TLS13_1_3_2025_09"])
def test_domain_name_has_the_tls_policy_of_the_api(policy: Any) -> None:
    model = replace(MODEL, api=Api(security_policy=policy))
    api, domain = one(model, "AWS::ApiGateway::RestApi"), one(model, "AWS::ApiGateway::DomainName")
    assert domain["SecurityPolicy"] == api["SecurityPolicy"] == policy
    assert domain.get("EndpointAccessMode") == api.get("EndpointAccessMode")


def test_mapping_serves_the_stage_below_the_base_path() -> None:
    mapping = one(MODEL, "AWS::ApiGateway::BasePathMapping")
    assert "BasePath" not in mapping
    assert mapping["Stage"] == {"Ref": "ApiGatewayStage"}
    below = replace(MODEL, domain=replace(IN_ZONE, base_path="v2"))
    assert one(below, "AWS::ApiGateway::BasePathMapping")["BasePath"] == "v2"


def test_outputs_are_urls_of_the_domain_name_and_one_of_execute_api() -> None:
    model = replace(MODEL, domain=replace(IN_ZONE, base_path="v2"))
    outputs = {name: each["Value"] for name, each in content(model)["Outputs"].items()}
    assert outputs["ApiUrl"] == "https://data.example.com/v2"
    assert outputs["SamplesUrl"] == "https://data.example.com/v2/samples"
    default = content(PLAIN)["Outputs"]["ApiUrl"]["Value"]
    assert outputs["DefaultEndpointUrl"] == default


def test_disabled_endpoint_is_deployed_again() -> None:
    def deployment(model: ReadModel) -> str:
        return next(str(name) for name in content(model)["Resources"] if "Deployment" in name)

    off = replace(MODEL, domain=replace(IN_ZONE, default_endpoint=False))
    assert one(off, "AWS::ApiGateway::RestApi")["DisableExecuteApiEndpoint"] is True
    assert "DisableExecuteApiEndpoint" not in one(MODEL, "AWS::ApiGateway::RestApi")
    assert deployment(PLAIN) == deployment(MODEL) != deployment(off)


def test_preview_stage_needs_the_default_endpoint() -> None:
    off = replace(IN_ZONE, default_endpoint=False)
    with pytest.raises(ConfigError, match=r"domain\.default_endpoint"):
        replace(PLAIN, releases=Releases(preview=True), domain=off)
    assert replace(PLAIN, releases=Releases(), domain=off)
    assert replace(PLAIN, releases=Releases(preview=True), domain=IN_ZONE)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("[domain]", "domain.name"),
        ('[domain]\nname = "data.example.com"', "domain.certificate"),
        (f'[domain]\nname = "https://a.example"\nhosted_zone_id = "{ZONE}"', "domain.name"),
        (f'[domain]\nname = "*.example.com"\nhosted_zone_id = "{ZONE}"', "domain.name"),
        (f'[domain]\nname = "Data.example.com"\nhosted_zone_id = "{ZONE}"', "domain.name"),
        (f'[domain]\nname = "localhost"\nhosted_zone_id = "{ZONE}"', "domain.name"),
        (f'[domain]\nname = "-a.example.com"\nhosted_zone_id = "{ZONE}"', "domain.name"),
        (f'[domain]\nname = "10.0.0.1"\nhosted_zone_id = "{ZONE}"', "domain.name"),
        ('[domain]\nname = "a.example"\nhosted_zone_id = "/hostedzone/Z1"', "hosted_zone_id"),
        ('[domain]\nname = "a.example"\ncertificate = "arn:aws:iam::1:x"', "domain.certificate"),
        (
            f'[domain]\nname = "a.example"\nhosted_zone_id = "{ZONE}"\nbase_path = "a/b"',
            "domain.base_path",
        ),
    ],
)
def test_invalid_values_are_refused(text: str, key: str) -> None:
    with pytest.raises(ConfigError, match=key):
        parse(text, "f")


def test_one_environment_may_have_another_name() -> None:
    text = f'[domain]\nname = "a.example.com"\nhosted_zone_id = "{ZONE}"\n[env.t.stack]\n'
    text += 'name = "test"\n[env.t.domain]\nname = "test.example.com"\n'
    found = parse(text, "f", "t").model.domain
    assert found == Domain("test.example.com", ZONE)


def test_existing_api_is_refused() -> None:
    host = Template()
    api = host.add_resource(ag.RestApi("Shared", Name="shared"))
    for model in (MODEL, replace(PLAIN, logs=Logs())):
        with pytest.raises(ConfigError, match="stage of"):
            add_read_model(host, model, api=api)
    assert list(host.resources) == ["Shared"]


def test_settings_diff_starter_and_origins_know_the_table() -> None:
    assert "domain" not in settings_in(content(PLAIN))[""]
    assert settings_in(content(MODEL))[""]["domain"] == {
        "name": "data.example.com",
        "hosted_zone_id": ZONE,
    }
    found = list(changed_settings(content(PLAIN), MODEL))
    assert {change[0] for change in found} == {"domain"}
    config = replace(parse("", "f"), model=MODEL)
    assert parse(starter(config), "f").model == MODEL
    assert set(origins(MODEL).values()) >= {"[domain]"}


@pytest.mark.parametrize("domain", [IN_ZONE, BY_ARN, replace(BY_ARN, default_endpoint=False)])
def test_template_audits_clean(domain: Domain) -> None:
    report = audit_report(content(replace(PLAIN, domain=domain, deployment=Deployment(stage="x"))))
    assert not report.findings
    assert not report.unchecked


def test_name_of_a_requested_certificate_has_at_most_64_characters() -> None:
    long = f"{'a' * 50}.{'b' * 10}.com"
    Domain(long[-64:], ZONE)
    Domain(long, certificate=CERTIFICATE)
    with pytest.raises(ConfigError) as refused:
        Domain(long, ZONE)
    assert refused.value.where == "domain.name"


@pytest.mark.parametrize("table", [{"logs": Logs(name="/shop/reads")}, {"domain": IN_ZONE}])
def test_two_read_models_of_a_template_do_not_have_the_same_name(table: dict[str, Any]) -> None:
    template = Template()
    add_read_model(template, replace(PLAIN, **table), "A")
    with pytest.raises(ConfigError):
        add_read_model(template, replace(PLAIN, **table), "B")
