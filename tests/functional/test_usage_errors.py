"""Usage errors: one line each, with exit code 2, the nearest name and where the help is."""

import re
import sys
from pathlib import Path

import click
import pytest
from functional_aws import error_of, run
from processes import PROGRAM, program

from readmodel_cfn.cli import _COMMANDS, main


def refused(*arguments: str) -> str:
    """The one line of a command that was used wrongly."""
    done = run(*arguments)
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    return error_of(done, 2)


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["nope"], "readmodel-cfn: no such command 'nope'; try readmodel-cfn --help"),
        (["--nope"], "readmodel-cfn: no such option '--nope'; try readmodel-cfn --help"),
        (
            ["template", "more"],
            "readmodel-cfn template: got unexpected extra argument (more); "
            "try readmodel-cfn template --help",
        ),
        (
            ["publish"],
            "readmodel-cfn publish: missing argument 'PATH...'; try readmodel-cfn publish --help",
        ),
        (
            ["completion"],
            "readmodel-cfn completion: missing argument '{bash|zsh|fish}'. Choose from: bash, zsh, "
            "fish; try readmodel-cfn completion --help",
        ),
        (
            ["template", "--format"],
            "readmodel-cfn template: option '--format' requires an argument; "
            "try readmodel-cfn template --help",
        ),
        (
            ["template", "--format", "xml"],
            "readmodel-cfn template: invalid value for '--format': 'xml' is not one of 'json', "
            "'yaml'; try readmodel-cfn template --help",
        ),
        (
            ["sandbox", "start", "more"],
            "readmodel-cfn sandbox start: got unexpected extra argument (more); "
            "try readmodel-cfn sandbox start --help",
        ),
    ],
)
def test_usage_error_names_command_value_and_help(arguments: list[str], line: str) -> None:
    # CliRunner names the program as click finds it.
    assert refused(*arguments).replace("main", "readmodel-cfn") == line


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
    assert f"; did you mean {near}? Or try " in refused(*arguments)


@pytest.mark.parametrize("name", _COMMANDS)
def test_unknown_option_of_any_command_is_one_line(name: str) -> None:
    assert "no such option '--no-such-option'" in refused(name, "--no-such-option")


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
    assert "the path is empty" in refused(*arguments)


@pytest.mark.parametrize(
    "option",
    ["--region", "--profile", "--endpoint-url", "--bucket"],
    ids=lambda option: str(option),
)
def test_empty_option_value_is_a_usage_error(option: str) -> None:
    assert f"invalid value for '{option}': it is empty" in refused("publish", "f.json", option, "")


def test_plot_in_a_missing_folder_is_a_usage_error() -> None:
    line = refused("verify", "--concurrency", "--region", "eu-west-1", "--plot", "nowhere/plot.svg")
    assert line == "--plot: no such folder; make nowhere"


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "-1", "x"])
@pytest.mark.parametrize(
    "option",
    [["deploy", "--timeout"], ["follow", "--timeout"], ["verify", "--timeout"]],
    ids=" ".join,
)
def test_invalid_timeout_is_a_usage_error(option: list[str], number: str) -> None:
    assert "invalid value for '--timeout'" in refused(*option, number)


def test_invalid_seconds_is_a_usage_error() -> None:
    assert "invalid value for '--seconds'" in refused("verify", "--seconds", "inf")
    assert "invalid value for '--seconds'" in refused("verify", "--seconds", "0")


@pytest.mark.parametrize("arguments", [[], ["sandbox"]])
def test_group_without_a_command_lists_its_commands(arguments: list[str]) -> None:
    done = run(*arguments)
    assert "Commands:" in done.output
    assert "Error" not in done.output


def test_value_with_line_breaks_is_one_line() -> None:
    assert "no such command" in refused("no\nsuch")


def options_of(command: click.Command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("name", _COMMANDS)
def test_suggested_option_exists(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    for option in options_of(command):
        if option.startswith("--") and len(option) > 5:
            near = re.search(r"did you mean (\S+)\?", refused(name, f"{option[:-2]}{option[-1]}"))
            assert near is not None
            assert near[1] in options_of(command)


def test_python_m_runs_the_same_program(tmp_path: Path) -> None:
    assert PROGRAM[:2] == (sys.executable, "-m")
    done = program(["deply"], tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        b"Error: readmodel-cfn: no such command 'deply'; did you mean deploy? "
        b"Or try readmodel-cfn --help\n"
    )
    assert program(["--help"], tmp_path).stdout.startswith(b"Usage: readmodel-cfn [OPTIONS]")
