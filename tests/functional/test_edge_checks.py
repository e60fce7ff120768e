"""What a deploy checks first of access logs, certificates and API Gateway's own URL."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from functional_aws import Aws

from readmodel_cfn import (
    Access,
    Alarms,
    DataStore,
    Domain,
    Logs,
    ReadModel,
    Waf,
    build_template,
    render,
)
from readmodel_cfn.deploy.edge import (
    check_account_role,
    check_regions,
    disabled_endpoints,
    effect_on_readers,
    new_topics,
)
from readmodel_cfn.deploy.physical_names import NamedResource
from readmodel_cfn.deploy.preflight import TakenName, find_taken, preflight
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.errors import ReadModelError

REGION, ROLE = "eu-west-1", "arn:aws:iam::123456789012:role/logs"
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d"
DOMAIN = Domain("data.example.com", "Z0123456789ABCDEFGHIJ")
LOGS = ReadModel(logs=Logs())
SETS_ROLE = ReadModel(logs=Logs(set_account_role=True))


@pytest.fixture
def aws() -> Iterator[Aws]:
    made = Aws()
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()


def content(model: ReadModel) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(build_template(model), "compact"))
    return made


def account(aws: Aws, role: str | None) -> None:
    aws.answers("apigateway", "get_account", {"cloudwatchRoleArn": role} if role else {})


def test_access_logs_without_the_account_s_role_are_refused(aws: Aws) -> None:
    account(aws, None)
    spec = StackSpec("shop", render(build_template(LOGS), "compact"))
    with pytest.raises(ReadModelError, match="set_account_role") as refused:
        preflight(spec, None, aws.client, region=REGION)
    assert "\n" not in str(refused.value)


def test_access_logs_with_the_account_s_role_are_deployed(aws: Aws) -> None:
    account(aws, ROLE)
    assert check_account_role(None, content(LOGS), aws.client, REGION) == []


def test_account_is_not_asked_without_access_logs(aws: Aws) -> None:
    assert check_account_role(None, content(ReadModel()), aws.client, REGION) == []
    assert aws.stubs == {}


def test_replacing_the_account_s_role_is_a_note_with_its_name(aws: Aws) -> None:
    account(aws, ROLE)
    (note,) = check_account_role(content(LOGS), content(SETS_ROLE), aws.client, REGION)
    assert ROLE in note
    account(aws, None)
    assert check_account_role(None, content(SETS_ROLE), aws.client, REGION) == []


def test_own_role_of_the_account_is_not_asked_for_again(aws: Aws) -> None:
    deployed = content(SETS_ROLE)
    assert check_account_role(deployed, deployed, aws.client, REGION) == []
    assert aws.stubs == {}


def test_account_that_may_not_be_read_is_a_note(aws: Aws) -> None:
    aws.refuses("apigateway", "get_account", "AccessDeniedException", "no", 403)
    (note,) = check_account_role(None, content(LOGS), aws.client, REGION)
    assert "not checked" in note


@pytest.mark.parametrize(
    "table",
    [
        {"domain": replace(DOMAIN, certificate=CERTIFICATE)},
        {"alarms": Alarms(topic="arn:aws:sns:us-east-1:123456789012:on-call")},
        {"logs": Logs(kms_key="arn:aws:kms:us-east-1:123456789012:key/1")},
        {"data_store": DataStore(kms_key="arn:aws:kms:us-east-1:123456789012:key/1")},
        {"waf": Waf(web_acl="arn:aws:wafv2:us-east-1:123456789012:regional/webacl/shop/1")},
    ],
)
def test_arn_of_another_region_is_refused(table: dict[str, Any]) -> None:
    template = content(ReadModel(**table))
    check_regions(template, "us-east-1")
    check_regions(template, None)
    with pytest.raises(ReadModelError, match="us-east-1") as refused:
        check_regions(template, REGION)
    assert REGION in str(refused.value)


def test_resources_of_the_stack_are_in_its_region() -> None:
    model = ReadModel(domain=DOMAIN, alarms=Alarms(), logs=Logs(), waf=Waf())
    check_regions(content(model), REGION)


def test_endpoint_is_disabled_by_an_update_only() -> None:
    on = content(ReadModel(domain=DOMAIN))
    off = content(ReadModel(domain=replace(DOMAIN, default_endpoint=False)))
    assert disabled_endpoints(on, off) == ["ApiGateway"]
    assert disabled_endpoints(content(ReadModel()), off) == ["ApiGateway"]
    assert "403" in effect_on_readers(["ApiGateway"], off)
    assert disabled_endpoints(off, off) == disabled_endpoints(off, on) == []
    assert disabled_endpoints(None, off) == []


def test_new_topic_without_a_subscriber_is_a_note_with_its_output() -> None:
    alarms = content(ReadModel(alarms=Alarms()))
    (note,) = new_topics(content(ReadModel()), alarms)
    assert "AlarmTopicArn" in note
    assert len(new_topics(None, alarms)) == 1
    assert new_topics(alarms, alarms) == []
    given = ReadModel(alarms=Alarms(topic="arn:aws:sns:eu-west-1:123456789012:on-call"))
    assert new_topics(None, content(given)) == []


@pytest.mark.parametrize("nested", [True, False])
def test_topic_with_a_subscriber_is_no_note(nested: bool) -> None:
    template = content(ReadModel(alarms=Alarms()))
    subscriber = {"Endpoint": "on-call@example.com", "Protocol": "email"}
    if nested:
        template["Resources"]["AlarmTopic"]["Properties"]["Subscription"] = [subscriber]
    else:
        properties = {"TopicArn": {"Ref": "AlarmTopic"}, **subscriber}
        resource = {"Type": "AWS::SNS::Subscription", "Properties": properties}
        template["Resources"]["Email"] = resource
    assert new_topics(None, template) == []


def test_making_an_api_private_disables_its_url() -> None:
    private = content(ReadModel(access=Access(private=True, source_vpces=("vpce-0a1b2c3d",))))
    assert disabled_endpoints(content(ReadModel()), private) == ["ApiGateway"]
    assert "VPC" in effect_on_readers(["ApiGateway"], private)
    assert disabled_endpoints(private, private) == []
    assert disabled_endpoints(private, content(ReadModel())) == []


@pytest.mark.parametrize(("found", "taken"), [("/shop/reads", True), ("/shop/reads-2", False)])
def test_name_of_a_log_group_is_taken_if_it_is_the_same(aws: Aws, found: str, taken: bool) -> None:
    group = NamedResource("AccessLogs", "AWS::Logs::LogGroup", "/shop/reads")
    aws.answers(
        "logs",
        "describe_log_groups",
        {"logGroups": [{"logGroupName": found}]},
        logGroupNamePrefix="/shop/reads",
    )
    assert find_taken([group], aws.client) == ([TakenName(group)] if taken else [], [])
