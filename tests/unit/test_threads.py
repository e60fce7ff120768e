"""`map_in_threads`: many small items handled by a few threads; `call_within`: one with a limit."""

import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from queue import SimpleQueue

import pytest

from readmodel_cfn.threads import Stalled, Watch, call_within, map_in_threads


def numbers(count: int, taken: list[int]) -> Iterator[int]:
    for number in range(count):
        taken.append(number)
        yield number


def join_new_threads(before: set[threading.Thread]) -> set[threading.Thread]:
    """Wait for the threads that were started since."""
    new = set(threading.enumerate()) - before
    for thread in new:
        thread.join(60)
    return new


def test_flow_handles_each_item_once() -> None:
    assert sorted(map_in_threads(lambda n: n * 2, range(5000), 8)) == list(range(0, 10_000, 2))


def test_flow_of_no_items_is_empty() -> None:
    assert list(map_in_threads(lambda n: n, [], 8)) == []


def test_flow_takes_only_as_many_items_as_its_threads_need() -> None:
    taken: list[int] = []
    with closing(map_in_threads(lambda n: n, numbers(1000, taken), 4)) as made:
        next(made)
        assert len(taken) <= 16


def test_flow_takes_items_in_the_calling_thread_and_handles_them_in_others() -> None:
    """What they come from may be bound to it, as a cursor of SQLite is."""
    own, taken_in = threading.get_ident(), set[int]()

    def pieces() -> Iterator[int]:
        for number in range(100):
            taken_in.add(threading.get_ident())
            yield number

    assert own not in set(map_in_threads(lambda _: threading.get_ident(), pieces(), 4))
    assert taken_in == {own}


def test_items_with_one_key_are_handled_in_order_and_never_at_the_same_time() -> None:
    in_progress, order, overlaps = Counter[int](), list[int](), list[int]()

    def handle(n: int) -> None:
        in_progress[n % 3] += 1
        if in_progress[n % 3] > 1:
            overlaps.append(n)
        time.sleep(0.001)
        order.append(n)
        in_progress[n % 3] -= 1

    list(map_in_threads(handle, range(60), 8, key=lambda n: n % 3))
    assert overlaps == []
    for rest in range(3):
        assert [n for n in order if n % 3 == rest] == list(range(rest, 60, 3))


def test_flow_starts_no_more_threads_than_items() -> None:
    before, release = threading.active_count(), threading.Event()
    with closing(map_in_threads(lambda n: n == 0 or release.wait(60), range(3), 64)) as results:
        next(results)
        assert threading.active_count() <= before + 3
        release.set()


def test_flow_raises_the_first_error_and_stops() -> None:
    done: list[int] = []
    before = set(threading.enumerate())

    def fail_at_ten(number: int) -> None:
        if number == 10:
            raise ValueError(number)
        done.append(number)

    with pytest.raises(ValueError, match="10"):
        for _ in map_in_threads(fail_at_ten, range(10_000), 2):
            pass
    join_new_threads(before)
    assert len(done) < 1000


class Panic(BaseException):
    """What obstore's Rust raises where it has a defect; no Exception."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_flow_raises_base_exceptions() -> None:
    found: list[BaseException] = []

    def panic(_: int) -> None:
        raise Panic

    def caller() -> None:
        try:
            list(map_in_threads(panic, range(3), 2))
        except Panic as error:
            found.append(error)

    thread = threading.Thread(target=caller, daemon=True)
    thread.start()
    thread.join(60)
    assert found


def test_flow_raises_errors_of_the_iterable() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        list(map_in_threads(lambda n: n, pieces(), 2))


def test_flow_ends_its_threads() -> None:
    before = set(threading.enumerate())
    assert len(list(map_in_threads(lambda n: n, range(100), 8))) == 100
    assert not any(thread.is_alive() for thread in join_new_threads(before))


def test_call_within_returns_the_result_or_raises_the_exception() -> None:
    assert call_within(60, lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        call_within(60, lambda: 1 // 0)


def test_call_within_does_not_wait_longer() -> None:
    end = threading.Event()
    with pytest.raises(TimeoutError):
        call_within(0, end.wait)
    end.set()


class Clock:
    """A clock that a test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_watch_waits_as_long_as_results_arrive_in_time() -> None:
    clock, queue = Clock(), SimpleQueue[int]()
    watch = Watch(120, clock)
    for number in range(3):
        clock.now += 119
        queue.put(number)
        assert watch.get(queue) == number
    clock.now += 121
    with pytest.raises(Stalled):
        watch.get(queue)


def test_watch_returns_what_a_call_returns_and_raises_what_it_raises() -> None:
    watch = Watch(120, Clock())
    assert watch.call(lambda: 1) == 1
    with pytest.raises(ZeroDivisionError):
        watch.call(lambda: 1 // 0)


def test_call_that_does_not_end_is_not_waited_for() -> None:
    forever, times = threading.Event(), iter(range(0, 10**6, 120))
    with pytest.raises(Stalled):
        Watch(120, lambda: next(times)).call(forever.wait)
    with pytest.raises(Stalled):
        list(map_in_threads(lambda _: forever.wait(), [1], 2, watch=Watch(0, Clock())))
    forever.set()


def test_call_to_end_returns_the_interruption_and_the_result() -> None:
    """Also if the signal is handled once the result has arrived."""

    def interrupt() -> int:
        signal.raise_signal(signal.SIGINT)  # handled by the main thread
        return 1

    result, interruption = Watch(20).call_to_end(interrupt)
    assert result == 1
    assert isinstance(interruption, KeyboardInterrupt)
    assert Watch(20).call_to_end(lambda: 2) == (2, None)


def test_call_to_end_does_not_wait_long_after_an_interruption(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("readmodel_cfn.threads.AFTER_INTERRUPTION", 0.01)
    over = threading.Event()

    def interrupt() -> None:
        signal.raise_signal(signal.SIGINT)
        over.wait(20)

    with pytest.raises(KeyboardInterrupt):
        Watch(20).call_to_end(interrupt)
    over.set()


def test_call_to_end_raises_the_error_of_the_call() -> None:
    with pytest.raises(ZeroDivisionError):
        Watch(20).call_to_end(lambda: 1 // 0)
