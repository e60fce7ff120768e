"""Outcome: the result of checking one promise."""

from dataclasses import dataclass
from typing import Literal

Status = Literal["kept", "broken", "cannot be shown"]
# The names that JSON has and that do not explain themselves: what people read instead.
_TITLES = {
    "served whole and equal": "document served unchanged",
    "a change is seen": "update served",
    "missing key": "missing document",
    "what is live is what the template says": "stage matches the template",
}


@dataclass(frozen=True)
class Outcome:
    """A promise by its name, its status, what was observed, and what to do if it is broken.

    "cannot be shown" means not checked: `what` says why it cannot be checked here.
    """

    name: str
    status: Status
    what: str
    todo: str = ""

    @property
    def title(self) -> str:
        """The name for people."""
        return _TITLES.get(self.name, self.name)


def kept(name: str, what: str) -> Outcome:
    """The promise is kept."""
    return Outcome(name, "kept", what)


def broken(name: str, what: str, todo: str) -> Outcome:
    """The promise is broken."""
    return Outcome(name, "broken", what, todo)


def not_checked(name: str, why: str) -> Outcome:
    """The promise could not be checked here."""
    return Outcome(name, "cannot be shown", why)
