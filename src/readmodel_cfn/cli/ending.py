"""How a command ends: whatever goes wrong is one line on stderr and an exit code (errors.py)."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import extract_tb
from typing import TextIO

import click

from readmodel_cfn.cli.colour import colour
from readmodel_cfn.cli.usage import usage_error
from readmodel_cfn.errors import ReadModelError

_PACKAGE = Path(__file__).parents[1]


@contextmanager
def in_one_line() -> Iterator[None]:
    """Say in one line what goes wrong here, and end with the error's exit code."""
    try:
        yield
    except ReadModelError as error:
        _end(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError:
        raise  # no error, but the help of a group that was given no command
    except click.UsageError as error:
        _end(str(usage_error(error)), error.exit_code)
    except BrokenPipeError:
        raise  # the reader of our output went away; click knows what to do
    except (KeyboardInterrupt, click.Abort) as error:
        if isinstance(error, click.Abort):  # the cursor stands behind a question
            click.echo(err=True)
        _end("interrupted; run the command again", 1)
    except (OSError, UnicodeError) as error:
        _end(_refused(error), 1)


@contextmanager
def last_resort() -> Iterator[None]:
    """The same for what nobody foresaw, which `python -X dev` shows as it is."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if sys.flags.dev_mode:
            raise
        _tell(_last_words(error))
        sys.exit(1)
    finally:
        with suppress(ValueError):  # not in the main thread, which alone is interrupted
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends: nothing is left to interrupt


def _last_words(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; run the command again"
    if isinstance(error, OSError):
        return _refused(error)
    if isinstance(error, ImportError):
        return f"{error.msg}; readmodel-cfn is not installed as a whole: install it again"
    what = " ".join(f"{type(error).__name__}: {error}".split())
    frames = extract_tb(error.__traceback__)
    ours = [one for one in frames if _PACKAGE in Path(one.filename).parents] or frames
    place = f"{Path(ours[-1].filename).name} line {ours[-1].lineno}"
    return f"{place}: {what}; that is a defect of readmodel-cfn: please report it"


def _refused(error: OSError | UnicodeError) -> str:
    """What the system says, and of which file."""
    what, file = getattr(error, "strerror", None) or error, getattr(error, "filename", None)
    return str(ReadModelError(str(what), where=str(file) if file else None))


def _end(line: str, code: int) -> None:
    _tell(line)
    raise click.exceptions.Exit(code)


def _tell(line: str) -> None:
    """Where it cannot be said, the exit code has to do."""
    with suppress(OSError):
        click.echo(f"{click.style('Error:', fg='red')} {line}", err=True, color=colour())
    for stream in filter(None, (sys.stdout, sys.stderr)):
        _let_go(stream)


def _let_go(stream: TextIO) -> None:
    """What could not be written stays unwritten: Python would try again as it ends, and complain.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    try:
        stream.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
