"""CloudFormation's responses as values, page by page, and its errors."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import ANY
from functional_aws import STACK_ID, Aws, event, stack

from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.events import new_events
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import Stack

DESIRED = StackSpec("read-model", '{"Resources":{}}', {"P": "v"}, {"team": "web"}, True)


@pytest.fixture
def aws() -> Aws:
    return Aws()


@pytest.fixture
def client(aws: Aws) -> StackClient:
    return StackClient(aws.client("cloudformation"))


def test_describe_returns_all_values_of_a_stack(aws: Aws, client: StackClient) -> None:
    found = stack("UPDATE_COMPLETE", "why", {"Url": "u"}, {"a": "b"}, protected=True)
    found["Outputs"][0]["Description"] = "what"
    found["Parameters"] = [{"ParameterKey": "P", "ParameterValue": "v"}, {"ParameterKey": "Q"}]
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [found]}, StackName="read-model")
    assert client.describe("read-model") == Stack(
        id=STACK_ID,
        name="read-model",
        status="UPDATE_COMPLETE",
        reason="why",
        parameters={"P": "v", "Q": ""},
        tags={"a": "b"},
        outputs={"Url": ("u", "what")},
        termination_protection=True,
    )


def test_describe_fills_missing_fields(aws: Aws, client: StackClient) -> None:
    always = ("StackId", "StackName", "CreationTime", "StackStatus")
    bare = {name: value for name, value in stack().items() if name in always}
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [bare]})
    expected = Stack(STACK_ID, "read-model", "CREATE_COMPLETE", "", {}, {}, {}, False)
    assert client.describe("read-model") == expected


def test_describe_of_a_missing_stack_is_none(aws: Aws, client: StackClient) -> None:
    aws.no_stack()
    assert client.describe("read-model") is None


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationError", "1 validation error detected"),
        ("AccessDenied", "a stack that does not exist may not be described"),
        ("ExpiredToken", "expired"),
    ],
)
def test_other_errors_of_describe_are_raised(
    aws: Aws, client: StackClient, code: str, message: str
) -> None:
    aws.refuses("cloudformation", "describe_stacks", code, message)
    with pytest.raises(ClientError):
        client.describe("read-model")


@pytest.mark.parametrize(
    ("body", "expected"),
    [('{"Resources": {}}', {"Resources": {}}), ("Resources: {}\n", "Resources: {}\n")],
)
def test_template_is_a_value_for_json_and_text_for_yaml(
    aws: Aws, client: StackClient, body: str, expected: Any
) -> None:
    aws.answers(
        "cloudformation",
        "get_template",
        {"TemplateBody": body},
        StackName="read-model",
        TemplateStage="Original",
    )
    assert client.template("read-model") == expected


SENT: dict[str, Any] = {
    "StackName": "read-model",
    "TemplateBody": '{"Resources":{}}',
    "Capabilities": [],
    "Parameters": [{"ParameterKey": "P", "ParameterValue": "v"}],
    "Tags": [{"Key": "team", "Value": "web"}, {"Key": "readmodel-cfn", "Value": "managed"}],
    "ClientRequestToken": ANY,
}


def test_create_sends_all_parameters(aws: Aws, client: StackClient) -> None:
    more = {"DisableRollback": False, "EnableTerminationProtection": True}
    aws.answers("cloudformation", "create_stack", {"StackId": STACK_ID}, **SENT, **more)
    assert client.create(DESIRED) == STACK_ID


def test_update_sends_all_parameters(aws: Aws, client: StackClient) -> None:
    aws.answers(
        "cloudformation", "update_stack", {"StackId": STACK_ID}, **SENT, DisableRollback=False
    )
    assert client.update(DESIRED)


def test_each_call_has_its_own_token(aws: Aws, client: StackClient) -> None:
    tokens: list[str] = []
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.*",
        lambda params, **_: tokens.append(params["ClientRequestToken"]),
    )
    for _ in range(2):
        aws.answers("cloudformation", "delete_stack", {})
        client.delete("read-model")
    assert len(set(tokens)) == 2
    assert all(len(token) <= 128 for token in tokens)


def test_events_of_all_pages_come_once_in_order(aws: Aws, client: StackClient) -> None:
    pages = [(6, 5), (4, 3), (2, 1)]
    for page, numbers in enumerate(pages):
        more = {"NextToken": str(page)} if page < 2 else {}
        events = [event(number, "R", "CREATE_COMPLETE") for number in numbers]
        answer = {"StackEvents": events, **more}
        aws.answers("cloudformation", "describe_stack_events", answer)
    seen: set[str] = set()
    ids = [event.id for event in new_events(client, "read-model", seen)]
    assert ids == ["1", "2", "3", "4", "5", "6"]


def test_resources_come_from_every_page(aws: Aws, client: StackClient) -> None:
    for number in range(2):
        summary = {
            "LogicalResourceId": f"R{number}",
            "ResourceType": "AWS::S3::Bucket",
            "ResourceStatus": "CREATE_IN_PROGRESS",
            "LastUpdatedTimestamp": stack()["CreationTime"],
        }
        more = {"NextToken": "1"} if number == 0 else {}
        answer = {"StackResourceSummaries": [summary], **more}
        aws.answers("cloudformation", "list_stack_resources", answer)
    assert [
        (resource.logical_id, resource.physical_id) for resource in client.resources("read-model")
    ] == [
        ("R0", ""),
        ("R1", ""),
    ]


def test_failures_with_an_old_boto3_make_no_call(
    aws: Aws, client: StackClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StackClient, "knows", lambda *_: False)
    assert client.failures(stack=STACK_ID) == []
    assert aws.calls == []


def test_failures_are_empty_where_access_is_denied(aws: Aws, client: StackClient) -> None:
    aws.refuses("cloudformation", "describe_events", "AccessDenied", "no", 403)
    assert client.failures(stack=STACK_ID) == []


def test_validation_finding_is_a_failure_with_its_path(aws: Aws, client: StackClient) -> None:
    found = {
        "EventId": "1",
        "OperationId": "o",
        "Timestamp": stack()["CreationTime"],
        "EventType": "VALIDATION_ERROR",
        "LogicalResourceId": "DataStore",
        "ValidationStatusReason": "it is not a name",
        "ValidationPath": "/Resources/DataStore/Properties/BucketName",
    }
    expected = {"StackName": STACK_ID, "Filters": {"FailedEvents": True}}
    aws.answers("cloudformation", "describe_events", {"OperationEvents": [found]}, **expected)
    (failure,) = client.failures(stack=STACK_ID)
    assert (failure.kind, failure.reason) == ("VALIDATION_ERROR", "it is not a name")
    assert failure.path.endswith("/BucketName")


@pytest.mark.parametrize("name", ["ValidationFailureMode", "HookFailureMode"])
def test_warnings_are_no_failures(aws: Aws, client: StackClient, name: str) -> None:
    found = {"EventId": "1", "Timestamp": stack()["CreationTime"], name: "WARN"}
    aws.answers("cloudformation", "describe_events", {"OperationEvents": [found]})
    assert client.failures(stack=STACK_ID) == []


@pytest.mark.parametrize("force", [False, True])
def test_only_a_forced_delete_sends_the_deletion_mode(
    aws: Aws, client: StackClient, force: bool
) -> None:
    more = {"DeletionMode": "FORCE_DELETE_STACK"} if force else {}
    expected = {"StackName": "read-model", "ClientRequestToken": ANY, **more}
    aws.answers("cloudformation", "delete_stack", {}, **expected)
    client.delete("read-model", force=force)


def test_role_arn_is_sent(aws: Aws, client: StackClient) -> None:
    role = "arn:aws:iam::123456789012:role/deploy"
    desired = replace(DESIRED, role_arn=role)
    more = {"RoleARN": role, "DisableRollback": False}
    aws.answers("cloudformation", "update_stack", {"StackId": STACK_ID}, **SENT, **more)
    assert client.update(desired)
