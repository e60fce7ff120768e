"""Building, activating and pruning releases, on S3 in memory."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from memory_s3 import Request, Response, error, memory_s3
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError, Unfinished
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.release import cost
from readmodel_cfn.publish.release.first import make_first_release
from readmodel_cfn.publish.release.names import check_id, new_id, parse_key
from readmodel_cfn.publish.release.results import ReleaseStarted
from readmodel_cfn.publish.release.store import Pointer
from readmodel_cfn.template.routes import Route
from release_scene import LIVE, PREVIEW, Scene, numbered, stored


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr("readmodel_cfn.publish.release.copy._PAUSES", ())


@pytest.fixture
def scene() -> Iterator[Scene]:
    with memory_s3() as s3:
        yield Scene(s3)


def refused(asked: list[Consent]) -> Callable[[Consent], bool]:
    """A `confirm` that does not agree, and keeps what it was asked."""

    def confirm(consent: Consent) -> bool:
        asked.append(consent)
        return False

    return confirm


# IDs.


def test_new_ids_are_allowed_and_sort_by_time() -> None:
    assert check_id(new_id())
    newest = datetime(2026, 12, 31, 23, 59, 58, tzinfo=UTC)
    found = [new_id(newest - timedelta(seconds=10**power)) for power in range(8)]
    assert sorted(found, reverse=True) == found
    assert new_id(newest) != new_id(newest)


@pytest.mark.parametrize(
    "release", ["", ".", "..", ".a", "-a", "a/b", "a b", "a" * 65, "ü", "live", "a.building", "a\n"]
)
def test_invalid_id_is_refused_before_s3_is_called(scene: Scene, release: str) -> None:
    with pytest.raises(ConfigError):
        scene.publish({"a.json": 1}, release=release)
    assert scene.s3.asked == []


def test_keys_of_releases_have_a_release_and_a_kind() -> None:
    keys = ["releases/a.json", "releases/a.building.json", "releases/a.deleting.json"]
    assert [parse_key(key) for key in keys] == [
        ("a", "manifest"),
        ("a", "start"),
        ("a", "deletion"),
    ]
    assert parse_key("releases/live.json") is None
    assert parse_key("releases/x.json.json") == ("x.json", "manifest")


# Building.


def test_first_release_is_uploaded_and_live(scene: Scene) -> None:
    documents = numbered(5)
    done = scene.publish(documents)
    assert (done.documents, done.sent, done.copied, done.stage) == (5, 5, 0, LIVE)
    assert scene.served() == stored(documents)
    assert scene.pointer["release"] == done.release
    assert scene.stages.variables == {LIVE: done.release, PREVIEW: None}


def test_manifest_has_each_document_and_the_digest(scene: Scene) -> None:
    documents = numbered(3)
    done = scene.publish(documents)
    found = json.loads(scene.s3.body(f"releases/{done.release}.json"))
    assert found["documents"] == 3
    assert found["bytes"] == sum(map(len, stored(documents).values()))
    assert len(found["digest"]) == 64
    assert {each["key"]: (each["etag"], each["bytes"]) for each in found["objects"]} == {
        key: (scene.s3.objects[f"releases/{done.release}/{key}"].etag, len(body))
        for key, body in stored(documents).items()
    }


def test_unchanged_documents_are_copied(scene: Scene) -> None:
    scene.publish(numbered(10))
    documents = numbered(10, version=2, changed=3)
    done = scene.publish(documents)
    assert (done.sent, done.copied) == (3, 7)
    assert scene.served() == stored(documents)


def test_release_has_no_documents_that_are_not_in_the_set(scene: Scene) -> None:
    scene.publish(numbered(10))
    scene.publish(numbered(4))
    assert scene.served() == stored(numbered(4))


def test_documents_have_their_headers_and_the_release_also_if_copied(scene: Scene) -> None:
    scene.publish(numbered(2))
    scene.settings = Settings(cache_control="max-age=60")
    done = scene.publish(numbered(2))
    assert done.copied == 2
    for key in numbered(2):
        headers = scene.s3.objects[f"releases/{done.release}/{key}"].headers
        assert headers["cache-control"] == "max-age=60"
        assert headers["content-type"] == "application/json"
        assert headers["x-amz-meta-release"] == done.release


def test_compressed_documents_are_copied(scene: Scene) -> None:
    scene.settings = Settings(gzip=True)
    scene.publish(numbered(3))
    done = scene.publish(numbered(3, version=2, changed=1))
    assert (done.sent, done.copied) == (1, 2)
    headers = scene.s3.objects[f"releases/{done.release}/p/0002.json"].headers
    assert headers["content-encoding"] == "gzip"


def test_manifest_is_written_after_all_documents_and_the_pointer_after_it(scene: Scene) -> None:
    done = scene.publish(numbered(4), release="one")
    assert done.release == "one"
    puts = scene.s3.names("PUT")
    assert puts[0] == "PUT releases/one.building.json"
    assert puts[-2:] == ["PUT releases/one.json", "PUT releases/live.json"]


def test_release_without_activation_is_complete_but_not_live(scene: Scene) -> None:
    scene.publish(numbered(2), release="one")
    done = scene.publish(numbered(3), release="two", live=False)
    assert done.stage is None
    assert scene.pointer["release"] == "one"
    assert scene.stages.variables[LIVE] == "one"
    assert [(found.release, found.complete) for found in scene.releases()] == [
        ("two", True),
        ("one", True),
    ]


def test_same_documents_again_store_nothing(scene: Scene) -> None:
    first = scene.publish(numbered(3))
    before = len(scene.s3.names("PUT", "COPY"))
    again = scene.publish(numbered(3))
    assert (again.release, again.sent, again.copied, again.unchanged) == (first.release, 0, 0, 3)
    assert len(scene.s3.names("PUT", "COPY")) == before


def test_complete_release_with_the_same_documents_is_activated(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    scene.publish(numbered(4), release="two", live=False)
    done = scene.publish(numbered(4))
    assert (done.release, done.sent, done.stage) == ("two", 0, LIVE)
    assert scene.stages.variables[LIVE] == "two"


def test_force_uploads_all_documents_to_a_new_release(scene: Scene) -> None:
    first = scene.publish(numbered(3))
    done = scene.publish(numbered(3), force=True)
    assert done.release != first.release
    assert (done.sent, done.copied) == (3, 0)


def test_given_release_with_other_documents_is_a_conflict(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    with pytest.raises(LostRace, match="one"):
        scene.publish(numbered(4), release="one")
    assert scene.served() == stored(numbered(3))


def test_given_release_with_the_same_documents_is_found(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    scene.publish(numbered(4), release="two")
    done = scene.publish(numbered(3), release="one")
    assert (done.release, done.sent, done.copied) == ("one", 0, 0)
    assert scene.stages.variables[LIVE] == "one"


def test_id_is_reported_before_the_first_document(scene: Scene) -> None:
    done = scene.publish(numbered(2))
    kinds = [getattr(value, "kind", "") for value in scene.reported]
    assert kinds.index("release") < kinds.index("sent")
    started = scene.reported[kinds.index("release")]
    assert (started.release, started.documents, started.continued) == (done.release, 2, False)


def test_files_are_published(scene: Scene, tmp_path: Path) -> None:
    for key, body in stored(numbered(4)).items():
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(body)
    done = scene.publish(tmp_path)
    assert scene.served() == stored(numbered(4))
    (tmp_path / "p/0001.json").write_text('{"n":1,"v":2}')
    (tmp_path / "p/0003.json").unlink()
    again = scene.publish(str(tmp_path))
    assert again.release != done.release
    assert (again.documents, again.sent, again.copied) == (3, 1, 2)


def test_pairs_are_published_and_the_last_of_a_key_counts(scene: Scene) -> None:
    scene.publish(iter([("b.json", 1), ("a.json", 1), ("b.json", 2)]))
    assert scene.served() == {"a.json": b"1", "b.json": b"2"}


@pytest.mark.parametrize("documents", [{"a.json": b"{"}, {"a.json": float("nan")}, {}, {"ü": 1}])
def test_invalid_documents_store_nothing(scene: Scene, documents: Any) -> None:
    with pytest.raises(ConfigError):
        scene.publish(documents)
    assert scene.s3.asked == []


def test_invalid_documents_can_be_skipped(scene: Scene) -> None:
    done = scene.publish({"a.json": 1, "b.json": b"{"}, skip_invalid=True)
    assert (done.documents, done.invalid) == (1, 1)


def test_file_that_changes_after_the_check_leaves_nothing_live(
    scene: Scene, tmp_path: Path
) -> None:
    (tmp_path / "a.json").write_text("1")

    def change(value: object) -> None:
        if isinstance(value, ReleaseStarted):
            (tmp_path / "a.json").write_text("2")

    with pytest.raises(Unfinished):
        scene.publish(tmp_path, on_progress=change)
    assert scene.pointer is None
    scene.publish(tmp_path)
    assert scene.served() == {"a.json": b"2"}


# Copies that fail.


@pytest.mark.parametrize("module", ["contents", "store"])
def test_full_temporary_disk_leaves_the_old_release_live(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    class Full(BytesIO):
        def write(self, _: object) -> int:
            raise OSError(ENOSPC, "No space left on device")

        def close(self) -> None:
            self.write(b"buffered")

    first = scene.publish(numbered(3)).release
    place = f"readmodel_cfn.publish.release.{module}.temporary_file"
    monkeypatch.setattr(place, lambda *_: Full())
    with pytest.raises(ReadModelError, match="No space") as caught:
        scene.publish(numbered(3, version=2))
    assert "TMPDIR" in (caught.value.hint or "")
    assert scene.pointer["release"] == first


def test_document_that_was_changed_in_the_old_release_is_uploaded(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    scene.s3.put("releases/one/p/0002.json", b'"changed by hand"')
    done = scene.publish(numbered(3, version=2, changed=1))
    assert (done.sent, done.copied) == (2, 1)
    assert scene.served() == stored(numbered(3, version=2, changed=1))


def test_document_that_was_deleted_from_the_old_release_is_uploaded(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    scene.s3.delete("releases/one/p/0002.json")
    done = scene.publish(numbered(3, version=2, changed=1))
    assert (done.sent, done.copied) == (2, 1)


OK_WITH_ERROR = Response(
    200, b"<Error><Code>InternalError</Code><Message>try again</Message></Error>"
)


def test_copy_with_an_error_in_a_200_is_retried(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    failed: list[str] = []

    def fail_once(_: int, request: Request) -> Response | None:
        if request.name.startswith("COPY") and request.name not in failed:
            failed.append(request.name)
            return OK_WITH_ERROR
        return None

    scene.s3.faults = fail_once
    done = scene.publish(numbered(3, version=2, changed=1))
    assert len(failed) == 2
    assert done.copied == 2
    assert scene.served() == stored(numbered(3, version=2, changed=1))


def test_copy_that_always_fails_leaves_the_old_release_live(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    scene.s3.faults = lambda _, request: OK_WITH_ERROR if request.name.startswith("COPY") else None
    with pytest.raises(ReadModelError):
        scene.publish(numbered(3, version=2, changed=1), release="two")
    assert scene.pointer["release"] == "one"
    assert "releases/two.json" not in scene.s3.objects
    scene.s3.faults = lambda *_: None
    done = scene.publish(numbered(3, version=2, changed=1))
    assert done.release == "two"
    assert scene.served() == stored(numbered(3, version=2, changed=1))


def test_denied_copies_are_uploaded(scene: Scene) -> None:
    scene.publish(numbered(40), release="one")
    scene.s3.faults = lambda _, request: (
        error(403, "AccessDenied") if request.name.startswith("COPY") else None
    )
    done = scene.publish(numbered(40, version=2, changed=1))
    assert (done.sent, done.copied) == (40, 0)
    assert done.notes


# Modes of the writer.


def test_writer_that_may_only_put_uploads_everything(scene: Scene) -> None:
    scene.publish(numbered(3), release="one")
    scene.allow = frozenset({"put"})
    before = len(scene.s3.asked)
    done = scene.publish(numbered(3), live=False)
    assert (done.sent, done.copied) == (3, 0)
    assert {request.method for request in scene.s3.asked[before:]} == {"PUT"}
    assert scene.store.is_usable(done.release)
    assert done.notes


@pytest.mark.parametrize(("denied", "copied"), [("LIST", 3), ("GET", 0)])
def test_unknown_permissions_are_found_out(scene: Scene, denied: str, copied: int) -> None:
    scene.publish(numbered(3), release="one")

    def is_denied(request: Request) -> bool:
        """Without the permission to list, a read of a missing object is denied, too."""
        is_list = not request.key or request.key not in scene.s3.objects
        return is_list if denied == "LIST" else bool(request.key)

    scene.s3.faults = lambda _, request: (
        error(403, "AccessDenied")
        if request.method in ("GET", "HEAD") and is_denied(request)
        else None
    )
    done = scene.publish(numbered(4), release="two", live=False)
    assert (done.sent, done.copied) == (4 - copied, copied)
    assert done.notes


def test_bucket_with_a_kms_key_copies_too(scene: Scene) -> None:
    scene.s3.kms = True
    scene.settings = Settings(encrypted=True)
    scene.publish(numbered(4))
    documents = numbered(4, version=2, changed=1)
    done = scene.publish(documents)
    assert (done.sent, done.copied) == (1, 3)
    assert scene.manifest(done.release) == {
        key: scene.s3.objects[f"releases/{done.release}/{key}"].etag for key in documents
    }


# Dry runs.


def test_plan_stores_nothing_and_has_what_is_uploaded_and_left_out(scene: Scene) -> None:
    scene.publish(numbered(4), release="one")
    before = dict(scene.s3.objects)
    plan = scene.plan({**numbered(3, version=2, changed=1), "p/9.json": 9})
    assert (plan.send, plan.unchanged, plan.delete) == (
        ("p/0000.json", "p/9.json"),
        2,
        ("p/0003.json",),
    )
    same = scene.plan(numbered(4))
    assert (same.has_changes, same.unchanged) == (False, 4)
    assert scene.s3.objects == before


# Costs.


def test_many_requests_are_named_with_their_price(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cost, "_NAMED_FROM", 2)
    scene.publish(numbered(3))
    assert any("USD" in getattr(value, "text", "") for value in scene.reported)


def test_very_many_requests_require_consent(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost, "_NAMED_FROM", 2)
    monkeypatch.setattr(cost, "_ASKED_FROM", 2)
    asked: list[Consent] = []
    with pytest.raises(ConsentRequired):
        scene.publish(numbered(3), confirm=refused(asked))
    assert [consent.kind for consent in asked] == ["release"]
    assert scene.s3.names("PUT") == []


# Runs that end before they are complete.


def died_after(scene: Scene, documents: dict[str, object], puts: int) -> str:
    """A run that fails after so many documents; returns its release."""
    seen: list[str] = []

    def fail(_: int, request: Request) -> Response | None:
        if request.name.startswith(("PUT", "COPY")) and "/p/" in request.name:
            seen.append(request.name)
            return error(400, "Broken") if len(seen) > puts else None
        return None

    scene.s3.faults = fail
    with pytest.raises(ReadModelError):
        scene.publish(documents)
    scene.s3.faults = lambda *_: None
    started = [value for value in scene.reported if isinstance(value, ReleaseStarted)]
    return started[-1].release


def test_next_run_continues_a_release_that_was_not_completed(scene: Scene) -> None:
    release = died_after(scene, numbered(20), 8)
    assert scene.pointer is None
    done = scene.publish(numbered(20))
    assert done.release == release
    assert done.unchanged >= 8
    assert done.sent + done.unchanged == 20
    assert scene.served() == stored(numbered(20))


def test_other_documents_start_a_new_release(scene: Scene) -> None:
    release = died_after(scene, numbered(20), 8)
    done = scene.publish(numbered(21))
    assert done.release != release
    assert scene.served() == stored(numbered(21))


def test_given_release_continues_only_with_the_same_documents(scene: Scene) -> None:
    release = died_after(scene, numbered(20), 8)
    with pytest.raises(LostRace):
        scene.publish(numbered(21), release=release)
    assert scene.publish(numbered(20), release=release).documents == 20


def test_file_that_another_run_left_incomplete_is_sent_again(scene: Scene) -> None:
    release = died_after(scene, numbered(20), 8)
    key = next(key for key in scene.s3.objects if f"{release}/p/" in key)
    scene.s3.put(key, b'"other"')
    scene.publish(numbered(20))
    assert scene.served() == stored(numbered(20))


# Activation.


def test_activate_and_rollback(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    scene.publish(numbered(2), release="two")
    found = scene.activation.rollback()
    assert (found.release, found.previous) == ("one", "two")
    assert scene.stages.variables[LIVE] == "one"
    assert scene.activation.rollback().release == "two"
    assert scene.activate("one").previous == "two"
    assert scene.activate("one").unchanged


def test_rollback_without_a_release_before_is_refused(scene: Scene) -> None:
    with pytest.raises(ReadModelError):
        scene.activation.rollback()
    scene.publish(numbered(1))
    with pytest.raises(ReadModelError):
        scene.activation.rollback()


@pytest.mark.parametrize("release", ["none", "started"])
def test_release_that_is_not_complete_cannot_be_activated(scene: Scene, release: str) -> None:
    scene.s3.put("releases/started.building.json", b"{}")
    with pytest.raises(ConfigError):
        scene.activate(release)
    assert scene.pointer is None


def test_loser_of_two_activations_gets_a_conflict(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    scene.publish(numbered(2), release="two", live=False)
    scene.publish(numbered(3), release="three", live=False)
    activated: list[str] = []

    def first(_: int, request: Request) -> Response | None:
        if request.name == "PUT releases/live.json" and not activated:
            activated.append("three")
            scene.activate("three")
        return None

    scene.s3.faults = first
    with pytest.raises(LostRace, match="three"):
        scene.activate("two")
    assert scene.pointer["release"] == scene.stages.variables[LIVE] == "three"


def test_publish_does_not_replace_a_release_that_was_activated_meanwhile(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")

    def meanwhile(value: object) -> None:
        if isinstance(value, ReleaseStarted) and value.release == "two":
            scene.publish(numbered(3), release="three")

    with pytest.raises(LostRace, match="three"):
        scene.publish(numbered(2), release="two", on_progress=meanwhile)
    assert scene.stages.variables[LIVE] == "three"
    assert scene.store.is_usable("two")


def test_stage_follows_a_pointer_that_changes_meanwhile(scene: Scene) -> None:
    """The second activation is between the first one's pointer and its change of the stage."""
    scene.publish(numbered(1), release="one")
    scene.publish(numbered(2), release="two", live=False)
    scene.publish(numbered(3), release="three", live=False)

    def second(release: str) -> None:
        if release == "two":
            scene.stages.before_set = lambda _: None
            scene.activate("three")

    scene.stages.before_set = second
    scene.activate("two")
    assert scene.pointer["release"] == scene.stages.variables[LIVE] == "three"


def test_stage_that_cannot_be_changed_is_unfinished_and_can_be_repeated(scene: Scene) -> None:
    def fail(_: str) -> None:
        raise ReadModelError("AccessDenied", where="AWS UpdateStage")

    scene.stages.before_set = fail
    with pytest.raises(Unfinished):
        scene.publish(numbered(1), release="one")
    assert (scene.pointer["release"], scene.stages.variables[LIVE]) == ("one", None)
    scene.stages.before_set = lambda _: None
    done = scene.publish(numbered(1))
    assert (done.release, done.sent) == ("one", 0)
    assert scene.stages.variables[LIVE] == "one"


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        ("PUT releases/live.json", "HEAD releases/two.json"),
        ("PUT releases/two.building.json", "HEAD releases/two.deleting.json"),
    ],
)
def test_error_after_something_was_stored_is_unfinished(
    scene: Scene, after: str, refused: str
) -> None:
    scene.publish(numbered(2, 1), release="one")

    def refuse(_: int, request: Request) -> Response | None:
        is_refused = request.name == refused and after in scene.s3.names("PUT")
        return error(400, "ExpiredToken") if is_refused else None

    scene.s3.faults = refuse
    with pytest.raises(Unfinished):
        scene.publish(numbered(2, 2), release="two")
    scene.s3.faults = lambda *_: None
    scene.publish(numbered(2, 2), release="two")
    assert scene.served() == stored(numbered(2, 2))


def test_error_after_a_preview_stage_was_changed_is_unfinished(scene: Scene) -> None:
    scene.publish(numbered(1), release="one", live=False)
    scene.s3.faults = lambda _, request: (
        error(403, "AccessDenied")
        if request.name == "HEAD releases/one.json" and scene.stages.variables[PREVIEW]
        else None
    )
    with pytest.raises(Unfinished):
        scene.activate("one", PREVIEW)
    assert scene.stages.variables[PREVIEW] == "one"


def test_lost_response_to_the_pointer_is_not_a_conflict(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    lost: list[Request] = []

    def lose(_: int, request: Request) -> Response | None:
        if request.name == "PUT releases/live.json" and not lost:
            lost.append(request)
            scene.s3._answer(request)
            return error(500, "InternalError")
        return None

    scene.s3.faults = lose
    assert scene.publish(numbered(2), release="two").stage == LIVE
    assert lost
    assert scene.stages.variables[LIVE] == "two"


def test_lost_response_to_the_manifest_is_not_a_conflict(scene: Scene) -> None:
    lost: list[Request] = []

    def lose(_: int, request: Request) -> Response | None:
        once = {"PUT releases/one.json", "PUT releases/one.building.json"}
        if request.name in once - {each.name for each in lost}:
            lost.append(request)
            scene.s3._answer(request)
            return error(500, "InternalError")
        return None

    scene.s3.faults = lose
    assert scene.publish(numbered(2), release="one").stage == LIVE
    assert len(lost) == 2


def test_preview_stage_has_a_release_of_its_own(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    done = scene.publish(numbered(2), release="two", stage=PREVIEW)
    assert (done.stage, done.previous) == (PREVIEW, None)
    assert scene.stages.variables == {LIVE: "one", PREVIEW: "two"}
    assert scene.pointer["release"] == "one"
    assert scene.activate("one", PREVIEW).previous == "two"
    assert scene.activate("two").stage == LIVE


def test_unknown_stage_is_refused(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    with pytest.raises(ConfigError, match=PREVIEW):
        scene.activate("one", "other")


def test_unknown_stage_is_refused_before_a_document_is_stored(scene: Scene) -> None:
    with pytest.raises(ConfigError, match=PREVIEW):
        scene.publish(numbered(1), stage="other")
    assert not scene.s3.objects


# Listing.


def test_list_shows_what_is_live(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    scene.publish(numbered(2), release="two")
    scene.activate("one", PREVIEW)
    two, one = scene.releases()
    assert (two.release, two.live, two.previous, two.stages) == ("two", True, False, (LIVE,))
    assert (one.release, one.live, one.previous, one.stages) == ("one", False, True, (PREVIEW,))
    assert (two.documents, two.complete) == (2, True)


def test_list_shows_a_release_that_was_not_completed(scene: Scene) -> None:
    release = died_after(scene, numbered(5), 2)
    (found,) = scene.releases()
    assert (found.release, found.complete, found.documents) == (release, False, None)


# Pruning.


def published(scene: Scene, count: int) -> None:
    """Releases r1, r2 and so on, of which the last is live."""
    for number in range(1, count + 1):
        scene.publish(numbered(number), release=f"r{number}")


def test_prune_keeps_the_newest_and_deletes_the_others(scene: Scene) -> None:
    published(scene, 6)
    done = scene.prune(keep=3)
    assert done.deleted == ("r3", "r2", "r1")
    assert done.documents == 1 + 2 + 3
    assert {found.release for found in scene.releases()} == {"r4", "r5", "r6"}
    assert not [key for key in scene.s3.objects if key.startswith("releases/r1")]
    assert scene.served() == stored(numbered(6))


def test_prune_keeps_what_is_named_and_the_one_before(scene: Scene) -> None:
    published(scene, 8)
    scene.activate("r5")
    scene.activate("r2", PREVIEW)
    done = scene.prune(keep=1)
    # r5 is live and r8 was before; r4 is older than r5; r2 is in the preview, r1 older than it.
    assert done.deleted == ("r7", "r6", "r3")


def test_prune_asks_and_deletes_nothing_without_consent(scene: Scene) -> None:
    published(scene, 4)
    asked: list[Consent] = []
    before = dict(scene.s3.objects)
    with pytest.raises(ConsentRequired):
        scene.prune(keep=1, confirm=refused(asked))
    assert [(consent.kind, consent.lost) for consent in asked] == [("prune", ("r2", "r1"))]
    assert scene.s3.objects == before


def test_prune_with_nothing_to_delete_does_not_ask(scene: Scene) -> None:
    published(scene, 2)
    assert scene.prune(keep=3, confirm=lambda _: False).deleted == ()


def test_prune_refuses_while_pointer_and_stage_differ(scene: Scene) -> None:
    published(scene, 6)
    scene.stages.variables[LIVE] = "r1"
    before = dict(scene.s3.objects)
    with pytest.raises(ReadModelError, match="r6"):
        scene.prune(keep=1)
    assert scene.s3.objects == before


def test_prune_deletes_a_release_that_was_never_completed_after_a_day(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    release = died_after(scene, numbered(5), 2)
    now = scene.s3.now
    assert scene.prune(now=now + timedelta(hours=23)).deleted == ()
    assert scene.prune(now=now + timedelta(hours=25)).deleted == (release,)
    assert not [key for key in scene.s3.objects if release in key]


def test_prune_deletes_documents_without_a_start_after_a_day(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    scene.s3.put("releases/orphan/a.json", b"1")
    now = scene.s3.now
    assert scene.prune(now=now + timedelta(hours=23)).deleted == ()
    assert scene.prune(now=now + timedelta(hours=25)).deleted == ("orphan",)


def test_release_that_is_continued_after_a_day_is_kept(scene: Scene) -> None:
    scene.publish(numbered(1), release="one")
    release = died_after(scene, numbered(5), 2)
    now = scene.s3.now + timedelta(hours=25)

    def again(consent: Consent) -> bool:
        scene.s3.now += timedelta(hours=25)
        died_after(scene, numbered(5), 1)
        return consent.kind == "prune"

    done = scene.prune(now=now, confirm=again)
    assert (done.deleted, set(done.kept)) == ((), {release})
    assert scene.publish(numbered(5)).release == release


def test_release_that_is_activated_while_it_is_pruned_is_kept(scene: Scene) -> None:
    published(scene, 5)

    def activate(_: Consent) -> bool:
        scene.activate("r1")
        return True

    done = scene.prune(keep=3, confirm=activate)
    assert done.deleted == ("r2",)
    assert set(done.kept) == {"r1"}
    assert scene.served() == stored(numbered(1))


def test_release_that_is_being_deleted_is_not_activated(scene: Scene) -> None:
    """The activation reads the manifest, then the deletion begins, then the pointer is written."""
    published(scene, 5)

    def prune(_: int, request: Request) -> Response | None:
        if request.name == "PUT releases/live.json":
            scene.s3.faults = lambda *_: None
            assert scene.prune(keep=3).deleted == ("r2", "r1")
        return None

    scene.s3.faults = prune
    with pytest.raises(ReadModelError):
        scene.activate("r1")
    assert scene.pointer["release"] == scene.stages.variables[LIVE] == "r5"


@pytest.mark.parametrize("release", ["r1", "new"])
def test_release_that_is_being_deleted_is_not_published(scene: Scene, release: str) -> None:
    published(scene, 2)
    scene.s3.delete("releases/r1.json")
    scene.s3.put(f"releases/{release}.deleting.json", b"{}")
    before = scene.pointer
    with pytest.raises(Unfinished):
        scene.publish(numbered(1), release=release)
    assert scene.pointer == before
    assert f"releases/{release}.json" not in scene.s3.objects


def test_prune_during_another_activation_keeps_what_it_activates(scene: Scene) -> None:
    """The pointer is written and the stage is not, when the first release is to be deleted."""
    published(scene, 5)

    def activate(_: Consent) -> bool:
        header = scene.store.header("r2")
        before = scene.store.pointer()
        assert header
        scene.store.put_pointer(Pointer("r2", "r5", header.created, 2), before)
        return True

    done = scene.prune(keep=3, confirm=activate)
    assert (done.deleted, set(done.kept)) == (("r1",), {"r2"})
    assert scene.activate("r2").stage == LIVE


def test_interrupted_prune_is_continued(scene: Scene) -> None:
    published(scene, 5)
    scene.s3.faults = lambda _, request: (
        error(403, "AccessDenied") if request.method == "POST" else None
    )
    with pytest.raises(Unfinished):
        scene.prune(keep=3)
    scene.s3.faults = lambda *_: None
    with pytest.raises(ConfigError):
        scene.activate("r2")
    assert set(scene.prune(keep=3).deleted) == {"r1", "r2"}
    assert {found.release for found in scene.releases()} == {"r3", "r4", "r5"}


def test_prune_of_many_documents(scene: Scene) -> None:
    scene.publish(numbered(1100), release="one")
    scene.publish(numbered(1), release="two")
    scene.publish(numbered(2), release="three")
    assert scene.prune(keep=1).documents == 1100


# The first release of a bucket with documents.


def first_release(scene: Scene) -> Any:
    routes = [Route("{a}/{b+}", "{a}/{b}.json")]
    return make_first_release(
        scene.destination, scene.stages, routes=routes, on_progress=scene.reported.append
    )


@pytest.mark.parametrize("name", ["2", "live", "2/a", "2.building/a"])
def test_document_below_releases_is_not_left_out_of_the_first_release(
    scene: Scene, name: str
) -> None:
    scene.s3.put("p/1.json", b"{}")
    scene.s3.put(f"releases/{name}.json", b"{}")
    with pytest.raises(ReadModelError, match=name):
        first_release(scene)
    assert sorted(scene.s3.objects) == ["p/1.json", f"releases/{name}.json"]


def test_first_release_leaves_out_the_objects_of_releases(scene: Scene) -> None:
    scene.s3.put("p/1.json", b"{}")
    first = first_release(scene)
    assert scene.documents(first.release) == {"p/1.json": b"{}"}
    assert first_release(scene).release == first.release
