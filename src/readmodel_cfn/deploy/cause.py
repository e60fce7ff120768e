"""Why an operation failed: the first real cause among all that failed, most of it because of it.

A resource that fails takes others with it, which are cancelled, and the stack's own event merely
counts them. Pure.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from readmodel_cfn.deploy.values import Failure, StackEvent

_STACK = "AWS::CloudFormation::Stack"
# A rollback begins none: it belongs to what it undoes, whoever asked for it.
_BEGINNINGS = {
    "CREATE_IN_PROGRESS",
    "UPDATE_IN_PROGRESS",
    "DELETE_IN_PROGRESS",
    "IMPORT_IN_PROGRESS",
}
_VALIDATION = "VALIDATION_ERROR"
# What is found of the stack itself by these is a cause; all else of it is a summary.
_FINDINGS = {_VALIDATION, "HOOK_INVOCATION_ERROR"}
_CANCELLED = re.compile(r"Resource \w+ cancelled")


@dataclass(frozen=True)
class Cause:
    """The resource that failed, and why; without a logical id it is the stack itself.

    `path` is the place in the template that a validation names.
    """

    logical_id: str
    type: str
    reason: str
    path: str = ""


def last_operation(stack_id: str, events: Iterable[StackEvent]) -> list[StackEvent]:
    """The events of the last operation, oldest first, of a stack's events, newest first.

    It began with the last event of the stack's own that says so; all that is left of the events is
    its, where that one is forgotten.
    """
    found: list[StackEvent] = []
    for one in events:
        found.append(one)
        if one.physical_id == stack_id and one.status in _BEGINNINGS:
            break
    return found[::-1]


def causes(
    stack_id: str, happened: Sequence[StackEvent], failures: Sequence[Failure] = ()
) -> list[Cause]:
    """All that failed of itself in the operation whose events these are; the first cause first.

    DescribeEvents' `failures`, of whatever operations, tell more than the events: what a validation
    found before any resource was touched, and what a hook said. Of theirs those count that are not
    older than the operation: what a validation found, then the others in time. What they do not
    tell the events do. The stack's own reason counts only where no resource has one: it sums up.
    """
    since = happened[0].time if happened else None
    told = [one for one in failures if since is None or one.time >= since]
    found = [_found(stack_id, one) for one in _by_operation(told) if _tells(stack_id, one)]
    known = {one.logical_id for one in found}
    found += [_cause(one) for one in _failed(stack_id, happened) if one.logical_id not in known]
    return found or [Cause("", "", reason) for reason in _own_reasons(stack_id, happened)[:1]]


def rollback_causes(stack_id: str, happened: Sequence[StackEvent]) -> list[Cause]:
    """What failed of itself in the last rollback among these events."""
    begun = [
        place
        for place, one in enumerate(happened)
        if one.physical_id == stack_id and one.status.endswith("ROLLBACK_IN_PROGRESS")
    ]
    return [_cause(one) for one in _failed(stack_id, happened[begun[-1] :] if begun else [])]


def cancelled(stack_id: str, happened: Sequence[StackEvent]) -> list[str]:
    """The logical ids of the resources that failed only because another did."""
    ill = [one for one in happened if _is_failed(stack_id, one) and _is_cancelled(one.reason)]
    return [one.logical_id for one in ill]


def _failed(stack_id: str, happened: Sequence[StackEvent]) -> list[StackEvent]:
    """The resources that failed of themselves, in order."""
    return [one for one in happened if _is_failed(stack_id, one) and not _is_cancelled(one.reason)]


def _is_failed(stack_id: str, event: StackEvent) -> bool:
    return event.status.endswith("_FAILED") and event.physical_id != stack_id


def _is_cancelled(reason: str) -> bool:
    return _CANCELLED.match(reason) is not None


def _tells(stack_id: str, failure: Failure) -> bool:
    """Does it say more than that others failed?"""
    summary = _is_stack(stack_id, failure) and failure.kind not in _FINDINGS
    return bool(failure.reason) and not summary and not _is_cancelled(failure.reason)


def _is_stack(stack_id: str, failure: Failure) -> bool:
    """Is it about the stack itself? Its id is arn:...:stack/NAME/..."""
    return failure.type == _STACK and f":stack/{failure.logical_id}/" in stack_id


def _by_operation(failures: Sequence[Failure]) -> list[Failure]:
    """The earlier operation's first: a rollback is an operation of its own, and tells no cause."""
    began: dict[str, datetime] = {}
    for one in failures:
        began[one.operation] = min(one.time, began.get(one.operation, one.time))
    return sorted(
        failures, key=lambda one: (began[one.operation], one.kind != _VALIDATION, one.time)
    )


def _found(stack_id: str, failure: Failure) -> Cause:
    if _is_stack(stack_id, failure):
        return Cause("", "", failure.reason, failure.path)
    return Cause(failure.logical_id, failure.type, failure.reason, failure.path)


def _own_reasons(stack_id: str, happened: Sequence[StackEvent]) -> list[str]:
    """Why the stack says that it failed, the first first; who asked for a rollback tells least."""
    reasons = [
        one.reason
        for one in happened
        if one.physical_id == stack_id and one.status.endswith(("_FAILED", "ROLLBACK_IN_PROGRESS"))
    ]
    return sorted(filter(None, reasons), key=lambda reason: reason == "User Initiated")


def _cause(event: StackEvent) -> Cause:
    return Cause(event.logical_id, event.type, event.reason)
