"""Findings as SARIF 2.1.0, the format that code scanning services such as GitHub's read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support
"""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from readmodel_cfn.analysis.audit.rule import Finding, Rule, Severity
from readmodel_cfn.analysis.audit.rules import RULES
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.cloudformation.json_pointer import escaped
from readmodel_cfn.version import __version__

_INDEX = {rule.id: index for index, rule in enumerate(RULES)}
_LEVELS: dict[Severity, str] = {"high": "error", "medium": "warning", "low": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def to_sarif(
    findings: Iterable[Finding],
    file: str | Path | None = None,
    unchecked: Iterable[Unchecked] = (),
) -> dict[str, Any]:
    """A SARIF log with one run: all rules, the findings as results, and what was not looked at.

    Args:
        findings: What `audit` returned.
        file: The file in which they are. Below the working directory its URI is relative, as
            GitHub requires it. Without a file, results have only the logical location.
        unchecked: The report's `unchecked`, for the notifications of the run.
    """
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "readmodel-cfn",
                        "version": __version__,
                        "rules": [_rule(rule) for rule in RULES],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [_notification(part) for part in unchecked],
                    }
                ],
                "results": [_result(finding, file) for finding in findings],
            }
        ],
    }


def _notification(part: Unchecked) -> dict[str, Any]:
    return {"level": "warning", "message": {"text": f"Not looked at: {part}."}}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "name": rule.name,
        "shortDescription": {"text": f"{rule.title}."},
        "fullDescription": {"text": rule.meaning},
        "help": {"text": f"{rule.title}. Otherwise: {rule.meaning}"},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
    }


def _result(finding: Finding, file: str | Path | None) -> dict[str, Any]:
    physical = {"physicalLocation": _physical(finding, file)} if file else {}
    construct = f" ({finding.cdk_path})" if finding.cdk_path else ""
    what = f"{finding.resource}{construct}: {finding.what}. Fix: {finding.todo}."
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": _LEVELS[finding.severity],
        "message": {"text": what},
        "locations": [{**physical, "logicalLocations": [_logical(finding)]}],
    }


def _physical(finding: Finding, file: str | Path) -> dict[str, Any]:
    """The file and the line; GitHub requires a line, so it is the first if none is known."""
    region = {"startLine": finding.line or 1}
    return {"artifactLocation": {"uri": _uri(file)}, "region": region}


def _uri(file: str | Path) -> str:
    """The URI of a file, relative to the working directory if it is below it."""
    here = Path.cwd()
    path = Path(os.path.normpath(here / file))  # symbolic links keep their names
    if path.is_relative_to(here):
        return quote(os.fsencode(path.relative_to(here).as_posix()))
    return path.as_uri()


def _logical(finding: Finding) -> dict[str, Any]:
    """The logical ID, and the place in the template as a JSON pointer, as the path of a finding."""
    is_output = finding.resource == "Outputs"
    steps = ["" if is_output else "/Resources", escaped(finding.resource), finding.path]
    return {
        "name": finding.path.partition("/")[0] if is_output else finding.resource,
        "fullyQualifiedName": "/".join(steps),
        "kind": "output" if is_output else "resource",
    }
