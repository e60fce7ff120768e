"""What a call reports while it runs: values that it passes to its `on_progress` callback.

Besides these, `deploy` and the other calls on a stack report the plan, the difference and each
stack event, as the values that they are. A callback that raises ends the call.
"""

from collections.abc import Callable
from dataclasses import dataclass

OnProgress = Callable[[object], None]


@dataclass(frozen=True)
class Step:
    """A piece of work that begins now and may take more than a second, such as a call to AWS."""

    text: str


@dataclass(frozen=True)
class Note:
    """Something worth knowing, in one line; nothing is wrong."""

    text: str


@dataclass(frozen=True)
class Count:
    """How far the work on `name` is: `done` of `total` `unit`, such as documents."""

    name: str
    done: int
    unit: str
    total: int | None = None


def ignore(value: object) -> None:
    """The callback of a caller who wants no reports."""
