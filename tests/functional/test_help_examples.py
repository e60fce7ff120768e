"""Every help ends with examples that work when typed."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from command_tree import COMMANDS, EXAMPLES, LEAVES, PROGRAM, examples_of, options_of, words_of
from functional_aws import run
from processes import PROGRAM as PROCESS
from processes import environment

ROOT = Path(__file__).parents[2]
READ_MODEL = """
[[routes]]
path = "samples"
key = "payload.json"
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
"""


def talks_to_aws(words: str, line: str) -> bool:
    if words == "openapi":
        return "--deployed" in line
    return "--sandbox" in options_of(COMMANDS[words]) or words.startswith("sandbox")


@pytest.mark.parametrize("words", COMMANDS)
def test_help_ends_with_one_to_three_examples(words: str) -> None:
    lines = examples_of(COMMANDS[words])
    assert 1 <= len(lines) <= 3
    shown = run(*words.split(), "--help").stdout
    assert shown.endswith("\nExamples:\n" + "".join(f"  {line}\n" for line in lines))
    assert all(len(line) <= 78 for line in lines), "longer lines wrap in a terminal"


@pytest.mark.parametrize("words", COMMANDS)
def test_help_fits_a_terminal(words: str) -> None:
    assert max(map(len, run(*words.split(), "--help").stdout.splitlines())) <= 80


@pytest.mark.parametrize("words", ["", "sandbox"])
def test_command_list_does_not_truncate_summaries(words: str) -> None:
    listed = run(*words.split(), "--help").stdout.partition("\nCommands:\n")[2]
    assert listed
    assert "..." not in listed


@pytest.mark.parametrize(("words", "line"), EXAMPLES, ids=lambda value: str(value))
def test_example_uses_existing_options_of_its_command(words: str, line: str) -> None:
    assert line.startswith(f"{PROGRAM} {words}".strip())
    called, arguments = split(words_of(line))
    assert called in LEAVES
    if arguments != ["--help"]:
        LEAVES[called].make_context(called, arguments)


def split(arguments: list[str]) -> tuple[str, list[str]]:
    """The words that call the command, and its arguments."""
    longest = max(n for n in range(len(arguments) + 1) if " ".join(arguments[:n]) in COMMANDS)
    return " ".join(arguments[:longest]), arguments[longest:]


@pytest.mark.parametrize("words", COMMANDS)
def test_cli_reference_shows_the_examples(words: str) -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    assert all(f"\n  {line}\n" in page for line in examples_of(COMMANDS[words]))


HERE = [
    (words, line)
    for words, line in EXAMPLES
    if words in LEAVES and not talks_to_aws(words, line) and words != "serve"
]


def test_local_commands_have_examples_that_need_no_aws() -> None:
    assert {words for words, _ in HERE} == {
        "template",
        "lint",
        "audit",
        "graph",
        "openapi",
        "policy",
        "estimate",
        "completion",
    }


@pytest.mark.parametrize("line", [line for _, line in HERE])
def test_example_that_needs_no_aws_succeeds(line: str, tmp_path: Path) -> None:
    """Typed into a shell, in a folder with the files that it names."""
    (tmp_path / ".config" / "fish" / "completions").mkdir(parents=True)
    (tmp_path / "readmodel.toml").write_text(READ_MODEL)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "payload.json").write_text("{}")
    (tmp_path / "template.yaml").write_text(run("template", "--format", "yaml").stdout)
    done = in_shell(line, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("line", examples_of(COMMANDS["serve"]))
def test_serve_example_serves_until_interrupted(line: str, tmp_path: Path) -> None:
    for folder in ("data", "documents"):
        (tmp_path / folder).mkdir()
    (tmp_path / "template.yaml").write_text(run("template", "--format", "yaml").stdout)
    process = subprocess.Popen(
        [*PROCESS, *words_of(line)], cwd=tmp_path, env=environment(), stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline().split() == [b"URL", b"methods", b"file", b"missing"]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def in_shell(line: str, home: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run a line in a shell, with the program on the path."""
    program = home / "bin" / PROGRAM
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m readmodel_cfn "$@"\n')
    program.chmod(0o755)
    env = environment({"HOME": str(home), "PATH": f"{program.parent}:/usr/bin:/bin"})
    return subprocess.run(
        ["sh", "-c", line],
        cwd=home,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
