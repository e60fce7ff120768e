"""The values that a call passes to its `on_progress` callback while it runs.

Besides these, `deploy` and the other calls on a stack report the Plan, the StackDiff and each
StackEvent. An exception that the callback raises ends the call.
"""

from collections.abc import Callable
from dataclasses import dataclass

OnProgress = Callable[[object], None]


@dataclass(frozen=True)
class Step:
    """Work that starts now and may take more than a second, such as a call to AWS."""

    text: str


@dataclass(frozen=True)
class Note:
    """Information in one line; not an error."""

    text: str


@dataclass(frozen=True)
class Count:
    """The progress of the work on `name`: `done` of `total`, in a `unit` such as documents."""

    name: str
    done: int
    unit: str
    total: int | None = None


def ignore(value: object) -> None:
    """The default callback: it does nothing."""
