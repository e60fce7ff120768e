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
import fidelity
import toml_page
import troubleshooting_page

from readmodel_cfn import ReadModel, build_article, build_template, render
from readmodel_cfn.analysis.audit import RULES
from readmodel_cfn.analysis.graph import flowchart
from readmodel_cfn.cli import main as cli
from readmodel_cfn.config.schema import schema

ROOT = Path(__file__).resolve().parents[1]
_AUDIT = """# The audit's rules

```sh
readmodel-cfn audit template.yaml                 # the report, the worst findings first
readmodel-cfn audit template.yaml --fail-on high  # for pipelines
readmodel-cfn audit template.yaml --format sarif  # for code scanning
readmodel-cfn audit --rules                       # this list
```

`audit` checks these rules of an S3 proxy behind an API Gateway REST API, on any CloudFormation
template. This page is generated from `readmodel_cfn.analysis.audit.RULES`.

| severity | meaning |
|---|---|
| high | the deployment fails, clients get wrong responses, or data and permissions are open |
| medium | it works, but clients or security are worse off, or it fails in some cases |
| low | it works, and could be better |

The exit code is 3 if there is any finding. With `--fail-on high` or `--fail-on medium` it is 3 only
for findings of this severity or a worse one. It is also 3 if something that may read S3 was not
looked at, whatever `--fail-on` says: the worst finding may be in it.

## The report

The [screens](screens.md) have an example. The report says in this order:

1. What was looked at: how many methods read S3, list buckets or keys, and write, and how many parts
   of the template were not looked at.
2. What anybody can reach: the methods without authorization and without an API key, with the bucket
   and the key of each. If the API has a resource policy, the line says so. Then the paths of
   CloudFront distributions that need no signed URL or cookie, with their origins.
3. What was not looked at, and why.
4. The findings, high first. One mistake in several resources is one finding of the report, such as
   `R20 no-head in 4 methods`. The path of the construct is beside the logical ID if the CDK wrote
   the template.
5. What to paste into FILE, in its format, JSON or YAML. It replaces what has the same key.
   Functions have their long names, such as Fn::Sub. There is nothing to paste without a file, for
   a rule that needs a decision, and for what an OpenAPI document or a function such as Fn::If
   makes. Then audit again: one piece can fix several findings.

`--json` and `--format sarif` have every single finding. The JSON is an object:

| key | value |
|---|---|
| `findings` | a list of findings; the `cure` of each is a list of `path` and `value` |
| `reads`, `lists`, `writes` | the numbers of methods that read, list and write |
| `public` | a list of the methods that anybody can reach |
| `distributions` | a list of the paths of distributions that anybody can reach |
| `unchecked` | a list of what was not looked at, each with `resource`, `path`, `what` and `line` |

From Python, [`audit_report(template)`](library.md#auditing) returns all of it, and its
`require_none(file, "high")` raises the error of `--fail-on high`. `audit(template)` returns its
findings alone, each with its `severity` and, if the template is a text or a file, its `line`.
`group(findings)` returns one group for each mistake, and `to_sarif(findings, file, unchecked)` the
SARIF log.

## What is checked

No findings means that all is well only if everything that may read S3 was looked at. The audit
looks at

- the methods of the template, also those in the OpenAPI document of an AWS::ApiGateway::RestApi
  (`Body`) or an AWS::Serverless::Api (`DefinitionBody`): a finding names the place in the document,
  with `/` in a path written as `~1`;
- both branches of an `Fn::If` whose condition the template leaves open;
- what `Fn::ForEach` makes, also over the default of a parameter;
- the value of a stage variable in every stage of the template;
- HTTP and HTTP_PROXY integrations with the URL of a bucket, and methods that send the client's own
  HTTP method (ANY).

Everything else that may read S3 is listed in the report and as `unchecked` in the output of
`--json`, and the exit code is 3: a definition in S3 or another file (`BodyS3Location`,
`DefinitionUri`, `Fn::Transform`), a nested stack, a module or a macro, a loop over unknown items, a
URI that is missing or unknown, `s3:action`, and HTTP APIs. `graph` and `openapi` name the same on
stderr. The audit also lists what decides the responses of a method and cannot be evaluated without
AWS, such as an authorizer, a mapping template with more than fixed text and plain references, or a
validator of the body: [`serve`](offline.md#any-template) has the same names for it.

A request without a key lists a bucket, or all buckets of the account. It is not judged as a
document: R52 reports it.

## GitHub code scanning

With `--format sarif` the output is a SARIF 2.1.0 log: every rule with its severity as the level
(high is error, medium is warning, low is note), and each finding with its file, line, logical ID
and JSON pointer. What was not looked at is a notification of the run. Run the command at the root
of the repository, so that GitHub finds the files:

```yaml
permissions:
  contents: read
  security-events: write
steps:
  - uses: actions/checkout@v4
  - run: readmodel-cfn audit template.yaml --format sarif > audit.sarif
  - uses: github/codeql-action/upload-sarif@v3
    if: success() || failure()  # the exit code is 3 if there are findings
    with:
      sarif_file: audit.sarif
```

## Rules

| rule | severity | name | what is required | what a violation means for a client |
|---|---|---|---|---|"""


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
        "docs/fidelity.md": fidelity.page(),
        "docs/troubleshooting.md": troubleshooting_page.page(),
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
    rows = [
        f"| {rule.id} | {rule.severity} | {rule.name} | {rule.title} | {rule.meaning} |"
        for rule in RULES
    ]
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
