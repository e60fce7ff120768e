"""Colour on terminals only, for each stream; NO_COLOR and FORCE_COLOR; never in JSON."""

import json
from pathlib import Path

import pytest
from functional_aws import run
from processes import on_terminal, program

TERMINAL = {"TERM": "xterm-256color"}
ESCAPE = b"\x1b["
RED = b"\x1b[31m"
FINDINGS = ["audit", "--article"]  # prints findings on stdout, in red, and one error line on stderr
ERROR = RED + b"Error:"


def test_stderr_on_a_terminal_is_coloured_and_redirected_stdout_is_not(
    tmp_path: Path,
) -> None:
    seen = on_terminal(FINDINGS, tmp_path, TERMINAL, streams=["stderr"])
    assert ERROR in seen.terminal
    assert seen.other
    assert ESCAPE not in seen.other


def test_stdout_on_a_terminal_is_coloured_and_redirected_stderr_is_not(
    tmp_path: Path,
) -> None:
    seen = on_terminal(FINDINGS, tmp_path, TERMINAL, streams=["stdout"])
    assert RED in seen.terminal
    assert seen.other.startswith(b"Error: ")


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": ""}, {"TERM": "dumb"}])
def test_pipes_get_no_colour(tmp_path: Path, env: dict[str, str]) -> None:
    done = program(FINDINGS, tmp_path, {**TERMINAL, **env})
    assert ESCAPE not in done.stdout + done.stderr


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"NO_COLOR": "0"}, {"TERM": "dumb"}])
def test_no_color_and_dumb_terminals_disable_colour(tmp_path: Path, env: dict[str, str]) -> None:
    seen = on_terminal(FINDINGS, tmp_path, {**TERMINAL, **env}, streams=["stdout", "stderr"])
    assert b"Error: " in seen.terminal
    assert ESCAPE not in seen.terminal


def test_empty_no_color_is_ignored(tmp_path: Path) -> None:
    seen = on_terminal(FINDINGS, tmp_path, {**TERMINAL, "NO_COLOR": ""}, streams=["stderr"])
    assert ERROR in seen.terminal


@pytest.mark.parametrize("env", [{"FORCE_COLOR": "1"}, {"FORCE_COLOR": "0", "TERM": "dumb"}])
def test_force_color_colours_pipes(tmp_path: Path, env: dict[str, str]) -> None:
    done = program(FINDINGS, tmp_path, env)
    assert RED in done.stdout
    assert done.stderr.startswith(ERROR)


def test_no_color_overrides_force_color() -> None:
    assert "\x1b" not in run(*FINDINGS, env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).output


def test_usage_errors_are_coloured_like_other_errors() -> None:
    assert run("nope", env={"FORCE_COLOR": "1"}).stderr.startswith(ERROR.decode())
    assert "\x1b" not in run("nope", env={"NO_COLOR": "1"}).stderr


def test_force_color_never_colours_json() -> None:
    done = run(*FINDINGS, "--json", env={"FORCE_COLOR": "1"})
    assert "\x1b" not in done.stdout
    assert json.loads(done.stdout)
