"""Run tasks in threads: many of them with few switches between them, or one with a time limit.

Of many tasks, the caller does not wake up for each result but sleeps until several are done, which
is faster if a task takes a tenth of a millisecond.
"""

import time
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_PAUSE = 0.002  # seconds in which more tasks finish


def map_in_threads(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    *,
    ahead: int = 4,
    key: Callable[[Item], Hashable] = lambda _: object(),
) -> Generator[Result, None, None]:
    """The function's result for each item, in the order in which they finish.

    Items with the same `key` are handled one after the other, in their order; by default, each has
    a key of its own. An exception of the function is raised here. The items are taken in the
    caller's thread; at most `ahead` items for each thread wait or are in progress. If the caller
    stops, tasks in progress are not waited for: the threads are daemons, so the program can end.
    """
    workers, todo = _Workers(function, threads, ahead, key), iter(items)
    try:
        while workers.feed(todo):
            yield from workers.finished()
    finally:
        workers.stop()


def call_within(seconds: float, function: Callable[[], Result]) -> Result:
    """The function's result; its exception is raised here.

    Raises:
        TimeoutError: it takes longer; it is not waited for.
    """
    done: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((function(), None))
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            done.put((None, error))

    Thread(target=run, daemon=True).start()
    try:
        result, error = done.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no response within {seconds:g} s") from None
    if error:
        raise error
    return result  # type: ignore[return-value] # there is one, since nothing was raised


class _Workers(Generic[Item, Result]):
    """Threads, started when they are needed."""

    def __init__(
        self,
        function: Callable[[Item], Result],
        threads: int,
        ahead: int,
        key: Callable[[Item], Hashable],
    ) -> None:
        self._function, self._max_threads, self._key = function, threads, key
        self._max_in_progress = ahead * threads
        self._keys: set[Hashable] = set()  # of the items that wait or are in progress
        self._held: list[Item] = []  # an item whose key is in progress
        self._todo: SimpleQueue[tuple[Hashable, Item] | None] = SimpleQueue()
        self._done: SimpleQueue[tuple[Hashable, Result | None, BaseException | None]] = (
            SimpleQueue()
        )
        self._threads = self._in_progress = 0
        self._stopped = False

    def feed(self, items: Iterator[Item]) -> bool:
        """Take as many items as the threads need; return whether any is in progress."""
        while self._in_progress < self._max_in_progress:
            try:
                item = self._held.pop() if self._held else next(items)
            except StopIteration:
                break
            key = self._key(item)
            if key in self._keys:
                self._held.append(item)
                break
            self._keys.add(key)
            self._in_progress += 1
            self._todo.put((key, item))
            if self._threads < min(self._max_threads, self._in_progress):
                self._threads += 1
                Thread(target=self._run, daemon=True).start()
        return self._in_progress > 0

    def finished(self) -> Iterator[Result]:
        """Wait for one result, and return it with all that follow soon."""
        yield self._taken(self._done.get())
        time.sleep(_PAUSE)
        while True:
            try:
                done = self._done.get_nowait()
            except Empty:
                return
            yield self._taken(done)

    def _taken(self, done: tuple[Hashable, Result | None, BaseException | None]) -> Result:
        self._in_progress -= 1
        key, result, error = done
        self._keys.remove(key)
        if error:
            raise error
        return result  # type: ignore[return-value] # there is one, since nothing was raised

    def stop(self) -> None:
        """Start no more tasks."""
        self._stopped = True
        for _ in range(self._threads):
            self._todo.put(None)

    def _run(self) -> None:
        """One thread: run tasks until there are no more."""
        while (todo := self._todo.get()) is not None and not self._stopped:
            key, item = todo
            try:
                self._done.put((key, self._function(item), None))
            except BaseException as error:  # noqa: BLE001 - raised where the result is taken
                self._done.put((key, None, error))
