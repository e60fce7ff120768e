"""Partitions that workers publish, and their commit as one release, on S3 in memory."""

import hashlib
import os
import pickle
import random
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from memory_s3 import Request, Response, error, memory_s3
from partition_process import of_part, publish
from readmodel_cfn import commit, partition_of, publish_partition
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError, Unfinished
from readmodel_cfn.publish import partitions as module
from readmodel_cfn.publish import upload
from readmodel_cfn.publish.documents import MAX_BYTES, Settings
from readmodel_cfn.publish.partition import rows
from readmodel_cfn.publish.partition.results import CommitResult, PartitionResult, Removed
from readmodel_cfn.publish.release import multipart
from readmodel_cfn.publish.release.names import check_id
from readmodel_cfn.publish.results import Fault, InvalidDocuments, Sent
from readmodel_cfn.template.routes import Route
from readmodel_cfn.threads import Watch
from release_scene import LIVE, PREVIEW, Scene, numbered, stored

PARTS = 3
PROCESS = Path(__file__).parents[1] / "partition_process.py"
ROUTES = (Route("p/{id}", "p/{id}.json"),)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr(upload, "_SHARED_PAUSE", 0.001)


@pytest.fixture
def scene() -> Iterator[Scene]:
    with memory_s3() as s3:
        yield Scene(s3)


def one(scene: Scene, documents: Any, part: int = 0, **options: Any) -> PartitionResult:
    """Publish one partition of release r."""
    place = {"part": part, "parts": PARTS, "release": "r", "settings": scene.settings}
    return publish_partition(documents, scene.destination, **{**place, **options})


def every(scene: Scene, documents: dict[str, object], **options: Any) -> list[PartitionResult]:
    """Publish all partitions of the documents."""
    parts = options.get("parts", PARTS)
    return [one(scene, of_part(documents, part, parts), part, **options) for part in range(parts)]


def committed(scene: Scene, results: Any, **options: Any) -> CommitResult:
    """Commit, and make the release live."""
    options.setdefault("activation", lambda: scene.activation)
    return commit(results, scene.destination, **options)


def keys_of(part: int, count: int) -> list[str]:
    """So many keys of a partition."""
    keys = (f"p/{number:05}.json" for number in range(100_000))
    found = (key for key in keys if partition_of(key, PARTS) == part)
    return [next(found) for _ in range(count)]


# The release.


def test_partitions_are_one_release_that_is_live(scene: Scene) -> None:
    documents = numbered(40)
    done = committed(scene, every(scene, documents))
    assert (done.release, done.documents, done.parts, done.stage) == ("r", 40, PARTS, LIVE)
    assert scene.served() == stored(documents)
    assert scene.manifest("r").keys() == documents.keys()
    headers = scene.s3.objects["releases/r/p/0001.json"].headers
    assert headers["x-amz-meta-release"] == "r"
    assert headers["content-type"] == "application/json"


def test_nothing_is_complete_before_the_commit(scene: Scene) -> None:
    scene.publish(numbered(5), release="old")
    every(scene, numbered(9))
    assert scene.served() == stored(numbered(5))
    assert [(each.release, each.complete) for each in scene.releases()] == [
        ("r", False),
        ("old", True),
    ]


def test_release_is_listed_rolled_back_and_pruned_like_any_other(scene: Scene) -> None:
    scene.publish(numbered(5), release="old")
    committed(scene, every(scene, numbered(9)))
    (live, old) = scene.releases()
    assert (live.release, live.live, live.documents) == ("r", True, 9)
    assert (old.release, old.previous) == ("old", True)
    assert scene.activation.rollback().release == "old"
    assert scene.activate("r").release == "r"
    scene.publish(numbered(6), release="three")
    scene.publish(numbered(7), release="four")
    assert set(scene.prune(keep=1).deleted) == {"r", "old"}
    assert not [key for key in scene.s3.objects if key.startswith(("releases/r", "releases/old"))]


def test_lists_of_partitions_belong_to_their_release(scene: Scene) -> None:
    committed(scene, every(scene, numbered(9)))
    lists = [key for key in scene.s3.objects if key.startswith("releases/r.parts/")]
    assert len(lists) == PARTS
    names = scene.store.names()
    assert names.every == {"r"}
    assert all(names.has(key) for key in lists)
    with pytest.raises(ConfigError):
        check_id("r.parts")


def test_next_release_copies_what_partitions_have_published(scene: Scene) -> None:
    committed(scene, every(scene, numbered(9)))
    done = scene.publish(numbered(9, version=2, changed=2))
    assert (done.sent, done.copied, done.based_on) == (2, 7, "r")


def test_commit_counts_what_differs_from_the_live_release(scene: Scene) -> None:
    scene.publish({**numbered(10), "gone/1.json": 1, "gone/2.json": 2})
    reported: list[Any] = []
    results = every(scene, numbered(12, version=2, changed=3))
    done = committed(scene, results, on_progress=reported.append)
    counts = (done.added, done.changed, done.unchanged, done.removed)
    assert counts == (2, 3, 7, 2)
    assert done.removed_keys == ("gone/1.json", "gone/2.json")
    assert [each.key for each in reported if isinstance(each, Removed)] == list(done.removed_keys)
    assert not [name for name in scene.s3.names("GET") if name.startswith("GET releases/r/")]


def test_release_is_activated_on_another_stage_only(scene: Scene) -> None:
    scene.publish(numbered(5), release="old")
    done = committed(scene, every(scene, numbered(9)), stage=PREVIEW)
    assert done.stage == PREVIEW
    assert scene.stages.variables == {LIVE: "old", PREVIEW: "r"}


def test_commit_without_stages_completes_the_release(scene: Scene) -> None:
    done = committed(scene, every(scene, numbered(9)), activation=None)
    assert done.stage is None
    assert scene.stages.variables[LIVE] is None
    assert scene.activate("r").documents == 9


def test_compressed_documents_are_those_of_a_release(scene: Scene) -> None:
    scene.settings = Settings(gzip=True)
    committed(scene, every(scene, numbered(9)))
    other = scene.publish(numbered(9), force=True)
    assert scene.manifest("r") == scene.manifest(other.release)


def test_etags_that_are_not_md5s_are_in_the_manifest(scene: Scene) -> None:
    scene.s3.kms = True
    results = every(scene, numbered(9))
    again = every(scene, numbered(9))
    assert [each.digest for each in again] == [each.digest for each in results]
    committed(scene, results)
    assert scene.manifest("r") == {
        key: scene.s3.objects[f"releases/r/{key}"].etag for key in numbered(9)
    }


def test_large_manifest_and_lists_are_put_in_parts(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart, "ONE_PUT", 200)
    monkeypatch.setattr(multipart, "_PART", 300)
    monkeypatch.setattr(module, "_IN_MEMORY", 50)
    documents = numbered(60)
    results = every(scene, documents)
    for _ in range(2):  # the second time it exists
        committed(scene, results)
    assert scene.served() == stored(documents)
    assert list(scene.manifest("r")) == sorted(documents)
    assert scene.s3.parts == {}
    assert scene.s3.names("PUT").count("PUT releases/r.json") > 2
    header = scene.store.header("r")
    assert header
    with pytest.raises(LostRace):
        scene.store.put_manifest(replace(header, digest="other"), [])


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_manifest_is_that_of_a_release_of_the_same_documents(
    scene: Scene, data: st.DataObject
) -> None:
    """Whatever the number of partitions, their order, and which of them run again."""
    keys = st.from_regex(r"[a-c]{1,2}/[0-9._-]{0,2}x", fullmatch=True)
    values = st.integers() | st.text(max_size=3) | st.none()
    documents: dict[str, object] = data.draw(st.dictionaries(keys, values, min_size=1, max_size=12))
    parts = data.draw(st.integers(1, 5))
    order = data.draw(st.permutations(range(parts)))
    again = data.draw(st.lists(st.integers(0, parts - 1), max_size=3))
    names = [f"r{len(scene.s3.asked)}", f"s{len(scene.s3.asked)}"]
    results = []
    for part in (*order, *again):
        pairs = list(of_part(documents, part, parts).items())
        pairs = data.draw(st.permutations(pairs))
        results.append(one(scene, pairs, part, parts=parts, release=names[0]))
    committed(scene, results, activation=None)
    scene.publish(documents, release=names[1], live=False, force=True)
    ours, theirs = (scene.store.header(name) for name in names)
    assert ours
    assert theirs
    assert (ours.digest, ours.documents, ours.bytes) == (
        theirs.digest,
        theirs.documents,
        theirs.bytes,
    )
    assert list(scene.manifest(names[0]).items()) == list(scene.manifest(names[1]).items())


# A partition that runs again.


def test_partition_that_runs_twice_has_the_same_result(scene: Scene) -> None:
    results = every(scene, numbered(30))
    again = every(scene, numbered(30))
    assert [each.digest for each in again] == [each.digest for each in results]
    done = committed(scene, [*results, *reversed(again)])
    assert (done.documents, len(scene.manifest("r"))) == (30, 30)


def test_partition_that_runs_at_the_same_time_has_the_same_result(scene: Scene) -> None:
    documents = numbered(60)
    with ThreadPoolExecutor(2 * PARTS) as pool:
        runs = [
            pool.submit(one, scene, of_part(documents, part, PARTS), part)
            for part in [*range(PARTS), *range(PARTS)]
        ]
    done = committed(scene, [run.result() for run in runs])
    assert done.documents == 60
    assert scene.served() == stored(documents)
    assert scene.manifest("r").keys() == documents.keys()


def test_partition_may_run_again_after_the_commit_and_stores_nothing(scene: Scene) -> None:
    results = every(scene, numbered(30))
    committed(scene, results)
    before = len(scene.s3.names("PUT"))
    again = every(scene, numbered(30))
    assert [each.digest for each in again] == [each.digest for each in results]
    assert [each.sent for each in again] == [0] * PARTS
    assert len(scene.s3.names("PUT")) == before
    assert committed(scene, again).documents == 30


def test_complete_release_never_changes(scene: Scene) -> None:
    committed(scene, every(scene, numbered(30)))
    before = dict(scene.s3.objects)
    with pytest.raises(LostRace):
        every(scene, numbered(30, version=2))
    assert scene.s3.objects == before


def test_release_that_was_started_for_other_documents_is_a_conflict(scene: Scene) -> None:
    one(scene, {}, 0, parts=PARTS + 1)
    with pytest.raises(LostRace):
        one(scene, {})
    with pytest.raises(LostRace):
        scene.publish(numbered(3), release="r")


def test_partition_killed_at_a_request_is_run_again(scene: Scene) -> None:
    """S3 carries out the request at which it dies, or does not."""
    choose, count, s3 = random.Random(19), 20, scene.s3  # noqa: S311 - the same in every run
    documents = numbered(count)
    publish(s3.url, 0, PARTS, "whole", count)
    requests = len(s3.asked)
    for number in choose.sample(range(1, requests + 1), 5):
        release, first, carried_out = f"at-{number}", len(s3.asked), choose.random() < 0.5
        arguments = [s3.url, "0", str(PARTS), release, str(count)]
        process = subprocess.Popen(
            [sys.executable, str(PROCESS), *arguments], stderr=subprocess.DEVNULL
        )
        dead: list[int] = []

        def kill(asked: int, _: Request) -> Response | None:
            if asked - first == number:  # noqa: B023 - called in this round
                dead.append(asked)  # noqa: B023
                os.kill(process.pid, signal.SIGKILL)  # noqa: B023
                process.wait()  # noqa: B023
                return None if carried_out else error(500, "InternalError")  # noqa: B023
            return error(500, "InternalError") if dead else None  # noqa: B023

        s3.faults = kill
        process.wait()
        s3.faults = lambda *_: None
        assert dead
        results = every(scene, documents, release=release)
        assert committed(scene, results).documents == count
        assert scene.served() == stored(documents)
        assert scene.manifest(release).keys() == documents.keys()


def test_commit_that_failed_is_run_again(scene: Scene) -> None:
    scene.publish(numbered(5), release="old")
    results = every(scene, numbered(30))
    before = len(scene.s3.asked)
    committed(scene, results, activation=None)
    requests = len(scene.s3.asked) - before
    for number in range(1, requests + 1):
        release = f"at-{number}"
        results = every(scene, numbered(30), release=release)
        first = len(scene.s3.asked)
        scene.s3.faults = lambda asked, _: (
            error(403, "AccessDenied") if asked - first == number else None  # noqa: B023
        )
        with suppress(ReadModelError):
            committed(scene, results, activation=None)
        scene.s3.faults = lambda *_: None
        committed(scene, results, activation=None)
        assert scene.manifest(release) == scene.manifest("r")
        assert scene.served() == stored(numbered(5))


# What the commit refuses.


def test_missing_partition_is_named_and_nothing_is_complete(scene: Scene) -> None:
    results = every(scene, numbered(30))
    with pytest.raises(Unfinished, match="partition 1"):
        committed(scene, [results[0], results[2], results[0]])
    assert scene.store.header("r") is None
    with pytest.raises(ConfigError):
        committed(scene, [])


def test_partition_that_was_published_with_other_documents_is_refused(scene: Scene) -> None:
    results = every(scene, numbered(30))
    other = one(scene, of_part(numbered(30, version=2), 0, PARTS))
    with pytest.raises(ConfigError, match="partition 0"):
        committed(scene, [*results, other])
    assert scene.store.header("r") is None


@pytest.mark.parametrize(
    "other",
    [{"parts": 4, "part": 3}, {"release": "s"}, {"settings": Settings("max-age=1")}],
    ids=["parts", "release", "settings"],
)
def test_results_of_different_sets_are_refused(scene: Scene, other: dict[str, Any]) -> None:
    results = every(scene, numbered(30))
    strange = one(scene, {}, **{"part": 0, "release": "t", **other})
    with pytest.raises(ConfigError):
        committed(scene, [*results, strange])
    with pytest.raises(ConfigError):
        committed(scene, results, release="another")


def test_list_that_is_gone_or_was_changed_is_refused(scene: Scene) -> None:
    results = every(scene, numbered(30))
    (key, *_) = (key for key in scene.s3.objects if ".parts/" in key)
    before = scene.s3.body(key)
    for body in (before[: len(before) // 2], before + before, b"\n", b"x"):
        scene.s3.put(key, body)
        with pytest.raises(ReadModelError):
            committed(scene, results)
    scene.s3.delete(key)
    with pytest.raises(Unfinished):
        committed(scene, results)
    assert scene.store.header("r") is None
    scene.s3.put(key, before)
    assert committed(scene, results).documents == 30


def test_set_without_documents_is_refused(scene: Scene) -> None:
    with pytest.raises(ConfigError):
        committed(scene, every(scene, {}))


def test_partition_may_be_empty(scene: Scene) -> None:
    documents: dict[str, object] = dict.fromkeys(keys_of(1, 3), 1)
    assert committed(scene, every(scene, documents)).documents == 3


def test_release_that_was_activated_meanwhile_stays_live(scene: Scene) -> None:
    results = every(scene, numbered(9))
    scene.publish(numbered(5), release="old")
    other: list[Any] = []

    def meanwhile(_: int, request: Request) -> Response | None:
        if request.name == "PUT releases/r.json" and not other:
            other.append(scene.publish(numbered(6), release="other"))
        return None

    scene.s3.faults = meanwhile
    with pytest.raises(LostRace):
        committed(scene, results)
    assert scene.served() == stored(numbered(6))
    assert scene.activate("r").documents == 9


def test_release_that_is_being_deleted_is_not_continued(scene: Scene) -> None:
    results = every(scene, numbered(9))
    scene.store.begin_deletion("r")
    with pytest.raises(Unfinished):
        one(scene, {})
    with pytest.raises(Unfinished):
        committed(scene, results)


# What is wrong with a document.


def faults_of(scene: Scene, documents: Any, **options: Any) -> dict[str, str]:
    """Publish partition 0: what is wrong, by key. The commit refuses it."""
    others = [one(scene, {}, part) for part in (1, 2)]
    found = one(scene, documents, **options)
    assert found.invalid == len(found.faults)
    with pytest.raises(InvalidDocuments) as refused:
        committed(scene, [found, *others])
    assert refused.value.count == found.invalid
    assert scene.store.header("r") is None
    return {fault.source: fault.what for fault in found.faults}


def test_key_of_another_partition_is_a_fault(scene: Scene) -> None:
    (own,), (foreign,) = keys_of(0, 1), keys_of(1, 1)
    assert faults_of(scene, {own: 1, foreign: 1}).keys() == {foreign}
    assert f"releases/r/{foreign}" not in scene.s3.objects


@pytest.mark.parametrize(
    "value",
    [b"{", float("nan"), object(), b"\xef\xbb\xbf{}", b'"' + b"x" * MAX_BYTES + b'"'],
    ids=["not JSON", "NaN", "no JSON value", "byte order mark", "too large"],
)
def test_invalid_document_is_a_fault_and_the_others_are_sent(scene: Scene, value: object) -> None:
    good, bad, last = keys_of(0, 3)
    assert faults_of(scene, {good: 1, bad: value, last: 2}).keys() == {bad}
    assert scene.documents("r").keys() == {good, last}


def test_key_that_no_route_serves_is_a_fault(scene: Scene) -> None:
    (own,) = keys_of(0, 1)
    other = next(f"q/{n}.json" for n in range(99) if partition_of(f"q/{n}.json", PARTS) == 0)
    assert faults_of(scene, {own: 1, other: 1, "a b": 1}, routes=ROUTES).keys() == {other, "a b"}


def test_key_with_two_documents_is_a_fault(scene: Scene) -> None:
    """Which of them is the last depends on the engine, and on a run that is killed."""
    near, far, *others = keys_of(0, 600)
    rest = [(key, 1) for key in others]
    pairs = [(near, 1), (near, 2), (far, 1), *rest, (far, 2)]
    assert faults_of(scene, pairs).keys() == {near, far}


def test_document_that_a_partition_has_twice_counts_once(scene: Scene) -> None:
    keys = keys_of(0, 600)
    pairs = [(key, 1) for key in [keys[0], *keys, keys[0]]]
    done = committed(scene, [one(scene, pairs), one(scene, {}, 1), one(scene, {}, 2)])
    assert (done.documents, len(scene.manifest("r"))) == (600, 600)


def test_excluded_documents_are_passed_over(scene: Scene) -> None:
    own, excluded = keys_of(0, 2)
    done = one(scene, {own: 1, excluded: b"{", ".hidden": 1}, exclude=[excluded])
    assert (done.documents, done.passed_over, done.invalid) == (1, 2, 0)


def test_result_names_at_most_100_faults(scene: Scene) -> None:
    done = one(scene, dict.fromkeys(keys_of(0, 150), b"{"))
    assert (done.invalid, len(done.faults), done.documents) == (150, 100, 0)
    assert len(pickle.dumps(done)) < 20_000


def test_each_document_and_fault_is_reported(scene: Scene) -> None:
    good, bad = keys_of(0, 2)
    reported: list[Any] = []
    one(scene, {good: 1, bad: b"{"}, on_progress=reported.append)
    assert {each.key for each in reported if isinstance(each, Sent)} == {good}
    assert {each.source for each in reported if isinstance(each, Fault)} == {bad}


@pytest.mark.parametrize(
    "options",
    [
        {"part": -1},
        {"part": PARTS},
        {"parts": 0, "part": 0},
        {"parts": 100_000},
        {"workers": 0},
        {"part": "0"},
        {"release": "a/b"},
        {"release": "x.parts"},
        {"release": ""},
    ],
    ids=str,
)
def test_wrong_argument_is_refused_before_s3_is_called(
    scene: Scene, options: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError):
        one(scene, {}, **options)
    assert scene.s3.asked == []


def test_directory_of_temporary_files_that_is_missing_is_refused_before_s3_is_called(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    with pytest.raises(ReadModelError) as refused:
        one(scene, {keys_of(0, 1)[0]: 1})
    assert refused.value.where == str(tmp_path / "none")
    assert scene.s3.asked == []


@pytest.mark.parametrize("documents", [["a.json"], [("a.json", 1, 2)], [(1, 1)], [None]])
def test_what_is_no_pair_is_a_type_error(scene: Scene, documents: Any) -> None:
    with pytest.raises(TypeError):
        one(scene, documents)


# Without releases.


def test_partition_without_a_release_publishes_to_the_keys(scene: Scene) -> None:
    documents = numbered(30)
    results = every(scene, documents, release=None)
    assert {key: kept.body for key, kept in scene.s3.objects.items()} == stored(documents)
    before = len(scene.s3.asked)
    done = committed(scene, [*results, results[0]], activation=None)
    assert (done.release, done.documents, done.removed, done.stage) == (None, 30, 0, None)
    assert len(scene.s3.asked) == before
    with pytest.raises(Unfinished):
        committed(scene, results[1:], activation=None)
    with pytest.raises(ConfigError):
        committed(scene, results)


# Workers.


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arguments_result_and_errors_can_be_pickled(scene: Scene, protocol: int) -> None:
    def sent(value: Any) -> Any:
        return pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - made here

    options = {
        "destination": scene.destination,
        "settings": Settings(gzip=True),
        "routes": ROUTES,
        "exclude": ("x",),
        "release": "r",
    }
    good, bad = keys_of(0, 2)
    done = sent(publish_partition)({good: 1, bad: b"{"}, part=0, parts=PARTS, **sent(options))
    assert (done.documents, done.invalid) == (1, 1)
    assert sent(done) == done
    others = [one(scene, {}, part, settings=Settings(gzip=True)) for part in (1, 2)]
    with pytest.raises(InvalidDocuments) as refused:
        committed(scene, sent([done, *others]))
    assert str(sent(refused.value)) == str(refused.value)
    with pytest.raises(Unfinished) as unfinished:
        committed(scene, others)
    assert str(sent(unfinished.value)) == str(unfinished.value)


class Forgetful:
    """A bucket that forgets what it gets."""

    def __init__(self, _: Any) -> None:
        self.watch = Watch(120)

    def put(self, key: str, body: bytes, headers: Any, create: bool) -> str:
        assert key
        assert headers
        assert not create
        return hashlib.md5(body, usedforsecurity=False).hexdigest()


def test_memory_does_not_grow_with_the_documents(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "Objects", Forgetful)
    monkeypatch.setattr(rows, "_IN_MEMORY", 500)
    monkeypatch.setattr(rows, "_READ_AHEAD", 1 << 20)
    count, size = 6000, 10_000  # 60 MB

    def documents() -> Iterator[tuple[str, object]]:
        return ((f"p/{number:05}.json", "x" * size) for number in range(count))

    def run() -> PartitionResult:
        return publish_partition(documents(), scene.destination, part=0, parts=1)

    run()
    tracemalloc.start()
    try:
        done = run()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done.documents == count
    assert peak < 12 << 20  # 256 documents in progress, as values and as bytes


def test_all_documents_are_stored_if_s3_refuses_each_once(scene: Scene) -> None:
    """The number of requests does not depend on time."""
    refused: set[str] = set()

    def refuse(_: int, request: Request) -> Response | None:
        if request.key.startswith("releases/r/") and request.key not in refused:
            refused.add(request.key)
            return error(503, "SlowDown")
        return None

    scene.s3.faults = refuse
    documents = numbered(90)
    committed(scene, every(scene, documents, workers=2))
    assert scene.served() == stored(documents)
    puts = [name for name in scene.s3.names("PUT") if name.startswith("PUT releases/r/")]
    assert len(puts) == 180


def test_document_that_s3_never_takes_ends_the_run(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload, "_MOST_ATTEMPTS", 40)
    first, *rest = keys_of(0, 60)
    scene.s3.faults = lambda _, request: (
        error(503, "SlowDown") if request.key.endswith(first) else None
    )
    with pytest.raises(Unfinished):
        one(scene, dict.fromkeys([*rest, first], 1), workers=2)
    assert scene.store.header("r") is None
    tries = [name for name in scene.s3.names("PUT") if name.endswith(first)]
    assert upload._SHARED_ATTEMPTS < len(tries) <= 41
