"""`publish` as a library function."""

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


def test_values_and_bytes_are_published_with_the_configured_headers(
    objects: FakeObjects,
) -> None:
    result = publish([("a.json", {"ü": 1}), ("b.json", b'{"a" : 1}'), ("c.json", "text")], TO)
    assert {key: kept.body.decode() for key, kept in objects.kept.items()} == {
        "a.json": '{"ü":1}',
        "b.json": '{"a" : 1}',
        "c.json": '"text"',
    }
    headers = {"Content-Type": "application/json", "Cache-Control": "no-cache"}
    assert all(kept.headers == headers for kept in objects.kept.values())
    assert counts(result) == (3, 0)
    assert result.bytes == 8 + 9 + 6
    assert result.notes == ()


def test_publish_skips_unchanged_documents(objects: FakeObjects) -> None:
    publish(many(100), TO)
    objects.asked.clear()
    changed = dict(many(100)) | {"products/7.json": 7, "products/new.json": 8}
    result = publish(reversed(changed.items()), TO)
    assert counts(result) == (2, 99)
    assert objects.keys_of("put") == ["products/7.json", "products/new.json"]
    assert len(objects.keys_of("list")) == 1
    assert len(objects.keys_of("head")) <= 8


def test_generator_is_consumed_step_by_step(objects: FakeObjects) -> None:
    taken = 0

    def documents() -> Iterator[tuple[str, Any]]:
        nonlocal taken
        for pair in many(2000):
            yield pair
            taken += 1

    most = 0

    def watch(_: str) -> None:
        nonlocal most
        most = max(most, taken - len(objects.keys_of("put")))

    objects.before_put = watch
    publish(documents(), TO)
    assert most <= 320


def test_force_sends_every_document(objects: FakeObjects) -> None:
    publish(many(3), TO)
    assert counts(publish(many(3), TO, force=True)) == (3, 0)
    assert len(objects.keys_of("list")) == 1


@pytest.mark.usefixtures("objects")
def test_changed_headers_are_a_change() -> None:
    publish(many(50), TO)
    hour = Settings(cache_control="max-age=3600")
    result = publish(many(50), TO, hour)
    assert counts(result) == (50, 0)
    assert result.notes == (OTHER_HEADERS,)
    assert counts(publish(many(50), TO, hour)) == (0, 50)


def test_compressed_documents_are_compared_by_their_stored_bytes(objects: FakeObjects) -> None:
    small = Settings(gzip=True)
    publish(many(3), TO, small)
    assert json.loads(gzip.decompress(objects.kept["products/1.json"].body))["n"] == 1
    assert counts(publish(many(3), TO, small)) == (0, 3)
    assert counts(publish(many(3), TO)) == (3, 0)


@pytest.mark.parametrize(("denied", "note"), [("list", NO_LIST), ("head", NO_HEAD)])
def test_publish_without_list_permission_sends_all_and_names_the_permission(
    objects: FakeObjects, denied: str, note: str
) -> None:
    publish(many(3), TO)
    objects.denied = frozenset([denied])
    result = publish(many(3), TO)
    assert counts(result) == (3, 0)
    assert result.notes == (note,)
    assert '"list"' in NO_LIST
    assert '"compare"' in NO_HEAD


def test_publish_sends_all_if_etags_are_not_md5(objects: FakeObjects) -> None:
    objects.encrypted = True
    for _ in range(2):
        result = publish(many(3), TO)
        assert counts(result) == (3, 0)
        assert result.notes == (UNLIKE,)


def test_prefix_limits_the_listing(objects: FakeObjects) -> None:
    publish([("a/1.json", 1), ("b/1.json", 1)], TO)
    assert counts(publish([("b/1.json", 1)], TO, prefix="b/")) == (0, 1)
    assert objects.keys_of("list") == ["", "b/"]


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


BAD = [
    ("a b.json", 1, "'a b.json'"),
    ("../a.json", 1, r"\.\./a\.json"),
    ("other.json", 1, "'other.json'"),
    ("a.json", b"{", "JSON"),
    ("a.json", float("nan"), "NaN"),
    ("a.json", object(), "Object of type object"),
    ("a.json", "\ud800", "JSON"),
    ("a.json", b'"' + b"x" * 10_485_760 + b'"', "10,485,760"),
    ("a.json", nested(100_000), "maximum recursion depth"),
]


@pytest.mark.parametrize(("key", "value", "fact"), BAD, ids=[fact for *_, fact in BAD])
def test_invalid_document_is_not_sent(
    objects: FakeObjects, key: str, value: object, fact: str
) -> None:
    with pytest.raises(ConfigError, match=fact):
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


def test_invalid_document_after_others_raises_unfinished(objects: FakeObjects) -> None:
    sent: list[object] = []
    documents = [*many(500), ("products/bad.json", b"{")]
    with pytest.raises(Unfinished, match=r"[0-9]+ .*products/bad.json"):
        publish(documents, TO, on_progress=sent.append)
    assert len(objects.kept) <= 500


@pytest.mark.usefixtures("objects")
def test_invalid_documents_can_be_skipped() -> None:
    told: list[object] = []
    documents = [("a.json", 1), ("bad.json", b"{"), ("c.json", 2)]
    result = publish(documents, TO, skip_invalid=True, on_progress=told.append)
    assert counts(result) == (2, 0)
    assert result.invalid == 1
    assert {outcome.source for outcome in told if isinstance(outcome, Fault)} == {"bad.json"}
    assert {outcome.key for outcome in told if isinstance(outcome, Sent)} == {"a.json", "c.json"}


def test_create_only_skips_existing_documents(objects: FakeObjects) -> None:
    publish([("a.json", "first")], TO)
    told: list[object] = []
    documents = [("a.json", "second"), ("b.json", 1)]
    result = publish(documents, TO, create_only=True, on_progress=told.append)
    assert (result.sent, result.lost) == (1, 1)
    assert Lost("a.json") in told
    assert objects.kept["a.json"].body == b'"first"'


def test_error_of_the_iterable_is_raised_and_sent_documents_stay(objects: FakeObjects) -> None:
    def documents() -> Iterator[tuple[str, Any]]:
        yield from many(200)
        raise OSError("the source broke")

    with pytest.raises(OSError, match="the source broke"):
        publish(documents(), TO)
    assert len(objects.kept) > 0


def test_destination_and_settings_can_be_pickled() -> None:
    to = Destination("b", "eu-west-1", "http://127.0.0.1:1", None, Credentials("id", "secret"))
    settings = Settings("max-age=1", gzip=True)
    assert pickle.loads(pickle.dumps((to, settings, publish))) == (to, settings, publish)  # noqa: S301
    assert "secret" not in repr(to)


def test_refusal_before_the_first_document_is_not_unfinished(objects: FakeObjects) -> None:
    objects.denied = frozenset(["put"])
    with pytest.raises(ReadModelError) as refused:
        publish(many(100), TO)
    assert refused.value.exit_code == 1
