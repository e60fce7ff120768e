"""The audit's report for people: what was looked at, what is public, and the findings."""

import json
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readmodel_cfn.cli.fit import columns
from readmodel_cfn.cli.output import Styled, echo, style, width
from readmodel_cfn.printable import printable_lines
from readmodel_cfn.template.render import as_yaml

if TYPE_CHECKING:
    from readmodel_cfn.analysis.audit import AuditReport, Edit, Finding, Group

_COLOURS = {"high": "red", "medium": "yellow", "low": "cyan"}
_MOST = 10  # lines of a list


def print_report(report: "AuditReport", file: Path | None) -> None:
    """Print the report; without a file there is nothing to paste a cure into."""
    from readmodel_cfn.analysis.audit import group

    echo(f"{report.summary}.")
    _print_public(report)
    if report.unchecked:
        echo("Not looked at:")
        _print_list([_with_line(file, part.line, str(part)) for part in report.unchecked])
    printed: dict[tuple[Edit, ...], Finding] = {}
    for severity, groups in groupby(group(report.findings), lambda found: found.first.severity):
        echo(style(severity, fg=_COLOURS[severity], bold=True))
        for found in groups:
            _print_group(found, file)
            if file and found.first.cure:
                _print_cure(found, report.form, printed)
    echo(f"{report.counts}." if report.findings else "No findings.")


def _print_public(report: "AuditReport") -> None:
    """The public methods, and the distributions; methods of one path that do the same are one."""
    verbs: dict[tuple[str, str], list[str]] = {}
    for method in report.public:
        verbs.setdefault((method.path, method.what), []).append(method.verb)
    lines = [f"{', '.join(names)} {path} {what}" for (path, what), names in verbs.items()]
    lines += map(str, report.distributions)
    if lines:
        echo("Anybody can reach, without authorization and without an API key:")
        _print_list(lines)


def _print_list(lines: list[str]) -> None:
    for line in lines[:_MOST]:
        echo(f"  {line}")
    if left := len(lines[_MOST:]):
        echo(f"  and {left} more; --json has all")


def _with_line(file: Path | None, line: int | None, text: str) -> str:
    return f"{file}:{line}: {text}" if file and line else text


def _print_group(group: "Group", file: Path | None) -> None:
    first = group.first
    rule = style(first.rule, fg=_COLOURS[first.severity])
    text = printable_lines(f"{first.name} in {group.where}: {group.what}")
    echo(Styled(f"  {rule} {text}"))
    echo(f"      impact: {first.meaning}")
    for finding in group.findings[:_MOST]:
        echo(f"      {_with_line(file, finding.line, finding.place)}")
        if finding.what != group.what:
            echo(f"        {finding.what}")
    if left := len(group.findings[_MOST:]):
        echo(f"      and {left} more; --json has all")
    echo(f"      fix: {first.todo}")


def _print_cure(group: "Group", form: str, printed: dict[tuple["Edit", ...], "Finding"]) -> None:
    """The cure of the first finding, unless another finding had the same."""
    first = group.first
    if first.cure in printed:
        echo(f"      paste: as for {printed[first.cure].rule} above")
        return
    printed[first.cure] = first
    for edit in first.cure:
        above, _, name = edit.path.rpartition("/")
        echo(f"      paste into {above}:")
        for line in snippet(name, edit.value, form).splitlines():
            _print_code(f"        {line}")
    others = dict.fromkeys(finding.resource for finding in group.findings)
    if len(others) > 1:
        echo("      and in the same way for the others; --json has all of it")


def _print_code(line: str) -> None:
    """A line to paste; if it is too long, the value is below its key, as JSON and YAML allow."""
    most = width(sys.stdout)
    key, colon, value = line.partition(": ")
    if most is None or columns(line) <= most or not colon:
        click.echo(line)
        return
    click.echo(f"{key}:")
    click.echo(f"{' ' * (len(key) - len(key.lstrip()) + 4)}{value}")


def snippet(name: str, value: Any, form: str) -> str:
    """A value with its key as YAML or JSON; an item of a list has no key."""
    if form == "yaml":
        return as_yaml([value] if name.isdecimal() else {name: value})
    text = json.dumps(value, indent=2, default=str)
    return text if name.isdecimal() else f"{json.dumps(name)}: {text}"
