"""The cause of a failed operation: the first resource that failed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from readmodel_cfn.deploy.cause import Cause, cancelled, causes, last_operation, rollback_causes
from readmodel_cfn.deploy.values import Failure, StackEvent

ID = "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/1"
START = datetime(2026, 1, 1, tzinfo=UTC)
BUCKET = "AWS::S3::Bucket"
SUMMARY = "The following resource(s) failed to create: [A, B]. Rollback requested by user."


def at(second: int) -> datetime:
    return START + timedelta(seconds=second)


def event(second: int, name: str, status: str, reason: str = "") -> StackEvent:
    """An event; one of the name `shop` is the stack's own."""
    own = name == "shop"
    kind = "AWS::CloudFormation::Stack" if own else BUCKET
    return StackEvent(f"{second}{name}", at(second), name, ID if own else "p", kind, status, reason)


def failure(second: int, name: str, reason: str, kind: str = "PROVISIONING_ERROR") -> Failure:
    return Failure("first", at(second), kind, name, BUCKET, reason)


CREATE = [
    event(1, "shop", "CREATE_IN_PROGRESS", "User Initiated"),
    event(2, "A", "CREATE_IN_PROGRESS"),
    event(3, "B", "CREATE_FAILED", "Resource creation cancelled"),
    event(4, "A", "CREATE_FAILED", "taken"),
    event(5, "C", "CREATE_FAILED", "late"),
    event(6, "shop", "ROLLBACK_IN_PROGRESS", SUMMARY),
    event(7, "A", "DELETE_COMPLETE"),
    event(8, "shop", "ROLLBACK_COMPLETE"),
]
UPDATE = [
    event(11, "shop", "UPDATE_IN_PROGRESS", "User Initiated"),
    event(12, "A", "UPDATE_FAILED", "refused"),
    event(13, "shop", "UPDATE_ROLLBACK_IN_PROGRESS", SUMMARY),
    event(14, "D", "UPDATE_FAILED", "in the way"),
    event(15, "shop", "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [D]"),
]
CONTINUED = [
    event(21, "shop", "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated"),
    event(22, "E", "UPDATE_FAILED", "still in the way"),
    event(23, "shop", "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [E]"),
]


def newest_first(*events: StackEvent) -> list[StackEvent]:
    return list(events[::-1])


def test_last_operation_begins_with_the_stack_event() -> None:
    assert last_operation(ID, newest_first(*CREATE, *UPDATE)) == UPDATE
    assert last_operation(ID, newest_first(*CREATE)) == CREATE


def test_rollback_belongs_to_the_operation_that_it_undoes() -> None:
    assert last_operation(ID, newest_first(*CREATE, *UPDATE, *CONTINUED)) == [*UPDATE, *CONTINUED]


@pytest.mark.parametrize("kind", ["CREATE", "UPDATE", "DELETE", "IMPORT"])
def test_each_kind_of_operation_is_separated_from_the_previous(kind: str) -> None:
    started = event(31, "shop", f"{kind}_IN_PROGRESS")
    assert last_operation(ID, newest_first(*UPDATE, started)) == [started]


def test_resource_event_begins_no_operation() -> None:
    events = [event(1, "shop", "UPDATE_IN_PROGRESS"), event(2, "A", "UPDATE_IN_PROGRESS")]
    assert last_operation(ID, newest_first(*events)) == events


def test_events_before_the_operation_are_not_read() -> None:
    events = iter(newest_first(*CREATE, *UPDATE))
    last_operation(ID, events)
    assert next(events) == CREATE[-1]


def test_all_events_count_if_the_beginning_is_missing() -> None:
    assert last_operation(ID, newest_first(*UPDATE[1:])) == UPDATE[1:]
    assert last_operation(ID, []) == []


def test_causes_begin_with_the_first_failure_that_was_not_cancelled() -> None:
    assert causes(ID, CREATE) == [Cause("A", BUCKET, "taken"), Cause("C", BUCKET, "late")]


@pytest.mark.parametrize("what", ["creation", "update", "deletion", "import"])
def test_cancelled_resources_are_counted_separately(what: str) -> None:
    events = [event(1, "A", "UPDATE_FAILED", f"Resource {what} cancelled"), *UPDATE]
    assert cancelled(ID, events) == ["A"]
    assert causes(ID, events)[0].reason == "refused"


def test_stack_summary_is_no_cause_if_a_resource_failed() -> None:
    events = [event(1, "shop", "DELETE_FAILED", "failed to delete: [A]"), *CREATE[3:4]]
    assert causes(ID, events) == [Cause("A", BUCKET, "taken")]


def test_stack_reason_is_the_cause_without_a_resource_reason() -> None:
    assert causes(ID, [*CREATE[:3], *CREATE[5:]]) == [Cause("", "", SUMMARY)]


def test_rollback_request_is_the_cause_only_without_another() -> None:
    own = [event for event in CONTINUED if event.logical_id == "shop"]
    assert causes(ID, own) == [Cause("", "", own[-1].reason)]
    assert causes(ID, own[:1]) == [Cause("", "", "User Initiated")]


def test_successful_operation_has_no_cause() -> None:
    assert causes(ID, [*CREATE[:2], event(3, "shop", "CREATE_COMPLETE")]) == []


def test_failed_nested_stack_keeps_its_reason() -> None:
    reason = "Embedded stack arn:... was not successfully created: " + SUMMARY
    nested = replace(event(2, "Inner", "CREATE_FAILED", reason), type="AWS::CloudFormation::Stack")
    nested = replace(nested, physical_id=ID.replace("shop", "shop-Inner"))
    found = [Cause("Inner", "AWS::CloudFormation::Stack", reason)]
    assert causes(ID, [CREATE[0], nested, *CREATE[5:]]) == found
    printed = replace(failure(2, "Inner", reason), type="AWS::CloudFormation::Stack")
    assert causes(ID, CREATE[:1], [printed]) == found


def test_describe_events_is_preferred_to_stack_events() -> None:
    found = causes(ID, CREATE, [failure(4, "A", "taken, and by whom")])
    assert found == [Cause("A", BUCKET, "taken, and by whom"), Cause("C", BUCKET, "late")]


def test_earlier_failures_are_ignored() -> None:
    stale = failure(10, "Z", "long fixed", "VALIDATION_ERROR")
    assert causes(ID, UPDATE, [stale])[0].reason == "refused"
    just_then = replace(stale, time=UPDATE[0].time)
    assert causes(ID, UPDATE, [just_then])[0].reason == "long fixed"


def test_validation_failure_precedes_provisioning_failures() -> None:
    found = replace(failure(3, "B", "no such key", "VALIDATION_ERROR"), path="/Resources/B")
    printed = causes(ID, CREATE[:1], [failure(2, "A", "refused"), found])
    assert printed == [
        Cause("B", BUCKET, "no such key", "/Resources/B"),
        Cause("A", BUCKET, "refused"),
    ]


def test_cause_is_in_the_earlier_of_two_operations() -> None:
    """A rollback has an id of its own, and its failures may be listed first."""
    undoing = replace(failure(9, "D", "in the way", "VALIDATION_ERROR"), operation="second")
    printed = causes(ID, CREATE[:1], [undoing, failure(5, "C", "late"), failure(4, "A", "taken")])
    assert [event.logical_id for event in printed] == ["A", "C", "D"]


@pytest.mark.parametrize("reason", ["", "Resource creation cancelled"])
def test_failure_without_reason_is_skipped(reason: str) -> None:
    assert causes(ID, CREATE, [failure(2, "B", reason)])[0].reason == "taken"


def own_failure(reason: str, kind: str = "PROVISIONING_ERROR") -> Failure:
    return replace(failure(2, "shop", reason, kind), type="AWS::CloudFormation::Stack")


def test_stack_summary_among_failures_is_skipped() -> None:
    printed = [own_failure(SUMMARY), own_failure(SUMMARY, "STACK_EVENT"), failure(4, "A", "taken")]
    assert causes(ID, CREATE[:1], printed) == [Cause("A", BUCKET, "taken")]


def test_hook_failure_of_the_stack_is_a_cause() -> None:
    printed = [own_failure("not on a Friday", "HOOK_INVOCATION_ERROR")]
    assert causes(ID, CREATE[:1], printed) == [Cause("", "", "not on a Friday")]


def test_all_failures_count_without_events() -> None:
    printed = [failure(4, "A", "taken", "VALIDATION_ERROR")]
    assert causes(ID, [], printed) == [Cause("A", BUCKET, "taken")]


def test_rollback_causes_are_the_failures_of_the_last_rollback() -> None:
    assert rollback_causes(ID, UPDATE) == [Cause("D", BUCKET, "in the way")]
    both = [*UPDATE, *CONTINUED]
    assert rollback_causes(ID, both) == [Cause("E", BUCKET, "still in the way")]


def test_successful_rollback_has_no_failures() -> None:
    assert rollback_causes(ID, CREATE) == []
    assert rollback_causes(ID, UPDATE[:2]) == []
