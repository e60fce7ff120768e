"""Errors: each says where, what is wrong and what to do next, and carries the exit code.

The exit codes are one contract for every command:

| code | meaning |
|---|---|
| 0 | done, or nothing to do |
| 1 | refused, or failed before anything changed |
| 2 | usage or configuration |
| 3 | lint or audit findings |
| 4 | the operation failed and was rolled back |
| 5 | there are changes (`diff`, `template --check`) |
| 6 | stuck: a person must act |
| 7 | a promise is broken (`read`, `verify`) |
| 8 | lost the race (a conditional publish) |
| 9 | unfinished, nothing wrong yet: run it again to go on |
"""

from dataclasses import dataclass
from typing import Literal

ConsentKind = Literal["adopt", "recreate", "continue-rollback", "erase-documents"]


class ReadModelError(Exception):
    """The root of all errors of this package: one line, `where: what; hint`.

    `what` says what is wrong, `where` the file, key, stack or URL it is about,
    `hint` what to do next. `exit_code` is what the command line exits with.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what: str = what
        self.where: str | None = where
        self.hint: str | None = hint

    def __str__(self) -> str:
        line = f"{self.where}: {self.what}" if self.where else self.what
        line = f"{line}; {self.hint}" if self.hint else line
        return " ".join(line.splitlines())  # what a key, a file or AWS says may hold line breaks


class ConfigError(ReadModelError):
    """A value that no read model can have, from readmodel.toml, Python or the command line."""

    exit_code = 2


@dataclass(frozen=True)
class Consent:
    """What a person must agree to before it is done.

    `name` is the stack that `kind` is done to, `text` says it in one line, and `lost` lists what is
    lost by it, if anything is.
    """

    kind: ConsentKind
    name: str
    text: str
    lost: tuple[str, ...] = ()


class ConsentRequired(ReadModelError):
    """Nobody agreed to `consent`, so nothing was changed."""

    def __init__(self, consent: Consent) -> None:
        lost = f" ({', '.join(consent.lost)})" if consent.lost else ""
        hint = f"pass confirm= to agree to {consent.kind!r}"
        super().__init__(f"{consent.text}{lost}", where=f"stack {consent.name}", hint=hint)
        self.consent: Consent = consent


class LintError(ReadModelError):
    """cfn-lint has findings, so nothing was sent to AWS."""

    exit_code = 3


class RolledBack(ReadModelError):
    """A create or update failed and CloudFormation undid it."""

    exit_code = 4


class Stale(ReadModelError):
    """A file is not what would be written into it now."""

    exit_code = 5


class Stuck(ReadModelError):
    """The stack is in a state that only a person can lead it out of."""

    exit_code = 6


class PromiseBroken(ReadModelError):
    """The API answered something else than the read model promises."""

    exit_code = 7


class LostRace(ReadModelError):
    """Another writer was first: a conditional publish was refused and changed nothing."""

    exit_code = 8


class Unfinished(ReadModelError):
    """The operation goes on, or stopped half way; running it again goes on from there."""

    exit_code = 9
