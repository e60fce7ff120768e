"""Being told to stop while there is something to take away first."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self

# What ends a process from outside, Ctrl-C first; a closed terminal is told only where there is one.
_SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]


class Stopping:
    """Within it, the first signal to stop ends what goes on as Ctrl-C does, and no later one.

    So `finally` runs, and runs to its end. Once `hold` was called none interrupts any more; what
    was heard then is obeyed at the end.
    """

    def __enter__(self) -> Self:
        self._heard = self._held = False
        self._before: dict[Any, Any] = {}
        if threading.current_thread() is threading.main_thread():
            self._before = {one: signal.signal(one, self._hear) for one in _SIGNALS}
        return self

    def hold(self) -> None:
        """Interrupt nothing from here on."""
        self._held = True

    @contextmanager
    def whole(self) -> Iterator[None]:
        """What is done within is not interrupted; what was heard meanwhile is obeyed right after.

        That is for a write: one that is given up may take effect when it was taken away already.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        heard, held, self._held = self._heard, self._held, True
        try:
            yield
        finally:
            self._held = held
        if self._heard and not heard and not held:
            raise KeyboardInterrupt

    def __exit__(self, kind: object, *_: object) -> None:
        for one, before in self._before.items():
            signal.signal(one, before)
        if self._heard and kind is None:
            raise KeyboardInterrupt

    def _hear(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        first, self._heard = not self._heard, True
        if first and not self._held:
            raise KeyboardInterrupt
