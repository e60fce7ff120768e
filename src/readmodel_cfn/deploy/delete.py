"""Delete a stack and, with `with_data`, the documents in its buckets.

A bucket that is deleted with its stack must be empty first. A retained bucket is emptied only after
the stack is deleted, so a failed deletion loses none of its documents. Each step can be repeated:
an interrupted deletion continues when it is run again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any

from readmodel_cfn.aws.caller import in_callers_account
from readmodel_cfn.aws.errors import aws_errors, is_denied, readable_errors
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.deploy.advice import advice, with_location
from readmodel_cfn.deploy.cause import Cause, last_operation
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.deletion_plan import (
    BUCKET,
    DeletionPlan,
    failed_resources,
    last_deleted,
    plan_deletion,
)
from readmodel_cfn.deploy.empty import count_versions, empty, remove
from readmodel_cfn.deploy.events import EventStream, OperationEnd
from readmodel_cfn.deploy.plan import is_managed
from readmodel_cfn.deploy.spec import MANAGED_TAG_TEXT
from readmodel_cfn.deploy.values import Stack, StackEvent, StackResource
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished
from readmodel_cfn.progress import Count, Note, OnProgress, Step, ignore
from readmodel_cfn.target import Target


@dataclass(frozen=True)
class DeleteResult:
    """A deleted stack, or that there is none.

    `name` is None if there is no stack of that name, nor one that was deleted in the last 90 days.
    `kept` are the resources that still exist, `removed_buckets` the number of deleted versions by
    bucket. `changed` is whether anything was deleted. With `with_data`, documents were to be
    deleted too.
    """

    name: str | None
    kept: tuple[StackResource, ...] = ()
    removed_buckets: Mapping[str, int] = field(default_factory=dict)
    changed: bool = True
    with_data: bool = False
    target: Target = field(default_factory=Target)

    def as_dict(self) -> dict[str, Any]:
        """The object that `delete --json` prints."""
        kept = [
            {
                "logical_id": resource.logical_id,
                "type": resource.type,
                "physical_id": resource.physical_id,
            }
            for resource in self.kept
        ]
        return {
            "deleted": self.name,
            "kept": kept,
            "removed_buckets": dict(self.removed_buckets),
            **self.target.as_dict(),
        }

    def __str__(self) -> str:
        kept = [_kept(resource) for resource in self.kept]
        if self.changed:
            return " ".join([*(f"Kept {each}." for each in kept), f"Deleted {self.target}."])
        unread = ["a retained bucket was not looked for"]
        more = unread if self.with_data and self.name is None else [f"kept {each}" for each in kept]
        return "; ".join([f"no {self.target}", *more])


def _kept(resource: StackResource) -> str:
    what = "and its documents" if resource.type == BUCKET else f"({resource.type})"
    return f"{resource.physical_id} {what}"


def delete(
    location: StackLocation,
    *,
    with_data: bool = False,
    force: bool = False,
    confirm: Confirm | None = None,
    on_progress: OnProgress = ignore,
) -> DeleteResult:
    """Delete a stack; its retained buckets and their documents are kept unless `with_data`.

    Waits for a deletion in progress. With `with_data`, also deletes the retained buckets of a stack
    that is already deleted. Only a stack with this tool's tag is deleted. Without a stack of that
    name nothing is done.

    Args:
        location: The stack.
        with_data: Whether to delete all documents and their versions, and the retained buckets.
        force: After a deletion that failed: whether to leave the resources that fail again.
        confirm: Called before anything is deleted, with the kinds "erase-documents" (if documents
            are deleted) and "delete".
        on_progress: Called with the DeletionPlan before consent, each StackEvent, and the Count of
            deleted versions.

    Raises:
        ConsentRequired: `confirm` does not agree, or is None; nothing is changed.
        ConfigError: the connection is limited to another account.
        ReadModelError: the stack does not have this tool's tag, is protected, or has a bucket that
            is not empty; nothing is changed.
        Stuck: CloudFormation or S3 refuses to delete something, which the error names.
        Unfinished: interrupted after something was deleted; call it again.
    """
    client = StackClient(location.connection.client("cloudformation"))
    on_progress(Step(f"Reading {location}"))
    stack = _find(client, location, on_progress)
    if stack is None:
        location = in_callers_account(location, on_progress)
        return DeleteResult(None, changed=False, with_data=with_data, target=location.target)
    location = location.of_stack(stack.id, stack.role_arn or None)
    s3 = location.connection.client("s3")
    _check(location, stack, force=force)
    if force:
        client.require("DeleteStack", "DeletionMode", "--force")
    plan = plan_deletion(client, s3, location, stack, with_data=with_data, force=force)
    on_progress(plan)
    _require_consent(plan, confirm)
    run = _Run(client, s3, plan, on_progress)
    try:
        return run.delete()
    except OSError as error:  # from on_progress, if its output was closed
        what = f"the progress cannot be printed: {error.strerror or error}"
        raise Unfinished(what, where=str(location), hint=f"run: {run.again}") from error


def _find(client: StackClient, location: StackLocation, on_progress: OnProgress) -> Stack | None:
    """The stack, or the deleted stack of that name: it may have left buckets."""
    if stack := client.describe(location.name):
        return stack
    try:
        deleted = last_deleted(client, location.name)
    except aws_errors() as error:
        if not is_denied(error):
            raise
        on_progress(Note("Deleted stacks are not listed: cloudformation:ListStacks is denied."))
        return None
    return deleted if deleted and is_managed(deleted) else None


def _check(location: StackLocation, stack: Stack, *, force: bool) -> None:
    """Check that the stack may be deleted.

    Raises:
        ReadModelError: it does not have this tool's tag, is protected, or there is nothing to
            force.
        Unfinished: another operation is in progress.
    """
    where = str(location)
    if not is_managed(stack):
        what = f"it does not have the tag {MANAGED_TAG_TEXT}"
        raise ReadModelError(what, where=where, hint="delete it with the tool that deployed it")
    if force and stack.status != "DELETE_FAILED":
        what = f"only a failed deletion can be forced, and the stack is {stack.status}"
        hint = f"without --force, run: {location.command('delete')}"
        raise ReadModelError(what, where=where, hint=hint)
    if stack.termination_protection:
        hint = (
            f"set termination_protection = false under {location.target.table}, then run: "
            f"{location.command('deploy')}"
        )
        raise ReadModelError("termination protection is enabled", where=where, hint=hint)
    if stack.busy and stack.status != "DELETE_IN_PROGRESS":
        what = f"another operation is in progress ({stack.status})"
        hint = f"wait for its end, then delete again; run: {location.command('follow')}"
        raise Unfinished(what, where=where, hint=hint)


def _require_consent(plan: DeletionPlan, confirm: Confirm | None) -> None:
    """Require consent before anything is deleted, except for a deletion in progress."""
    name, location, erased = plan.stack.name, plan.location, plan.erased_buckets
    lost, target = tuple(erased), location.target
    if erased:
        buckets = f"{', '.join(erased)} of {location}"
        text = f"delete all documents and versions in {buckets} permanently"
        require_consent(Consent("erase-documents", name, text, lost, target), confirm)
    if plan.in_progress:
        if erased:
            text = f"delete the buckets that {location} has left"
            require_consent(Consent("delete", name, text, lost, target), confirm)
        return
    plan.check_buckets()
    text = f"{'force the deletion of' if plan.force else 'delete'} {location}"
    if erased:
        text = f"{text} with all its documents"
    elif plan.retained_buckets:
        text = f"{text}, keeping {', '.join(plan.retained_buckets)}"
    require_consent(Consent("delete", name, text, target=target), confirm)


@dataclass(frozen=True)
class _Run:
    """The deletion after consent."""

    client: StackClient
    s3: Any
    plan: DeletionPlan
    on_progress: OnProgress

    @property
    def again(self) -> str:
        """The command that continues this deletion."""
        name = self.plan.stack.name
        options = [f"--with-data={name}"] if self.plan.with_data else []
        return self.plan.location.command("delete", *options)

    def delete(self) -> DeleteResult:
        """Empty buckets that are deleted with the stack, delete the stack, delete those it left."""
        plan = self.plan
        stack = self._checked_again()
        existed = plan.stack.status != "DELETE_COMPLETE"
        removed = Counter[str]()
        if plan.with_data and not _is_ending(stack):
            removed.update(self._purge(empty, "Emptied", plan.deleted_buckets))
        after = plan.after(self._delete_stack(stack, emptied=removed.total() > 0))
        if plan.with_data:
            removed.update(self._purge(remove, "Deleted", after.retained_buckets))
        return DeleteResult(
            stack.name,
            tuple(after.kept),
            dict(removed),
            changed=existed or bool(removed),
            with_data=plan.with_data,
            target=plan.location.target,
        )

    def _checked_again(self) -> Stack:
        """Read the stack again: it may have changed while the user was asked.

        Raises:
            ReadModelError, Unfinished: it may no longer be deleted.
        """
        plan = self.plan
        stack = self.client.describe(plan.stack.id) or replace(plan.stack, status="DELETE_COMPLETE")
        if stack.status != "DELETE_COMPLETE":
            _check(plan.location, stack, force=plan.force)
        if plan.in_progress and not _is_ending(stack):  # there was no consent to delete it
            what = f"its deletion ended as {stack.status}"
            raise Unfinished(what, where=str(plan.location), hint=f"run: {self.again}")
        return stack

    def _purge(
        self, work: Callable[..., int], done: str, buckets: Sequence[str]
    ) -> Mapping[str, int]:
        """Empty or remove buckets; the number of deleted versions by bucket."""
        counts = {}
        for bucket in buckets:
            counts[bucket] = self._purge_bucket(work, bucket)
            self.on_progress(Note(f"{done} {bucket}: {count_versions(counts[bucket])}."))
        return counts

    def _purge_bucket(self, work: Callable[..., int], bucket: str) -> int:
        deleted = 0

        def on_count(count: int) -> None:
            nonlocal deleted
            deleted = count
            self.on_progress(Count(bucket, count, "versions deleted"))

        # The calls that are in progress at an interruption may delete more.
        with self._changing(bucket, lambda: f"at least {count_versions(deleted)} deleted"):
            return work(self.s3, bucket, on_count)

    def _delete_stack(self, stack: Stack, *, emptied: bool) -> list[StackEvent]:
        """Delete the stack and wait; the events of the deletion, oldest first.

        Raises:
            Stuck: CloudFormation could not delete it.
            Unfinished: it is still being deleted, but AWS cannot be reached, or Ctrl-C.
        """
        if stack.status == "DELETE_COMPLETE":
            return []
        where = str(self.plan.location)
        changing = self._changing(where, lambda: "its documents are deleted")
        with changing if emptied else nullcontext():
            events = self._new_events(stack)
            try:
                if stack.status != "DELETE_IN_PROGRESS":
                    self.client.delete(stack.id, force=self.plan.force)
                end = events.wait(self.on_progress)
            except KeyboardInterrupt:
                hint = f"the deletion continues in CloudFormation; run: {self.again}"
                raise Unfinished("stopped waiting", where=where, hint=hint) from None
        if end.status != "DELETE_COMPLETE":
            raise self._stuck(end)
        return end.events

    def _new_events(self, stack: Stack) -> EventStream:
        """The events from now on, or those of the deletion in progress."""
        events = list(self.client.events(stack.id))
        if stack.status == "DELETE_IN_PROGRESS":
            events = events[len(last_operation(stack.id, events)) :]
        known = {event.id for event in events}
        return EventStream(self.client, stack.id, known, again=self.again)

    def _stuck(self, end: OperationEnd) -> Stuck:
        location = self.plan.location
        failed = failed_resources(self.plan.stack.id, end.events) or [Cause("", "", "")]
        first, *others = failed
        also = f" ({', '.join(cause.logical_id for cause in others)} failed too)" if others else ""
        known = advice(first) or "fix the cause, then run: readmodel-cfn delete"
        hint = f"{with_location(known, location)}; to keep what fails, add --force"
        what = f"{end.status}: {first.describe()}{also}"
        return Stuck(what, where=str(location), hint=hint)

    @contextmanager
    def _changing(self, where: str, so_far: Callable[[], str]) -> Iterator[None]:
        """Turn errors and Ctrl-C into Unfinished: something has already been deleted."""
        try:
            with readable_errors():
                yield
        except KeyboardInterrupt:
            hint = f"run: {self.again}"
            raise Unfinished(f"interrupted: {so_far()}", where=where, hint=hint) from None
        except (Stuck, Unfinished):
            raise
        except ReadModelError as error:
            advised = f"{error.hint}; then run" if error.hint else "run"
            what = f"{so_far()}, then {error.where}: {error.what}"
            raise Unfinished(what, where=where, hint=f"{advised}: {self.again}") from error


def _is_ending(stack: Stack) -> bool:
    return stack.status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")
