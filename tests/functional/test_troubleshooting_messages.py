"""docs/troubleshooting.md has every error, and a cause where the message does not say it."""

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
# What stops people most often, by words of the message: each has a cause on the page.
MOST_FREQUENT = [
    *("not found in", "not TOML", "unknown key", "is not allowed", "stdin is not a terminal"),
    *("Unable to locate credentials", "You must specify a region", "the account is"),
    *("does not exist", "rolled back", "it does not have the tag", "its creation did not succeed"),
    *("no route serves the key", "not JSON", "access denied", "the document already exists"),
    *("no such document", "throttled", "the port is in use", "the sandbox could not be installed"),
]
# Modules whose messages are found: a new package with errors belongs here, and on the page.
PACKAGES = {"config", "template", "cli", "aws", "deploy", "publish", "verify", "local", "analysis"}


@pytest.fixture
def error_messages(monkeypatch: pytest.MonkeyPatch) -> object:
    """tools/error_messages.py."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    return pytest.importorskip("error_messages")


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    return [line.strip("| ").split(" | ") for line in lines]


def test_every_message_of_the_source_is_on_the_page(error_messages: object) -> None:
    """Also one that is added: run `make template`."""
    found = error_messages.messages()  # type: ignore[attr-defined]
    absent = [each for each in found if f"`{each.what.replace('|', '/').strip()}`" not in PAGE]
    assert absent == [], "run: make template"
    assert {each.module.partition("/")[0] for each in found} >= PACKAGES


@pytest.mark.parametrize("words", MOST_FREQUENT)
def test_frequent_error_has_a_cause_and_what_to_do(words: str) -> None:
    found = [row for row in rows() if words in row[0]]
    assert any(len(row) == 3 and all(row) for row in found)


def test_values_in_a_message_are_dots(error_messages: object, tmp_path: Path) -> None:
    text = (
        "class Bad(ReadModelError):\n    pass\n"
        "def check(key):\n"
        '    what = f"the key {key!r} is wrong"\n'
        '    hint = "use another"\n'
        "    raise Bad(what, where=key, hint=hint)\n"
    )
    (tmp_path / "keys.py").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(error_messages, "SOURCE", tmp_path)
        (found,) = error_messages.messages()  # type: ignore[attr-defined]
    assert (found.what, found.hint) == ("the key ... is wrong", "use another")
