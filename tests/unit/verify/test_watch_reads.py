"""The reads of an API while its alarms are watched."""

from collections import Counter

import pytest

from readmodel_cfn.progress import Note
from readmodel_cfn.verify import reads
from readmodel_cfn.verify.contract import PromisedRoute
from readmodel_cfn.verify.reads import read_until, reading

ROUTES = [PromisedRoute("products/{id}", "products/{id}.json"), PromisedRoute("all", "all.json")]


class After:
    """Is set after so many waits."""

    def __init__(self, waits: int) -> None:
        self.left = waits

    def wait(self, timeout: float) -> bool:
        assert timeout > 0
        self.left -= 1
        return self.left == 0


def test_routes_are_read_in_turn_until_the_end() -> None:
    sent, statuses = list[str](), Counter[str]()

    def send(url: str) -> str:
        sent.append(url)
        return f"status {200 if url == 'a' else 404}"

    read_until(After(5), ["a", "b"], send, statuses)
    assert sent == ["a", "b", "a", "b", "a"]
    assert statuses == {"status 200": 3, "status 404": 2}


def test_paths_are_those_of_the_routes_without_a_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[str] = []
    monkeypatch.setattr(reads, "read_until", lambda _, urls, *__: found.extend(urls))
    with reading("https://api", ROUTES, None, lambda _: None):
        pass
    product, every = found
    assert product.startswith("https://api/products/readmodel-cfn-probe-")
    assert every == "https://api/all"


def test_statuses_are_reported_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "read_until", lambda *_: None)
    notes: list[object] = []
    with (
        pytest.raises(KeyboardInterrupt),
        reading("https://api", ROUTES, None, notes.append),
    ):
        raise KeyboardInterrupt
    assert all(isinstance(note, Note) for note in notes)
    assert len(notes) == 2
