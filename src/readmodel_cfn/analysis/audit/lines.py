"""The lines of findings, and of what was not looked at, in the text of a template."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from readmodel_cfn.analysis.audit.rule import Finding
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.cloudformation.json_pointer import unescaped
from readmodel_cfn.cloudformation.reader import positions

Placed = TypeVar("Placed", Finding, Unchecked)


def with_lines(findings: Iterable[Placed], text: str) -> list[Placed]:
    """The findings, or what was not looked at, with their lines in the text.

    What is missing, or is made by a function such as Fn::If or Fn::ForEach, is not in the text: it
    has the line of the nearest part above it.
    """
    parts = [(finding, _parts(finding)) for finding in findings]
    found = positions(text, {path for _, paths in parts for path in paths})
    lines = {path: position.line for path, position in found.items()}
    return [
        replace(finding, line=next((lines[path] for path in paths if path in lines), None))
        for finding, paths in parts
    ]


def _parts(finding: Finding | Unchecked) -> list[tuple[str, ...]]:
    """The path of the finding and those above it, the longest first."""
    top = () if finding.resource == "Outputs" else ("Resources",)
    path = (*top, finding.resource, *map(unescaped, finding.path.split("/")))
    return [path[:end] for end in range(len(path), 0, -1)]
