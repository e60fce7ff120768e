"""Errors of commands: one line on stderr, and the exit code."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from traceback import extract_tb
from typing import Any, NoReturn, TextIO

import click
from click.exceptions import NoSuchCommand

from readmodel_cfn.cli.output import Styled, colour, fit, style
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError, Unfinished
from readmodel_cfn.interruptions import deferred_interruptions
from readmodel_cfn.printable import printable

_PACKAGE = Path(__file__).parents[1]


@contextmanager
def one_line_errors() -> Iterator[None]:
    """Print an error of the block in one line, and exit with its exit code."""
    try:
        yield
    except ReadModelError as error:
        _end(str(error), error.exit_code)
    except click.exceptions.NoArgsIsHelpError:
        raise  # not an error: the help of a group without a command
    except click.UsageError as error:
        _end(str(usage_error(error)), error.exit_code)
    except BrokenPipeError:
        raise  # stdout is closed; click handles it
    except (KeyboardInterrupt, click.Abort) as error:
        if isinstance(error, click.Abort):  # the cursor is after a question
            click.echo(err=True)
        _end("interrupted; run the command again", 1)
    except (OSError, UnicodeError) as error:
        _end(_system_error(error), 1)


@contextmanager
def last_resort() -> Iterator[None]:
    """Print unexpected exceptions in one line too; `python -X dev` shows their traceback."""
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        if sys.flags.dev_mode:
            raise
        _print(_unexpected(error))
        sys.exit(1)
    finally:
        with suppress(ValueError):  # not the main thread
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process ends


def _unexpected(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "interrupted; run the command again"
    if isinstance(error, OSError):
        return _system_error(error)
    if isinstance(error, ImportError):
        return f"{error.msg}; the installation of readmodel-cfn is incomplete: install it again"
    what = " ".join(f"{type(error).__name__}: {error}".split())
    frames = extract_tb(error.__traceback__)
    own_frames = [frame for frame in frames if _PACKAGE in Path(frame.filename).parents] or frames
    place = f"{Path(own_frames[-1].filename).name} line {own_frames[-1].lineno}"
    return f"{place}: {what}; this is a bug in readmodel-cfn: please report it"


def _system_error(error: OSError | UnicodeError) -> str:
    """The message of the operating system, with the file."""
    what, file = getattr(error, "strerror", None) or error, getattr(error, "filename", None)
    return str(ReadModelError(str(what), where=str(file) if file else None))


def _end(line: str, code: int) -> None:
    _print(line)
    raise click.exceptions.Exit(code)


def _print(line: str) -> None:
    """Print the error; if stderr is closed, there is only the exit code."""
    with suppress(OSError):
        text = Styled(f"{style('Error:', fg='red')} {printable(line)}")
        click.echo(fit(text), err=True, color=colour())
    for stream in filter(None, (sys.stdout, sys.stderr)):
        _close(stream)


def _close(stream: TextIO) -> None:
    """Discard what cannot be written: Python would try again at exit, and print an error.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe
    """
    try:
        stream.flush()
    except OSError:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, stream.fileno())
        os.close(null)


def usage_error(error: click.UsageError) -> ConfigError:
    """The usage error in one line, with the most similar name if there is one."""
    near = _nearest(error)
    what = " ".join((error.message if near else error.format_message()).rstrip(".").split())
    place = error.ctx.command_path if error.ctx else None
    hints = [f"did you mean {near}?"] * bool(near) + [f"try {place} --help"] * bool(place)
    return ConfigError(what[:1].lower() + what[1:], where=place, hint=" Or ".join(hints))


def _nearest(error: click.UsageError) -> str | None:
    """The option or command with the most similar name."""
    if isinstance(error, click.NoSuchOption):
        return next(iter(error.possibilities or ()), None)
    group = error.ctx.command if error.ctx else None
    if not isinstance(error, NoSuchCommand) or not isinstance(group, click.Group):
        return None
    from difflib import get_close_matches

    assert error.ctx is not None  # noqa: S101 - it has a command
    near = get_close_matches(error.command_name, group.list_commands(error.ctx), n=1)
    return next(iter(near), None)


class Terminated(KeyboardInterrupt):
    """SIGTERM was received; unlike after Ctrl-C, no question can be asked."""


@contextmanager
def stop_on_sigterm() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM while the block runs; also usable as a decorator.

    Python allows signal handlers in the main thread only; elsewhere nothing is changed.
    https://docs.python.org/3/library/signal.html#signals-and-threads
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminate(*_: Any) -> NoReturn:
    raise Terminated


@contextmanager
def result_of_errors(report: Callable[[Any], object], as_json: bool) -> Iterator[None]:
    """With --json print what was done before a conflict or an interruption, as the last line."""
    try:
        yield
    except (LostRace, Unfinished) as error:
        if as_json and error.result is not None:
            with suppress(OSError), deferred_interruptions():  # the output may be closed
                report(error.result)
        raise


@contextmanager
def unfinished_if_output_fails(done: str, where: str | None, hint: str) -> Iterator[None]:
    """Turn errors of the block, which prints what was `done`, into Unfinished.

    Raises:
        Unfinished: it was interrupted, and what is printed is printed whole; or the output cannot
            be written.
    """
    try:
        with deferred_interruptions():
            yield
    except KeyboardInterrupt:
        raise Unfinished(f"interrupted: {done}", where=where, hint=hint) from None
    except OSError as error:
        what = f"{done}, but the output cannot be written: {error.strerror or error}"
        raise Unfinished(what, where=where, hint=hint) from error


@contextmanager
def unfinished_if_output_closed(where: str, hint: str) -> Iterator[None]:
    """Turn an OSError of the output into Unfinished: exit code 1 means that nothing was changed.

    Raises:
        Unfinished: the output was closed, or its disk is full.
    """
    try:
        yield
    except OSError as error:
        what = f"the output cannot be written: {error.strerror or error}"
        raise Unfinished(what, where=where, hint=hint) from error
