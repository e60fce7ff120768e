"""The exceptions of this package and their exit codes, which are the same for every command:

| code | meaning |
|---|---|
| 0 | done, or nothing to do |
| 1 | aborted: nothing was changed |
| 2 | usage or configuration error |
| 3 | lint or audit findings |
| 4 | the stack operation failed and was rolled back, or a release was switched back |
| 5 | there are changes (`diff`, `publish --dry-run`, `template --check`) |
| 6 | manual intervention required |
| 7 | verification failed: unexpected HTTP response (`read`, `verify`, `status`) |
| 8 | write conflict: another writer changed the document |
| 9 | incomplete: still in progress or interrupted; run the command again |
| 10 | no such document (`read`) |
"""

from collections.abc import Iterator, Sized
from contextlib import contextmanager
from typing import Any

from readmodel_cfn.plural import counted
from readmodel_cfn.printable import one_line, shortened

_LONGEST = 600  # characters of each part of a message, which can contain any text


class ReadModelError(Exception):
    """The base class of all errors of this package: one line, `where: what; hint`.

    `what` is the problem, `where` the file, key, stack or URL that has it, and `hint` what to do
    next. `exit_code` is the exit code of the command line. `result` is what was done before the
    error, such as a PublishResult; None if there is none.
    """

    exit_code = 1
    result: Any = None

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what: str = what
        self.where: str | None = where
        self.hint: str | None = hint

    def __str__(self) -> str:
        line = shortened(self.what, _LONGEST)
        line = f"{shortened(self.where, _LONGEST)}: {line}" if self.where else line
        line = f"{line}; {shortened(self.hint, _LONGEST)}" if self.hint else line
        return one_line(line)


class ConfigError(ReadModelError):
    """A value that is not allowed, in readmodel.toml, Python or on the command line."""

    exit_code = 2


class FindingsError(ReadModelError):
    """cfn-lint or the audit has findings; nothing was sent to AWS."""

    exit_code = 3


def require_no_findings(findings: Sized, where: str, hint: str | None = None) -> None:
    """Raise an error if `lint` or `audit` has findings; `where` names the template.

    Raises:
        FindingsError: there are findings.
    """
    if findings:
        raise FindingsError(counted(len(findings), "finding"), where=where, hint=hint)


class RolledBack(ReadModelError):
    """A create or update was rolled back, or a release that an alarm watched was switched back."""

    exit_code = 4


class Stale(ReadModelError):
    """A generated file is out of date."""

    exit_code = 5


class Stuck(ReadModelError):
    """Manual intervention in AWS is required."""

    exit_code = 6


class PromiseBroken(ReadModelError):
    """The API does not respond as the read model promises."""

    exit_code = 7


class LostRace(ReadModelError):
    """Another writer changed the document first: a conditional write was refused."""

    exit_code = 8


class Unfinished(ReadModelError):
    """The operation is still in progress or was interrupted; run the command again to continue."""

    exit_code = 9


@contextmanager
def keeping_result(result: object, done: str) -> Iterator[None]:
    """Give an Unfinished of the block the result of what was `done` before it.

    Raises:
        Unfinished: the block was interrupted.
    """
    try:
        yield
    except Unfinished as error:
        error.result = result
        raise
    except KeyboardInterrupt:
        interrupted = Unfinished(f"interrupted: {done}", hint="run it again")
        interrupted.result = result
        raise interrupted from None


class NoSuchDocument(ReadModelError):
    """The API responds 404: the document is not published, or no route has the path."""

    exit_code = 10
