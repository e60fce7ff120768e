"""Flow: very many small pieces of work through a few threads, with few changes between them.

Unlike `in_parallel`, which wakes its caller for each piece, it lets some be done before it looks:
where a piece takes a tenth of a millisecond, that is what counts.
"""

import time
from collections.abc import Callable, Generator, Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")
_AHEAD = 4  # pieces that wait or are under way, for each thread
_REST = 0.002  # seconds in which more is done


def flow(
    work: Callable[[Piece], Made], pieces: Iterable[Piece], threads: int
) -> Generator[Made, None, None]:
    """What `work` makes of each piece, as it is done; what it raises is raised here.

    The pieces are taken by the caller's own thread, a few ahead. What is under way when the caller
    stops is not waited for; the threads are daemons, which do not hold up the program's end.
    """
    crew, todo = _Crew(work, threads), iter(pieces)
    try:
        while crew.feed(todo):
            yield from crew.finished()
    finally:
        crew.dismiss()


class _Crew(Generic[Piece, Made]):
    """Threads that are begun as they are needed."""

    def __init__(self, work: Callable[[Piece], Made], threads: int) -> None:
        self._work, self._most = work, threads
        self._todo: SimpleQueue[Piece | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Made | None, BaseException | None]] = SimpleQueue()
        self._threads = self._under_way = 0
        self._dismissed = False

    def feed(self, pieces: Iterator[Piece]) -> bool:
        """Take pieces as far as there is room; is anything under way?"""
        while self._under_way < _AHEAD * self._most:
            try:
                piece = next(pieces)
            except StopIteration:
                break
            self._under_way += 1
            self._todo.put(piece)
            if self._threads < min(self._most, self._under_way):
                self._threads += 1
                Thread(target=self._go_on, daemon=True).start()
        return self._under_way > 0

    def finished(self) -> Iterator[Made]:
        """Wait for one, and give it with all that are done soon after it."""
        yield self._taken(self._done.get())
        time.sleep(_REST)
        while True:
            try:
                one = self._done.get_nowait()
            except Empty:
                return
            yield self._taken(one)

    def _taken(self, done: tuple[Made | None, BaseException | None]) -> Made:
        self._under_way -= 1
        made, error = done
        if error:
            raise error
        return made  # type: ignore[return-value] # made, since nothing was raised

    def dismiss(self) -> None:
        """Do no more."""
        self._dismissed = True
        for _ in range(self._threads):
            self._todo.put(None)

    def _go_on(self) -> None:
        """Do one piece after the other."""
        while (piece := self._todo.get()) is not None and not self._dismissed:
            try:
                self._done.put((self._work(piece), None))
            except BaseException as error:  # noqa: BLE001 - it is raised where the result is taken
                self._done.put((None, error))
