"""Fixtures of all tests: those of the sandbox, no timed progress lines, quick botocore sessions."""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

import botocore.loaders
import botocore.session
import pytest

from readmodel_cfn.cli import progress, reporter
from readmodel_cfn.cli.slow import slow

pytest_plugins = ["sandbox_fixtures"]
NEVER = 1e6  # seconds


@pytest.fixture(scope="session", autouse=True)
def shared_botocore_data() -> Iterator[None]:
    """All sessions share botocore's data files; reading them again takes most of a session."""
    with pytest.MonkeyPatch.context() as patch:
        create = functools.cache(botocore.loaders.create_loader)
        patch.setattr(botocore.session, "create_loader", create)
        yield


@pytest.fixture
def set_slow_delays(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Sets the seconds before the first progress line of a slow call, and between two lines."""

    def set_delays(first: float, again: float) -> None:
        function: Any = inspect.unwrap(slow)
        monkeypatch.setattr(function, "__defaults__", (first, again))
        monkeypatch.setattr(reporter, "_FIRST", first)
        monkeypatch.setattr(reporter, "_STEP_AGAIN", again)

    return set_delays


@pytest.fixture(autouse=True)
def no_timed_progress(
    request: pytest.FixtureRequest,
    set_slow_delays: Callable[[float, float], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In functional tests a slow machine prints what a fast one prints."""
    if "functional" not in request.path.parts:
        return
    set_slow_delays(NEVER, NEVER)
    monkeypatch.setattr(progress, "_FIRST", NEVER)
    monkeypatch.setattr(reporter, "_FIRST", NEVER)
