"""The deployer's policy against the permissions that cfn-lint has for each resource type."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from hypothesis import given
from policy_reviewed import ALWAYS, BESIDES
from troposphere import Template

from readmodel_cfn import (
    Access,
    Alarms,
    Cdn,
    Domain,
    Logs,
    ReadModel,
    ReadModelStack,
    Route,
    Waf,
    Writer,
    add_read_model,
    build_article,
)
from readmodel_cfn.cloudformation.patterns import covers
from readmodel_cfn.policy import policy
from readmodel_cfn.policy.handlers import SERVES, is_set, permissions
from readmodel_cfn.template.render import build_template
from strategies import ACCOUNT, BOUNDARY, examples, read_models

STACK, REGION, RANDOM = "shop", "eu-west-1", "1A2B3C4D5E6F"
HANDLERS = ("create", "read", "update", "delete")
ACCESS_KEY = {
    "iam:CreateAccessKey",
    "iam:DeleteAccessKey",
    "iam:ListAccessKeys",
    "iam:UpdateAccessKey",
}
ROUTE53 = {"route53:GetChange": "change/C1", "route53:ListHostedZones": ""}
CLOUDFRONT = {
    "AWS::CloudFront::CachePolicy": "cache-policy/0a1b",
    "AWS::CloudFront::Distribution": "distribution/E1ABC",
    "AWS::CloudFront::Function": "function/readmodel-0a1b",
    "AWS::CloudFront::OriginAccessControl": "origin-access-control/E2ABC",
    "AWS::CloudFront::ResponseHeadersPolicy": "response-headers-policy/0a1b",
}
WEB_ACL = "AWS::WAFv2::WebACL"
GIVEN_WEB_ACL = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/given/0a1b"
PASSES = ("AWS::ApiGateway::Account", "AWS::ApiGateway::Method")
Json = Mapping[str, Any]


def of_handlers(type_: str) -> set[str]:
    """The permissions of a type's handlers; AWS::IAM::AccessKey has none: its four by hand."""
    if type_ == "AWS::IAM::AccessKey":
        return ACCESS_KEY
    handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema["handlers"]
    return {each for name in HANDLERS for each in handlers.get(name, {}).get("permissions", ())}


@pytest.mark.parametrize("type_", SERVES)
def test_each_permission_is_reviewed_once(type_: str) -> None:
    served, always = set(SERVES[type_]), set(ALWAYS[type_])
    assert served | always == of_handlers(type_)
    assert served & always == set()


@pytest.mark.parametrize("type_", [type_ for type_ in SERVES if type_ != "AWS::IAM::AccessKey"])
def test_each_property_that_a_permission_serves_exists(type_: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema
    for path in {path for paths in SERVES[type_].values() for path in paths}:
        below = schema
        for name in path.partition(":")[0].split("/"):
            reference = below.get("items", below).get("$ref", "")
            below = schema["definitions"][reference.rpartition("/")[2]] if reference else below
            below = below["properties"][name]


class Deployed:
    """The physical names that CloudFormation could give the resources of a template."""

    def __init__(self, template: Json) -> None:
        self.resources: Json = template["Resources"]

    def properties(self, logical_id: str) -> Json:
        found: Json = self.resources[logical_id].get("Properties", {})
        return found

    def name(self, value: Any) -> str:
        """The name of the resource that a Ref or a GetAtt names, or the literal name."""
        if isinstance(value, str):
            return value
        if "Fn::Sub" in value:  # the ARN of a role that is given by its name
            return str(value["Fn::Sub"].rpartition("/")[2])
        target = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
        generated, properties = f"{STACK}-{target}-{RANDOM}", self.properties(target)
        if "BucketNamePrefix" in properties:
            return f"{properties['BucketNamePrefix']}-{ACCOUNT}-{REGION}-an"
        given = [
            properties[key] for key in ("BucketName", "RoleName", "UserName") if key in properties
        ]
        bucket = self.resources[target]["Type"] == "AWS::S3::Bucket"
        return str(given[0]) if given else generated.lower() if bucket else generated

    def arns(self, logical_id: str, action: str) -> list[str]:
        """The resources that the handler's action is called for."""
        type_, own = self.resources[logical_id]["Type"], {"Ref": logical_id}
        properties, service = self.properties(logical_id), action.partition(":")[0]
        if action == "iam:PassRole":
            integration = properties.get("Integration", {})
            given = integration.get("Credentials", properties.get("CloudWatchRoleArn"))
            return [self.iam("role", given)]
        if type_.startswith("AWS::WAFv2::"):
            return self.of_waf(logical_id, action)
        if arn := self.edge_arn(type_, action, properties, f"{STACK}-{logical_id}-{RANDOM}"):
            return [arn]
        if service == "apigateway":
            api = type_ == "AWS::ApiGateway::RestApi"
            paths = ["", "/a1b2c3"] if api else ["/a1b2c3/resources"]
            return [f"arn:aws:apigateway:{REGION}::/restapis{path}" for path in paths]
        if service == "s3":
            bucket = properties["Bucket"] if type_ == "AWS::S3::BucketPolicy" else own
            return [f"arn:aws:s3:::{self.name(bucket)}"]
        if service == "secretsmanager":
            secret = f"{logical_id}-{RANDOM}-Xy1234"
            return [f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{secret}"]
        return self.identities(logical_id, action)

    def edge_arn(self, type_: str, action: str, properties: Json, generated: str) -> str | None:
        """The resource of an action for the domain name, the CDN, the records, logs and alarms."""
        domain = self.resources.get("DomainName", {}).get("Properties", {}).get("DomainName")
        found = {
            "AWS::ApiGateway::Account": f"apigateway:{REGION}::/account",
            "AWS::ApiGateway::BasePathMapping": f"apigateway:{REGION}::/domainnames/{domain}",
            "AWS::ApiGateway::DomainName": f"apigateway:{REGION}::/domainnames/{domain}",
            "AWS::CertificateManager::Certificate": f"acm:{REGION}:{ACCOUNT}:certificate/0a1b",
            "AWS::Logs::LogGroup": f"logs:{REGION}:{ACCOUNT}:log-group:"
            + properties.get("LogGroupName", generated),
            "AWS::SNS::Topic": f"sns:{REGION}:{ACCOUNT}:{generated}",
            "AWS::CloudWatch::Alarm": f"cloudwatch:{REGION}:{ACCOUNT}:alarm:{generated}",
            "AWS::CloudWatch::Dashboard": f"cloudwatch::{ACCOUNT}:dashboard/{generated}",
        }.get(type_)
        if action.startswith("route53:"):
            (validation,) = properties.get("DomainValidationOptions", [{}])[:1]
            zone = properties.get("HostedZoneId") or validation.get("HostedZoneId")
            found = f"route53:::{ROUTE53.get(action, f'hostedzone/{zone}')}"
        if type_ in CLOUDFRONT:
            found = f"cloudfront::{ACCOUNT}:{CLOUDFRONT[type_]}"
        ours = found and (type_ != "AWS::ApiGateway::Account" or not action.startswith("iam:"))
        return f"arn:aws:{found}" if ours else None

    def of_waf(self, logical_id: str, action: str) -> list[str]:
        """The resources of an action for a web ACL or for its association with a stage."""
        properties = self.properties(logical_id)
        stage = f"arn:aws:apigateway:{REGION}::/restapis/a1b2c3/stages/live"
        if self.resources[logical_id]["Type"] == WEB_ACL:
            scope = "global" if properties["Scope"] == "CLOUDFRONT" else "regional"
            place = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:{scope}"
            # CloudFormation may begin the name with the stack's or with the logical ID.
            names = (f"{logical_id}-{RANDOM}", f"{STACK}-{logical_id}-{RANDOM}")
            rules = [f"{place}/managedruleset/AWSManagedRulesCommonRuleSet/0a1b"]
            uses_rules = action in ("wafv2:CreateWebACL", "wafv2:UpdateWebACL")
            return [f"{place}/webacl/{name}/0a1b" for name in names] + rules * uses_rules
        if action == "apigateway:SetWebACL":
            return [stage]
        given = properties["WebACLArn"]
        made = given["Fn::GetAtt"][0] if isinstance(given, dict) else None
        return [stage, *(self.of_waf(made, action) if made else [given])]

    def identities(self, logical_id: str, action: str) -> list[str]:
        """The users, roles or policies that an action of IAM is called for."""
        type_, own = self.resources[logical_id]["Type"], {"Ref": logical_id}
        properties = self.properties(logical_id)
        if type_ in ("AWS::IAM::Role", "AWS::IAM::User"):
            return [self.iam(type_.rpartition("::")[2].lower(), own)]
        if type_ == "AWS::IAM::AccessKey":
            return [self.iam("user", properties["UserName"])]
        if type_ == "AWS::ApiGateway::Account":
            return [self.iam("role", properties["CloudWatchRoleArn"])]
        for kind in ("Role", "User"):
            if kind in action:
                return [self.iam(kind.lower(), each) for each in properties.get(f"{kind}s", ())]
        return [self.iam("policy", own)]

    def iam(self, kind: str, value: Any) -> str:
        return f"arn:aws:iam::{ACCOUNT}:{kind}/{self.name(value)}"

    def context(self, logical_id: str, arn: str) -> dict[str, str]:
        """The keys of the request that conditions compare."""
        bounds = {
            self.iam(kind, {"Ref": name}): self.properties(name).get("PermissionsBoundary")
            for name, resource in self.resources.items()
            for kind in ("role", "user")
            if resource["Type"] == f"AWS::IAM::{kind.capitalize()}"
        }
        bound = {"iam:PermissionsBoundary": str(bounds[arn])} if bounds.get(arn) else {}
        passes = self.resources[logical_id]["Type"] in PASSES
        return bound | ({"iam:PassedToService": "apigateway.amazonaws.com"} if passes else {})


def allows(document: Json, action: str, arn: str, context: Mapping[str, str]) -> bool:
    return any(
        action in statement["Action"]
        and any(covers(pattern, arn) for pattern in statement["Resource"])
        and statement.get("Condition", {}).get("StringEquals", {}).items() <= context.items()
        for statement in document["Statement"]
    )


def missing(template: Json, document: Json) -> Iterator[tuple[str, str]]:
    """The permissions of handlers that are not granted, though a property they serve is set."""
    deployed = Deployed(template)
    for logical_id, resource in deployed.resources.items():
        serves = SERVES[resource["Type"]]
        for action in of_handlers(resource["Type"]):
            if action in serves and not any(is_set(resource, path) for path in serves[action]):
                continue
            for arn in deployed.arns(logical_id, action):
                if not allows(document, action, arn, deployed.context(logical_id, arn)):
                    yield logical_id, f"{action} {arn}"


def written(template: Any, *purposes: Any, here: bool = False) -> Json:
    """The policy, for the account and the region of the test if `here`."""
    region, account = (REGION, ACCOUNT) if here else (None, None)
    found = policy(template, STACK, *purposes, region=region, account=account)
    document: Json = json.loads(found.to_json())
    return document


@given(read_models)
@examples(2)
def test_policy_grants_what_the_handlers_need_for_the_properties_that_are_set(
    model: ReadModel,
) -> None:
    template = build_template(model)
    for purpose in ("deploy", "service-role"):
        assert list(missing(template.to_dict(), written(template, purpose, here=True))) == []
    assert list(missing(template.to_dict(), written(template))) == []


@given(read_models)
def test_no_action_is_granted_that_serves_no_set_property(model: ReadModel) -> None:
    template = build_template(model).to_dict()
    granted = {
        action
        for statement in written(template, "service-role")["Statement"]
        for action in statement["Action"]
    }
    resources = template["Resources"].values()
    unset = {
        action
        for resource in resources
        for action, paths in SERVES[resource["Type"]].items()
        if not any(is_set(resource, path) for path in paths)
    }
    needed = {
        action
        for resource in resources
        for action in of_handlers(resource["Type"])
        if action not in SERVES[resource["Type"]]
        or any(is_set(resource, path) for path in SERVES[resource["Type"]][action])
    }
    assert granted & (unset - needed) == set()


DOMAIN = Domain(name="data.example.com", hosted_zone_id="Z0123456789ABCDEFGHIJ")


@pytest.mark.parametrize(
    "model",
    [
        ReadModel(),
        ReadModel(cdn=Cdn(), waf=Waf()),
        ReadModel(waf=Waf(), domain=DOMAIN, access=Access(auth="api-key")),
        ReadModel(alarms=Alarms(), logs=Logs(set_account_role=True)),
    ],
)
def test_check_finds_each_action_that_is_taken_away(model: ReadModel) -> None:
    template = build_template(model).to_dict()
    document = written(template, "service-role")
    assert list(missing(template, document)) == []
    besides = "iam:CreateServiceLinkedRole"  # which no handler lists
    for statement in document["Statement"]:
        for action in {*statement["Action"]} - {besides}:
            less = {
                "Statement": [
                    {**each, "Action": [other for other in each["Action"] if other != action]}
                    if each is statement
                    else each
                    for each in document["Statement"]
                ]
            }
            assert any(what.startswith(f"{action} ") for _, what in missing(template, less))


def test_article_s_stack_is_granted_what_its_handlers_need() -> None:
    template = build_article()
    document = ReadModelStack(STACK, article=True).policy("deploy")
    content = json.loads(
        json.dumps(template.to_dict()).replace('{"Ref": "StackName"}', f'"{STACK}"')
    )
    for resource in content["Resources"].values():
        for action in of_handlers(resource["Type"]):
            served = SERVES[resource["Type"]].get(action, ("any",))
            if served == ("any",) or any(is_set(resource, path) for path in served):
                assert f'"{action}"' in document.to_json()


def test_managed_policies_of_many_routes_are_granted() -> None:
    routes = [Route(f"r{n}/{{id}}", f"{'long' * 20}-{n}/{{id}}.json") for n in range(60)]
    writer = Writer(permissions_boundary=BOUNDARY)
    template = build_template(ReadModel(routes=routes, writer=writer))
    types = {resource["Type"] for resource in template.to_dict()["Resources"].values()}
    assert "AWS::IAM::ManagedPolicy" in types
    assert list(missing(template.to_dict(), written(template, "deploy"))) == []


def test_policies_of_an_existing_bucket_and_role_name_them() -> None:
    template = Template()
    add_read_model(template, ReadModel(), data_store="given-bucket", gateway_role="given-role")
    document = json.dumps(written(template, "deploy"))
    assert ":role/given-role" in document
    assert "iam:CreateRole" not in document
    assert list(missing(template.to_dict(), json.loads(document))) == []


def granted(template: Any, purpose: str) -> dict[str, set[str]]:
    """Each action that is allowed, with its resources."""
    found: dict[str, set[str]] = {}
    for statement in written(template, purpose, here=True)["Statement"]:
        for action in statement["Action"]:
            found.setdefault(action, set()).update(statement["Resource"])
    return found


def test_existing_web_acl_is_the_only_one_that_is_associated() -> None:
    model = ReadModel(waf=Waf(web_acl=GIVEN_WEB_ACL))
    template = build_template(model)
    assert list(missing(template.to_dict(), written(template, "deploy", here=True))) == []
    found = granted(template, "deploy")
    assert {arn for arn in found["wafv2:AssociateWebACL"] if ":wafv2:" in arn} == {GIVEN_WEB_ACL}
    assert "wafv2:CreateWebACL" not in found


def association(arn: Any) -> Json:
    properties = {"ResourceArn": arn, "WebACLArn": GIVEN_WEB_ACL}
    return {"Resources": {"A": {"Type": "AWS::WAFv2::WebACLAssociation", "Properties": properties}}}


BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/shop/0a1b"


@pytest.mark.parametrize(
    ("arn", "services"),
    [
        (
            {"Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}::/restapis/a/stages/b"},
            {"apigateway"},
        ),
        (BALANCER, {"elasticloadbalancing"}),
        ({"Ref": "Balancer"}, {"apigateway", "elasticloadbalancing", "appsync", "cognito-idp"}),
    ],
)
def test_association_of_a_web_acl_is_granted_for_the_service_of_its_resource(
    arn: Any, services: set[str]
) -> None:
    found = granted(association(arn), "service-role")
    others = {action.partition(":")[0] for action in found} - {"wafv2"}
    assert others == services if len(services) == 1 else others > services
    if arn == BALANCER:
        assert found["elasticloadbalancing:SetWebACL"] == {BALANCER}


@given(read_models)
def test_policy_for_reading_changes_nothing(model: ReadModel) -> None:
    reads = re.compile(
        r"[a-z0-9-]+:(Get|List|Describe|GET$)|cloudformation:(Detect|BatchDescribe)"
        "|execute-api:Invoke$"
    )
    found = granted(build_template(model), "read")
    assert [action for action in found if not reads.match(action)] == []


def conditions(template: Any, action: str, *purposes: str) -> list[Any]:
    statements = written(template, *purposes, here=True)["Statement"]
    return [each.get("Condition") for each in statements if action in each["Action"]]


def test_what_is_granted_besides_the_handlers_is_for_a_reviewed_reason() -> None:
    for type_, besides in BESIDES.items():
        for handler in HANDLERS:
            handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, type_).schema["handlers"]
            schema = set(handlers.get(handler, {}).get("permissions", ()))
            assert set(permissions(type_)[handler]) - schema <= set(besides)


def test_domain_name_may_create_the_service_linked_role_of_api_gateway_alone() -> None:
    template = build_template(ReadModel(domain=DOMAIN))
    create, service = "iam:CreateServiceLinkedRole", "ops.apigateway.amazonaws.com"
    assert conditions(template, create, "deploy") == [
        {"StringEquals": {"iam:AWSServiceName": service}}
    ]
    assert granted(template, "deploy")[create] == {
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{service}/AWSServiceRoleForAPIGateway"
    }
    assert create not in granted(template, "delete")
    assert create not in granted(build_template(ReadModel()), "deploy")


def test_distribution_may_be_disabled_by_who_deletes_the_stack() -> None:
    assert "cloudfront:UpdateDistribution" in granted(
        build_template(ReadModel(cdn=Cdn())), "delete"
    )


def test_role_writer_and_no_writer_have_no_user() -> None:
    for writer in (Writer(kind="none"), Writer(kind="role", principals=(ACCOUNT,))):
        document = written(build_template(ReadModel(writer=writer)))
        assert "iam:CreateUser" not in json.dumps(document)
