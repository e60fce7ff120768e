"""CloudFormation calls that must not be repeated blindly, with lost responses."""

import time
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionClosedError
from functional_aws import STACK_ID
from functional_wire import NOWHERE, THERE, Answer, Wire, happened, refusal

from readmodel_cfn.aws.errors import UnreadableResponse
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.errors import Unfinished

DESIRED = StackSpec("read-model", '{"Resources":{}}')
LOST = ConnectionClosedError(endpoint_url="https://x")
OnTheWire = Callable[..., tuple[StackClient, Wire]]


@pytest.fixture
def on_the_wire(monkeypatch: pytest.MonkeyPatch) -> OnTheWire:
    """A real client with its retries, and the test's HTTP responses."""
    monkeypatch.setattr(time, "sleep", lambda _: None)

    def make(*answers: Answer) -> tuple[StackClient, Wire]:
        retries: Any = {"mode": "standard", "total_max_attempts": 2}
        session = boto3.Session("key", "secret", region_name="eu-west-1")
        raw = session.client("cloudformation", config=Config(retries=retries))
        return StackClient(raw), Wire(raw, *answers)

    return make


def test_create_whose_response_is_lost_is_found_by_its_token(on_the_wire: OnTheWire) -> None:
    """The retry is refused because the first attempt has succeeded."""
    exists = refusal("AlreadyExistsException", "Stack [read-model] already exists")
    client, wire = on_the_wire(LOST, exists, THERE, happened("TOKEN"), THERE)
    assert client.create(DESIRED) == STACK_ID
    assert wire.sent.count("CreateStack") == 2
    assert wire.left == []


def test_stack_created_by_another_client_is_not_taken_for_ours(on_the_wire: OnTheWire) -> None:
    exists = refusal("AlreadyExistsException", "Stack [read-model] already exists")
    client, _ = on_the_wire(LOST, exists, THERE, happened("another"))
    with pytest.raises(ClientError, match="AlreadyExists"):
        client.create(DESIRED)


def test_refused_create_makes_no_further_calls(on_the_wire: OnTheWire) -> None:
    exists = refusal("AlreadyExistsException", "Stack [read-model] already exists")
    client, wire = on_the_wire(exists)
    with pytest.raises(ClientError, match="AlreadyExists"):
        client.create(DESIRED)
    assert wire.sent == ["CreateStack"]


@pytest.mark.parametrize(
    "lost",
    [(LOST, LOST), ((200, ""),), ((200, "<html>"),), ((200, "<html/>"),), ((500, ""), (500, ""))],
    ids=["reset", "empty", "cut off", "another page", "500"],
)
def test_update_with_an_unreadable_response_is_found_by_its_token(
    on_the_wire: OnTheWire, lost: tuple[Any, ...]
) -> None:
    client, wire = on_the_wire(*lost, THERE, happened("TOKEN"))
    assert client.update(DESIRED)
    assert wire.left == []


def test_lost_create_without_a_stack_is_unfinished(on_the_wire: OnTheWire) -> None:
    client, _ = on_the_wire(LOST, LOST, NOWHERE)
    with pytest.raises(Unfinished) as lost:
        client.create(DESIRED)
    assert lost.value.exit_code == 9
    assert lost.value.hint


def test_lost_update_that_cannot_be_checked_is_unfinished(on_the_wire: OnTheWire) -> None:
    client, _ = on_the_wire(LOST, LOST, LOST, LOST)
    with pytest.raises(Unfinished):
        client.update(DESIRED)


def test_ctrl_c_during_a_create_call_is_unfinished(
    on_the_wire: OnTheWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    client, _ = on_the_wire()
    monkeypatch.setattr(client, "call", interrupted)
    with pytest.raises(Unfinished):
        client.create(DESIRED)


def test_throttled_create_without_a_stack_is_an_error(on_the_wire: OnTheWire) -> None:
    throttled = refusal("Throttling", "Rate exceeded")
    client, _ = on_the_wire(throttled, throttled, NOWHERE)
    with pytest.raises(ClientError, match="Throttling"):
        client.create(DESIRED)


def test_unreadable_response_of_a_read_is_a_one_line_error(on_the_wire: OnTheWire) -> None:
    client, _ = on_the_wire((200, "<html/>"))
    with pytest.raises(UnreadableResponse, match="DescribeStacks"):
        client.describe("read-model")
