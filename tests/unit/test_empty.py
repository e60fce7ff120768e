"""Emptying a bucket: all of it, in parallel, with patience, and never longer than it should."""

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from readmodel_cfn.aws.errors import UnreadableAnswer
from readmodel_cfn.errors import Stuck, Unfinished
from readmodel_cfn.publish.empty import Content, empty, look, remove
from readmodel_cfn.publish.parallel import in_parallel

PATIENCE = 10  # seconds, for threads that wait for each other
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
        """Each page goes on where the last one ended, whatever is deleted by then."""
        if not self.there:
            raise refusal("NoSuchBucket", 404)
        place: Version = ("", "")
        while True:
            with self.lock:
                rest = sorted(one for one in self.entries if one > place)
            found, more = rest[: self.page], len(rest) > self.page
            self.listed += len(found)
            yield self._page(found, more)
            if not more:
                return
            place = found[-1]

    def _page(self, found: list[Version], more: bool) -> dict[str, Any]:
        entries = [(one, {"Key": one[0], "VersionId": one[1]}) for one in found]
        versions = [{**told, "Size": 7} for one, told in entries if not self.entries.get(one)]
        markers = [told for one, told in entries if self.entries.get(one)]
        return {"IsTruncated": more, "Versions": versions, "DeleteMarkers": markers}

    def delete_objects(self, Delete: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803
        assert Delete["Quiet"]
        batch = Delete["Objects"]
        errors = self.answer(batch)
        kept = {one["Key"] for one in errors}
        with self.lock:
            self.batches.append(batch)
            for one in batch:
                if one["Key"] not in kept:
                    self.entries.pop((one["Key"], one["VersionId"]), None)
        return {"Errors": errors} if errors else {}

    def delete_bucket(self, **_: Any) -> None:
        if self.entries:
            raise refusal("BucketNotEmpty", 409)
        self.there = False


def many(count: int) -> list[Version]:
    return [(f"k{number:06}", "1") for number in range(count)]


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that are made, without making them."""
    made: list[float] = []
    monkeypatch.setattr("readmodel_cfn.publish.empty.time.sleep", made.append)
    return made


def test_versions_and_delete_markers_of_all_pages_go_and_the_progress_is_told() -> None:
    bucket = Bucket(*many(2500), markers=(("gone", "2"), ("k000000", "2")))
    told: list[int] = []
    assert empty(bucket, "b", told.append) == 2502
    assert bucket.entries == {}
    assert told == sorted(set(told))
    assert told[-1] == 2502
    assert max(map(len, bucket.batches)) == 1000


def test_four_batches_go_at_once_while_the_listing_goes_on() -> None:
    """The first four wait for each other."""
    bucket = Bucket(*many(6000))
    together, calls = threading.Barrier(4), itertools.count()

    def wait(_: object) -> list[dict[str, str]]:
        if next(calls) < 4:
            together.wait(PATIENCE)
        return []

    bucket.answer = wait
    assert empty(bucket, "b") == 6000


def test_the_listing_is_never_far_ahead_so_that_memory_is_bounded() -> None:
    bucket = Bucket(*many(300))
    bucket.page = 1
    ahead = Counter[int]()

    def count(_: object) -> list[dict[str, str]]:
        ahead[bucket.listed - len(bucket.batches)] += 1
        return []

    bucket.answer = count
    assert empty(bucket, "b") == 300
    assert max(ahead) <= 2 * 4


def test_an_empty_bucket_and_none_at_all_need_no_deletion() -> None:
    bucket = Bucket()
    assert empty(bucket, "b") == 0
    bucket.there = False
    assert empty(bucket, "b") == 0
    assert remove(bucket, "b") == 0
    assert bucket.batches == []


def test_keys_that_s3_is_too_busy_for_are_tried_again_and_no_others(pauses: list[float]) -> None:
    bucket = Bucket(("a", "1"), ("b", "1"), ("b", "2"), ("c", "1"))
    answers = [[error("b", "SlowDown")], [error("b", "InternalError")], []]
    bucket.answer = lambda _: answers.pop(0)
    assert empty(bucket, "b") == 4
    assert bucket.entries == {}
    tried = [[(one["Key"], one["VersionId"]) for one in batch] for batch in bucket.batches[1:]]
    assert tried == [[("b", "1"), ("b", "2")]] * 2
    assert pauses == [1, 3]


def test_patience_begins_anew_when_it_gets_on(pauses: list[float]) -> None:
    bucket = Bucket(*many(5))
    bucket.answer = lambda batch: [error(one["Key"], "SlowDown") for one in batch[1:]]
    assert empty(bucket, "b") == 5
    assert pauses == [1, 1, 1, 1]


def test_a_busy_answer_that_names_no_key_has_all_of_them_tried_again() -> None:
    bucket = Bucket(*many(2))
    answers = [[{"Code": "ServiceUnavailable"}], []]
    bucket.answer = lambda _: answers.pop(0) and [error("", "ServiceUnavailable")]
    assert empty(bucket, "b") == 2
    assert [len(batch) for batch in bucket.batches] == [2, 2]


def test_s3_that_stays_busy_leaves_it_unfinished(pauses: list[float]) -> None:
    bucket = Bucket(("a", "1"))
    bucket.answer = lambda _: [error("a", "SlowDown")]
    with pytest.raises(Unfinished) as told:
        empty(bucket, "b")
    assert str(told.value) == (
        "b: S3 deletes no more for now: why SlowDown; run the same command again: it goes on"
    )
    assert pauses == [1, 3, 9]


@pytest.mark.parametrize("trouble", [refusal("SlowDown", 503), UnreadableAnswer("DeleteObjects")])
def test_a_call_that_fails_by_a_passing_trouble_is_made_again(trouble: Exception) -> None:
    bucket = Bucket(*many(3))
    troubles = [trouble]

    def answer(_: object) -> list[dict[str, str]]:
        if troubles:
            raise troubles.pop()
        return []

    bucket.answer = answer
    assert empty(bucket, "b") == 3


def test_a_call_that_is_refused_is_not(pauses: list[float]) -> None:
    def answer(_: object) -> list[dict[str, str]]:
        raise refusal("AccessDenied", 403)

    bucket = Bucket(*many(3))
    bucket.answer = answer
    with pytest.raises(ClientError, match="AccessDenied"):
        empty(bucket, "b")
    assert pauses == []


def test_what_s3_refuses_is_named_with_the_number_of_others() -> None:
    bucket = Bucket(*many(3))
    bucket.answer = lambda batch: [error(one["Key"], "AccessDenied") for one in batch[1:]]
    with pytest.raises(Stuck) as told:
        empty(bucket, "b")
    line = str(told.value)
    assert line.startswith("b/k000001: not deleted (and 1 more): AccessDenied why AccessDenied; ")
    assert line.endswith("run the same command again")


def test_after_a_refusal_no_further_batch_is_begun() -> None:
    bucket = Bucket(*many(400))
    bucket.page = 1
    bucket.answer = lambda batch: [error(batch[0]["Key"], "AccessDenied")]
    with pytest.raises(Stuck):
        empty(bucket, "b")
    assert len(bucket.batches) < 20


def test_what_is_written_meanwhile_goes_too() -> None:
    bucket = Bucket(*many(3))
    written = [("late", "1"), ("later", "1")]

    def write(_: object) -> list[dict[str, str]]:
        if written:
            bucket.entries[written.pop()] = False
        return []

    bucket.answer = write
    assert remove(bucket, "b") == 5
    assert not bucket.there


def test_a_writer_that_does_not_stop_is_named_as_what_to_stop() -> None:
    bucket = Bucket(("a", "0"))
    numbers = iter(range(1, 1000))

    def write(_: object) -> list[dict[str, str]]:
        bucket.entries[("a", str(next(numbers)))] = False
        return []

    bucket.answer = write
    with pytest.raises(Stuck, match="somebody goes on writing; stop what writes to it and run"):
        empty(bucket, "b")
    assert next(numbers) < 20


def test_a_bucket_that_is_not_empty_after_all_is_emptied_again(
    monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    bucket = Bucket(*many(2))
    deleted, late = bucket.delete_bucket, [("late", "1")]

    def delete_bucket(**more: Any) -> None:
        if late:
            bucket.entries[late.pop()] = False
        deleted(**more)

    monkeypatch.setattr(bucket, "delete_bucket", delete_bucket)
    told: list[int] = []
    assert remove(bucket, "b", told.append) == 3
    assert told == [2, 3]
    assert pauses == [1]


def test_a_bucket_that_never_stays_empty_is_stuck_and_one_that_is_denied_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(code: str) -> None:
        def delete_bucket(**_: Any) -> None:
            raise refusal(code, 409)

        monkeypatch.setattr(bucket, "delete_bucket", delete_bucket)

    bucket = Bucket()
    refuse("BucketNotEmpty")
    with pytest.raises(Stuck, match="does not stay empty"):
        remove(bucket, "b")
    refuse("AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        remove(bucket, "b")


def test_a_listing_that_loses_its_place_is_begun_anew_for_as_long_as_it_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As an emulator's does, where the version that a page ended with is deleted by then."""
    bucket = Bucket(*many(12_000))

    def first_page(**_: Any) -> Iterator[dict[str, Any]]:
        yield bucket._page(sorted(bucket.entries)[:1000], False)

    monkeypatch.setattr(bucket, "paginate", first_page)
    assert empty(bucket, "b") == 12_000


def test_an_answer_that_is_no_listing_is_not_an_empty_bucket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = Bucket()
    monkeypatch.setattr(bucket, "paginate", lambda **_: iter([{}]))
    for read in (look, empty):
        with pytest.raises(UnreadableAnswer):
            read(bucket, "b")


def test_a_look_tells_what_one_page_tells() -> None:
    bucket = Bucket(*many(3), markers=(("gone", "1"),))
    assert look(bucket, "b") == Content(versions=4, bytes=21, more=False)
    bucket.page = 2
    assert look(bucket, "b") == Content(versions=2, bytes=7, more=True)
    bucket.there = False
    assert look(bucket, "b") is None


def test_an_interruption_waits_for_no_call_that_is_under_way() -> None:
    """Were it to wait, this test would."""
    bucket, release = Bucket(*many(2000)), threading.Event()
    before = set(threading.enumerate())

    def hang(_: object) -> list[dict[str, str]]:
        release.wait(PATIENCE)
        return []

    def interrupted(**_: Any) -> Iterator[dict[str, Any]]:
        yield bucket._page(sorted(bucket.entries)[:1000], True)
        raise KeyboardInterrupt

    bucket.answer = hang
    bucket.paginate = interrupted  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        empty(bucket, "b")
    assert bucket.batches == []
    assert all(one.daemon for one in set(threading.enumerate()) - before)
    release.set()


def test_work_in_parallel_gives_all_and_raises_what_goes_wrong() -> None:
    assert sorted(in_parallel(lambda n: n * n, range(50), 3)) == [n * n for n in range(50)]
    assert list(in_parallel(str, [], 3)) == []
    with pytest.raises(ZeroDivisionError):
        list(in_parallel(lambda n: 1 // n, [0], 3))


def test_pieces_are_taken_only_when_there_is_room() -> None:
    taken: list[int] = []

    def pieces() -> Iterator[int]:
        for number in range(100):
            taken.append(number)
            yield number

    work = in_parallel(str, pieces(), 2)
    next(work)
    assert len(taken) == 4
    work.close()
    assert len(taken) == 4


def test_a_piece_that_waits_for_its_turn_is_not_begun_when_the_caller_stops() -> None:
    """Two are being worked on, and the third waits for either."""
    begun: list[int] = []
    both, release, third = threading.Barrier(3), threading.Event(), threading.Event()

    def wait(number: int) -> None:
        begun.append(number)
        if number == 2:
            third.set()
        both.wait(PATIENCE)
        release.wait(PATIENCE)

    def pieces() -> Iterator[int]:
        yield from range(3)
        both.wait(PATIENCE)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(in_parallel(wait, pieces(), 2))
    release.set()
    assert not third.wait(0.2)
    assert sorted(begun) == [0, 1]
