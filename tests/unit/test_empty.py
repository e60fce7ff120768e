"""Emptying a bucket."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from facts import missing
from readmodel_cfn.aws.errors import UnreadableResponse
from readmodel_cfn.deploy.empty import Content, content_of, empty, remove
from readmodel_cfn.errors import Stuck, Unfinished

TIMEOUT = 60  # seconds, for threads that wait for each other
Version = tuple[str, str]


def refusal(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "DeleteObjects")


def error(key: str, code: str) -> dict[str, str]:
    return {"Key": key, "Code": code, "Message": f"why {code}"}


class Bucket:
    """A bucket in memory, and its client; a test replaces what it has happen."""

    def __init__(self, *versions: Version, markers: tuple[Version, ...] = ()) -> None:
        self.entries = dict.fromkeys(versions, False) | dict.fromkeys(markers, True)
        self.there, self.page, self.listed, self.batches = True, 1000, 0, list[list[Any]]()
        self.lock = threading.Lock()
        self.answer: Callable[[list[Any]], list[dict[str, str]]] = lambda _: []

    def get_paginator(self, name: str) -> "Bucket":
        assert name == "list_object_versions"
        return self

    def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
        """Each page starts after the last key of the previous one."""
        if not self.there:
            raise refusal("NoSuchBucket", 404)
        place: Version = ("", "")
        while True:
            with self.lock:
                rest = sorted(entry for entry in self.entries if entry > place)
            found, more = rest[: self.page], len(rest) > self.page
            self.listed += len(found)
            yield self._page(found, more)
            if not more:
                return
            place = found[-1]

    def _page(self, found: list[Version], more: bool) -> dict[str, Any]:
        entries = [(entry, {"Key": entry[0], "VersionId": entry[1]}) for entry in found]
        versions = [
            {**printed, "Size": 7} for entry, printed in entries if not self.entries.get(entry)
        ]
        markers = [printed for entry, printed in entries if self.entries.get(entry)]
        return {"IsTruncated": more, "Versions": versions, "DeleteMarkers": markers}

    def delete_objects(self, Delete: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        assert Delete["Quiet"]
        batch = Delete["Objects"]
        errors = self.answer(batch)
        kept = {error["Key"] for error in errors}
        with self.lock:
            self.batches.append(batch)
            for version in batch:
                if version["Key"] not in kept:
                    self.entries.pop((version["Key"], version["VersionId"]), None)
        return {"Errors": errors} if errors else {}

    def delete_bucket(self, **_: Any) -> None:
        if self.entries:
            raise refusal("BucketNotEmpty", 409)
        self.there = False


def many(count: int) -> list[Version]:
    return [(f"k{number:06}", "1") for number in range(count)]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The recorded pauses; nothing sleeps."""
    made: list[float] = []
    for module in ("deploy.empty", "aws.deletion"):
        monkeypatch.setattr(f"readmodel_cfn.{module}.time", SimpleNamespace(sleep=made.append))
    return made


def test_empty_deletes_all_versions_and_delete_markers_and_reports_progress() -> None:
    bucket = Bucket(*many(2500), markers=(("gone", "2"), ("k000000", "2")))
    printed: list[int] = []
    assert empty(bucket, "b", printed.append) == 2502
    assert bucket.entries == {}
    assert printed == sorted(set(printed))
    assert printed[-1] == 2502
    assert max(map(len, bucket.batches)) == 1000


def test_four_batches_are_deleted_in_parallel_with_the_listing() -> None:
    """The first four wait for each other."""
    bucket = Bucket(*many(6000))
    together, calls = threading.Barrier(4), itertools.count()

    def wait(_: object) -> list[dict[str, str]]:
        if next(calls) < 4:
            together.wait(TIMEOUT)
        return []

    bucket.answer = wait
    assert empty(bucket, "b") == 6000


def test_listing_stays_close_to_the_deletion() -> None:
    bucket = Bucket(*many(300))
    bucket.page = 1
    ahead = Counter[int]()

    def count(_: object) -> list[dict[str, str]]:
        ahead[bucket.listed - len(bucket.batches)] += 1
        return []

    bucket.answer = count
    assert empty(bucket, "b") == 300
    assert max(ahead) <= 2 * 4


def test_empty_or_missing_bucket_needs_no_deletion() -> None:
    bucket = Bucket()
    assert empty(bucket, "b") == 0
    bucket.there = False
    assert empty(bucket, "b") == 0
    assert remove(bucket, "b") == 0
    assert bucket.batches == []


def test_only_throttled_keys_are_retried(pauses: list[float]) -> None:
    bucket = Bucket(("a", "1"), ("b", "1"), ("b", "2"), ("c", "1"))
    answers = [[error("b", "SlowDown")], [error("b", "InternalError")], []]
    bucket.answer = lambda _: answers.pop(0)
    assert empty(bucket, "b") == 4
    assert bucket.entries == {}
    tried = [
        [(version["Key"], version["VersionId"]) for version in batch]
        for batch in bucket.batches[1:]
    ]
    assert tried == [[("b", "1"), ("b", "2")]] * 2
    assert pauses == [1, 3]


def test_retry_pauses_restart_after_progress(pauses: list[float]) -> None:
    bucket = Bucket(*many(5))
    bucket.answer = lambda batch: [error(version["Key"], "SlowDown") for version in batch[1:]]
    assert empty(bucket, "b") == 5
    assert pauses == [1, 1, 1, 1]


def test_throttled_response_without_keys_retries_all() -> None:
    bucket = Bucket(*many(2))
    answers = [[{"Code": "ServiceUnavailable"}], []]
    bucket.answer = lambda _: answers.pop(0) and [error("", "ServiceUnavailable")]
    assert empty(bucket, "b") == 2
    assert [len(batch) for batch in bucket.batches] == [2, 2]


def test_persistent_throttling_raises_unfinished(pauses: list[float]) -> None:
    bucket = Bucket(("a", "1"))
    bucket.answer = lambda _: [error("a", "SlowDown")]
    with pytest.raises(Unfinished) as printed:
        empty(bucket, "b")
    assert missing(["b: ", "SlowDown"], printed.value) == []
    assert pauses == [1, 3, 9]


@pytest.mark.parametrize("failure", [refusal("SlowDown", 503), UnreadableResponse("DeleteObjects")])
def test_transient_failure_is_retried(failure: Exception) -> None:
    bucket = Bucket(*many(3))
    failures = [failure]

    def answer(_: object) -> list[dict[str, str]]:
        if failures:
            raise failures.pop()
        return []

    bucket.answer = answer
    assert empty(bucket, "b") == 3


def test_refused_call_is_not_retried(pauses: list[float]) -> None:
    def answer(_: object) -> list[dict[str, str]]:
        raise refusal("AccessDenied", 403)

    bucket = Bucket(*many(3))
    bucket.answer = answer
    with pytest.raises(ClientError, match="AccessDenied"):
        empty(bucket, "b")
    assert pauses == []


def test_refused_key_is_named_with_the_number_of_others() -> None:
    bucket = Bucket(*many(3))
    bucket.answer = lambda batch: [error(version["Key"], "AccessDenied") for version in batch[1:]]
    with pytest.raises(Stuck) as printed:
        empty(bucket, "b")
    line = str(printed.value)
    assert line.startswith("b/k000001: ")
    assert missing(["1 ", "AccessDenied", "why AccessDenied"], line) == []


def test_no_batch_starts_after_a_refusal() -> None:
    bucket = Bucket(*many(400))
    bucket.page = 1
    bucket.answer = lambda batch: [error(batch[0]["Key"], "AccessDenied")]
    with pytest.raises(Stuck):
        empty(bucket, "b")
    assert len(bucket.batches) < 20


def test_versions_written_meanwhile_are_deleted() -> None:
    bucket = Bucket(*many(3))
    written = [("late", "1"), ("later", "1")]

    def write(_: object) -> list[dict[str, str]]:
        if written:
            bucket.entries[written.pop()] = False
        return []

    bucket.answer = write
    assert remove(bucket, "b") == 5
    assert not bucket.there


def test_bucket_that_is_still_written_to_is_stuck() -> None:
    bucket = Bucket(("a", "0"))
    numbers = iter(range(1, 1000))

    def write(_: object) -> list[dict[str, str]]:
        bucket.entries[("a", str(next(numbers)))] = False
        return []

    bucket.answer = write
    with pytest.raises(Stuck, match=r"^b: "):
        empty(bucket, "b")
    assert next(numbers) < 20


def test_bucket_not_empty_on_removal_is_emptied_again(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    bucket = Bucket(*many(2))
    deleted, late = bucket.delete_bucket, [("late", "1")]

    def delete_bucket(**more: Any) -> None:
        if late:
            bucket.entries[late.pop()] = False
        deleted(**more)

    monkeypatch.setattr(bucket, "delete_bucket", delete_bucket)
    printed: list[int] = []
    assert remove(bucket, "b", printed.append) == 3
    assert printed == [2, 3]
    assert pauses == [1]


def test_bucket_that_stays_not_empty_is_stuck_and_access_denied_is_raised(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(code: str) -> None:
        def delete_bucket(**_: Any) -> None:
            raise refusal(code, 409)

        monkeypatch.setattr(bucket, "delete_bucket", delete_bucket)

    bucket = Bucket()
    refuse("BucketNotEmpty")
    with pytest.raises(Stuck, match=r"^b: "):
        remove(bucket, "b")
    refuse("AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        remove(bucket, "b")


def test_listing_with_a_lost_marker_restarts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As an emulator's does, where the version that a page ended with is deleted by then."""
    bucket = Bucket(*many(12_000))

    def first_page(**_: Any) -> Iterator[dict[str, Any]]:
        yield bucket._page(sorted(bucket.entries)[:1000], False)

    monkeypatch.setattr(bucket, "paginate", first_page)
    assert empty(bucket, "b") == 12_000


def test_invalid_listing_response_raises(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = Bucket()
    monkeypatch.setattr(bucket, "paginate", lambda **_: iter([{}]))
    for read in (content_of, empty):
        with pytest.raises(UnreadableResponse):
            read(bucket, "b")


def test_look_counts_one_page() -> None:
    bucket = Bucket(*many(3), markers=(("gone", "1"),))
    assert content_of(bucket, "b") == Content(versions=4, bytes=21, more=False)
    bucket.page = 2
    assert content_of(bucket, "b") == Content(versions=2, bytes=7, more=True)
    bucket.there = False
    assert content_of(bucket, "b") is None


def test_interruption_does_not_wait_for_calls_in_progress() -> None:
    """If it waited, this test would hang."""
    bucket, release = Bucket(*many(2000)), threading.Event()
    before = set(threading.enumerate())

    def hang(_: object) -> list[dict[str, str]]:
        release.wait(TIMEOUT)
        return []

    def interrupted(**_: Any) -> Iterator[dict[str, Any]]:
        yield bucket._page(sorted(bucket.entries)[:1000], True)
        raise KeyboardInterrupt

    bucket.answer = hang
    bucket.paginate = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        empty(bucket, "b")
    assert bucket.batches == []
    assert all(thread.daemon for thread in set(threading.enumerate()) - before)
    release.set()
