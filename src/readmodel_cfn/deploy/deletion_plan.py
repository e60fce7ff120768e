"""The deletion plan: what deleting a stack would delete and what it would keep."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.cause import Cause, causes, last_operation
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.empty import Content, content_of
from readmodel_cfn.deploy.values import Stack, StackEvent, StackResource
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.plural import counted

BUCKET = "AWS::S3::Bucket"
_RETAIN = ("Retain", "RetainExceptOnCreate")
# Deleting a bucket deletes its policy.
_DELETED_WITH_BUCKETS = (BUCKET, "AWS::S3::BucketPolicy")


@dataclass(frozen=True)
class DeletionPlan:
    """What deleting a stack deletes and keeps; reported before consent is required.

    `deleted` are the resources that are deleted with the stack, `retained` those that are kept: by
    their DeletionPolicy, or skipped by an earlier attempt. `failed` are the resources that an
    earlier attempt could not delete; with `force` they are kept too.

    `contents` is the content of buckets by name, None for a bucket that no longer exists. It
    includes a retained bucket if its documents are to be deleted (`with_data`), or if the stack is
    already deleted.
    """

    location: StackLocation
    stack: Stack
    deleted: tuple[StackResource, ...]
    retained: tuple[StackResource, ...]
    failed: tuple[Cause, ...]
    contents: Mapping[str, Content | None]
    with_data: bool
    force: bool

    @property
    def in_progress(self) -> bool:
        """Whether the stack is being deleted or is deleted: only its retained buckets are left."""
        return self.stack.status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")

    @property
    def deleted_buckets(self) -> list[str]:
        """The buckets that are deleted with the stack, which requires that they are empty."""
        return self._existing(self.deleted)

    @property
    def retained_buckets(self) -> list[str]:
        """The buckets that are kept when the stack is deleted."""
        return self._existing(self.retained)

    @property
    def erased_buckets(self) -> list[str]:
        """The buckets whose documents are deleted."""
        if not self.with_data:
            return []
        return [*self.retained_buckets, *([] if self.in_progress else self.deleted_buckets)]

    @property
    def kept(self) -> list[StackResource]:
        """The resources that still exist afterwards."""
        gone = {name for name, content in self.contents.items() if content is None}
        erased = _buckets(self.retained) and not self.retained_buckets
        types = _DELETED_WITH_BUCKETS if self.with_data or erased else ()
        return [
            resource
            for resource in self.retained
            if resource.physical_id not in gone and resource.type not in types
        ]

    def after(self, events: Iterable[StackEvent]) -> "DeletionPlan":
        """The plan after a deletion with these events: resources that it skipped are retained."""
        retained = {resource.logical_id: resource for resource in self.retained}
        retained |= {resource.logical_id: resource for resource in _skipped(events)}
        return replace(self, retained=tuple(retained.values()))

    def lines(self) -> Iterator[str]:
        """The plan in lines, for printing."""
        states = {
            "DELETE_IN_PROGRESS": "is being deleted",
            "DELETE_COMPLETE": "is already deleted",
        }
        status = self.stack.status
        yield f"{self.location} {states.get(status, f'has the status {status}')}"
        if self.deleted:
            services = Counter(resource.type.split("::")[1] for resource in self.deleted)
            counts = ", ".join(f"{name} {count}" for name, count in services.most_common())
            yield f"  delete  {counted(len(self.deleted), 'resource')}: {counts}"
        for bucket, content in self.contents.items():
            if content and (self.with_data or bucket in self.deleted_buckets):
                yield f"  delete  {bucket}: {content}"
        for resource in self.kept:
            yield f"  keep    {resource.logical_id}  {resource.type}  {resource.physical_id}"
        for cause in self.failed:
            verb = "leave " if self.force else "failed"
            yield f"  {verb}  {cause.logical_id}  {cause.type}  {cause.reason}"

    def check_buckets(self) -> None:
        """Check that CloudFormation can delete the stack's buckets: it deletes only empty ones.

        Raises:
            ReadModelError: a bucket has content that is not to be deleted.
        """
        if self.with_data or self.force or self.in_progress:
            return
        for bucket in self.deleted_buckets:
            content = self.contents[bucket]
            if content and content.versions:
                command = self.location.command("delete", "--with-data")
                hint = f"to delete its documents too, run: {command}"
                raise ReadModelError(f"the bucket is not empty: {content}", where=bucket, hint=hint)

    def _existing(self, resources: Sequence[StackResource]) -> list[str]:
        return [bucket for bucket in _buckets(resources) if self.contents.get(bucket, True)]


def plan_deletion(
    client: StackClient,
    s3: Any,
    location: StackLocation,
    stack: Stack,
    *,
    with_data: bool,
    force: bool,
) -> DeletionPlan:
    """Read the stack and its buckets; nothing is changed.

    Raises:
        ReadModelError: the template is not JSON, or a bucket whose documents would be deleted now
            belongs to another stack.
    """
    deleted, retained = _resources(client, stack)
    read_retained = with_data or stack.status == "DELETE_COMPLETE"
    buckets = _buckets([*deleted, *(retained if read_retained else ())])
    plan = DeletionPlan(
        location=location,
        stack=stack,
        deleted=tuple(deleted),
        retained=tuple(retained),
        failed=(),
        contents={bucket: content_of(s3, bucket) for bucket in buckets},
        with_data=with_data,
        force=force,
    )
    if with_data and stack.status.startswith("DELETE_"):
        _check_owner(client, plan)
    if stack.status == "DELETE_FAILED":
        events = last_operation(stack.id, client.events(stack.id))
        plan = replace(plan, failed=tuple(failed_resources(stack.id, events)))
    return plan


def failed_resources(stack_id: str, events: Sequence[StackEvent]) -> list[Cause]:
    """The resources that a deletion could not delete; each once, with its first reason."""
    found: dict[str, Cause] = {}
    for cause in causes(stack_id, events):
        found.setdefault(cause.logical_id, cause)
    return list(found.values())


def last_deleted(client: StackClient, name: str) -> Stack | None:
    """The last deleted stack of that name; None if CloudFormation lists none.

    CloudFormation lists a deleted stack for 90 days:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
    """
    stacks = _pages(client, "list_stacks", "StackSummaries", StackStatusFilter=["DELETE_COMPLETE"])
    found = [stack for stack in stacks if stack["StackName"] == name]
    found.sort(key=lambda stack: stack.get("DeletionTime", stack["CreationTime"]))
    return client.describe(found[-1]["StackId"]) if found else None


def _resources(
    client: StackClient, stack: Stack
) -> tuple[list[StackResource], list[StackResource]]:
    """The resources that are deleted with the stack, and those that are kept."""
    existing = [
        resource
        for resource in client.resources(stack.id)
        if resource.physical_id and resource.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
    ]
    with_policy = _retained_by_policy(client, stack) if existing else set()
    deleting = stack.status.startswith("DELETE_")
    events = _deletion_events(client, stack.id) if deleting else []
    retained = {resource.logical_id: resource for resource in _skipped(events)}
    retained |= {
        resource.logical_id: resource for resource in existing if resource.logical_id in with_policy
    }
    deleted = [resource for resource in existing if resource.logical_id not in retained]
    return deleted, list(retained.values())


def _retained_by_policy(client: StackClient, stack: Stack) -> set[str]:
    """The logical IDs of resources with a DeletionPolicy that retains them.

    Raises:
        ReadModelError: the template is YAML, which this tool does not deploy.
    """
    template = client.template(stack.id)
    if isinstance(template, str):
        where, hint = f"stack {stack.name}", "delete it with the tool that deployed it"
        raise ReadModelError("its template is not from this tool", where=where, hint=hint)
    return {
        logical_id
        for logical_id, resource in template["Resources"].items()
        if resource.get("DeletionPolicy") in _RETAIN
    }


def _skipped(events: Iterable[StackEvent]) -> list[StackResource]:
    """The resources that a deletion with these events has skipped."""
    return [
        StackResource(event.logical_id, event.physical_id, event.type, event.status)
        for event in events
        if event.status == "DELETE_SKIPPED"
    ]


def _deletion_events(client: StackClient, stack_id: str) -> list[StackEvent]:
    """The events since the first attempt to delete the stack, including later attempts."""
    events = list(client.events(stack_id))
    starts = [
        index
        for index, event in enumerate(events)
        if event.physical_id == stack_id and event.status == "DELETE_IN_PROGRESS"
    ]
    return events[: starts[-1]] if starts else []


def _check_owner(client: StackClient, plan: DeletionPlan) -> None:
    """Check that no other stack has imported a retained bucket of this one."""
    for bucket in plan.retained_buckets:
        if other := _owner(client, plan.stack, bucket):
            hint = f"to delete it with that stack, use --stack-name {other}"
            what = f"the bucket now belongs to stack {other}"
            raise ReadModelError(what, where=bucket, hint=hint)


def _owner(client: StackClient, stack: Stack, bucket: str) -> str | None:
    """Name of another stack with this bucket: a read model's stack has it as an output."""
    for found in _pages(client, "describe_stacks", "Stacks"):
        other = Stack.of(found)
        if other.id != stack.id and any(value == bucket for value, _ in other.outputs.values()):
            return other.name
    return None


def _pages(
    client: StackClient, call: str, key: str, **arguments: Any
) -> Iterator[Mapping[str, Any]]:
    """The items on all pages of a response."""
    token: dict[str, str] = {}
    while True:
        page = client.call(call, **arguments, **token)
        yield from page[key]
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}


def _buckets(resources: Sequence[StackResource]) -> list[str]:
    names = (resource.physical_id for resource in resources if resource.type == BUCKET)
    return list(dict.fromkeys(names))
