"""Change sets: create, wait until ready, and delete those that were not executed."""

import hashlib
import os
import platform
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

from readmodel_cfn.aws.errors import aws_errors
from readmodel_cfn.aws.retry import Clock, retry
from readmodel_cfn.deploy.client import NAME_PREFIX, StackClient
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import ChangeSet
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import Note, OnProgress

ChangeSetType = Literal["CREATE", "UPDATE"]

_RETRY_SECONDS = 60.0  # for calls that read or delete
_PAUSE = 0.1  # seconds; doubled after each call
_LONGEST_PAUSE = 3.0  # seconds
_ABANDONED = 15 * 60  # seconds after which a change set of another machine is abandoned
_PREFIX = f"{NAME_PREFIX}diff-"


@dataclass
class TemporaryChangeSet:
    """A change set that is deleted at the end of its block, unless `executed` is set."""

    name: str
    content: ChangeSet
    executed: bool = False


@contextmanager
def temporary_change_set(
    client: StackClient,
    spec: StackSpec,
    kind: ChangeSetType,
    clock: Clock,
    on_progress: OnProgress,
    **more: Any,
) -> Iterator[TemporaryChangeSet]:
    """Create a change set, and delete it at the end of the block.

    `more` are further arguments of CreateChangeSet. A change set that cannot be deleted is reported
    as a Note.

    Raises:
        ReadModelError: CloudFormation refuses the change; the error has the reason.
    """
    name = _name()
    temporary = None
    try:
        client.create_change_set(spec, name, kind, **more)
        temporary = TemporaryChangeSet(name, _wait_until_ready(client, spec.name, name, clock))
        _check(client, spec.name, temporary.content)
        yield temporary
    finally:
        if temporary is None or not temporary.executed:
            error = _delete(client, spec.name, name, kind, clock)
            if error and temporary:
                text = f"Change set {name} is not deleted: {error}. The next deploy deletes it."
                on_progress(Note(text))


def delete_abandoned(client: StackClient, stack: str) -> None:
    """Delete the change sets of killed processes of this tool; errors are ignored."""
    try:
        for name in client.change_sets(stack):
            if is_abandoned(name):
                client.delete_change_set(stack, name)
    except aws_errors():
        pass


def is_abandoned(
    name: str, now: Callable[[], float] = time.time, alive: Callable[[int], bool] | None = None
) -> bool:
    """Whether the process that created the change set has ended.

    The name contains the machine, the process ID and the time. The processes of another machine
    are unknown, so its change sets count as abandoned after 15 minutes.
    """
    host, _, rest = name.removeprefix(_PREFIX).partition("-")
    process, _, rest = rest.partition("-")
    since, _, _ = rest.partition("-")
    if not name.startswith(_PREFIX) or not (process.isdigit() and since.isdigit()):
        return False
    ended_here = host == _host() and not (alive or _is_alive)(int(process))
    return ended_here or now() - int(since) > _ABANDONED


def _name() -> str:
    return f"{_PREFIX}{_host()}-{os.getpid()}-{int(time.time())}-{secrets.token_hex(4)}"


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # on Windows os.kill(process, 0) ends the process
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # a process of another user
        return True
    return True


def _wait_until_ready(client: StackClient, stack: str, name: str, clock: Clock) -> ChangeSet:
    pause = _PAUSE
    while True:
        found = retry(lambda: client.change_set(stack, name), clock, _RETRY_SECONDS)
        if found.ready:
            return found
        clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _check(client: StackClient, stack: str, found: ChangeSet) -> None:
    """Raise an error for a failed change set; only DescribeEvents has validation errors."""
    if not found.failed:
        return
    reasons = [
        f"{failure.logical_id}{failure.path}: {failure.reason}"
        for failure in client.failures(change_set=found.id)
        if failure.reason
    ]
    what = "; ".join(reasons) or found.reason
    hint = "fix the cause and run the command again; nothing was changed"
    raise ReadModelError(
        f"CloudFormation refuses the change: {what}", where=f"stack {stack}", hint=hint
    )


def _delete(client: StackClient, stack: str, name: str, kind: ChangeSetType, clock: Clock) -> str:
    """Delete the change set, and the empty stack of type CREATE; return the error, if any.

    A change set that is not deleted here is deleted by the next run.
    """
    try:
        retry(lambda: client.delete_change_set(stack, name), clock, _RETRY_SECONDS)
        left = client.describe(stack) if kind == "CREATE" else None
        if left and left.status == "REVIEW_IN_PROGRESS":
            others = [other for other in client.change_sets(stack) if other != name]
            if not others:  # otherwise another client's change set waits for review there
                client.delete(left.id)
    except aws_errors() as error:
        return " ".join(str(error).split())
    return ""
