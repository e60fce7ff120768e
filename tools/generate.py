"""Write what is generated and committed: templates, the file's schema, the reference in docs/.

The picture in README.md is generated too. With --check nothing is written: it fails if a committed
file is out of date.
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
    """Each generated file's path below the root, and its text."""
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
    """README.md with the template's picture in its block of mermaid."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    before, begin, rest = text.partition("```mermaid\n")
    _, end, after = rest.partition("```\n")
    return before + begin + flowchart(template) + end + after


def audit_rules() -> str:
    """The table of the audit's rules."""
    rows = [f"| {rule.id} | {rule.name} | {rule.title} | {rule.meaning} |" for rule in RULES]
    return "\n".join([_AUDIT, *rows, ""])


def cli_reference() -> str:
    """The help page of every command."""
    pages = "\n".join(
        f"## {name}\n\n```\n{text}\n```\n" for name, text in help_pages(cli, "readmodel-cfn")
    )
    return f"# The command line\n\nGenerated from `readmodel-cfn COMMAND --help`.\n\n{pages}"


def help_pages(command: click.Command, name: str) -> list[tuple[str, str]]:
    """The command's help, and those of the commands below it."""
    settings = {"terminal_width": 80, **command.context_settings}
    with click.Context(command, info_name=name, **settings) as context:
        pages = [(name, command.get_help(context))]
        if isinstance(command, click.Group):
            for subcommand in command.list_commands(context):
                below = command.get_command(context, subcommand)
                if below:
                    pages += help_pages(below, f"{name} {subcommand}")
    return pages


def main() -> None:
    """Write, or check."""
    check = "--check" in sys.argv[1:]
    stale = [
        path
        for path, text in generated().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if not check:
            (ROOT / path).write_text(generated()[path], encoding="utf-8")
            print(f"wrote {path}")
    if check and stale:
        sys.exit(f"stale: {', '.join(stale)}; run: make template, and commit")


if __name__ == "__main__":
    main()
