"""What is in progress, shown while it is, below the lines of what has happened."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from readmodel_cfn.cli import output as report
from readmodel_cfn.deploy.values import Event


class _Progress:
    """The resources that are in progress, since when, and all since when."""

    def __init__(self, where: str) -> None:
        self.where, self.began = where, time.monotonic()
        self.going: dict[str, tuple[str, float]] = {}

    def take(self, event: Event) -> None:
        if event.type == "AWS::CloudFormation::Stack":
            return
        if event.status.endswith("_IN_PROGRESS"):
            self.going.setdefault(event.logical_id, (event.status, time.monotonic()))
        else:
            self.going.pop(event.logical_id, None)

    def __rich__(self) -> Table:
        """Drawn anew several times a second."""
        now = time.monotonic()
        table = Table.grid(padding=(0, 2))
        table.add_row(f"[bold]{self.where}[/]", "", f"{now - self.began:.0f} s")
        for logical_id, (status, since) in list(self.going.items()):
            table.add_row(f"  {logical_id}", f"[yellow]{status}[/]", f"{now - since:.0f} s")
        return table


@contextmanager
def live_view(where: str) -> Iterator[Callable[[Event], None]]:
    """Show it on stderr, and take it away at the end."""
    progress = _Progress(where)
    with Live(progress, console=Console(stderr=True), refresh_per_second=4, transient=True):

        def on_event(event: Event) -> None:
            report.event(event)
            progress.take(event)

        yield on_event
