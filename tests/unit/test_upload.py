"""Sending of documents: concurrency, retries and interruption."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from fake_objects import THEN, FakeObjects, Kept
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.publish import upload as module
from readmodel_cfn.publish.documents import Document, Settings
from readmodel_cfn.publish.object_errors import Busy
from readmodel_cfn.publish.results import Lost, Outcome, Sent
from readmodel_cfn.publish.upload import FIRST_LIMIT, MAX_REQUESTS, Pace, Stopped, Uploader


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES", (0.001,) * 5)


def documents(count: int) -> list[Document]:
    return [Document(f"{n}.json", b"%d" % n, f"{n}.json") for n in range(count)]


def sending(objects: FakeObjects, *, create_only: bool = False) -> Uploader:
    return Uploader(objects, Settings(), create_only=create_only)  # type: ignore[arg-type]


def send(uploader: Uploader, count: int) -> list[Outcome]:
    outcomes: list[Outcome] = []
    uploader.send(documents(count), lambda document: document, outcomes.append)
    return outcomes


class Moody:
    """Raises Busy for the first tries of each key."""

    def __init__(self, times: int) -> None:
        self.times, self.tries = times, Counter[str]()

    def __call__(self, key: str) -> None:
        self.tries[key] += 1
        if self.tries[key] <= self.times:
            raise Busy("SlowDown: Please reduce your request rate.", where="AWS PutObject")


def test_each_document_is_sent_and_reported_once() -> None:
    objects = FakeObjects()
    uploader = sending(objects)
    outcomes = send(uploader, 300)
    assert len({each.key for each in outcomes if isinstance(each, Sent)}) == 300
    assert uploader.tally.sent == len(objects.kept) == len(objects.keys_of("put")) == 300
    assert uploader.tally.not_md5 == 0


@pytest.mark.parametrize(("may_be_put", "kind"), [(True, Unfinished), (False, Busy)])
def test_document_whose_responses_were_lost_may_be_stored(
    may_be_put: bool, kind: type[ReadModelError]
) -> None:
    def lose(_: str) -> None:
        lost = Busy("no response", where="AWS PutObject")
        lost.may_be_put = may_be_put
        raise lost

    with pytest.raises(kind):
        send(sending(FakeObjects(before_put=lose)), 1)


def test_throttled_put_is_retried() -> None:
    objects = FakeObjects(before_put=Moody(5))
    uploader = sending(objects)
    send(uploader, 50)
    assert uploader.tally.sent == len(objects.kept) == 50


def test_persistent_throttling_raises_busy() -> None:
    objects = FakeObjects(before_put=Moody(6))
    with pytest.raises(Busy, match="SlowDown") as refused:
        send(sending(objects), 5)
    assert refused.value.exit_code == 1
    assert objects.kept == {}


def test_error_after_some_documents_raises_unfinished_with_their_number() -> None:
    def refuse_late(_: str) -> None:
        if len(objects.kept) >= 100:
            raise ReadModelError("ExpiredToken: no longer", where="AWS PutObject", hint="renew it")

    objects = FakeObjects(before_put=refuse_late)
    with pytest.raises(Unfinished) as ended:
        send(sending(objects), 500)
    assert ended.value.exit_code == 9
    line = str(ended.value)
    assert line.startswith(f"{len(objects.kept)} ")
    assert "AWS PutObject: ExpiredToken" in line


def test_interruption_waits_for_requests_in_progress_and_counts_them() -> None:
    started = threading.Event()

    def slowly(_: str) -> None:
        started.set()
        time.sleep(0.05)

    def pieces() -> Iterator[Document]:
        yield from documents(20)
        started.wait()
        raise KeyboardInterrupt

    objects = FakeObjects(before_put=slowly)
    uploader = sending(objects)
    with pytest.raises(Unfinished) as ended:
        uploader.send(pieces(), lambda document: document)
    assert objects.kept
    assert f" {len(objects.kept)} " in str(ended.value)
    time.sleep(0.1)
    assert uploader.tally.sent == len(objects.kept)


def test_lost_response_is_not_a_conflict() -> None:
    """The second try finds the object of the first."""

    def lose_answer(key: str) -> None:
        if key not in objects.kept:
            objects.kept[key] = kept
            raise Busy("no answer")

    ours = FakeObjects()
    ours.put("0.json", b"0", {}, create=True)
    kept = ours.kept["0.json"]
    objects = FakeObjects(before_put=lose_answer)
    uploader = sending(objects, create_only=True)
    assert [type(each) for each in send(uploader, 1)] == [Sent]
    assert (uploader.tally.sent, uploader.tally.lost) == (1, 0)


def test_lost_response_without_head_permission_is_a_conflict() -> None:
    """A writer with no more than "put" gets no answer to who created it."""

    def lose_answer(key: str) -> None:
        if key == "1.json" and key not in objects.kept:
            objects.kept[key] = Kept(b"1", {}, THEN)
            raise Busy("no answer")

    objects = FakeObjects(frozenset(["head"]), before_put=lose_answer)
    uploader = sending(objects, create_only=True)
    assert Counter(type(each) for each in send(uploader, 3)) == {Sent: 2, Lost: 1}


class Now:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_throttling_halves_the_concurrency_once_per_moment() -> None:
    clock = Now()
    pace = Pace(clock)
    pace.slow_down()
    pace.slow_down()
    assert pace.limit == FIRST_LIMIT / 2
    for _ in range(10):
        clock.now += 1
        pace.slow_down()
    assert pace.limit == 1


def test_successes_raise_the_concurrency_up_to_the_maximum() -> None:
    pace = Pace()
    for _ in range(FIRST_LIMIT + 1):
        with pace:
            pass
    assert FIRST_LIMIT + 0.9 < pace.limit < FIRST_LIMIT + 1.1
    for _ in range(5000):
        with pace:
            pass
    assert pace.limit == MAX_REQUESTS


def test_requests_in_progress_stay_below_the_concurrency() -> None:
    under_way, most, lock, three = 0, 0, threading.Lock(), threading.Event()

    def count(_: str) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
            if most == 3:
                three.set()
        three.wait(60)
        time.sleep(0.01)
        with lock:
            under_way -= 1

    send(sending(FakeObjects(before_put=count)), 150)
    assert 2 < most <= FIRST_LIMIT + 6


def test_pausing_request_does_not_block_waiting_requests() -> None:
    """Otherwise all requests would wait for the pause to end."""
    pace = Pace()
    pace.limit = 1
    paused, gone = threading.Event(), threading.Event()

    def pause() -> None:
        paused.set()
        pace.pause(60)

    def work() -> None:
        with pace:
            gone.set()

    with pace:
        for target in (pause, work):
            threading.Thread(target=target, daemon=True).start()
            paused.wait()
            time.sleep(0.1)
    assert gone.wait(60)
    pace.stop(0)


def test_stop_ends_a_pause() -> None:
    pace = Pace()
    pausing = threading.Thread(target=pace.pause, args=(60,), daemon=True)
    pausing.start()
    pace.stop(0)
    pausing.join(60)
    assert not pausing.is_alive()


def test_stopped_pace_refuses_requests() -> None:
    pace = Pace()
    pace.stop(0)
    with pytest.raises(Stopped), pace:
        pass


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), ReadModelError("refused", where="AWS")])
def test_each_stored_document_is_reported_before_the_error(stop: BaseException) -> None:
    """Also those that were in progress when it was raised."""
    others, stopping = threading.Event(), threading.Event()

    def slowly(key: str) -> None:
        if key != "0.json":
            others.set()
            stopping.wait(20)
        elif isinstance(stop, ReadModelError):
            others.wait(20)
            threading.Timer(0.05, stopping.set).start()
            raise stop

    def pieces() -> Iterator[Document]:
        yield from documents(20)
        if isinstance(stop, KeyboardInterrupt):
            others.wait(20)
            threading.Timer(0.05, stopping.set).start()
            raise stop

    objects, outcomes = FakeObjects(before_put=slowly), list[Outcome]()
    uploader = sending(objects)
    with pytest.raises(Unfinished):
        uploader.send(pieces(), lambda document: document, outcomes.append)
    assert sorted(each.key for each in outcomes if isinstance(each, Sent)) == sorted(objects.kept)
    assert len(outcomes) == uploader.tally.sent > 0


def test_interrupted_report_is_finished_first() -> None:
    outcomes: list[Outcome] = []

    def report(outcome: Outcome) -> None:
        if not outcomes:
            signal.raise_signal(signal.SIGINT)
        outcomes.append(outcome)

    objects = FakeObjects()
    with pytest.raises(Unfinished):
        sending(objects).send(documents(20), lambda document: document, report)
    keys = [each.key for each in outcomes if isinstance(each, Sent)]
    assert sorted(keys) == sorted(objects.kept)


def test_report_that_fails_is_not_repeated() -> None:
    calls: list[Outcome] = []

    def report(outcome: Outcome) -> None:
        calls.append(outcome)
        raise Unfinished("the output is closed")

    with pytest.raises(Unfinished, match="closed"):
        sending(FakeObjects()).send(documents(20), lambda document: document, report)
    assert len(calls) == 1
