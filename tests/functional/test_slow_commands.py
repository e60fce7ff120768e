"""A command that waits says what for, on stderr, while it waits."""

import inspect
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from command_tree import LEAVES, options_of
from functional_aws import run
from test_json_contract import CALLS

from readmodel_cfn import lint_cache, report
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.stacks.client import StackClient

KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
ABOUT_A_STACK = [words for words in CALLS if "--stack-name" in options_of(LEAVES[words])]


@pytest.fixture
def until_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Any]:
    """Ends as soon as something was told of the waiting, and fails where nothing is."""
    told = Event()
    tell = report.story

    def story(line: str) -> None:
        tell(line)
        if line.endswith("..."):
            told.set()

    def wait(*_: object, **__: object) -> Any:
        assert told.wait(30), "it waits in silence"
        raise ReadModelError("waited")

    monkeypatch.chdir(tmp_path)
    (tmp_path / "42.json").write_text("{}")
    (tmp_path / "readmodel.toml").write_text(
        '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
    )
    monkeypatch.setattr(report, "story", story)
    # At once, and once only.
    monkeypatch.setattr(inspect.unwrap(slow), "__defaults__", (0.0, 60.0))
    return wait


@pytest.mark.parametrize("words", ABOUT_A_STACK)
def test_slow_stack_lookup_prints_progress(
    words: str, until_told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_cache, "lint_once", lambda *_: [])
    monkeypatch.setattr(StackClient, "describe", until_told)
    yes = ["--yes"] * ("--yes" in options_of(LEAVES[words]))
    done = run(*CALLS[words], *yes, "--region", "eu-west-1", env=KEY)
    assert any(line.endswith("...") for line in done.stderr.splitlines())
    assert done.stderr.endswith("Error: waited\n")


def test_slow_lint_prints_progress(
    until_told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lint_cache, "lint_once", until_told)
    done = run("lint")
    assert done.stderr == "cfn-lint checks the template...\nError: waited\n"
