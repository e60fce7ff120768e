"""What [cdn] and [waf] add to the template."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from troposphere import Template

from readmodel_cfn import (
    Access,
    Api,
    Cdn,
    DataStore,
    Deployment,
    Domain,
    ReadModel,
    Releases,
    Route,
    Waf,
    Writer,
    add_read_model,
    build_template,
    render,
)
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.config.file import parse
from readmodel_cfn.deploy.obstacles import cloudfront_obstacles
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.options import OptionError
from readmodel_cfn.template.pairs import PAIRS
from strategies import ACL, CERTIFICATE

ROUTES = (Route(), Route("products/{id}", "products/{id}.json"))
PLAIN = ReadModel(routes=ROUTES)
STORE, API = replace(PLAIN, cdn=Cdn()), replace(PLAIN, cdn=Cdn(origin="api"))


def content(model: ReadModel) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(build_template(model), "compact"))
    return made


def properties(model: ReadModel, kind: str) -> list[Any]:
    resources = content(model)["Resources"].values()
    return [each["Properties"] for each in resources if each["Type"] == kind]


def distribution(model: ReadModel) -> Any:
    (found,) = properties(model, "AWS::CloudFront::Distribution")
    return found["DistributionConfig"]


def types(model: ReadModel) -> set[str]:
    return {each["Type"] for each in content(model)["Resources"].values()}


@pytest.mark.parametrize(("model", "target"), [(STORE, "DataStore"), (API, "ApiGatewayStage")])
def test_graph_draws_what_readers_get_through_the_distribution(
    model: ReadModel, target: str
) -> None:
    lines = flowchart(content(model)).splitlines()
    assert [line.strip() for line in lines if "--> Distribution" in line]
    assert [line.strip() for line in lines if f"Distribution --> {target}" in line]


def test_only_this_distribution_may_read_and_list() -> None:
    (policy,) = properties(STORE, "AWS::S3::BucketPolicy")
    deny, *allowed = policy["PolicyDocument"]["Statement"]
    assert deny["Effect"] == "Deny"
    assert [each["Action"] for each in allowed] == [["s3:GetObject"], ["s3:ListBucket"]]
    arn = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/${Distribution}"
    for each in allowed:
        assert each["Principal"] == {"Service": "cloudfront.amazonaws.com"}
        assert each["Condition"] == {"StringEquals": {"AWS:SourceArn": {"Fn::Sub": arn}}}


def test_api_as_origin_leaves_the_bucket_closed() -> None:
    assert properties(API, "AWS::S3::BucketPolicy") == properties(PLAIN, "AWS::S3::BucketPolicy")
    assert not types(API) & {"AWS::CloudFront::Function", "AWS::CloudFront::OriginAccessControl"}
    (origin,) = distribution(API)["Origins"]
    assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"


def test_bucket_is_read_through_the_paths_function_only() -> None:
    behavior = distribution(STORE)["DefaultCacheBehavior"]
    (function,) = behavior["FunctionAssociations"]
    assert function["EventType"] == "viewer-request"
    assert "CacheBehaviors" not in distribution(STORE)
    (made,) = properties(STORE, "AWS::CloudFront::Function")
    assert made["FunctionConfig"]["Runtime"] == "cloudfront-js-2.0"
    assert made["AutoPublish"] is True


@pytest.mark.parametrize("model", [STORE, API])
def test_cache_control_of_the_document_decides(model: ReadModel) -> None:
    (policy,) = properties(model, "AWS::CloudFront::CachePolicy")
    config = policy["CachePolicyConfig"]
    assert (config["MinTTL"], config["DefaultTTL"]) == (0, 0)
    key = config["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["QueryStringsConfig"] == {"QueryStringBehavior": "none"}
    assert key["EnableAcceptEncodingGzip"] is key["EnableAcceptEncodingBrotli"] is True


@pytest.mark.parametrize("model", [STORE, API])
def test_constants_of_the_distribution(model: ReadModel) -> None:
    config = distribution(model)
    assert config["HttpVersion"] == "http2and3"
    behavior = config["DefaultCacheBehavior"]
    assert behavior["Compress"] is True
    assert behavior["ViewerProtocolPolicy"] == "https-only"
    assert behavior["AllowedMethods"] == ["GET", "HEAD"]
    errors = {each["ErrorCode"]: each for each in config["CustomErrorResponses"]}
    assert errors[404] == {"ErrorCode": 404, "ErrorCachingMinTTL": 1}
    assert "ResponseCode" not in errors[403]


def test_pages_of_other_origins_may_read_through_the_distribution() -> None:
    model = replace(STORE, api=Api(cors_origin=("https://a.example", "https://b.example")))
    (policy,) = properties(model, "AWS::CloudFront::ResponseHeadersPolicy")
    cors = policy["ResponseHeadersPolicyConfig"]["CorsConfig"]
    assert cors["AccessControlAllowOrigins"] == {
        "Items": ["https://a.example", "https://b.example"]
    }
    assert "OPTIONS" in distribution(model)["DefaultCacheBehavior"]["AllowedMethods"]


def test_comment_is_as_short_as_the_name_of_a_stack() -> None:
    """Both have at most 128 characters."""
    assert distribution(STORE)["Comment"] == {"Ref": "AWS::StackName"}


def test_aliases_have_a_certificate_and_records() -> None:
    cdn = Cdn(aliases=("a.example.com", "b.example.com"), hosted_zone_id="Z1")
    model = replace(STORE, cdn=cdn)
    (certificate,) = properties(model, "AWS::CertificateManager::Certificate")
    assert certificate["SubjectAlternativeNames"] == ["b.example.com"]
    config = distribution(model)
    assert config["Aliases"] == ["a.example.com", "b.example.com"]
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    records = properties(model, "AWS::Route53::RecordSet")
    assert len(records) == 4
    assert content(model)["Outputs"]["DistributionUrl"]["Value"] == {
        "Fn::Join": ["", ["https://", "a.example.com"]]
    }


def test_name_moves_from_the_api_to_the_distribution_with_its_records() -> None:
    """Route 53 would refuse new ones beside those of the API, which are deleted at the end."""
    api = content(replace(PLAIN, domain=Domain("a.example.com", "Z1")))["Resources"]
    moved = content(replace(STORE, cdn=Cdn(aliases=("a.example.com",), hosted_zone_id="Z1")))
    records = {name for name, each in api.items() if each["Type"] == "AWS::Route53::RecordSet"}
    assert len(records) == 2
    for name in records:
        before, after = api[name]["Properties"], moved["Resources"][name]["Properties"]
        assert {key for key in before if before[key] != after[key]} == {"AliasTarget"}


def test_given_certificate_is_used() -> None:
    model = replace(STORE, cdn=Cdn(aliases=("a.example.com",), certificate=CERTIFICATE))
    assert distribution(model)["ViewerCertificate"]["AcmCertificateArn"] == CERTIFICATE
    assert not types(model) & {"AWS::CertificateManager::Certificate", "AWS::Route53::RecordSet"}


@pytest.mark.parametrize(
    ("cdn", "waf", "names"),
    [
        (Cdn(aliases=("a.example.com",), hosted_zone_id="Z1"), None, ["DistributionCertificate"]),
        (Cdn(), Waf(), ["WebAcl"]),
        (Cdn(aliases=("a.example.com",), certificate=CERTIFICATE), None, []),
        (Cdn(), Waf(web_acl=ACL.format("global")), []),
        (None, Waf(), []),
        (Cdn(), None, []),
    ],
)
def test_parts_of_us_east_1_are_refused_elsewhere(
    cdn: Cdn | None, waf: Waf | None, names: list[str]
) -> None:
    template = content(replace(PLAIN, cdn=cdn, waf=waf))
    assert [each.where for each in cloudfront_obstacles(template, "eu-west-1")] == names
    assert cloudfront_obstacles(template, "us-east-1") == cloudfront_obstacles(template, None) == []


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1"])
def test_distribution_is_refused_where_cloudfront_is_missing(region: str) -> None:
    (found,) = cloudfront_obstacles(content(STORE), region)
    assert found.where == "Distribution"
    assert cloudfront_obstacles(content(replace(PLAIN, waf=Waf())), region) == []


def test_global_web_acl_is_in_us_east_1() -> None:
    with pytest.raises(ConfigError):
        Waf(web_acl=ACL.format("global").replace("us-east-1", "eu-west-1"))


def test_first_name_of_a_made_certificate_has_at_most_64_characters() -> None:
    long = f"{'a' * 50}.{'b' * 10}.com"
    Cdn(aliases=("a.example.com", long), hosted_zone_id="Z1")
    Cdn(aliases=(long,), certificate=CERTIFICATE)
    with pytest.raises(ConfigError):
        Cdn(aliases=(long,), hosted_zone_id="Z1")


def test_writer_may_invalidate_this_distribution_only() -> None:
    for writer in (
        Writer(allow=("put", "invalidate")),
        Writer(kind="role", principals=("123456789012",), allow=("invalidate",)),
    ):
        kind = "AWS::IAM::User" if writer.kind == "user" else "AWS::IAM::Role"
        made = properties(replace(STORE, writer=writer), kind)[0]
        (policy,) = made["Policies"]
        last = policy["PolicyDocument"]["Statement"][-1]
        assert last["Action"] == ["cloudfront:CreateInvalidation"]
        assert "distribution/${Distribution}" in json.dumps(last["Resource"])


def test_web_acl_counts_first() -> None:
    (acl,) = properties(replace(PLAIN, waf=Waf()), "AWS::WAFv2::WebACL")
    assert acl["Scope"] == "REGIONAL"
    assert acl["DefaultAction"] == {"Allow": {}}
    *groups, rate = acl["Rules"]
    assert [each["OverrideAction"] for each in groups] == [{"Count": {}}] * 2
    assert rate["Action"] == {"Count": {}}
    assert rate["Statement"]["RateBasedStatement"]["Limit"] == 2000


def test_web_acl_blocks() -> None:
    (acl,) = properties(replace(PLAIN, waf=Waf(mode="block")), "AWS::WAFv2::WebACL")
    *groups, rate = acl["Rules"]
    assert [each["OverrideAction"] for each in groups] == [{"None": {}}] * 2
    assert rate["Action"] == {"Block": {}}


def test_web_acl_belongs_to_the_distribution_or_to_each_stage() -> None:
    with_cdn = replace(STORE, waf=Waf())
    assert "WebACLId" in distribution(with_cdn)
    assert properties(with_cdn, "AWS::WAFv2::WebACL")[0]["Scope"] == "CLOUDFRONT"
    assert "AWS::WAFv2::WebACLAssociation" not in types(with_cdn)
    stages = replace(PLAIN, waf=Waf(), releases=Releases(preview=True))
    assert len(properties(stages, "AWS::WAFv2::WebACLAssociation")) == 2
    given_acl = replace(PLAIN, waf=Waf(web_acl=ACL.format("regional")))
    assert "AWS::WAFv2::WebACL" not in types(given_acl)
    (association,) = properties(given_acl, "AWS::WAFv2::WebACLAssociation")
    assert association["WebACLArn"] == ACL.format("regional")


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"cdn": Cdn(), "releases": Releases()}, "cdn.origin"),
        (
            {"cdn": Cdn("api"), "releases": Releases(), "data_store": DataStore(max_age=9)},
            "data_store.max_age",
        ),
        (
            {
                "cdn": Cdn("api"),
                "releases": Releases(),
                "data_store": DataStore(stale_while_revalidate=9),
            },
            "data_store.max_age",
        ),
        ({"cdn": Cdn(), "api": Api(missing="mask")}, "api.missing"),
        ({"waf": Waf(web_acl=ACL.format("global"))}, "waf.web_acl"),
        ({"cdn": Cdn(), "waf": Waf(web_acl=ACL.format("regional"))}, "waf.web_acl"),
        ({"writer": Writer(allow=("put", "invalidate"))}, "writer.allow"),
    ],
)
def test_pairs_that_undo_each_other_are_refused(changes: dict[str, Any], key: str) -> None:
    with pytest.raises(OptionError) as refused:
        replace(PLAIN, **changes)
    assert refused.value.key == key
    assert "\n" not in str(refused.value)


PRIVATE = Access(private=True, source_vpces=("vpce-0123abcd",))
DOMAIN = Domain(name="a.example.com", certificate=CERTIFICATE)


@pytest.mark.parametrize("origin", ["data-store", "api"])
@pytest.mark.parametrize(
    ("tables", "key"),
    [
        ({"access": Access("iam")}, "access.auth"),
        ({"access": Access("api-key")}, "access.auth"),
        ({"access": Access(source_ips=("192.0.2.1",))}, "access.source_ips"),
        ({"access": PRIVATE}, "access.private"),
        ({"domain": DOMAIN}, "domain.name"),
    ],
)
def test_access_and_domain_are_refused_with_a_cdn(
    tables: dict[str, Any], key: str, origin: Any
) -> None:
    build_template(replace(PLAIN, **tables))
    build_template(replace(PLAIN, access=Access(), cdn=Cdn(origin)))
    with pytest.raises(OptionError) as refused:
        replace(PLAIN, **tables, cdn=Cdn(origin))
    assert refused.value.key == key


def test_private_api_has_no_public_domain() -> None:
    build_template(replace(PLAIN, domain=DOMAIN, access=Access()))
    with pytest.raises(OptionError) as refused:
        replace(PLAIN, domain=DOMAIN, access=PRIVATE)
    assert refused.value.key == "access.private"


def test_page_has_every_pair() -> None:
    text = (Path(__file__).parents[2] / "docs/pairs.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| `[")]
    assert rows == [
        f"| {' and '.join(f'`[{table}]`' for table in pair.tables)} | `{pair.key}` | "
        f"{pair.reason} | {pair.allowed} |"
        for pair in PAIRS
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"cdn": Cdn("api"), "releases": Releases(preview=True)},
        {"cdn": Cdn("api"), "api": Api(missing="mask")},
        {"cdn": Cdn(), "data_store": DataStore(max_age=60)},
        {"cdn": Cdn(), "waf": Waf(web_acl=ACL.format("global"))},
        {"cdn": Cdn(), "deployment": Deployment(throttle_rate=5)},
    ],
)
def test_pairs_that_fit_are_allowed(changes: dict[str, Any]) -> None:
    build_template(replace(PLAIN, **changes))


@pytest.mark.parametrize(
    "text",
    [
        '[cdn]\norigin = "s3"',
        '[cdn]\naliases = ["data.example.com"]',
        '[cdn]\naliases = ["data.example.com", "data.example.com"]\nhosted_zone_id = "Z1"',
        '[cdn]\nhosted_zone_id = "Z1"',
        '[cdn]\naliases = ["Data.example.com"]\nhosted_zone_id = "Z1"',
        '[cdn]\naliases = ["a.example.com"]\n'
        'certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/1"',
        '[waf]\nmode = "off"',
        "[waf]\nrate_limit = 9",
        f'[waf]\nmode = "block"\nweb_acl = "{ACL.format("regional")}"',
    ],
)
def test_invalid_values_are_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"cdn|waf"):
        parse(text, "f")


def test_tables_turn_cdn_and_firewall_on() -> None:
    assert parse("[cdn]\n[waf]", "f").model == ReadModel(cdn=Cdn(), waf=Waf())
    assert parse("", "f").model.cdn is None


@pytest.mark.parametrize("table", ["cdn", "waf"])
def test_existing_api_is_refused(table: str) -> None:
    from troposphere import apigateway as ag

    host = Template()
    api = host.add_resource(ag.RestApi("Shared", Name="shared"))
    model = replace(PLAIN, cdn=Cdn()) if table == "cdn" else replace(PLAIN, waf=Waf())
    with pytest.raises(ConfigError, match=table):
        add_read_model(host, model, api=api)
    assert list(host.resources) == ["Shared"]


def test_existing_bucket_is_for_a_distribution_that_reads_the_api() -> None:
    host = Template()
    with pytest.raises(ConfigError, match=r"cdn\.origin"):
        add_read_model(host, STORE, data_store="shop-data")
    add_read_model(host, API, data_store="shop-data")
    assert "Distribution" in host.resources


def test_two_distributions_of_a_template_do_not_have_the_same_alias() -> None:
    host = Template()
    model = replace(STORE, cdn=Cdn(aliases=("a.example.com",), certificate=CERTIFICATE))
    add_read_model(host, model, "Shop")
    with pytest.raises(ConfigError, match=r"a\.example\.com"):
        add_read_model(host, model, "News")


def test_two_read_models_with_cdn_fit_one_template() -> None:
    host = Template()
    for prefix in ("Shop", "News"):
        add_read_model(host, replace(STORE, waf=Waf()), prefix)
    names = [
        json.dumps(each.to_dict()["Properties"]["Name"])
        for each in host.resources.values()
        if each.resource_type == "AWS::CloudFront::Function"
    ]
    assert len(set(names)) == 2
