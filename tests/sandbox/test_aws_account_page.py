"""*Deploy to your AWS account*, followed word for word with a profile of the sandbox."""

import os
import re
import sys
from collections import Counter
from pathlib import Path

import pytest
from document_reader import is_shown
from terminal import run_at_terminal

from documents import PROGRAM, ROOT, blocks
from readmodel_cfn import ReadModel, Route, build_template
from readmodel_cfn.local.sandbox import Sandbox

PAGE = "docs/aws-account.md"
TEXT = (ROOT / PAGE).read_text(encoding="utf-8")
BLOCKS = blocks(PAGE)
MOST_COMMANDS = 10
# What a reader types: the end of a question, and the answer.
ANSWERS = {"[y/N]: ": "y", " agree: ": "shop"}
MARK = "@@ {} @@"


def commands_to_the_read_document() -> list[str]:
    """The commands of the page up to the first read, those that no test runs included."""
    found: list[str] = []
    for block in BLOCKS:
        for line in block.text.splitlines() if block.language == "sh" else ():
            found += re.split(r"&&|;|\|", line)
            if line.startswith(f"{PROGRAM} read "):
                return found
    raise AssertionError(f"{PAGE} reads no document")


def script() -> str:
    """The page as a script: its commands, and its files where a reader creates them."""
    lines = []
    for number, block in enumerate(BLOCKS):
        if block.title:
            lines.append(f"cat > {block.title} <<'END'\n{block.text}END")
        elif block.language == "sh" and not block.not_run:
            lines.append(f"echo; echo '{MARK.format(number)}'\n{block.text}")
    return "\n".join(lines)


def differences(shown: str) -> list[str]:
    """The blocks of output that differ from what the commands before them have shown."""
    outputs = dict(re.findall(r"@@ (\d+) @@\n(.*?)(?=\n@@ |\Z)", shown, re.DOTALL))
    return [
        block.text
        for number, block in enumerate(BLOCKS)
        if block.language == "text" and not is_shown(block.text, outputs[str(number - 1)])
    ]


def test_a_document_is_read_within_ten_commands() -> None:
    assert len(commands_to_the_read_document()) <= MOST_COMMANDS


def test_page_works_word_for_word_with_a_profile_of_the_sandbox(
    sandbox: Sandbox, sandbox_home: Path, tmp_path: Path
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(
        f"[profile shop]\nregion = us-east-1\nendpoint_url = {sandbox.endpoint_url}\n"
        f"aws_access_key_id = {sandbox.access_key_id}\n"
        f"aws_secret_access_key = {sandbox.secret_access_key}\n"
    )
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    variables = {
        **kept,
        "HOME": str(tmp_path),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "READMODEL_CFN_HOME": str(sandbox_home),  # for the cache of lint results
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    file = tmp_path / "page.sh"
    file.write_text(script())
    code, shown = run_at_terminal(file, tmp_path, variables, ANSWERS)
    assert code == 0, shown
    assert differences(shown) == [], shown


def test_page_lists_every_resource_of_the_stack() -> None:
    model = ReadModel(routes=[Route("products/{id}", "products/{id}.json")])
    resources = build_template(model).to_dict()["Resources"].values()
    created = Counter(resource["Type"] for resource in resources)
    listed = re.findall(r"^\| `(AWS::\S+)` \| (\d+) \|", TEXT, re.MULTILINE)
    assert {name: int(number) for name, number in listed} == created


@pytest.mark.parametrize("number", [0.40, 3.50])
def test_page_has_prices_with_their_source(number: float) -> None:
    rows = [row for row in TEXT.splitlines() if row.startswith("|") and f"| {number:.2f}" in row]
    assert rows
    assert all("](https://" in row for row in rows)
