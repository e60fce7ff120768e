"""Fixtures of all tests: the sandbox, no timed progress lines, quick botocore sessions."""

import functools
import os
import signal
from collections.abc import Callable, Iterator

import botocore.loaders
import botocore.session
import pytest

from fake_objects import FakeObjects
from readmodel_cfn.cli import reporter
from readmodel_cfn.publish import changes

pytest_plugins = ["robust_budget", "sandbox_fixtures"]
NEVER = 1e6  # seconds


@pytest.fixture(scope="session", autouse=True)
def no_sandbox_of_the_shell() -> Iterator[None]:
    """The shell that runs the tests may use the sandbox; the tests say themselves if they do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("READMODEL_CFN_SANDBOX", raising=False)
        patch.delenv("READMODEL_CFN_ENV", raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Ctrl-C interrupts, also where a shell started the tests in the background and ignores it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def no_terminal_width() -> None:
    """Processes get no COLUMNS, which readline sets for them behind os.environ.

    pytest imports readline before the tests (_pytest/capture.py).
    """
    os.environ.pop("COLUMNS", None)
    os.unsetenv("COLUMNS")


@pytest.fixture(scope="session", autouse=True)
def shared_botocore_data() -> Iterator[None]:
    """All sessions share botocore's data files; reading them again takes most of a session."""
    with pytest.MonkeyPatch.context() as patch:
        create = functools.cache(botocore.loaders.create_loader)
        patch.setattr(botocore.session, "create_loader", create)
        yield


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> FakeObjects:
    """A bucket in memory, to which `publish` sends documents."""
    made = FakeObjects()
    monkeypatch.setattr(changes, "Objects", lambda _: made)
    return made


@pytest.fixture
def set_step_delays(monkeypatch: pytest.MonkeyPatch) -> Callable[[float, float], None]:
    """Sets the seconds before the first progress line of a step, and between two lines."""

    def set_delays(first: float, again: float) -> None:
        monkeypatch.setattr(reporter, "_FIRST", first)
        monkeypatch.setattr(reporter, "_STEP_AGAIN", again)

    return set_delays


@pytest.fixture(autouse=True)
def no_timed_progress(
    request: pytest.FixtureRequest, set_step_delays: Callable[[float, float], None]
) -> None:
    """Where commands run, a slow machine prints what a fast one prints."""
    if {"functional", "robust", "sandbox"} & set(request.path.parts):
        set_step_delays(NEVER, NEVER)
