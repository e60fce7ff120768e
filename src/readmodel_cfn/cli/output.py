"""Printing for people and programs: results on stdout, logs on stderr."""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.target import SANDBOX

if TYPE_CHECKING:
    from readmodel_cfn.lint import Finding
    from readmodel_cfn.results import Published, Response, StackEvent


def log(line: str) -> None:
    """Print a line on stderr.

    The current stderr is passed, because click would use the one behind rich's live view, and write
    into that view.
    """
    click.echo(line, file=sys.stderr, err=True)


def with_colour(text: str) -> str:
    """The text with the name of the sandbox in colour: nothing is changed on AWS."""
    return text.replace(SANDBOX, click.style(SANDBOX, fg="cyan", bold=True))


def changed(what: str, where: object) -> None:
    """Print the last line of a command that has changed something, such as `Published to ...`."""
    log(with_colour(f"{what} {where}"))


def print_json(value: Any) -> None:
    """Print a result for programs."""
    click.echo(json.dumps(value, indent=2))


def print_json_line(kind: str, value: Any) -> None:
    """Print one JSON line: an object whose one key is `kind`."""
    click.echo(json.dumps({kind: value}))


def table(rows: Iterable[Sequence[str]]) -> None:
    """Print rows in aligned columns."""
    lines = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for row in lines:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def echo(text: str) -> None:
    """Print a text in lines that fit the terminal, all with its indentation.

    A word that is too long is divided after slashes; a URL or an ARN is never divided.
    """
    space = " " * (len(text) - len(text.lstrip()))
    width = max(shutil.get_terminal_size().columns - len(space), 20)
    line = ""
    for word in text.split():
        for part in [word] if len(word) <= width else _divided(word, width):
            if line and len(line) + 1 + len(part) > width:
                click.echo(space + line)
                line = ""
            line = f"{line} {part}" if line else part
    click.echo(space + line)


def _divided(word: str, width: int) -> list[str]:
    """The parts of a long word, each with as many of its segments as fit."""
    if "://" in word or "arn:" in word:
        return [word]
    return re.findall(rf".{{1,{width - 1}}}(?:/|$)|.{{1,{width}}}", word)


def findings(found: Sequence["Finding"]) -> None:
    """Print cfn-lint's findings: rule, place, message, and what the rule means."""
    for finding in found:
        colour = "red" if finding.level == "error" else "yellow"
        click.echo(f"{click.style(finding.rule, fg=colour)} {finding.place}: {finding.message}")
        click.echo(f"      {finding.meaning}")


def outputs(found: Mapping[str, tuple[str, str]]) -> None:
    """Print outputs with their descriptions."""
    table([name, value, f"# {text}" if text else ""] for name, (value, text) in found.items())


def event(event: "StackEvent") -> None:
    """Print one stack event in one line."""
    failed = event.status.endswith("_FAILED") or "ROLLBACK" in event.status
    done = event.status.endswith("_COMPLETE")
    status = click.style(event.status.ljust(28), fg="red" if failed else "green" if done else None)
    line = f"{event.time:%H:%M:%S}  {status} {event.logical_id}  {event.type}  {event.reason}"
    log(line.rstrip())


def published(done: "Published") -> None:
    """Print one published document."""
    rows = {"key": f"{done.bucket}/{done.key}", "ETag": done.etag, "version": done.version or "-"}
    table([name, value] for name, value in rows.items())


def response(response: "Response") -> None:
    """Print status, headers and time on stderr, the body on stdout, byte for byte."""
    colour = "green" if response.ok else "red"
    milliseconds = f"{response.seconds * 1000:.0f} ms"
    status = click.style(str(response.status), fg=colour)
    log(f"GET {response.url}\n{status} in {milliseconds}")
    for name, value in response.headers:
        log(f"{name}: {value}")
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
