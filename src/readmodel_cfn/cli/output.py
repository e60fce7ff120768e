"""Printing for people and programs: results on stdout, logs on stderr.

Text for people goes through `echo`, `log` and `table`, which escape what is not printable
(printable.py), since names, keys and messages of AWS are in it, and fit it to the terminal
(fit.py). Text with colours is `Styled`. JSON, templates and documents are printed as they are.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

import click

from readmodel_cfn.cli.fit import fitted, fitted_table
from readmodel_cfn.printable import printable, printable_lines
from readmodel_cfn.target import SANDBOX

if TYPE_CHECKING:
    from readmodel_cfn.lint import Finding
    from readmodel_cfn.results import Published, Response, StackEvent

_STATUS = len("CREATE_IN_PROGRESS")
_COLOUR = re.compile(r"(\x1b\[[\d;]*m)")


class Styled(str):
    """Text with colours; whatever it has from other people is escaped before it is coloured."""

    __slots__ = ()


def style(text: str, **colour: Any) -> Styled:
    """The text, escaped, in a colour."""
    return Styled(click.style(printable_lines(text), **colour))


def _shown(text: str) -> str:
    """The text without escape sequences but those of colours, if it is Styled."""
    if not isinstance(text, Styled):
        return printable_lines(text)
    parts = _COLOUR.split(text)  # every other one is a colour
    parts[::2] = map(printable_lines, parts[::2])
    return "".join(parts)


def log(text: str) -> None:
    """Print a text on stderr, fitted to the terminal.

    The current stderr is passed, because click would use the one behind rich's live view, and write
    into that view.
    """
    click.echo(fit(text), file=sys.stderr, err=True)


def fit(text: str) -> str:
    """The text with the line breaks that it needs on stderr, for `log` and questions."""
    return "\n".join(fitted(_shown(text), width(sys.stderr)))


def echo(text: str, *, err: bool = False) -> None:
    """Print a text on stdout, or on stderr with `err`, fitted to the terminal."""
    if err:
        log(text)
    else:
        click.echo("\n".join(fitted(_shown(text), width(sys.stdout))))


def width(stream: TextIO | None) -> int | None:
    """The length that a line may have: COLUMNS, else the terminal's width; None for any length.

    A line in a pipe or a file is not divided, so that programs find what they look for.
    """
    given = os.environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return int(given)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None if stream else None
    except (OSError, ValueError):  # not a terminal, closed, or without a file
        return None


def with_colour(text: str) -> Styled:
    """The text with the name of the sandbox in colour: nothing is changed on AWS."""
    return Styled(printable_lines(text).replace(SANDBOX, style(SANDBOX, fg="cyan", bold=True)))


def changed(what: str, where: object) -> None:
    """Print the last line of a command that has changed something, such as `Published to ...`."""
    log(with_colour(f"{what} {where}"))


def print_json(value: Any) -> None:
    """Print a result for programs."""
    click.echo(json.dumps(value, indent=2))


def print_json_line(kind: str, value: Any) -> None:
    """Print one JSON line: an object whose one key is `kind`."""
    click.echo(json.dumps({kind: value}))


def table(rows: Iterable[Sequence[str]], *, err: bool = False) -> None:
    """Print rows in aligned columns; a cell that does not fit is printed below its row."""
    stream = sys.stderr if err else sys.stdout
    for line in fitted_table([[_shown(cell) for cell in row] for row in rows], width(stream)):
        click.echo(line, file=stream, err=err)


def findings(found: Sequence["Finding"]) -> None:
    """Print cfn-lint's findings: rule, place, message, and what the rule means."""
    for finding in found:
        colour = "red" if finding.level == "error" else "yellow"
        text = printable_lines(f"{finding.place}: {finding.message}")
        echo(Styled(f"{style(finding.rule, fg=colour)} {text}"))
        echo(f"      {finding.meaning}")


def outputs(found: Mapping[str, tuple[str, str]]) -> None:
    """Print outputs with their descriptions."""
    table([name, value, f"# {text}" if text else ""] for name, (value, text) in found.items())


def urls(found: Iterable[str], most: int | None = None, more: str = "") -> None:
    """Print URLs, each on a line; after `most` of them their number, and the command `more`."""
    every = list(found)
    for url in every[:most]:
        click.echo(printable(url))
    if left := len(every[most:]) if most else 0:
        echo(f"and {left} more: {more}")


def event(event: "StackEvent") -> None:
    """Print one stack event; on a terminal with the resource's type only if it has a reason."""
    failed = event.status.endswith("_FAILED") or "ROLLBACK" in event.status
    colour = "red" if failed else "green" if event.is_complete else None
    status = style(event.status.ljust(_STATUS), fg=colour)
    short = Styled(f"{event.time:%H:%M:%S}  {status} {printable(event.logical_id)}")
    long = Styled(f"{short}  {printable_lines(f'{event.type}  {event.reason}')}".rstrip())
    log(long if event.reason or width(sys.stderr) is None else short)


def published(done: "Published") -> None:
    """Print one published document."""
    rows = {"key": f"{done.bucket}/{done.key}", "ETag": done.etag}
    if done.document_version is None:
        rows["version"] = done.version or "-"
    else:  # two kinds of version
        rows |= {"version": str(done.stored_version), "version ID": done.version or "-"}
    table([name, value] for name, value in rows.items())
    urls([done.url] if done.url else [])


def response(response: "Response") -> None:
    """Print status, headers and time on stderr, the body on stdout.

    Byte for byte, unless stdout is a terminal, which obeys the escape sequences of the body.
    """
    colour = "green" if response.ok else "red"
    milliseconds = f"{response.seconds * 1000:.0f} ms"
    status = style(str(response.status), fg=colour)
    log(Styled(f"GET {printable(response.url)}\n{status} in {milliseconds}"))
    for name, value in response.headers:
        log(f"{name}: {value}")
    if sys.stdout is not None and sys.stdout.isatty():
        click.echo("\n".join(map(printable, response.body.decode(errors="replace").splitlines())))
    else:
        click.echo(response.body)


def sandbox(found: Any) -> None:
    """Print the address of the embedded AWS, and its access key."""
    table(
        [
            ["endpoint", found.endpoint_url],
            ["region", found.region],
            ["access key id", found.access_key_id],
            ["secret access key", found.secret_access_key],
            ["process", str(found.pid)],
        ]
    )


def colour() -> bool | None:
    """Whether to print colours, for click: False, True, or None for terminals only.

    NO_COLOR and FORCE_COLOR are used if they are not empty, NO_COLOR first, as in Python itself:
    https://no-color.org, https://force-color.org,
    https://docs.python.org/3/using/cmdline.html#using-on-controlling-color
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return False if os.environ.get("TERM") == "dumb" else None
