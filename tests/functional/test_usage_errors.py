"""Usage errors: one line with exit code 2, the nearest name and the help command."""

import re
import sys
from pathlib import Path

import click
import pytest
from functional_aws import error_of, run
from processes import PROGRAM, program

from readmodel_cfn.cli import _COMMANDS, main


def refused(*arguments: str) -> str:
    """The error line of a usage error."""
    done = run(*arguments)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return error_of(done, 2)


@pytest.mark.parametrize(
    ("arguments", "command", "names"),
    [
        (["nope"], "", ["'nope'"]),
        (["--nope"], "", ["'--nope'"]),
        (["template", "more"], "template ", ["more"]),
        (["publish"], "publish ", ["PATH"]),
        (["completion"], "completion ", ["bash", "zsh", "fish"]),
        (["template", "--format"], "template ", ["'--format'"]),
        (["template", "--format", "xml"], "template ", ["'--format'", "'xml'", "json", "yaml"]),
        (["sandbox", "start", "more"], "sandbox start ", ["more"]),
    ],
)
def test_usage_error_names_command_value_and_help(
    arguments: list[str], command: str, names: list[str]
) -> None:
    # CliRunner calls the program "main".
    line = refused(*arguments).replace("main", "readmodel-cfn")
    assert line.startswith(f"readmodel-cfn {command}".strip() + ": ")
    assert line.endswith(f"readmodel-cfn {command}--help")
    for name in names:
        assert name in line


@pytest.mark.parametrize(
    ("arguments", "near"),
    [
        (["deply"], "deploy"),
        (["tempalte"], "template"),
        (["sandbox", "strt"], "start"),
        (["template", "--fromat", "yaml"], "--format"),
        (["deploy", "--sandbx"], "--sandbox"),
        (["publish", "f.json", "--creat-only"], "--create-only"),
    ],
)
def test_misspelled_name_suggests_the_nearest(arguments: list[str], near: str) -> None:
    assert near in re.findall(r"[\w-]+", refused(*arguments))


@pytest.mark.parametrize("name", _COMMANDS)
def test_unknown_option_of_any_command_is_one_line(name: str) -> None:
    assert "'--no-such-option'" in refused(name, "--no-such-option")


@pytest.mark.parametrize(
    "arguments",
    [
        ["template", "--output", ""],
        ["template", "--config", ""],
        ["lint", ""],
        ["audit", ""],
        ["publish", ""],
        ["serve", "--data", ""],
        ["verify", "--plot", ""],
    ],
)
def test_empty_path_is_a_usage_error(arguments: list[str]) -> None:
    refused(*arguments)


@pytest.mark.parametrize(
    "option",
    ["--region", "--profile", "--endpoint-url", "--bucket"],
    ids=lambda option: str(option),
)
def test_empty_option_value_is_a_usage_error(option: str) -> None:
    assert f"'{option}'" in refused("publish", "f.json", option, "")


def test_plot_in_a_missing_folder_is_a_usage_error() -> None:
    line = refused("verify", "--example", "--concurrency", "--plot", "nowhere/plot.svg")
    assert line.startswith("--plot: ")
    assert "nowhere" in line


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "-1", "x"])
@pytest.mark.parametrize(
    "option",
    [["deploy", "--timeout"], ["follow", "--timeout"], ["verify", "--timeout"]],
    ids=" ".join,
)
def test_invalid_timeout_is_a_usage_error(option: list[str], number: str) -> None:
    assert "'--timeout'" in refused(*option, number)


def test_invalid_seconds_is_a_usage_error() -> None:
    assert "'--seconds'" in refused("verify", "--seconds", "inf")
    assert "'--seconds'" in refused("verify", "--seconds", "0")


@pytest.mark.parametrize("arguments", [[], ["sandbox"]])
def test_group_without_a_command_lists_its_commands(arguments: list[str]) -> None:
    done = run(*arguments)
    assert "Commands:" in done.output
    assert "Error" not in done.output


def test_value_with_line_breaks_is_one_line() -> None:
    assert "such" in refused("no\nsuch")


def options_of(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("name", _COMMANDS)
def test_suggested_option_exists(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    for option in options_of(command):
        if option.startswith("--") and len(option) > 5:
            misspelled = f"{option[:-2]}{option[-1]}"
            found = set(re.findall(r"--[\w-]+", refused(name, misspelled)))
            assert found - {misspelled, "--help"} <= options_of(command)
            assert found & options_of(command)


def test_python_m_runs_the_same_program(tmp_path: Path) -> None:
    assert PROGRAM[:2] == (sys.executable, "-m")
    done = program(["deply"], tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: readmodel-cfn: ")
    assert b"deploy" in done.stderr
