"""docs/screens.md is what the commands print; their lines fit terminals of three widths."""

import functools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from screen_scenes import PAGE, PAGE_WIDTH, SCENES, Screen, page, play

from readmodel_cfn.local import sandbox
from widths import too_long

Screens = Callable[[int], list[Screen]]


@pytest.fixture(scope="module")
def screens(
    new_home: Callable[[], Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Screens]:
    """Runs all commands at a width, once."""
    home = new_home()

    @functools.cache
    def run(width: int) -> list[Screen]:
        with chdir(tmp_path_factory.mktemp("screens")):
            return list(play(home, width))

    yield run
    sandbox.stop(home=home)


def test_page_has_what_the_commands_print(screens: Screens) -> None:
    """`make screens` writes the page."""
    assert page(screens(PAGE_WIDTH)) == PAGE.read_text(encoding="utf-8")


def test_page_has_no_path_of_this_machine() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert tempfile.gettempdir() not in text
    assert str(Path.home()) not in text


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_longer_than_the_terminal(screens: Screens, width: int) -> None:
    played = screens(width)
    assert len(played) == len(SCENES) == 12
    for screen in played:
        assert too_long(screen.output, width) == [], screen.scene.title
