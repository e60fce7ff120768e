"""Outcome: the result of checking one promise."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["kept", "broken", "cannot be shown"]


@dataclass(frozen=True)
class Outcome:
    """A promise by its name, its status, what was observed, and what to do if it is broken.

    "cannot be shown" means not checked: `what` says why it cannot be checked here.
    """

    name: str
    status: Status
    what: str
    todo: str = ""


def kept(name: str, what: str) -> Outcome:
    """The promise is kept."""
    return Outcome(name, "kept", what)


def broken(name: str, what: str, todo: str) -> Outcome:
    """The promise is broken."""
    return Outcome(name, "broken", what, todo)


def not_checked(name: str, why: str) -> Outcome:
    """The promise could not be checked here."""
    return Outcome(name, "cannot be shown", why)
