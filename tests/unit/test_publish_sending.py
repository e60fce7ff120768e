"""Sending: as many at once as S3 takes, each tried again where that helps, the end told."""

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from fake_objects import THEN, FakeObjects, Kept
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.publish import upload as module
from readmodel_cfn.publish.documents import Document, Settings
from readmodel_cfn.publish.objects import Busy
from readmodel_cfn.publish.results import Lost, Outcome, Sent
from readmodel_cfn.publish.upload import FIRST_LIMIT, MAX_REQUESTS, Pace, Stopped, Uploader


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES", (0.001,) * 5)


def documents(count: int) -> list[Document]:
    return [Document(f"{n}.json", b"%d" % n, f"{n}.json") for n in range(count)]


def sending(objects: FakeObjects, *, create_only: bool = False) -> Uploader:
    return Uploader(objects, Settings(), create_only=create_only)  # type: ignore[arg-type]


def send(one: Uploader, count: int) -> list[Outcome]:
    told: list[Outcome] = []
    one.send(documents(count), lambda document: document, told.append)
    return told


class Moody:
    """Says busy to so many tries of each key."""

    def __init__(self, times: int) -> None:
        self.times, self.tries = times, Counter[str]()

    def __call__(self, key: str) -> None:
        self.tries[key] += 1
        if self.tries[key] <= self.times:
            raise Busy("SlowDown: Please reduce your request rate.", where="AWS PutObject")


def test_each_is_sent_once_and_told_once() -> None:
    objects = FakeObjects()
    one = sending(objects)
    told = send(one, 300)
    assert len({each.key for each in told if isinstance(each, Sent)}) == 300
    assert one.tally.sent == len(objects.kept) == len(objects.keys_of("put")) == 300
    assert one.tally.unlike == 0


def test_what_s3_is_too_busy_for_is_tried_again() -> None:
    objects = FakeObjects(before_put=Moody(5))
    one = sending(objects)
    send(one, 50)
    assert one.tally.sent == len(objects.kept) == 50


def test_in_the_end_patience_ends_and_that_is_one_line() -> None:
    objects = FakeObjects(before_put=Moody(6))
    with pytest.raises(Busy, match="SlowDown") as refused:
        send(sending(objects), 5)
    assert refused.value.exit_code == 1
    assert objects.kept == {}


def test_what_ends_half_way_tells_how_far_it_came() -> None:
    def refuse_late(_: str) -> None:
        if len(objects.kept) >= 100:
            raise ReadModelError("ExpiredToken: no longer", where="AWS PutObject", hint="renew it")

    objects = FakeObjects(before_put=refuse_late)
    with pytest.raises(Unfinished) as ended:
        send(sending(objects), 500)
    assert ended.value.exit_code == 9
    line = str(ended.value)
    assert line.startswith(f"{len(objects.kept)} sent, then AWS PutObject: ExpiredToken")
    assert line.endswith("run it again: only what is missing is sent")


def test_an_interruption_waits_for_what_is_under_way_and_counts_it() -> None:
    begun = threading.Event()

    def slowly(_: str) -> None:
        begun.set()
        time.sleep(0.05)

    def pieces() -> Iterator[Document]:
        yield from documents(20)
        begun.wait()
        raise KeyboardInterrupt

    objects = FakeObjects(before_put=slowly)
    one = sending(objects)
    with pytest.raises(Unfinished) as ended:
        one.send(pieces(), lambda document: document)
    assert objects.kept
    assert str(ended.value).startswith(f"interrupted: {len(objects.kept)} sent")
    time.sleep(0.1)
    assert one.tally.sent == len(objects.kept), "something was sent after it was said"


def test_a_lost_answer_is_not_taken_for_a_lost_race() -> None:
    """The second try meets what the first has created."""

    def lose_answer(key: str) -> None:
        if key not in objects.kept:
            objects.kept[key] = kept
            raise Busy("no answer")

    ours = FakeObjects()
    ours.put("0.json", b"0", {}, create=True)
    kept = ours.kept["0.json"]
    objects = FakeObjects(before_put=lose_answer)
    one = sending(objects, create_only=True)
    assert [type(each) for each in send(one, 1)] == [Sent]
    assert (one.tally.sent, one.tally.lost) == (1, 0)


def test_who_may_not_look_it_up_has_lost_that_one_and_sends_the_others() -> None:
    """A writer with no more than "put" gets no answer to who created it."""

    def lose_answer(key: str) -> None:
        if key == "1.json" and key not in objects.kept:
            objects.kept[key] = Kept(b"1", {}, THEN)
            raise Busy("no answer")

    objects = FakeObjects(frozenset(["head"]), before_put=lose_answer)
    one = sending(objects, create_only=True)
    assert Counter(type(each) for each in send(one, 3)) == {Sent: 2, Lost: 1}


class Now:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_complaints_halve_the_number_at_once_but_not_those_of_one_moment_twice() -> None:
    clock = Now()
    pace = Pace(clock)
    pace.slow_down()
    pace.slow_down()
    assert pace.limit == FIRST_LIMIT / 2
    for _ in range(10):
        clock.now += 1
        pace.slow_down()
    assert pace.limit == 1


def test_successes_raise_it_slowly_up_to_a_limit() -> None:
    pace = Pace()
    for _ in range(FIRST_LIMIT + 1):
        with pace:
            pass
    assert FIRST_LIMIT + 0.9 < pace.limit < FIRST_LIMIT + 1.1
    for _ in range(5000):
        with pace:
            pass
    assert pace.limit == MAX_REQUESTS


def test_no_more_are_under_way_than_the_pace_allows() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def count(_: str) -> None:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with lock:
            under_way -= 1

    send(sending(FakeObjects(before_put=count)), 150)
    assert 2 < most <= FIRST_LIMIT + 6


def test_who_pauses_takes_no_turn_from_who_waits() -> None:
    """Else all wait for the pause to end, while S3 has nothing to do."""
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
        for one in (pause, work):
            threading.Thread(target=one, daemon=True).start()
            paused.wait()
            time.sleep(0.1)
    assert gone.wait(5)
    pace.stop(0)


def test_a_pause_ends_once_it_is_stopped() -> None:
    pace = Pace()
    pausing = threading.Thread(target=pace.pause, args=(60,), daemon=True)
    pausing.start()
    pace.stop(0)
    pausing.join(5)
    assert not pausing.is_alive()


def test_no_turn_is_given_once_it_is_stopped() -> None:
    pace = Pace()
    pace.stop(0)
    with pytest.raises(Stopped), pace:
        pass
