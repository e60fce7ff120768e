"""Work in parallel: a few threads, and never more pieces under way than they need."""

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Event, Thread
from typing import TypeVar

Piece = TypeVar("Piece")
Made = TypeVar("Made")


def in_parallel(
    work: Callable[[Piece], Made], pieces: Iterable[Piece], threads: int
) -> Generator[Made, None, None]:
    """What `work` makes of each piece, as it is done; what it raises is raised here.

    A piece is taken when there is room for it: two are under way for each thread, so that none
    waits for the next. What is under way when the caller stops is not waited for. The threads are
    daemons, where those of concurrent.futures would hold up the end of an interrupted program.
    """
    todo: SimpleQueue[Piece | None] = SimpleQueue()
    done: SimpleQueue[Future[Made]] = SimpleQueue()
    stopped, under_way = Event(), 0
    for _ in range(threads):
        Thread(target=_go_on, args=(work, todo, done, stopped), daemon=True).start()
    try:
        for piece in pieces:
            todo.put(piece)
            under_way += 1
            if under_way == 2 * threads:
                yield done.get().result()
                under_way -= 1
        for _ in range(under_way):
            yield done.get().result()
    finally:
        stopped.set()
        for _ in range(threads):
            todo.put(None)


def _go_on(
    work: Callable[[Piece], Made],
    todo: "SimpleQueue[Piece | None]",
    done: "SimpleQueue[Future[Made]]",
    stopped: Event,
) -> None:
    """Do one piece after the other, until the caller stops."""
    while (piece := todo.get()) is not None and not stopped.is_set():
        made: Future[Made] = Future()
        try:
            made.set_result(work(piece))
        except Exception as error:  # noqa: BLE001 - it is raised where the result is taken
            made.set_exception(error)
        done.put(made)
