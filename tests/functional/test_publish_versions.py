"""Documents with versions, published to S3 in memory: values, folders, single files, unpublish."""

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from memory_s3 import MemoryS3, error, memory_s3
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.errors import ConfigError, LostRace
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.put import plan_file, publish_document, publish_file
from readmodel_cfn.publish.results import Fault, InvalidDocuments, StaleVersion, VersionConflict
from readmodel_cfn.publish.unpublish_version import prune_unpublished, unpublish_version
from readmodel_cfn.template.routes import Route

KEY, OTHER = "products/1.json", "products/2.json"
ROUTES = [
    Route("products/{id}", "products/{id}.json", version_field="updated_at"),
    Route("news", "news.json"),
]
META = "x-amz-meta-readmodel-version"


@pytest.fixture
def s3() -> Iterator[MemoryS3]:
    with memory_s3() as made:
        yield made


@pytest.fixture
def to(s3: MemoryS3) -> Destination:
    return Destination("data", "eu-west-1", s3.url, credentials=Credentials("AKIA1", "s3cret"))


def version(s3: MemoryS3, key: str = KEY) -> str | None:
    return s3.objects[key].headers.get(META)


def value(s3: MemoryS3, key: str = KEY) -> Any:
    return json.loads(s3.body(key))


def test_values_with_a_version_replace_only_older_ones(s3: MemoryS3, to: Destination) -> None:
    assert publish({KEY: 2}, to, version=2).sent == 1
    stale = publish({KEY: 1}, to, version=1)
    assert (stale.sent, stale.stale, stale.unchanged) == (0, 1, 0)
    stale.raise_for_status()
    assert publish({KEY: 2}, to, version=2).unchanged == 1
    assert value(s3) == 2
    assert publish({KEY: 3}, to, version=10).sent == 1
    assert (value(s3), version(s3)) == (3, "10")


def test_requests_are_one_read_and_one_conditional_put(s3: MemoryS3, to: Destination) -> None:
    publish({KEY: 1}, to, version=1)
    publish({KEY: 2}, to, version=2)
    assert s3.names() == [f"HEAD {KEY}", f"PUT {KEY}"] * 2
    first, second = (request.headers for request in s3.asked if request.method == "PUT")
    assert first["if-none-match"] == "*"
    assert second["if-match"]


def test_without_a_version_there_is_no_request_more(s3: MemoryS3, to: Destination) -> None:
    publish({KEY: 1}, to, force=True)
    assert s3.names() == [f"PUT {KEY}"]
    assert "if-match" not in s3.asked[0].headers


def test_equal_version_with_another_content_is_a_conflict(s3: MemoryS3, to: Destination) -> None:
    reported: list[Any] = []
    publish({KEY: 1}, to, version=1)
    done = publish({KEY: 2, OTHER: 2}, to, version=1, on_progress=reported.append)
    assert (done.sent, done.conflicts) == (1, 1)
    assert [each.key for each in reported if isinstance(each, VersionConflict)] == [KEY]
    with pytest.raises(LostRace):
        done.raise_for_status()
    assert value(s3) == 1


def test_document_without_a_version_is_older(s3: MemoryS3, to: Destination) -> None:
    s3.put(KEY, b"1")
    assert publish({KEY: 2}, to, version=-(10**6)).sent == 1


def write(folder: Path, documents: dict[str, Any]) -> Path:
    for key, document in documents.items():
        path = folder / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
    return folder


def at(number: int, **more: Any) -> dict[str, Any]:
    return {"updated_at": number, **more}


def test_folder_takes_the_version_from_the_field(
    s3: MemoryS3, to: Destination, tmp_path: Path
) -> None:
    folder = write(tmp_path, {KEY: at(2), OTHER: at(2), "news.json": "new"})
    assert publish(folder, to, routes=ROUTES).sent == 3
    assert (version(s3), version(s3, "news.json")) == ("2", None)
    again = publish(folder, to, routes=ROUTES)
    assert (again.sent, again.unchanged) == (0, 3)
    write(folder, {KEY: at(1, old=True), OTHER: at(3)})
    reported: list[Any] = []
    done = publish(folder, to, routes=ROUTES, on_progress=reported.append)
    assert (done.sent, done.stale, done.unchanged) == (1, 1, 1)
    assert [each.key for each in reported if isinstance(each, StaleVersion)] == [KEY]
    assert value(s3) == at(2)


def test_folder_published_before_gets_its_versions(
    s3: MemoryS3, to: Destination, tmp_path: Path
) -> None:
    folder = write(tmp_path, {KEY: at(5)})
    publish(folder, to)
    assert version(s3) is None
    publish(folder, to, routes=ROUTES)
    assert version(s3) == "5"
    assert publish({KEY: at(4)}, to, routes=ROUTES).stale == 1


def test_force_does_not_replace_a_newer_document(s3: MemoryS3, to: Destination) -> None:
    publish({KEY: at(2)}, to, routes=ROUTES)
    assert publish({KEY: at(1)}, to, routes=ROUTES, force=True).stale == 1
    assert publish({KEY: at(2)}, to, routes=ROUTES, force=True).sent == 1
    assert value(s3) == at(2)


VALUES: list[Any] = [None, "1", 1.5, True, "2026-01-01T00:00:00", [1], {}]
WRONG: list[Any] = [{}, [], None, *({"updated_at": value} for value in VALUES)]


@pytest.mark.parametrize("wrong", WRONG, ids=repr)
@pytest.mark.parametrize("way", ["values", "pairs", "folder", "file", "document"])
def test_document_without_a_version_in_its_field_is_invalid(
    s3: MemoryS3, to: Destination, tmp_path: Path, wrong: Any, way: str
) -> None:
    folder = write(tmp_path, {KEY: wrong})
    reported: list[Any] = []
    report = reported.append
    calls: dict[str, Callable[[], object]] = {
        "values": lambda: publish({KEY: wrong}, to, routes=ROUTES, on_progress=report),
        "pairs": lambda: publish(iter([(KEY, wrong)]), to, routes=ROUTES),
        "folder": lambda: publish(folder, to, routes=ROUTES, on_progress=report),
        "file": lambda: publish_file(folder / KEY, to, routes=ROUTES, key=KEY),
        "document": lambda: publish_document(KEY, wrong, to, routes=ROUTES),
    }
    with pytest.raises(InvalidDocuments) as refused:
        calls[way]()
    assert "updated_at" in refused.value.what
    assert KEY in str(refused.value.where)
    assert refused.value.first.pointer == "/updated_at"
    faults = [each for each in reported if isinstance(each, Fault)]
    assert len(faults) == (way in ("values", "folder"))
    assert s3.names("PUT") == []


def test_skip_invalid_skips_a_document_without_a_version(s3: MemoryS3, to: Destination) -> None:
    done = publish({KEY: {}, OTHER: at(1)}, to, routes=ROUTES, skip_invalid=True)
    assert (done.sent, done.invalid) == (1, 1)
    assert version(s3, OTHER) == "1"


def test_given_version_must_be_that_of_the_field(to: Destination) -> None:
    assert publish({KEY: at(1)}, to, routes=ROUTES, version=1).sent == 1
    with pytest.raises(InvalidDocuments):
        publish({KEY: at(2)}, to, routes=ROUTES, version=3)


@pytest.mark.parametrize(
    "wrong", [True, 1.5, "1", "today", b"1", [], 10**5000], ids=lambda each: type(each).__name__
)
def test_wrong_version_is_refused_before_any_call(
    s3: MemoryS3, to: Destination, wrong: Any
) -> None:
    for call in (
        lambda: publish({KEY: 1}, to, version=wrong),
        lambda: publish_document(KEY, 1, to, version=wrong),
        lambda: unpublish_version([KEY], to, wrong),
    ):
        with pytest.raises(ConfigError):
            call()
    assert s3.asked == []


def test_versions_and_missing_documents_exclude_each_other(to: Destination) -> None:
    with pytest.raises(ConfigError, match="late event"):
        publish({KEY: at(1)}, to, routes=ROUTES, delete_missing=True)


def test_create_only_stores_the_version(s3: MemoryS3, to: Destination) -> None:
    publish({KEY: at(1)}, to, routes=ROUTES, create_only=True)
    assert version(s3) == "1"
    assert publish({KEY: at(2)}, to, routes=ROUTES, create_only=True).lost == 1


def test_plan_has_every_document_with_a_version(to: Destination, tmp_path: Path) -> None:
    folder = write(tmp_path, {KEY: at(1), "news.json": 1})
    publish(folder, to, routes=ROUTES)
    plan = publish(folder, to, routes=ROUTES, dry_run=True)
    assert (plan.send, plan.unchanged) == ((KEY,), 1)
    assert plan_file(folder / KEY, routes=ROUTES, key=KEY).send == (KEY,)


def test_force_sends_a_single_document_again_and_no_older_one(
    to: Destination, tmp_path: Path
) -> None:
    file = write(tmp_path, {KEY: at(2)}) / KEY
    for force, outcome in ((False, "sent"), (False, "unchanged"), (True, "sent")):
        assert publish_file(file, to, routes=ROUTES, key=KEY, force=force).outcome == outcome
    publish_document(OTHER, at(2), to, routes=ROUTES)
    done = [publish_document(OTHER, at(n), to, routes=ROUTES, force=True) for n in (2, 1)]
    assert [each.outcome for each in done] == ["sent", "stale"]


@pytest.mark.parametrize("settings", [Settings(), Settings(gzip=True)], ids=["plain", "gzip"])
def test_single_document_says_what_became_of_it(
    s3: MemoryS3, to: Destination, settings: Settings
) -> None:
    found = [
        publish_document(KEY, at(number), to, settings, routes=ROUTES) for number in (2, 2, 1, 3)
    ]
    assert [each.outcome for each in found] == ["sent", "unchanged", "stale", "sent"]
    assert [each.document_version for each in found] == ["2", "2", "1", "3"]
    assert [each.stored_version for each in found] == ["2", "2", "2", "3"]
    assert found[0].etag == found[1].etag == found[2].etag
    with pytest.raises(LostRace):
        publish_document(KEY, at(3, other=True), to, settings, routes=ROUTES)
    assert version(s3) == "3"


@pytest.mark.parametrize("option", [{"if_match": "e"}, {"create_only": True}])
def test_a_version_and_another_condition_exclude_each_other(
    s3: MemoryS3, to: Destination, option: Any
) -> None:
    with pytest.raises(ConfigError):
        publish_document(KEY, 1, to, version=1, **option)
    assert s3.asked == []


@pytest.mark.parametrize("before", [False, True])
def test_equal_version_is_no_conflict_if_gzip_is_set_otherwise(
    before: bool, s3: MemoryS3, to: Destination
) -> None:
    publish({KEY: 1}, to, Settings(gzip=before), version=3)
    again = publish({KEY: 1}, to, Settings(gzip=not before), version=3)
    assert (again.sent, again.conflicts) == (1, 0)
    assert s3.objects[KEY].headers.get("content-encoding") == (None if before else "gzip")
    assert publish({KEY: 1}, to, Settings(gzip=not before), version=3).unchanged == 1
    assert publish({KEY: 2}, to, Settings(gzip=before), version=3).conflicts == 1


def test_equal_version_is_no_conflict_if_another_zlib_compressed_it(
    s3: MemoryS3, to: Destination, monkeypatch: pytest.MonkeyPatch
) -> None:
    compress = gzip.compress
    with monkeypatch.context() as other:
        other.setattr(gzip, "compress", lambda body, **_: compress(body, 0, mtime=0))
        publish({KEY: 1}, to, Settings(gzip=True), version=3)
        unpublish_version([OTHER], to, 3, Settings(gzip=True), confirm=lambda _: True)
    before = {key: s3.body(key) for key in (KEY, OTHER)}
    assert publish({KEY: 1}, to, Settings(gzip=True), version=3).unchanged == 1
    assert publish({KEY: 2}, to, Settings(gzip=True), version=3).conflicts == 1
    again = unpublish_version([OTHER], to, 3, Settings(gzip=True), confirm=lambda _: True)
    assert len(again.unpublished) == 1
    assert {key: s3.body(key) for key in (KEY, OTHER)} == before


def test_equal_version_is_a_conflict_if_the_stored_one_cannot_be_decompressed(
    s3: MemoryS3, to: Destination
) -> None:
    publish({KEY: 1}, to, Settings(gzip=True), version=3)
    s3.objects[KEY] = replace(s3.objects[KEY], body=b"\x1f\x8bno", etag="0")
    assert publish({KEY: 1}, to, Settings(gzip=True), version=3).conflicts == 1


def test_ties_of_a_kms_key_are_compared_by_their_bytes(s3: MemoryS3, to: Destination) -> None:
    s3.kms = True
    publish({KEY: 1}, to, version=1)
    assert publish({KEY: 1}, to, version=1).unchanged == 1
    assert publish({KEY: 2}, to, version=1).conflicts == 1


def test_lost_response_is_no_conflict(s3: MemoryS3, to: Destination) -> None:
    """The put is carried out, and its response is 503."""

    def lose_first(_: int, request: Any) -> Any:
        if request.method != "PUT" or len(s3.names("PUT")) > 1:
            return None
        s3._put(request)
        return error(503, "SlowDown")

    s3.faults = lose_first
    done = publish({KEY: 1}, to, version=1)
    assert (done.conflicts, done.unchanged + done.sent) == (0, 1)
    assert version(s3) == "1"


@pytest.mark.parametrize("code", ["PreconditionFailed", "ConditionalRequestConflict", "NoSuchKey"])
def test_another_writer_that_is_first_is_read_again(
    s3: MemoryS3, to: Destination, code: str
) -> None:
    status = {"PreconditionFailed": 412, "ConditionalRequestConflict": 409, "NoSuchKey": 404}[code]
    publish({KEY: 1}, to, version=1)

    def another_is_first(_: int, request: Any) -> Any:
        if request.method == "PUT" and len(s3.names("PUT")) == 2:
            return error(status, code)
        return None

    s3.faults = another_is_first
    assert publish({KEY: 2}, to, version=2).sent == 1
    assert s3.names("HEAD") == [f"HEAD {KEY}"] * 3


def test_writer_without_the_permission_is_refused(s3: MemoryS3, to: Destination) -> None:
    writer = Destination(
        to.bucket, to.region, s3.url, credentials=to.credentials, allow=frozenset({"put"})
    )
    for call in (
        lambda: publish({KEY: at(1)}, writer, routes=ROUTES),
        lambda: publish_document(KEY, 1, writer, version=1),
        lambda: unpublish_version([KEY], writer, 1),
    ):
        with pytest.raises(ConfigError, match="compare"):
            call()
    assert s3.asked == []


def test_unpublish_with_a_version_keeps_late_events_out(s3: MemoryS3, to: Destination) -> None:
    publish({KEY: at(1)}, to, routes=ROUTES)
    done = unpublish_version([KEY, OTHER], to, 5, routes=ROUTES)
    assert [each.key for each in done.unpublished] == [KEY, OTHER]
    assert value(s3) is None
    assert publish({KEY: at(4), OTHER: at(5)}, to, routes=ROUTES).stale == 1
    assert (value(s3), value(s3, OTHER)) == (None, None)
    assert unpublish_version([KEY], to, 5, routes=ROUTES).unpublished
    assert unpublish_version([KEY], to, 4, routes=ROUTES).stale == (KEY,)
    assert publish({KEY: at(6)}, to, routes=ROUTES).sent == 1
    assert value(s3) == at(6)


def test_unpublish_stores_the_given_value(s3: MemoryS3, to: Destination) -> None:
    unpublish_version([KEY], to, 1, value={"deleted": True})
    assert value(s3) == {"deleted": True}
    for wrong in ({"deleted": "x" * 2000}, b"{", object()):
        with pytest.raises(ConfigError):
            unpublish_version([KEY], to, 2, value=wrong)
    assert version(s3) == "1"


def test_unpublish_with_a_version_needs_keys_that_are_served(s3: MemoryS3, to: Destination) -> None:
    for keys in ([], ["other.json"], ["products/1"], ["a//b"]):
        with pytest.raises(ConfigError):
            unpublish_version(keys, to, 1, routes=ROUTES)
    assert s3.asked == []


def test_unpublish_with_a_version_asks_only_who_can_answer(s3: MemoryS3, to: Destination) -> None:
    asked: list[Consent] = []

    def refuse(consent: Consent) -> bool:
        asked.append(consent)
        return False

    with pytest.raises(ConsentRequired):
        unpublish_version([KEY], to, 1, confirm=refuse)
    assert asked[0].lost == (KEY,)
    assert s3.asked == []


def test_prune_deletes_only_old_unpublished_documents(s3: MemoryS3, to: Destination) -> None:
    every = [f"products/{number}.json" for number in range(1, 5)]
    unpublish_version(every[:2], to, 5, routes=ROUTES)
    publish({every[2]: at(5), every[3]: at(5)}, to, routes=ROUTES)
    publish({"news.json": None}, to, routes=ROUTES)
    for key in (every[0], every[2], "news.json"):
        s3.age(key, timedelta(days=40))
    now = datetime(2026, 1, 2, tzinfo=UTC)
    done = prune_unpublished(to, timedelta(days=30), routes=ROUTES, now=lambda: now)
    assert (done.pruned, done.kept) == ((every[0],), ())
    assert set(s3.objects) == {*every[1:], "news.json"}
    assert publish({every[0]: at(1)}, to, routes=ROUTES).sent == 1


def test_prune_keeps_what_is_published_meanwhile(s3: MemoryS3, to: Destination) -> None:
    unpublish_version([KEY, OTHER], to, 5, routes=ROUTES)

    def publish_first(_: Consent) -> bool:
        return publish({KEY: at(6)}, to, routes=ROUTES).sent == 1

    now = datetime(2027, 1, 1, tzinfo=UTC)
    done = prune_unpublished(
        to, timedelta(0), routes=ROUTES, confirm=publish_first, now=lambda: now
    )
    assert (done.pruned, done.kept) == ((OTHER,), (KEY,))
    assert value(s3) == at(6)


def test_prune_keeps_a_document_that_is_unpublished_again_meanwhile(
    s3: MemoryS3, to: Destination
) -> None:
    """Its bytes are null again, but the version is another one."""
    unpublish_version([KEY], to, 5)
    now = datetime(2027, 1, 1, tzinfo=UTC)

    def again(_: Consent) -> bool:
        return bool(unpublish_version([KEY], to, 9).unpublished)

    assert prune_unpublished(to, timedelta(0), confirm=again, now=lambda: now).kept == (KEY,)
    assert version(s3) == "9"


@pytest.mark.parametrize("time", [timedelta(days=-1), timedelta(days=999_999), timedelta.max])
def test_prune_refuses_a_time_that_is_negative_or_too_long(
    time: timedelta, s3: MemoryS3, to: Destination
) -> None:
    with pytest.raises(ConfigError):
        prune_unpublished(to, time)
    assert s3.asked == []
