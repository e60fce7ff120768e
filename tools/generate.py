"""Writes the generated files that are committed: templates/, the JSON Schema, pages in docs/.

The diagram in README.md is generated too. With --check nothing is written: the exit code is 1 if a
committed file is not up to date.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import toml_page

from readmodel_cfn import ReadModel, build_article, build_template, render
from readmodel_cfn.analysis.audit import RULES
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.cli import main as cli
from readmodel_cfn.config.schema import schema

ROOT = Path(__file__).resolve().parents[1]
_AUDIT = """# The audit's rules

`readmodel-cfn audit TEMPLATE` checks these rules of an S3 proxy behind an API Gateway REST API, on
any CloudFormation template. This page is generated from `readmodel_cfn.analysis.audit.RULES`.

| rule | name | what is required | what a violation means for a client |
|---|---|---|---|"""


def generated() -> dict[str, str]:
    """Path in the repository: text of the file."""
    article, production = build_article(), build_template(ReadModel())
    return {
        "templates/article.json": render(article),
        "templates/read-model.json": render(production),
        "templates/read-model.yaml": render(production, "yaml"),
        "docs/readmodel.schema.json": json.dumps(schema(), indent=2) + "\n",
        "docs/cli.md": cli_reference(),
        "docs/audit.md": audit_rules(),
        "docs/readmodel-toml.md": toml_page.page(),
        "README.md": readme(json.loads(render(production))),
    }


def readme(template: Mapping[str, Any]) -> str:
    """README.md with the template's diagram in its mermaid block."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, begin, rest = text.partition("```mermaid\n")
    _, end, after = rest.partition("```\n")
    return before + begin + flowchart(template) + end + after


def audit_rules() -> str:
    """The table of the audit's rules."""
    rows = [f"| {rule.id} | {rule.name} | {rule.title} | {rule.meaning} |" for rule in RULES]
    return "\n".join([_AUDIT, *rows, ""])


def cli_reference() -> str:
    """docs/cli.md: the help of every command."""
    pages = "\n".join(
        f"## {name}\n\n```\n{text}\n```\n" for name, text in help_pages(cli, "readmodel-cfn")
    )
    return f"# The command line\n\nGenerated from `readmodel-cfn COMMAND --help`.\n\n{pages}"


def help_pages(command: click.Command, name: str) -> list[tuple[str, str]]:
    """Name and help of a command and of its subcommands."""
    settings = {"terminal_width": 80, **command.context_settings}
    with click.Context(command, info_name=name, **settings) as context:
        pages = [(name, command.get_help(context))]
        if isinstance(command, click.Group):
            for child_name in command.list_commands(context):
                if child := command.get_command(context, child_name):
                    pages += help_pages(child, f"{name} {child_name}")
    return pages


def main() -> None:
    """Write the files that are not up to date, or check that there are none."""
    stale = {
        path: text
        for path, text in generated().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    }
    if "--check" in sys.argv[1:]:
        sys.exit(f"{', '.join(stale)}: not up to date; run: make template" if stale else 0)
    for path, text in stale.items():
        (ROOT / path).write_text(text, encoding="utf-8")
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
