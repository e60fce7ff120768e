"""`publish` as a library function."""

import gzip
import json
import pickle
import random
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fake_objects import FakeObjects
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError, Unfinished
from readmodel_cfn.publish import changes as module
from readmodel_cfn.publish.compare import ENCRYPTED, NO_HEAD, NO_LIST, NOT_MD5, OTHER_HEADERS
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.results import (
    Fault,
    InvalidDocuments,
    Lost,
    PublishPlan,
    PublishResult,
    Sent,
)
from readmodel_cfn.target import Target
from readmodel_cfn.template.routes import Route

TO = Destination("bucket")


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
        assert result.notes == (NOT_MD5,)


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
    reported: list[object] = []
    documents = [("a.json", 1), ("bad.json", b"{"), ("c.json", 2)]
    result = publish(documents, TO, skip_invalid=True, on_progress=reported.append)
    assert counts(result) == (2, 0)
    assert result.invalid == 1
    assert {outcome.source for outcome in reported if isinstance(outcome, Fault)} == {"bad.json"}
    assert {outcome.key for outcome in reported if isinstance(outcome, Sent)} == {
        "a.json",
        "c.json",
    }


def test_create_only_skips_existing_documents(objects: FakeObjects) -> None:
    publish([("a.json", "first")], TO)
    reported: list[object] = []
    documents = [("a.json", "second"), ("b.json", 1)]
    result = publish(documents, TO, create_only=True, on_progress=reported.append)
    assert (result.sent, result.lost) == (1, 1)
    assert Lost("a.json") in reported
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


ROUTES = [Route("products/{id}", "products/{id}.json"), Route("samples", "payload.json")]


def test_a_mapping_is_published(objects: FakeObjects) -> None:
    assert counts(publish({"a.json": 1, "b.json": b"2"}, TO)) == (2, 0)
    assert {key: kept.body for key, kept in objects.kept.items()} == {
        "a.json": b"1",
        "b.json": b"2",
    }


def test_paths_are_published_as_by_the_command(objects: FakeObjects, tmp_path: Path) -> None:
    (tmp_path / "products").mkdir()
    (tmp_path / "products/1.json").write_text("1")
    for paths in (tmp_path, str(tmp_path), [tmp_path], iter([str(tmp_path)])):
        result = publish(paths, TO, routes=ROUTES)
        assert sum(counts(result)) == 1
    assert list(objects.kept) == ["products/1.json"]


def test_invalid_files_are_reported_before_anything_is_sent(
    objects: FakeObjects, tmp_path: Path
) -> None:
    (tmp_path / "products").mkdir()
    for name, text in {"1": "1", "2": "{", "3": "nan"}.items():
        (tmp_path / f"products/{name}.json").write_text(text)
    reported: list[object] = []
    with pytest.raises(InvalidDocuments) as refused:
        publish(tmp_path, TO, routes=ROUTES, on_progress=reported.append)
    error = refused.value
    assert error.where == f"{tmp_path}/products/2.json"
    assert "line 1 column 2" in error.what
    assert "(and 1 more)" in error.what
    assert "skip_invalid" in str(error)
    assert str(pickle.loads(pickle.dumps(error))) == str(error)  # noqa: S301
    faults = [value.source for value in reported if isinstance(value, Fault)]
    assert faults == [f"{tmp_path}/products/{n}.json" for n in (2, 3)]
    assert objects.asked == []


def test_a_single_invalid_file_is_named_alone(objects: FakeObjects, tmp_path: Path) -> None:
    (tmp_path / "payload.json").write_text("{")
    with pytest.raises(ConfigError) as refused:
        publish(tmp_path, TO, routes=ROUTES)
    assert refused.value.where == f"{tmp_path}/payload.json"
    assert "more)" not in refused.value.what
    assert objects.asked == []


@pytest.mark.parametrize("skip_invalid", [False, True])
def test_a_path_that_does_not_exist_is_named(
    objects: FakeObjects, tmp_path: Path, skip_invalid: bool
) -> None:
    (tmp_path / "payload.json").write_text("1")
    missing = [tmp_path / "missing", tmp_path / "payload.json/below"]
    with pytest.raises(ConfigError, match="does not exist") as refused:
        publish([tmp_path, *missing], TO, routes=ROUTES, skip_invalid=skip_invalid)
    assert refused.value.where == f"{missing[0]}, {missing[1]}"
    assert objects.asked == []


def test_a_file_that_is_not_json_is_to_be_excluded(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("text")
    with pytest.raises(InvalidDocuments) as refused:
        publish(tmp_path, TO, routes=ROUTES)
    assert "exclude" in refused.value.first.hint
    assert "FILE" not in str(refused.value)


@pytest.mark.usefixtures("objects")
@pytest.mark.parametrize("value", [{"a": float("nan")}, b"{"])
def test_the_hint_for_an_invalid_value_names_no_file(value: object) -> None:
    with pytest.raises(ConfigError) as refused:
        publish({"a.json": value}, TO)
    assert refused.value.where == "a.json"
    assert "file" not in str(refused.value.hint).lower()


class Bucket(FakeObjects):
    """Puts take a random time; two at the same time for one key are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.overlaps, self._busy = 0, set[str]()

    def put(self, key: str, *rest: Any) -> str:
        self.overlaps += key in self._busy
        self._busy.add(key)
        time.sleep(random.uniform(0, 0.002))  # noqa: S311
        etag = super().put(key, *rest)
        self._busy.discard(key)
        return etag


PAIRS = st.lists(st.tuples(st.sampled_from(["a.json", "b.json", "c.json"]), st.integers(0, 4)))


@settings(max_examples=30, deadline=None)
@given(PAIRS, PAIRS)
def test_the_last_of_several_pairs_with_one_key_is_stored(
    before: list[tuple[str, int]], pairs: list[tuple[str, int]]
) -> None:
    """Also if the bucket holds an earlier value of the key already."""
    bucket = Bucket()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "Objects", lambda _: bucket)
        publish(before, TO)
        publish(iter(pairs), TO)
    stored = {key: json.loads(kept.body) for key, kept in bucket.kept.items()}
    assert stored == dict([*before, *pairs])
    assert bucket.overlaps == 0


@pytest.mark.usefixtures("objects")
def test_an_empty_path_is_refused() -> None:
    """It is often an unset variable, and would be the working directory."""
    with pytest.raises(ConfigError):
        publish("", TO)
    with pytest.raises(ConfigError):
        publish(["", "data"], TO)


@pytest.mark.usefixtures("objects")
@pytest.mark.parametrize(
    "documents",
    [
        5,
        None,
        b"a",
        ["a.json", ("b.json", 1)],
        [("b.json", 1), "ab"],
        [(1, "a")],
        [1],
        [("a", 1, 2)],
    ],
)
def test_other_documents_are_type_errors_that_say_what_is_wrong(documents: Any) -> None:
    with pytest.raises(TypeError, match=r"not (int|NoneType|bytes)|mixed|1"):
        publish(documents, TO)


def test_default_converts_only_values_that_json_does_not_know(objects: FakeObjects) -> None:
    day = date(2026, 1, 2)
    values = {"ü": [1.5, None, True, {"b": 1, "a": "é"}]}
    publish({"a.json": {"day": day}, "b.json": values}, TO, default=str)
    assert objects.kept["a.json"].body == b'{"day":"2026-01-02"}'
    publish({"c.json": values}, TO)
    assert objects.kept["b.json"].body == objects.kept["c.json"].body


def test_dry_run_of_values_returns_the_plan_and_sends_nothing(objects: FakeObjects) -> None:
    publish({"products/1.json": 1, "products/2.json": 2, "products/3.json": 3}, TO)
    objects.asked.clear()
    documents: dict[str, object] = {
        "products/1.json": 1,
        "products/2.json": "new",
        "products/4.json": 4,
        "products/.a.json": 4,
    }
    plan = publish(documents, TO, routes=ROUTES, delete_missing=True, dry_run=True)
    assert plan == PublishPlan(
        ("products/2.json", "products/4.json"), 1, ("products/3.json",), passed_over=1
    )
    assert plan.has_changes
    assert not objects.keys_of("put")
    assert not objects.keys_of("delete")


def test_dry_run_of_paths_returns_the_plan_and_sends_nothing(
    objects: FakeObjects, tmp_path: Path
) -> None:
    (tmp_path / "products").mkdir()
    for number in (1, 2):
        (tmp_path / f"products/{number}.json").write_text(str(number))
    publish({"products/1.json": 1, "products/3.json": 3}, TO)
    objects.asked.clear()
    plan = publish(tmp_path, TO, routes=ROUTES, delete_missing=True, dry_run=True)
    assert plan == PublishPlan(("products/2.json",), 1, ("products/3.json",))
    assert not objects.keys_of("put")


@pytest.mark.usefixtures("objects")
def test_a_plan_without_changes_has_none() -> None:
    publish({"a.json": 1}, TO)
    assert not publish({"a.json": 1}, TO, dry_run=True).has_changes


def test_delete_missing_deletes_what_a_mapping_does_not_have(objects: FakeObjects) -> None:
    publish({"products/1.json": 1, "products/2.json": 2, "payload.json": 1, "foreign.json": 1}, TO)
    agreed: list[Consent] = []

    def agree(consent: Consent) -> bool:
        agreed.append(consent)
        return True

    documents = {"products/1.json": 1, "payload.json": 2}
    result = publish(documents, TO, routes=ROUTES, delete_missing=True, confirm=agree)
    assert (result.sent, result.unchanged, result.deleted) == (1, 1, 1)
    assert sorted(objects.kept) == ["foreign.json", "payload.json", "products/1.json"]
    (consent,) = agreed
    assert (consent.kind, consent.lost) == ("delete-missing", ("products/2.json",))


def test_delete_missing_is_limited_to_the_prefix(objects: FakeObjects) -> None:
    publish({"products/1.json": 1, "products/2.json": 2, "payload.json": 1}, TO)
    documents = {"products/1.json": 1}
    publish(documents, TO, routes=ROUTES, prefix="products/", delete_missing=True)
    assert sorted(objects.kept) == ["payload.json", "products/1.json"]


def test_deletion_without_consent_sends_nothing(objects: FakeObjects) -> None:
    publish({"products/1.json": 1, "products/2.json": 2}, TO)
    with pytest.raises(ConsentRequired):
        publish(
            {"products/1.json": "new"},
            TO,
            routes=ROUTES,
            delete_missing=True,
            confirm=lambda _: False,
        )
    assert objects.kept["products/1.json"].body == b"1"
    assert "products/2.json" in objects.kept


@pytest.mark.parametrize(
    ("documents", "routes"),
    [
        ([("products/1.json", 1)], ROUTES),
        ({}, ROUTES),
        ({"products/.a.json": 1}, ROUTES),
        ({"products/1.json": 1}, None),
    ],
    ids=["pairs", "empty", "passed over", "without routes"],
)
def test_delete_missing_is_refused_if_documents_may_be_incomplete(
    objects: FakeObjects, documents: Any, routes: list[Route] | None
) -> None:
    objects.put("products/2.json", b"2", {}, create=False)
    with pytest.raises(ConfigError):
        publish(documents, TO, routes=routes, delete_missing=True)
    assert list(objects.kept) == ["products/2.json"]


def test_an_invalid_value_prevents_the_deletion(objects: FakeObjects) -> None:
    objects.put("products/2.json", b"2", {}, create=False)
    with pytest.raises(ConfigError):
        publish({"products/1.json": object()}, TO, routes=ROUTES, delete_missing=True)
    assert list(objects.kept) == ["products/2.json"]


def test_a_callback_that_cannot_write_is_unfinished(objects: FakeObjects) -> None:
    def fail(value: object) -> None:
        if isinstance(value, Sent):
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(Unfinished):
        publish({"a.json": 1}, TO, on_progress=fail)
    assert "a.json" in objects.kept


def test_known_permissions_decide_before_the_bucket_is_listed(objects: FakeObjects) -> None:
    put_only = Destination("bucket", allow=frozenset(["put"]))
    assert publish({"a.json": 1}, put_only).notes == (NO_LIST,)
    with pytest.raises(ConfigError):
        publish({"products/1.json": 1}, put_only, routes=ROUTES, delete_missing=True)
    assert objects.keys_of("list") == []


def test_encrypted_documents_are_not_compared(objects: FakeObjects) -> None:
    objects.encrypted = True
    for _ in range(2):
        result = publish({"a.json": 1}, TO, Settings(encrypted=True))
        assert counts(result) == (1, 0)
        assert result.notes == (ENCRYPTED,)
    assert objects.keys_of("list") == []


def test_result_is_the_command_line_and_its_json(objects: FakeObjects) -> None:
    objects.put("a.json", b"0", {}, create=False)
    result = publish({"a.json": 1, "b.json": 2}, TO, create_only=True)
    assert result.as_dict() | {"seconds": 0} == {
        "sent": 1,
        "unchanged": 0,
        "stale": 0,
        "conflicts": 0,
        "deleted": 0,
        "kept": 0,
        "invalid": 0,
        "lost": 1,
        "passed_over": 0,
        "bytes": 1,
        "seconds": 0,
        "urls": {},
        "invalidated": [],
        "bucket": "bucket",
        **Target().as_dict(),
    }
    assert "lost 1" in str(result)
    with pytest.raises(LostRace):
        result.raise_for_status()
