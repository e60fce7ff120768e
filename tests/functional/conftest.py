"""Progress that depends on the clock is off in these tests, unless a test turns it on."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

from readmodel_cfn.cli import progress
from readmodel_cfn.cli.slow import slow

NEVER = 1e6  # seconds


@pytest.fixture
def set_slow_delays(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Sets the seconds before the first progress line of a slow call, and between two lines."""

    def set_delays(first: float, again: float) -> None:
        function: Any = inspect.unwrap(slow)
        monkeypatch.setattr(function, "__defaults__", (first, again))

    return set_delays


@pytest.fixture(autouse=True)
def no_timed_progress(
    set_slow_delays: Callable[[float, float], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow machine prints what a fast one prints."""
    set_slow_delays(NEVER, NEVER)
    monkeypatch.setattr(progress, "_FIRST", NEVER)
