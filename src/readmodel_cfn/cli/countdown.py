"""How far something of a known length has come, and how long it still takes."""

import time
from collections.abc import Callable

from readmodel_cfn.cli.progress import Progress


class Countdown(Progress):
    """`bucket: 1,000 of 5,000 documents, 500 a second, 8 s left`; told as Progress tells it."""

    def __init__(
        self, what: str, total: int, quiet: bool, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(what, f"of {total:,} documents", quiet, now)
        self._total = total

    def _show(self, line: str) -> None:
        super()._show(f"{line}, {self._left:,.0f} s left" if line else line)

    @property
    def _left(self) -> float:
        return (self._total - self.count) * (self._now() - self._began) / self.count
