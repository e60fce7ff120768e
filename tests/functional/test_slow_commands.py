"""A slow command prints progress on stderr while it waits."""

from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from command_tree import LEAVES, options_of
from functional_aws import run
from test_json_contract import CALLS, READ_MODEL

from readmodel_cfn import lint
from readmodel_cfn.cli import output as report
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.errors import ReadModelError

KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
ABOUT_A_STACK = [
    words for words in CALLS if {"--config", "--stack-name"} <= options_of(LEAVES[words])
]


@pytest.fixture
def until_progress(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    set_step_delays: Callable[[float, float], None],
) -> Callable[..., Any]:
    """A slow call: it waits until a progress line was printed."""
    printed = Event()
    print_line = report.log

    def logged(line: str) -> None:
        print_line(line)
        printed.set()

    def wait(*_: object, **__: object) -> Any:
        assert printed.wait(60), "it prints no progress"
        raise ReadModelError("waited")

    monkeypatch.chdir(tmp_path)
    (tmp_path / "42.json").write_text("{}")
    (tmp_path / "readmodel.toml").write_text(READ_MODEL)
    monkeypatch.setattr(report, "log", logged)
    set_step_delays(0.0, 1e6)  # at once, and once only
    return wait


@pytest.mark.parametrize("words", ABOUT_A_STACK)
def test_slow_stack_lookup_prints_progress(
    words: str, until_progress: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])
    monkeypatch.setattr(StackClient, "describe", until_progress)
    yes = ["--yes"] * ("--yes" in options_of(LEAVES[words]))
    if words.startswith("release "):
        Path("readmodel.toml").write_text(f"{READ_MODEL}[releases]\n")
    done = run(*CALLS[words], *yes, "--region", "eu-west-1", env=KEY)
    assert len(done.stderr.splitlines()) >= 2
    assert done.stderr.endswith("Error: waited\n")


def test_slow_lint_prints_progress(
    until_progress: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(lint, "lint", until_progress)
    env = {"READMODEL_CFN_HOME": str(tmp_path)}
    progress, error = run("lint", env=env).stderr.splitlines()
    assert "cfn-lint" in progress
    assert error == "Error: waited"
