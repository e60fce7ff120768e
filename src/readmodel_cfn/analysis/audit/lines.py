"""The lines of findings in the text of a template."""

from collections.abc import Iterable
from dataclasses import replace

from readmodel_cfn.analysis.audit.rule import Finding
from readmodel_cfn.cloudformation.json_pointer import unescaped
from readmodel_cfn.cloudformation.reader import positions


def with_lines(findings: Iterable[Finding], text: str) -> list[Finding]:
    """The findings with their lines in the text.

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


def _parts(finding: Finding) -> list[tuple[str, ...]]:
    """The path of the finding and those above it, the longest first."""
    top = () if finding.resource == "Outputs" else ("Resources",)
    path = (*top, finding.resource, *map(unescaped, finding.path.split("/")))
    return [path[:end] for end in range(len(path), 0, -1)]
