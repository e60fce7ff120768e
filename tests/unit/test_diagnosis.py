"""The result of an operation: the stack, or one line about its failure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from facts import missing
from readmodel_cfn.deploy.cause import Cause, all_causes
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.diagnosis import check
from readmodel_cfn.deploy.events import OperationEnd
from readmodel_cfn.deploy.values import Failure, Stack, StackEvent
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


STARTED = event("shop", "CREATE_IN_PROGRESS", "User Initiated")
FAILED = event("DataStore", "CREATE_FAILED", "No space.")


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
def test_success_returns_the_stack_without_requests(status: str) -> None:
    client, stack = Answering(), replace(STACK, status=status)
    assert check(client, "shop", OperationEnd(stack, [STARTED, FAILED]), TABLES.get) is stack
    assert client.asked == []


def test_failure_is_one_line_with_resource_type_table_and_reason() -> None:
    line = str(refused("ROLLBACK_COMPLETE", STARTED, FAILED))
    facts = ["shop", "DataStore", "AWS::S3::Bucket", "[data_store]", "No space"]
    assert missing(facts, line) == []
    assert "\n" not in line


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
def test_rolled_back_operation_raises_rolled_back(status: str | None) -> None:
    error = refused(status, STARTED, FAILED)
    assert isinstance(error, RolledBack)
    assert error.exit_code == 4
    assert "DataStore" in error.what


@pytest.mark.parametrize("status", STANDING)
def test_operation_without_rollback_raises_stuck(status: str) -> None:
    error = refused(status, STARTED, FAILED)
    assert isinstance(error, Stuck)
    assert error.exit_code == 6
    assert missing([status, "DataStore"], error.what) == []


@pytest.mark.parametrize("status", ["CREATE_FAILED", "UPDATE_FAILED"])
def test_failure_with_kept_resources_has_a_hint(status: str) -> None:
    assert refused(status, STARTED, FAILED).hint


@pytest.mark.parametrize("status", [*UNDONE, *STANDING, "A_STATUS_OF_THE_FUTURE"])
def test_failure_without_cause_has_a_hint(status: str | None) -> None:
    error = refused(status)
    assert error.hint
    assert not error.what.endswith(": ")


def test_hint_depends_on_the_cause() -> None:
    taken = event("DataStore", "CREATE_FAILED", "shop already exists")
    plain = refused("ROLLBACK_COMPLETE", STARTED, FAILED)
    assert refused("ROLLBACK_COMPLETE", STARTED, taken).hint != plain.hint


def test_describe_events_is_called_with_the_stack_id_and_preferred() -> None:
    found = Failure("1", THEN, "VALIDATION_ERROR", "DataStore", BUCKET, "shop already exists")
    client = Answering([found])
    summary = event("shop", "CREATE_FAILED", "Validation failed with 1 error(s).")
    error = refused("ROLLBACK_COMPLETE", STARTED, summary, client=client)
    facts = ["DataStore", "AWS::S3::Bucket", "[data_store]", "shop already exists"]
    assert missing(facts, error.what) == []
    assert client.asked == [ID]


FAILURES = [
    ClientError({"Error": {"Code": "Throttling", "Message": "slow"}}, "DescribeEvents"),
    EndpointConnectionError(endpoint_url="https://x"),
]


@pytest.mark.parametrize("problem", FAILURES, ids=["throttled", "unreachable"])
def test_failed_describe_events_does_not_hide_the_verdict(problem: Exception) -> None:
    error = refused("ROLLBACK_COMPLETE", STARTED, FAILED, client=Answering(problem))
    assert "No space" in error.what


def test_failed_rollback_names_its_failure_and_the_first_failure() -> None:
    happened = [
        event("shop", "UPDATE_IN_PROGRESS"),
        event("DataStore", "UPDATE_FAILED", "No space."),
        event("shop", "UPDATE_ROLLBACK_IN_PROGRESS"),
        event("Writer", "UPDATE_FAILED", "Cannot delete entity, must detach all policies first."),
        event("Other", "UPDATE_FAILED", "late"),
    ]
    error = refused("UPDATE_ROLLBACK_FAILED", *happened)
    facts = ["UPDATE_ROLLBACK_FAILED", "Writer", "must detach all policies first", "DataStore"]
    assert missing(facts, error.what) == []
    assert error.what.index("Writer") < error.what.index("DataStore")


def test_failed_continued_rollback_names_only_its_failure() -> None:
    happened = [
        event("shop", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
        event("Writer", "UPDATE_FAILED", "in the way"),
        event("Other", "UPDATE_FAILED", "late"),
    ]
    error = refused("UPDATE_ROLLBACK_FAILED", *happened)
    assert error.what.endswith(": Writer (AWS::S3::Bucket): in the way")


def test_deleted_stack_is_identified_by_its_first_event() -> None:
    own = event("shop", "CREATE_FAILED", "failed to create: [DataStore]")
    assert "No space" in refused(None, STARTED, own, FAILED).what


def test_stack_reason_is_used_without_events() -> None:
    ended = replace(STACK, status="ROLLBACK_COMPLETE", reason="because")
    assert all_causes(ended, [], []) == [Cause("", "", "because")]


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_IN_PROGRESS"])
def test_reason_of_a_successful_stack_is_no_cause(status: str) -> None:
    assert all_causes(replace(STACK, status=status, reason="User Initiated"), [], []) == []


def test_cause_is_one_line() -> None:
    cause = Cause("DataStore", BUCKET, "Two\n  lines. ")
    assert cause.describe(TABLES.get) == "DataStore (AWS::S3::Bucket, [data_store]): Two lines"


def test_resource_without_table_is_named_without_it() -> None:
    assert Cause("Gone", BUCKET, "why").describe(TABLES.get) == "Gone (AWS::S3::Bucket): why"


def test_stack_reason_is_unchanged() -> None:
    assert Cause("", "", "User Initiated").describe(TABLES.get) == "User Initiated"


def test_missing_reason_is_replaced_by_a_text() -> None:
    assert Cause("A", BUCKET, "").describe(TABLES.get).rpartition(": ")[2]
