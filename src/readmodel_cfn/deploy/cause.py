"""The causes of a failed operation: the resources that failed, without those that were cancelled.

If a resource fails, CloudFormation cancels others; the stack's own event only summarizes.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from readmodel_cfn.deploy.values import STACK_TYPE, Failure, Stack, StackEvent

Origin = Callable[[str], str | None]
"""A function of a logical ID: the table of readmodel.toml that the resource comes from, or None."""

SUCCEEDED = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"}
"""The statuses after a successful create, update or import."""

# A rollback is part of the operation that it rolls back.
_FIRST_STATUSES = {
    "CREATE_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
}
_VALIDATION = "VALIDATION_ERROR"
# Failures of these kinds are causes even for the stack itself; its others are only summaries.
_FINDINGS = {_VALIDATION, "HOOK_INVOCATION_ERROR"}
_CANCELLED = re.compile(r"Resource \w+ cancelled")


@dataclass(frozen=True)
class Cause:
    """A resource that failed, and why; without a logical ID it is the stack itself.

    `path` is the place in the template that a validation error names.
    """

    logical_id: str
    type: str
    reason: str
    path: str = ""

    def describe(self, origin: Origin = lambda _: None) -> str:
        """In one line: `DataStore (AWS::S3::Bucket, [data_store]): the name already exists`."""
        reason = " ".join(self.reason.split()).rstrip(".") or "CloudFormation returned no reason"
        if not self.logical_id:
            return reason
        details = [detail for detail in (self.type, origin(self.logical_id)) if detail]
        return f"{self.logical_id} ({', '.join(details)}): {reason}"


def last_operation(stack_id: str, events: Iterable[StackEvent]) -> list[StackEvent]:
    """The events of the last operation, oldest first, from a stack's events, newest first.

    If CloudFormation no longer has its first event, these are all events.
    """
    found: list[StackEvent] = []
    for event in events:
        found.append(event)
        if event.physical_id == stack_id and event.status in _FIRST_STATUSES:
            break
    return found[::-1]


def all_causes(
    stack: Stack | None, events: Sequence[StackEvent], failures: Sequence[Failure]
) -> list[Cause]:
    """All causes of an operation, given its events; the first is the one to fix first.

    That is the resource that made a rollback fail, otherwise the first that failed. Without events
    it is the reason of the stack's status.
    """
    # The first event is always the stack's own.
    stack_id = stack.id if stack else events[0].physical_id if events else ""
    of_rollback = failed_rollback_causes(stack, events)
    found = causes(stack_id, events, failures)
    others = [cause for cause in found if cause not in of_rollback]
    return [*of_rollback, *others] or _stack_reason(stack)


def failed_rollback_causes(stack: Stack | None, events: Sequence[StackEvent]) -> list[Cause]:
    """The resources that made the rollback fail; none if it did not fail."""
    failed = stack and stack.status.endswith("ROLLBACK_FAILED")
    return rollback_causes(stack.id, events) if stack and failed else []


def _stack_reason(stack: Stack | None) -> list[Cause]:
    failed = stack and not stack.status.endswith("_IN_PROGRESS") and stack.status not in SUCCEEDED
    return [Cause("", "", stack.reason)] if stack and failed and stack.reason else []


def causes(
    stack_id: str, events: Sequence[StackEvent], failures: Sequence[Failure] = ()
) -> list[Cause]:
    """The causes of the operation with these events; the first cause first.

    `failures`, from DescribeEvents and of any operation, have details that events lack: validation
    errors from before the first change, and the messages of hooks. Those since the start of the
    operation are causes: validation errors first, then the others by time. Events add the resources
    that `failures` do not have. The stack's own reason is a cause only if there is no other.
    """
    since = events[0].time if events else None
    recent = [failure for failure in failures if since is None or failure.time >= since]
    found = [
        _of_failure(stack_id, failure)
        for failure in _by_operation(recent)
        if _is_cause(stack_id, failure)
    ]
    known = {cause.logical_id for cause in found}
    found += [
        _of_event(event) for event in _failed(stack_id, events) if event.logical_id not in known
    ]
    return found or [Cause("", "", reason) for reason in _own_reasons(stack_id, events)[:1]]


def rollback_causes(stack_id: str, events: Sequence[StackEvent]) -> list[Cause]:
    """The causes of failure of the last rollback among these events."""
    starts = [
        index
        for index, event in enumerate(events)
        if event.physical_id == stack_id and event.status.endswith("ROLLBACK_IN_PROGRESS")
    ]
    return [_of_event(event) for event in _failed(stack_id, events[starts[-1] :] if starts else [])]


def cancelled(stack_id: str, events: Sequence[StackEvent]) -> list[str]:
    """The logical IDs of the resources that were cancelled because another failed."""
    return [
        event.logical_id
        for event in events
        if _is_failed(stack_id, event) and _is_cancelled(event.reason)
    ]


def _failed(stack_id: str, events: Sequence[StackEvent]) -> list[StackEvent]:
    """The events of resources that failed and were not cancelled."""
    return [
        event for event in events if _is_failed(stack_id, event) and not _is_cancelled(event.reason)
    ]


def _is_failed(stack_id: str, event: StackEvent) -> bool:
    return event.status.endswith("_FAILED") and event.physical_id != stack_id


def _is_cancelled(reason: str) -> bool:
    return _CANCELLED.match(reason) is not None


def _is_cause(stack_id: str, failure: Failure) -> bool:
    """Whether it is a cause, not a cancellation or a summary of other failures."""
    summary = _is_stack(stack_id, failure) and failure.kind not in _FINDINGS
    return bool(failure.reason) and not summary and not _is_cancelled(failure.reason)


def _is_stack(stack_id: str, failure: Failure) -> bool:
    """Whether it is about the stack itself, whose ID is arn:...:stack/NAME/..."""
    return failure.type == STACK_TYPE and f":stack/{failure.logical_id}/" in stack_id


def _by_operation(failures: Sequence[Failure]) -> list[Failure]:
    """Sorted by operation, the earlier first: in DescribeEvents a rollback is a separate one."""
    began: dict[str, datetime] = {}
    for failure in failures:
        began[failure.operation] = min(failure.time, began.get(failure.operation, failure.time))
    return sorted(
        failures,
        key=lambda failure: (
            began[failure.operation],
            failure.kind != _VALIDATION,
            failure.time,
        ),
    )


def _of_failure(stack_id: str, failure: Failure) -> Cause:
    if _is_stack(stack_id, failure):
        return Cause("", "", failure.reason, failure.path)
    return Cause(failure.logical_id, failure.type, failure.reason, failure.path)


def _of_event(event: StackEvent) -> Cause:
    return Cause(event.logical_id, event.type, event.reason)


def _own_reasons(stack_id: str, events: Sequence[StackEvent]) -> list[str]:
    """The reasons of the stack's own failed events, "User Initiated" as the last."""
    reasons = [
        event.reason
        for event in events
        if event.physical_id == stack_id
        and event.status.endswith(("_FAILED", "ROLLBACK_IN_PROGRESS"))
    ]
    return sorted(filter(None, reasons), key=lambda reason: reason == "User Initiated")
