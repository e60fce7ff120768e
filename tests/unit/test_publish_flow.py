"""Many small pieces through a few threads: each once, few ahead, errors where they are taken."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest

from readmodel_cfn.publish.threads import map_in_threads


def numbers(count: int, taken: list[int]) -> Iterator[int]:
    for number in range(count):
        taken.append(number)
        yield number


def test_each_piece_is_done_once() -> None:
    assert sorted(map_in_threads(lambda n: n * 2, range(5000), 8)) == list(range(0, 10_000, 2))


def test_nothing_is_made_of_nothing() -> None:
    assert list(map_in_threads(lambda n: n, [], 8)) == []


def test_no_more_pieces_are_taken_than_the_threads_need() -> None:
    taken: list[int] = []
    with closing(map_in_threads(lambda n: n, numbers(1000, taken), 4)) as made:
        next(made)
        assert len(taken) <= 16


def test_pieces_are_taken_in_the_callers_thread_and_done_in_others() -> None:
    """What they come from may be bound to it, as a cursor of SQLite is."""
    own, taken_in = threading.get_ident(), set[int]()

    def pieces() -> Iterator[int]:
        for number in range(100):
            taken_in.add(threading.get_ident())
            yield number

    assert own not in set(map_in_threads(lambda _: threading.get_ident(), pieces(), 4))
    assert taken_in == {own}


def test_no_more_threads_are_begun_than_there_are_pieces() -> None:
    before = threading.active_count()
    with closing(map_in_threads(lambda _: time.sleep(0.05), range(3), 64)) as made:
        next(made)
        assert threading.active_count() <= before + 3


def test_what_one_raises_is_raised_and_the_rest_is_left() -> None:
    done: list[int] = []

    def fail_at_ten(number: int) -> None:
        if number == 10:
            raise ValueError(number)
        done.append(number)

    with pytest.raises(ValueError, match="10"):
        for _ in map_in_threads(fail_at_ten, range(10_000), 2):
            pass
    time.sleep(0.05)
    assert len(done) < 1000


class Panic(BaseException):
    """What obstore's Rust raises where it has a defect; no Exception."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_nobody_waits_for_what_ended_by_no_exception() -> None:
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
    thread.join(5)
    assert found


def test_what_the_pieces_raise_is_raised() -> None:
    def pieces() -> Iterator[int]:
        yield 1
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        list(map_in_threads(lambda n: n, pieces(), 2))


def test_its_threads_end_with_it() -> None:
    before = threading.active_count()
    assert len(list(map_in_threads(lambda n: n, range(100), 8))) == 100
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() <= before
