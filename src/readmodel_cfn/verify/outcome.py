"""What became of a promise."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["kept", "broken", "cannot be shown"]


@dataclass(frozen=True)
class Outcome:
    """A promise by its name, what became of it, what was seen, and what to do where it is broken.

    "cannot be shown" is no promise kept: `what` says why this endpoint or this probe cannot tell.
    """

    name: str
    status: Status
    what: str
    todo: str = ""


def kept(name: str, what: str) -> Outcome:
    """It was seen to be kept."""
    return Outcome(name, "kept", what)


def broken(name: str, what: str, todo: str) -> Outcome:
    """It was seen to be broken."""
    return Outcome(name, "broken", what, todo)


def not_shown(name: str, why: str) -> Outcome:
    """It could not be seen."""
    return Outcome(name, "cannot be shown", why)
