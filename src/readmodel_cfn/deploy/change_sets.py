"""Change sets: made, read and removed again, so that none is left behind."""

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
from readmodel_cfn.deploy.changes import ChangeSet
from readmodel_cfn.deploy.client import TOKEN, StackClient
from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import ReadModelError

_PATIENCE = 60.0  # seconds without an answer
_PAUSE = 0.1  # seconds; doubled with each look
_LONGEST_PAUSE = 3.0  # seconds
_ABANDONED = 15 * 60  # seconds after which one made on another machine is nobody's


@dataclass
class Held:
    """A change set that is there; one that is carried out is no longer removed."""

    name: str
    found: ChangeSet
    executed: bool = False


@contextmanager
def held(
    client: StackClient,
    wanted: Wanted,
    kind: Literal["CREATE", "UPDATE"],
    clock: Clock,
    note: Callable[[str], None],
    **more: Any,
) -> Iterator[Held]:
    """A change set while it is needed; whatever happens, it is removed then.

    `note` is told of one that AWS does not let go.

    Raises:
        ReadModelError: CloudFormation refuses the change, for the reason that is told.
    """
    name = _name()
    one = None
    try:
        client.make_change_set(wanted, name, kind, **more)
        one = Held(name, _made(client, wanted.name, name, clock))
        _check(client, wanted.name, one.found)
        yield one
    finally:
        if one is None or not one.executed:
            left = _remove(client, wanted.name, name, kind, clock)
            if left and one:
                note(f"Change set {name} is left, {left}; the next deploy removes it.")


def sweep(client: StackClient, stack: str) -> None:
    """Remove the change sets of ours that a killed process has left; it costs one call.

    Nobody asked for it, so no trouble of it is one.
    """
    try:
        for name in client.change_sets(stack):
            if is_abandoned(name):
                client.remove_change_set(stack, name)
    except aws_errors():
        pass


def is_abandoned(
    name: str, now: Callable[[], float] = time.time, alive: Callable[[int], bool] | None = None
) -> bool:
    """Was the change set of that name made by a process of ours that is no more?

    The name tells the machine, the process and the second. Another machine's process cannot be
    asked, so its change sets are left alone for a while.
    """
    host, _, rest = name.removeprefix(_BEGINNING).partition("-")
    process, _, rest = rest.partition("-")
    since, _, _ = rest.partition("-")
    if not name.startswith(_BEGINNING) or not (process.isdigit() and since.isdigit()):
        return False
    here = host == _host() and not (alive or _is_alive)(int(process))
    return here or now() - int(since) > _ABANDONED


_BEGINNING = f"{TOKEN}diff-"


def _name() -> str:
    return f"{_BEGINNING}{_host()}-{os.getpid()}-{int(time.time())}-{secrets.token_hex(4)}"


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


def _is_alive(process: int) -> bool:
    if os.name == "nt":  # signal 0 would end it there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _made(client: StackClient, stack: str, name: str, clock: Clock) -> ChangeSet:
    pause = _PAUSE
    while True:
        found = retry(lambda: client.change_set(stack, name), clock, _PATIENCE)
        if found.ready:
            return found
        clock.sleep(pause)
        pause = min(pause * 2, _LONGEST_PAUSE)


def _check(client: StackClient, stack: str, found: ChangeSet) -> None:
    """What a validation found is told by DescribeEvents only; the change set just says that."""
    if not found.failed:
        return
    reasons = [
        f"{one.logical_id}{one.path}: {one.reason}"
        for one in client.failures(change_set=found.id)
        if one.reason
    ]
    what = "; ".join(reasons) or found.reason
    hint = "mend it and run the command again; nothing was changed"
    raise ReadModelError(f"AWS refuses the change: {what}", where=f"stack {stack}", hint=hint)


def _remove(client: StackClient, stack: str, name: str, kind: str, clock: Clock) -> str:
    """Remove it, and the empty stack that one of kind CREATE has made; why not, where it is left.

    What AWS cannot do now is done by the next run's sweep.
    """
    try:
        retry(lambda: client.remove_change_set(stack, name), clock, _PATIENCE)
        left = client.describe(stack) if kind == "CREATE" else None
        if left and left.status == "REVIEW_IN_PROGRESS":
            others = [other for other in client.change_sets(stack) if other != name]
            if not others:  # else somebody else's change set waits for review there
                client.delete(left.id)
    except aws_errors() as error:
        return " ".join(str(error).split())
    return ""
