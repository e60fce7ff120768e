"""The budget of the tests in tests/robust: a seed, a number of examples, and a time limit.

`make test` runs the short form of these tests, `make robust` the long form. Names of test modules
are unique in all of tests/, because its folders are no packages; so this is not a conftest.py.
"""

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import pytest

FOLDER = Path(__file__).parent / "robust"
Item = TypeVar("Item")


@dataclass
class Budget:
    """What one run of the tests may use; `record` collects what a test has tried."""

    seed: int
    is_long: bool
    ends: float | None = None
    figures: Path | None = None
    test: str = ""

    def examples(self, short: int, long: int) -> int:
        """The number of examples in this form of the run."""
        return long if self.is_long else short

    def sample(self, items: Sequence[Item], short: int) -> list[Item]:
        """All items in the long form, or so many in the short one, in the order of the seed."""
        number = min(len(items), self.examples(short, len(items)))
        return random.Random(self.seed).sample(items, number)  # noqa: S311 - no secret

    def is_used_up(self) -> bool:
        """Whether the time of the run is over: what is left of a test is not tried."""
        return self.ends is not None and time.monotonic() > self.ends

    def record(self, name: str, count: int, **figures: float | str) -> None:
        """Note that `count` examples of `name` were tried; tools/reliability.py sums them up.

        Can be called for each example: counts of one name are added, and the largest of each other
        figure is kept. Names of figures have their unit: `seconds`, `mb`.
        """
        line = json.dumps({"test": self.test, "name": name, "count": count, **figures})
        if self.figures:
            with self.figures.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("robust", "tests/robust")
    group.addoption("--robust-seed", type=int, default=1, help="seed of the examples")
    group.addoption("--robust-form", choices=["short", "long"], default="short")
    group.addoption("--robust-minutes", type=float, help="examples stop after this time")
    group.addoption("--robust-figures", type=Path, help="file to which figures are appended")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests of the folder."""
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.robust)


@pytest.fixture(scope="session")
def _whole_budget(pytestconfig: pytest.Config) -> Budget:
    minutes = pytestconfig.getoption("--robust-minutes")
    return Budget(
        seed=pytestconfig.getoption("--robust-seed"),
        is_long=pytestconfig.getoption("--robust-form") == "long",
        ends=time.monotonic() + 60 * minutes if minutes else None,
        figures=pytestconfig.getoption("--robust-figures"),
    )


@pytest.fixture
def budget(_whole_budget: Budget, request: pytest.FixtureRequest) -> Budget:
    """The budget of this run; a test that begins after its time is skipped."""
    if _whole_budget.is_used_up():
        pytest.skip("the time of the run is used up")
    _whole_budget.test = request.node.name
    return _whole_budget
