"""`publish` as a library: any iterable, only what changed, and from any process."""

import gzip
import json
import pickle
from collections.abc import Iterator
from typing import Any

import pytest

from fake_objects import FakeObjects
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.errors import ConfigError, ReadModelError, Unfinished
from readmodel_cfn.publish import changes as module
from readmodel_cfn.publish.compare import NO_HEAD, NO_LIST, OTHER_HEADERS, UNLIKE
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.results import Fault, Lost, PublishResult, Sent
from readmodel_cfn.template.routes import Route

TO = Destination("bucket")


@pytest.fixture
def objects(monkeypatch: pytest.MonkeyPatch) -> FakeObjects:
    made = FakeObjects()
    monkeypatch.setattr(module, "Objects", lambda _: made)
    return made


def many(count: int, version: int = 1) -> Iterator[tuple[str, Any]]:
    return ((f"products/{n}.json", {"n": n, "version": version}) for n in range(count))


def counts(result: PublishResult) -> tuple[int, int]:
    return result.sent, result.unchanged


def test_values_and_bytes_are_published_with_the_headers_of_the_settings(
    objects: FakeObjects,
) -> None:
    result = publish([("a.json", {"ü": 1}), ("b.json", b'{"a" : 1}'), ("c.json", "text")], TO)
    assert {key: one.body.decode() for key, one in objects.kept.items()} == {
        "a.json": '{"ü":1}',
        "b.json": '{"a" : 1}',
        "c.json": '"text"',
    }
    headers = {"Content-Type": "application/json", "Cache-Control": "no-cache"}
    assert all(one.headers == headers for one in objects.kept.values())
    assert counts(result) == (3, 0)
    assert result.bytes == 8 + 9 + 6
    assert result.notes == ()


def test_only_what_changed_is_sent_in_any_order_after_one_listing(objects: FakeObjects) -> None:
    publish(many(100), TO)
    objects.asked.clear()
    changed = dict(many(100)) | {"products/7.json": 7, "products/new.json": 8}
    result = publish(reversed(changed.items()), TO)
    assert counts(result) == (2, 99)
    assert objects.keys_of("put") == ["products/7.json", "products/new.json"]
    assert len(objects.keys_of("list")) == 1
    assert len(objects.keys_of("head")) <= 8


def test_a_generator_is_taken_one_by_one_as_there_is_room(objects: FakeObjects) -> None:
    taken = 0

    def documents() -> Iterator[tuple[str, Any]]:
        nonlocal taken
        for one in many(2000):
            yield one
            taken += 1

    most = 0

    def watch(_: str) -> None:
        nonlocal most
        most = max(most, taken - len(objects.keys_of("put")))

    objects.before_put = watch
    publish(documents(), TO)
    assert most <= 320


def test_with_force_nothing_is_compared(objects: FakeObjects) -> None:
    publish(many(3), TO)
    assert counts(publish(many(3), TO, force=True)) == (3, 0)
    assert len(objects.keys_of("list")) == 1


@pytest.mark.usefixtures("objects")
def test_other_headers_are_a_change() -> None:
    publish(many(50), TO)
    hour = Settings(cache_control="max-age=3600")
    result = publish(many(50), TO, hour)
    assert counts(result) == (50, 0)
    assert result.notes == (OTHER_HEADERS,)
    assert counts(publish(many(50), TO, hour)) == (0, 50)


def test_compressed_documents_are_compared_as_they_are_kept(objects: FakeObjects) -> None:
    small = Settings(gzip=True)
    publish(many(3), TO, small)
    assert json.loads(gzip.decompress(objects.kept["products/1.json"].body))["n"] == 1
    assert counts(publish(many(3), TO, small)) == (0, 3)
    assert counts(publish(many(3), TO)) == (3, 0)


@pytest.mark.parametrize(("denied", "note"), [("list", NO_LIST), ("head", NO_HEAD)])
def test_where_it_may_not_be_known_all_are_sent_and_the_grant_is_named(
    objects: FakeObjects, denied: str, note: str
) -> None:
    publish(many(3), TO)
    objects.denied = frozenset([denied])
    result = publish(many(3), TO)
    assert counts(result) == (3, 0)
    assert result.notes == (note,)
    assert '"list"' in NO_LIST
    assert '"compare"' in NO_HEAD


def test_where_etags_are_no_md5s_all_are_sent_and_that_is_said(objects: FakeObjects) -> None:
    objects.encrypted = True
    for _ in range(2):
        result = publish(many(3), TO)
        assert counts(result) == (3, 0)
        assert result.notes == (UNLIKE,)


def test_a_prefix_spares_listing_what_others_publish(objects: FakeObjects) -> None:
    publish([("a/1.json", 1), ("b/1.json", 1)], TO)
    assert counts(publish([("b/1.json", 1)], TO, prefix="b/")) == (0, 1)
    assert objects.keys_of("list") == ["", "b/"]


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


BAD = [
    ("a b.json", 1, "the key 'a b.json' is unsafe"),
    ("../a.json", 1, "a segment that is empty, . or .."),
    ("other.json", 1, "no route serves the key 'other.json'"),
    ("a.json", b"{", "not JSON"),
    ("a.json", float("nan"), "not JSON: NaN"),
    ("a.json", object(), "Object of type object"),
    ("a.json", "\ud800", "not JSON serializable: 'utf-8'"),
    ("a.json", b'"' + b"x" * 10_485_760 + b'"', "more than the 10,485,760"),
    ("a.json", nested(100_000), "not JSON serializable: maximum"),
]


@pytest.mark.parametrize(("key", "value", "said"), BAD, ids=[said for *_, said in BAD])
def test_an_invalid_document_is_not_sent(
    objects: FakeObjects, key: str, value: object, said: str
) -> None:
    with pytest.raises(ConfigError, match=said.replace("(", "[(]")):
        publish([(key, value)], TO, routes=[Route("a", "a.json")])
    assert objects.kept == {}


def test_documents_are_passed_over_by_the_rules_of_a_folder(objects: FakeObjects) -> None:
    """Neither sent nor checked, and counted."""
    routes = [Route("l/{n}", ".well-known/{n}.json"), Route("p/{r+}", "p/{r}")]
    documents: list[tuple[str, object]] = [
        (".well-known/app.json", 1),
        ("p/a.json", 1),
        ("p/.git/config.json", object()),
        ("p/drafts/a.json", object()),
    ]
    result = publish(documents, TO, routes=routes, exclude=["p/drafts/*"])
    assert sorted(objects.kept) == [".well-known/app.json", "p/a.json"]
    assert (result.sent, result.passed_over, result.invalid) == (2, 2, 0)
    again = publish(documents, TO, routes=routes, exclude=["p/drafts/*"])
    assert (again.unchanged, again.passed_over) == (2, 2)


def test_without_routes_no_key_spells_a_dot(objects: FakeObjects) -> None:
    result = publish([(".well-known/app.json", 1), ("a.json", 1)], TO)
    assert (result.sent, result.passed_over) == (1, 1)
    assert list(objects.kept) == ["a.json"]


def test_what_was_sent_before_an_invalid_one_is_told(objects: FakeObjects) -> None:
    sent: list[object] = []
    documents = [*many(500), ("products/bad.json", b"{")]
    with pytest.raises(Unfinished, match=r"[0-9]+ sent, then products/bad.json"):
        publish(documents, TO, on_progress=sent.append)
    assert len(objects.kept) <= 500


@pytest.mark.usefixtures("objects")
def test_invalid_ones_can_be_left_out() -> None:
    told: list[object] = []
    documents = [("a.json", 1), ("bad.json", b"{"), ("c.json", 2)]
    result = publish(documents, TO, skip_invalid=True, on_progress=told.append)
    assert counts(result) == (2, 0)
    assert result.invalid == 1
    assert {one.source for one in told if isinstance(one, Fault)} == {"bad.json"}
    assert {one.key for one in told if isinstance(one, Sent)} == {"a.json", "c.json"}


def test_created_are_only_those_that_are_not_there(objects: FakeObjects) -> None:
    publish([("a.json", "first")], TO)
    told: list[object] = []
    result = publish(
        [("a.json", "second"), ("b.json", 1)], TO, create_only=True, on_progress=told.append
    )
    assert (result.sent, result.lost) == (1, 1)
    assert Lost("a.json") in told
    assert objects.kept["a.json"].body == b'"first"'


def test_what_the_iterable_raises_is_raised_and_what_was_sent_stays(objects: FakeObjects) -> None:
    def documents() -> Iterator[tuple[str, Any]]:
        yield from many(200)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        publish(documents(), TO)
    assert len(objects.kept) > 0


def test_what_a_worker_needs_can_be_pickled() -> None:
    to = Destination("b", "eu-west-1", "http://127.0.0.1:1", None, Credentials("id", "secret"))
    settings = Settings("max-age=1", gzip=True)
    assert pickle.loads(pickle.dumps((to, settings, publish))) == (to, settings, publish)  # noqa: S301
    assert "secret" not in repr(to)


def test_a_refusal_before_anything_was_sent_is_not_called_unfinished(objects: FakeObjects) -> None:
    objects.denied = frozenset(["put"])
    with pytest.raises(ReadModelError) as refused:
        publish(many(100), TO)
    assert refused.value.exit_code == 1
