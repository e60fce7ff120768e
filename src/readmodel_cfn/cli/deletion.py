"""What `delete` does: in an order that loses no document of a stack that stays."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.losses import ENDING, Losses, counted, losses
from readmodel_cfn.cli.progress import Progress
from readmodel_cfn.cli.target import Target
from readmodel_cfn.deploy import delete as stacks
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.outlook import last_deleted, skipped
from readmodel_cfn.deploy.plan import is_managed
from readmodel_cfn.deploy.values import Stack, StackEvent, StackResource
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished
from readmodel_cfn.publish import empty


@dataclass(frozen=True)
class Deletion:
    """One run of the command: what it works with, and what was asked for.

    With `quiet` nothing is told that is not an event or an end.
    """

    target: Target
    client: StackClient
    s3: Any
    with_data: bool
    force: bool
    quiet: bool

    @property
    def again(self) -> str:
        """The command that goes on where this run ends too early."""
        more = f" --with-data={self.target.stack_name}" if self.with_data else ""
        return f"{self.target.command('delete')}{more}"

    def look(self) -> Losses:
        """What there is, once it is sure that it may be deleted; nothing is changed."""
        stack = self.client.describe(self.target.stack_name) or self._deleted_before()
        stacks.check(stack, force=self.force)
        if self.force:
            self.client.require("DeleteStack", "DeletionMode", "--force")
        return losses(self.client, self.s3, stack, self.with_data)

    def _deleted_before(self) -> Stack:
        """The stack that is gone already; it may have left documents that are to go too."""
        found = last_deleted(self.client, self.target.stack_name)
        return found if found and is_managed(found) else self.target.stack()

    def carry_out(self, seen: Losses) -> tuple[list[StackResource], Mapping[str, int]]:
        """Delete it all; what is left then, and how many versions each removed bucket held.

        A bucket that goes with its stack must be empty before; a retained one is touched only when
        the stack is gone.
        """
        stack = stacks.checked_again(self.client, seen.stack, force=self.force)
        if seen.stack.status in ENDING and stack.status not in ENDING:  # nobody was asked yet
            what = f"its deletion ended as {stack.status}"
            raise Unfinished(what, where=self.target.where, hint=f"run: {self.again}")
        removed = Counter[str]()
        if self.with_data and stack.status not in ENDING:
            removed.update(self._purge(empty.empty, "Emptied", seen.taken_buckets))
        seen = seen.all_left(skipped(self._delete(stack, emptied=removed.total() > 0)))
        if self.with_data:
            removed.update(self._purge(empty.remove, "Deleted", seen.left_buckets))
        return seen.kept, removed

    def _purge(
        self, work: Callable[..., int], done: str, buckets: Sequence[str]
    ) -> Mapping[str, int]:
        counts = {}
        for bucket in buckets:
            with (
                Progress(bucket, "versions deleted", self.quiet) as progress,
                self._begun(bucket, partial(_so_far, progress)),
            ):
                counts[bucket] = work(self.s3, bucket, progress)
            report.story(f"{done} {bucket}: {counted(counts[bucket])}.")
        return counts

    def _delete(self, stack: Stack, *, emptied: bool) -> list[StackEvent]:
        if stack.status == "DELETE_COMPLETE":
            return []
        where = self.target.where
        begun = (
            self._begun(where, lambda: "its documents are deleted") if emptied else nullcontext()
        )
        with begun:
            following = stacks.to_follow(self.client, stack, self.again)
            return stacks.delete(following, stack, report.event, force=self.force)

    @contextmanager
    def _begun(self, where: str, so_far: Callable[[], str]) -> Iterator[None]:
        """Something is deleted here, so that no error may say that nothing is."""
        try:
            with readable_errors():
                yield
        except KeyboardInterrupt:
            what = f"interrupted: {so_far()}"
            raise Unfinished(what, where=where, hint=f"run: {self.again}") from None
        except (Stuck, Unfinished):
            raise
        except ReadModelError as error:
            hint = f"{error.hint}; to go on: {self.again}" if error.hint else f"run: {self.again}"
            what = f"{so_far()}, then {error.where}: {error.what}"
            raise Unfinished(what, where=where, hint=hint) from error


def _so_far(progress: Progress) -> str:
    """At least, since calls that are not waited for may be obeyed as well."""
    return f"at least {counted(progress.count)} deleted"
