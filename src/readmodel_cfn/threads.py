"""Run tasks in threads: many of them with few switches between them, or one with a time limit.

Of many tasks, the caller does not wake up for each result but sleeps until several are done, which
is faster if a task takes a tenth of a millisecond.
"""

import time
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

AFTER_INTERRUPTION = 2.0
"""Seconds to wait after an interruption for requests in progress."""
Item = TypeVar("Item")
Result = TypeVar("Result")
_PAUSE = 0.002  # seconds in which more tasks finish
_LOOK = 0.5  # seconds between two looks at the clock


class Stalled(Exception):
    """Nothing has finished for too long."""


class Watch:
    """Waits for results, as long as any arrives within `seconds` after the one before.

    `now` is the clock.
    """

    def __init__(self, seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self._now = seconds, now
        self._latest = now()

    def get(self, queue: "SimpleQueue[Result]") -> Result:
        """The next result in the queue.

        Raises:
            Stalled: nothing has arrived in any queue of this watch for too long.
        """
        while True:
            try:
                found = queue.get(timeout=min(_LOOK, self.seconds))
            except Empty:
                if self._now() - self._latest >= self.seconds:
                    raise Stalled from None
            else:
                self.progress()
                return found

    def call(self, function: Callable[[], Result]) -> Result:
        """The function's result, from another thread; its exception is raised here.

        Raises:
            Stalled: it is not waited for any longer.
        """
        self.progress()
        return in_background(function)(self)

    def call_to_end(
        self, function: Callable[[], Result]
    ) -> tuple[Result, KeyboardInterrupt | None]:
        """As `call`, and the interruption, if there was one meanwhile.

        Raises:
            KeyboardInterrupt: the function has not returned two seconds after an interruption.
            Stalled: it is not waited for any longer.
        """
        returned, ended = list[Result](), Event()

        def call() -> None:
            try:
                returned.append(function())
            finally:
                ended.set()

        try:
            self.call(call)
        except KeyboardInterrupt as interruption:
            ended.wait(AFTER_INTERRUPTION)
            if not returned:
                raise
            return returned[0], interruption
        return returned[0], None

    def progress(self) -> None:
        """Something has finished or begins now."""
        self._latest = self._now()


def in_background(function: Callable[[], Result]) -> Callable[[Watch], Result]:
    """Call it in a thread of its own; what is returned waits for its result or exception.

    The thread is a daemon, so the program can end before.
    """
    done: SimpleQueue[tuple[Result | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((function(), None))
        except BaseException as error:  # noqa: BLE001 - raised in the caller's thread
            done.put((None, error))

    def wait(watch: Watch) -> Result:
        result, error = watch.get(done)
        if error:
            raise error
        return result  # type: ignore[return-value] # there is one, since nothing was raised

    Thread(target=run, daemon=True).start()
    return wait


def map_in_threads(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    threads: int,
    *,
    ahead: int = 4,
    key: Callable[[Item], Hashable] = lambda _: object(),
    watch: Watch | None = None,
) -> Generator[Result, None, None]:
    """The function's result for each item, in the order in which they finish.

    Items with the same `key` are handled one after the other, in their order; by default, each has
    a key of its own. An exception of the function is raised here. The items are taken in the
    caller's thread; at most `ahead` items for each thread wait or are in progress. If the caller
    stops, tasks in progress are not waited for: the threads are daemons, so the program can end.

    Raises:
        Stalled: `watch` has waited too long for a result.
    """
    workers, todo = _Workers(function, threads, ahead, key, watch or _NO_LIMIT), iter(items)
    try:
        if watch:
            watch.progress()
        while workers.feed(todo):
            yield from workers.finished()
    finally:
        workers.stop()


def call_within(seconds: float, function: Callable[[], Result]) -> Result:
    """The function's result; its exception is raised here.

    Raises:
        TimeoutError: it takes longer; it is not waited for.
    """
    try:
        return Watch(seconds).call(function)
    except Stalled:
        raise TimeoutError(f"no response within {seconds:g} s") from None


_NO_LIMIT = Watch(float("inf"))


class _Workers(Generic[Item, Result]):
    """Threads, started when they are needed."""

    def __init__(
        self,
        function: Callable[[Item], Result],
        threads: int,
        ahead: int,
        key: Callable[[Item], Hashable],
        watch: Watch,
    ) -> None:
        self._function, self._max_threads, self._key = function, threads, key
        self._watch = watch
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
        yield self._taken(self._watch.get(self._done))
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
