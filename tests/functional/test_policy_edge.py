"""`policy` for the tables in front of the API: what each adds, and only where it is used."""

import json
from typing import Any

import pytest

from readmodel_cfn import (
    Access,
    Alarms,
    Cdn,
    Domain,
    Logs,
    ReadModel,
    ReadModelStack,
    Releases,
    Waf,
)
from readmodel_cfn.limits import MANAGED_POLICY_LENGTH
from readmodel_cfn.policy.document import policy_length
from readmodel_cfn.template.metrics import NAMESPACE
from strategies import ACCOUNT

REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/deploy"
API_GATEWAY = f"arn:aws:apigateway:{REGION}::"
ZONE = "Z0123456789ABCDEFGHIJ"
DOMAIN = Domain(name="data.example.com", hosted_zone_id=ZONE)
EVERY_HOUR = Alarms(published_within_hours=1)
KEYS = ReadModel(access=Access(auth="api-key"))
SIGNED = ReadModel(access=Access(auth="iam"))


def stack(model: ReadModel, role_arn: str | None = None) -> ReadModelStack:
    return ReadModelStack("shop", model, region=REGION, account=ACCOUNT, role_arn=role_arn)


def allowed(model: ReadModel, purpose: Any, action: str) -> set[str]:
    """The resources of an action; with a role of CloudFormation, so only the tool's own calls."""
    document = json.loads(stack(model, ROLE).policy(purpose).to_json())
    found = [each for each in document["Statement"] if action in each["Action"]]
    return {arn for each in found for arn in each["Resource"]}


@pytest.mark.parametrize(
    ("purpose", "action", "resource", "with_it", "without"),
    [
        (
            "publish",
            "cloudfront:CreateInvalidation",
            f"arn:aws:cloudfront::{ACCOUNT}:distribution/*",
            ReadModel(cdn=Cdn()),
            ReadModel(waf=Waf()),
        ),
        (
            "publish",
            "cloudwatch:PutMetricData",
            "*",
            ReadModel(alarms=EVERY_HOUR),
            ReadModel(alarms=Alarms()),
        ),
        (
            "publish",
            "cloudwatch:DescribeAlarms",
            "*",
            ReadModel(alarms=Alarms(), releases=Releases()),
            ReadModel(alarms=Alarms()),
        ),
        (
            "publish",
            "cloudwatch:DescribeAlarms",
            "*",
            ReadModel(alarms=Alarms(), releases=Releases()),
            ReadModel(releases=Releases()),
        ),
        ("deploy", "cloudwatch:DescribeAlarms", "*", ReadModel(alarms=Alarms()), ReadModel()),
        ("read", "cloudwatch:DescribeAlarms", "*", ReadModel(alarms=Alarms()), ReadModel()),
        (
            "deploy",
            "logs:DescribeLogGroups",
            "*",
            ReadModel(logs=Logs(name="/read/shop")),
            ReadModel(logs=Logs()),
        ),
        (
            "read",
            "execute-api:Invoke",
            f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/v1/*",
            SIGNED,
            KEYS,
        ),
        (
            "verify",
            "execute-api:Invoke",
            f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*/v1/*",
            SIGNED,
            ReadModel(),
        ),
    ],
)
def test_call_is_allowed_only_where_a_template_needs_it(
    purpose: str, action: str, resource: str, with_it: ReadModel, without: ReadModel
) -> None:
    assert allowed(with_it, purpose, action) == {resource}
    assert allowed(without, purpose, action) == set()


@pytest.mark.parametrize(
    ("purpose", "path", "with_it", "without"),
    [
        ("deploy", "/account", ReadModel(logs=Logs()), ReadModel()),
        ("read", "/apikeys/*", KEYS, SIGNED),
        ("verify", "/apikeys/*", KEYS, ReadModel()),
    ],
)
def test_setting_or_key_of_api_gateway_is_read_only_where_a_template_needs_it(
    purpose: str, path: str, with_it: ReadModel, without: ReadModel
) -> None:
    assert API_GATEWAY + path in allowed(with_it, purpose, "apigateway:GET")
    assert API_GATEWAY + path not in allowed(without, purpose, "apigateway:GET")


def test_only_the_domain_name_of_the_stack_is_allowed() -> None:
    document = json.loads(stack(ReadModel(domain=DOMAIN)).policy("service-role").to_json())
    found = [
        arn
        for each in document["Statement"]
        if "apigateway:POST" in each["Action"]
        for arn in each["Resource"]
        if "/domainnames/" in arn
    ]
    own = f"{API_GATEWAY}/domainnames/data.example.com"
    assert sorted(found) == [own, f"{own}/*"]


def test_metric_is_limited_to_the_namespace_of_this_tool() -> None:
    document = json.loads(stack(ReadModel(alarms=EVERY_HOUR)).policy("publish").to_json())
    (found,) = [
        each for each in document["Statement"] if "cloudwatch:PutMetricData" in each["Action"]
    ]
    assert found["Condition"] == {"StringEquals": {"cloudwatch:namespace": NAMESPACE}}


@pytest.mark.parametrize(
    "table",
    [
        {"cdn": Cdn(aliases=("data.example.com",), hosted_zone_id=ZONE)},
        {"cdn": Cdn(), "waf": Waf()},
        {"waf": Waf()},
        {"domain": DOMAIN},
        {"alarms": EVERY_HOUR},
        {"logs": Logs(set_account_role=True)},
        {"access": Access(auth="api-key")},
    ],
)
def test_whole_policy_with_one_table_fits_a_managed_policy(table: dict[str, Any]) -> None:
    document = stack(ReadModel(**table)).policy()
    assert policy_length(document) <= MANAGED_POLICY_LENGTH


def test_policy_that_is_too_long_is_divided_by_purpose_or_given_to_a_role() -> None:
    model = ReadModel(waf=Waf(), domain=DOMAIN, alarms=EVERY_HOUR, logs=Logs(set_account_role=True))

    def said(*purposes: Any) -> str:
        notes: list[Any] = []
        document = stack(model).policy(*purposes, on_progress=notes.append)
        assert policy_length(document) > MANAGED_POLICY_LENGTH
        return " ".join(note.text for note in notes)

    assert "--for" in said()
    assert "10,240" in said("deploy")
