"""The errors that a command prints are found on docs/troubleshooting.md by their words."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from functional_aws import EXAMPLE, Aws, run, stubbed

from documents import ROOT

PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
REGION = ("--region", "eu-west-1")


def rows() -> Iterator[tuple[str, str, str]]:
    """Each error of the tables with three columns: its words, its cause, and what to do."""
    for line in PAGE.splitlines():
        cells = line.strip("| ").split(" | ")
        if line.startswith("| `") and len(cells) == 3:
            for words in re.findall(r"`([^`]+)`", cells[0]):
                yield words, cells[1], cells[2]


def explained(line: str) -> list[str]:
    """The causes of the errors whose words are in the line; a value is any text."""
    found = []
    for words, cause, todo in rows():
        pattern = ".*".join(map(re.escape, words.split("...")))
        if re.search(pattern, line) and cause and todo and len(words) > len("... is"):
            found.append(cause)
    return found


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (None, ("deploy",)),
        ("broken", ("deploy",)),
        ("[stack]\nnmae = 'a'\n", ("deploy",)),
        ("[stack]\nname = 7\n", ("deploy",)),
        ("[[routes]]\npath = 'a'\n", ("deploy",)),
        (EXAMPLE, ("publish", "absent.json", *REGION)),
        (EXAMPLE, ("publish", "readmodel.toml", "--route", "samples", *REGION)),
        (EXAMPLE, ("history", "other.json", *REGION)),
        (EXAMPLE, ("deploy", "--no-such-option")),
        (EXAMPLE, ("serve", "--documents", "absent")),
        (EXAMPLE, ("status", "--endpoint-url", "localhost", *REGION)),
        (EXAMPLE, ("init",)),
    ],
    ids=str,
)
def test_error_before_a_call_is_explained(
    aws: Aws, tmp_path: Path, config: str | None, words: tuple[str, ...]
) -> None:
    if config is not None:
        (tmp_path / "readmodel.toml").write_text(config)
    done = run(*words)
    assert done.exit_code not in (0, 9)
    assert explained(done.stderr.splitlines()[-1]), done.stderr
    assert aws.calls == []


@pytest.mark.parametrize("command", ["status", "outputs", "read", "diagnose", "publish", "ls"])
def test_missing_stack_is_explained(aws: Aws, tmp_path: Path, command: str) -> None:
    (tmp_path / "readmodel.toml").write_text(EXAMPLE)
    (tmp_path / "payload.json").write_text("{}")
    aws.no_stack()
    done = run(command, *["payload.json"] * (command == "publish"), *REGION)
    assert explained(done.stderr.splitlines()[-1]), done.stderr


@pytest.mark.parametrize("code", ["AccessDenied", "ExpiredToken", "InvalidClientTokenId"])
def test_code_of_aws_has_something_to_do(aws: Aws, tmp_path: Path, code: str) -> None:
    (tmp_path / "readmodel.toml").write_text(EXAMPLE)
    aws.refuses("cloudformation", "describe_stacks", code, "why", 403)
    line = run("status", *REGION).stderr.splitlines()[-1]
    assert code in line
    (row,) = [row for row in PAGE.splitlines() if f"`{code}`" in row]
    assert len(row.strip("| ").split(" | ")[1]) > len(code)
