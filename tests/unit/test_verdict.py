"""The verdict: the stack, or one line with what failed first, which table made it, what to do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from readmodel_cfn.deploy.cause import Cause
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.events import OperationEnd
from readmodel_cfn.deploy.values import Failure, Stack, StackEvent
from readmodel_cfn.deploy.verdict import all_causes, check, tell
from readmodel_cfn.errors import ReadModelError, RolledBack, Stuck

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"
STACK = Stack(ID, "shop", "CREATE_COMPLETE", "", {}, {}, {}, False)
THEN = datetime(2026, 1, 1, tzinfo=UTC)
BUCKET = "AWS::S3::Bucket"
TABLES = {"DataStore": "[data_store]"}


def event(name: str, status: str, reason: str = "") -> StackEvent:
    own = name == "shop"
    kind = "AWS::CloudFormation::Stack" if own else BUCKET
    return StackEvent(name + status, THEN, name, ID if own else "p", kind, status, reason)


BEGUN = event("shop", "CREATE_IN_PROGRESS", "User Initiated")
FAILED = event("DataStore", "CREATE_FAILED", "No room.")


class Answering(StackClient):
    """CloudFormation that knows these failures of the stack, or cannot be asked."""

    def __init__(self, answer: Sequence[Failure] | Exception = ()) -> None:
        super().__init__(None)
        self.answer = answer
        self.asked: list[str] = []

    def failures(self, *, stack: str = "", change_set: str = "") -> list[Failure]:
        assert not change_set
        self.asked.append(stack)
        if isinstance(self.answer, Exception):
            raise self.answer
        return list(self.answer)


def refused(
    status: str | None, *happened: StackEvent, client: StackClient | None = None
) -> ReadModelError:
    """The error for a stack in that status, whose very id is gone where there is none."""
    stack = replace(STACK, status=status) if status else None
    with pytest.raises(ReadModelError) as error:
        check(client or Answering(), "shop", OperationEnd(stack, list(happened)), TABLES.get)
    return error.value


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"])
def test_a_success_is_the_stack_and_asks_nothing(status: str) -> None:
    client, stack = Answering(), replace(STACK, status=status)
    assert check(client, "shop", OperationEnd(stack, [BEGUN, FAILED]), TABLES.get) is stack
    assert client.asked == []


def test_a_failure_is_one_line_with_resource_type_table_reason_and_what_to_do() -> None:
    assert str(refused("ROLLBACK_COMPLETE", BEGUN, FAILED)) == (
        "stack shop: rolled back: DataStore (AWS::S3::Bucket, [data_store]): No room; "
        "mend it and deploy again: the empty stack is deleted first"
    )


UNDONE = [
    "ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
    "DELETE_COMPLETE",
    None,
]
STANDING = [
    "CREATE_FAILED",
    "UPDATE_FAILED",
    "ROLLBACK_FAILED",
    "UPDATE_ROLLBACK_FAILED",
    "IMPORT_ROLLBACK_FAILED",
    "DELETE_FAILED",
]


@pytest.mark.parametrize("status", UNDONE)
def test_what_was_undone_is_rolled_back(status: str | None) -> None:
    error = refused(status, BEGUN, FAILED)
    assert isinstance(error, RolledBack)
    assert error.exit_code == 4
    assert error.what.startswith("rolled back: DataStore (")


@pytest.mark.parametrize("status", STANDING)
def test_what_was_not_undone_is_stuck(status: str) -> None:
    error = refused(status, BEGUN, FAILED)
    assert isinstance(error, Stuck)
    assert error.exit_code == 6
    assert error.what.startswith(f"it ended as {status}: DataStore (")


@pytest.mark.parametrize("status", ["CREATE_FAILED", "UPDATE_FAILED"])
def test_what_was_kept_on_failure_is_mended_and_deployed_again(status: str) -> None:
    assert refused(status, BEGUN, FAILED).hint == "mend it and deploy again: what was made is kept"


@pytest.mark.parametrize("status", [*UNDONE, *STANDING, "A_STATUS_OF_THE_FUTURE"])
def test_each_has_a_way_out_even_where_nothing_tells_why(status: str | None) -> None:
    error = refused(status)
    assert error.hint
    assert not error.what.endswith(": ")


def test_what_is_known_of_the_cause_tells_better_what_to_do() -> None:
    taken = event("DataStore", "CREATE_FAILED", "shop already exists")
    assert "choose another name" in str(refused("ROLLBACK_COMPLETE", BEGUN, taken).hint)


def test_describe_events_is_asked_by_the_stacks_id_and_believed_first() -> None:
    found = Failure("1", THEN, "VALIDATION_ERROR", "DataStore", BUCKET, "shop already exists")
    client = Answering([found])
    summary = event("shop", "CREATE_FAILED", "Validation failed with 1 error(s).")
    error = refused("ROLLBACK_COMPLETE", BEGUN, summary, client=client)
    assert error.what == (
        "rolled back: DataStore (AWS::S3::Bucket, [data_store]): shop already exists"
    )
    assert client.asked == [ID]


TROUBLES = [
    ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "DescribeEvents"),
    EndpointConnectionError(endpoint_url="https://x"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=["throttled", "unreachable"])
def test_no_trouble_of_that_call_hides_the_verdict(trouble: Exception) -> None:
    error = refused("ROLLBACK_COMPLETE", BEGUN, FAILED, client=Answering(trouble))
    assert "No room" in error.what


def test_a_rollback_that_failed_too_names_what_stops_it_and_what_failed_first() -> None:
    happened = [
        event("shop", "UPDATE_IN_PROGRESS"),
        event("DataStore", "UPDATE_FAILED", "No room."),
        event("shop", "UPDATE_ROLLBACK_IN_PROGRESS"),
        event("Writer", "UPDATE_FAILED", "Cannot delete entity, must detach all policies first."),
        event("Other", "UPDATE_FAILED", "late"),
    ]
    error = refused("UPDATE_ROLLBACK_FAILED", *happened)
    assert error.what == (
        "it ended as UPDATE_ROLLBACK_FAILED: Writer (AWS::S3::Bucket): Cannot delete entity, must "
        "detach all policies first, after DataStore (AWS::S3::Bucket, [data_store]): No room"
    )
    assert "attached by hand" in str(error.hint)


def test_a_rollback_that_was_gone_on_with_and_failed_names_no_other_as_the_first() -> None:
    happened = [
        event("shop", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
        event("Writer", "UPDATE_FAILED", "in the way"),
        event("Other", "UPDATE_FAILED", "late"),
    ]
    error = refused("UPDATE_ROLLBACK_FAILED", *happened)
    assert error.what.endswith(": Writer (AWS::S3::Bucket): in the way")


def test_a_stack_gone_by_its_id_is_known_by_its_first_event() -> None:
    own = event("shop", "CREATE_FAILED", "failed to create: [DataStore]")
    assert "No room" in refused(None, BEGUN, own, FAILED).what


def test_where_no_event_is_left_the_stack_speaks_for_itself() -> None:
    ended = replace(STACK, status="ROLLBACK_COMPLETE", reason="because")
    assert all_causes(ended, [], []) == [Cause("", "", "because")]


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_what_a_stack_says_that_did_not_fail_is_no_cause(status: str) -> None:
    assert all_causes(replace(STACK, status=status, reason="User Initiated"), [], []) == []


def test_a_cause_is_told_in_one_line() -> None:
    cause = Cause("DataStore", BUCKET, "Two\n  lines. ")
    assert tell(cause, TABLES.get) == "DataStore (AWS::S3::Bucket, [data_store]): Two lines"


def test_what_no_table_made_is_told_without_one() -> None:
    assert tell(Cause("Gone", BUCKET, "why"), TABLES.get) == "Gone (AWS::S3::Bucket): why"


def test_the_stacks_own_reason_is_told_as_it_is() -> None:
    assert tell(Cause("", "", "User Initiated"), TABLES.get) == "User Initiated"


def test_a_missing_reason_is_said_to_be_missing() -> None:
    assert tell(Cause("A", BUCKET, ""), TABLES.get).endswith("CloudFormation gives no reason")
