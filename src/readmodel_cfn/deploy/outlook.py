"""What the deletion of a stack takes away, and what it leaves behind; nothing is changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.values import Stack, StackEvent, StackResource
from readmodel_cfn.errors import ReadModelError

BUCKET = "AWS::S3::Bucket"
_RETAINED = ("Retain", "RetainExceptOnCreate")


@dataclass(frozen=True)
class Outlook:
    """The resources that go with a stack, and those that stay as nobody's: retained or skipped."""

    taken: tuple[StackResource, ...]
    left: tuple[StackResource, ...]


def outlook(client: StackClient, stack: Stack) -> Outlook:
    """Look ahead; of a stack that is being deleted, or is, it is what it has left so far.

    Raises:
        ReadModelError: the template is YAML, so another tool's.
    """
    there = [
        one
        for one in client.resources(stack.id)
        if one.physical_id and one.status not in ("DELETE_COMPLETE", "DELETE_SKIPPED")
    ]
    titles = retained(client, stack) if there else set()
    deleting = stack.status.startswith("DELETE_")
    left = {one.logical_id: one for one in skipped(_deletion(client, stack.id) if deleting else ())}
    left |= {one.logical_id: one for one in there if one.logical_id in titles}
    taken = (one for one in there if one.logical_id not in left)
    return Outlook(tuple(taken), tuple(left.values()))


def retained(client: StackClient, stack: Stack) -> set[str]:
    """The logical ids that deleting the stack leaves behind, by the template it was deployed with.

    Raises:
        ReadModelError: the template is YAML, so another tool's.
    """
    template = client.template(stack.id)
    if isinstance(template, str):
        where, hint = f"stack {stack.name}", "delete it with the tool that made it"
        raise ReadModelError("its template is not this tool's", where=where, hint=hint)
    described = template["Resources"].items()
    return {title for title, one in described if one.get("DeletionPolicy") in _RETAINED}


def skipped(happened: Iterable[StackEvent]) -> list[StackResource]:
    """The resources that a deletion left behind, by its events."""
    return [
        StackResource(one.logical_id, one.physical_id, one.type, one.status)
        for one in happened
        if one.status == "DELETE_SKIPPED"
    ]


def last_deleted(client: StackClient, name: str) -> Stack | None:
    """The stack of that name that was deleted last; None where AWS knows none.

    CloudFormation tells of a deleted stack for 90 days:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ListStacks.html
    """
    deleted = _all(client, "list_stacks", "StackSummaries", StackStatusFilter=["DELETE_COMPLETE"])
    found = [one for one in deleted if one["StackName"] == name]
    found.sort(key=lambda one: one.get("DeletionTime", one["CreationTime"]))
    return client.describe(found[-1]["StackId"]) if found else None


def taken_over(client: StackClient, stack: Stack, bucket: str) -> str | None:
    """The name of another stack that serves a bucket that this one has left.

    A read model's stack names its bucket among its outputs.
    """
    for found in _all(client, "describe_stacks", "Stacks"):
        other = Stack.of(found)
        if other.id != stack.id and any(value == bucket for value, _ in other.outputs.values()):
            return other.name
    return None


def _all(client: StackClient, call: str, key: str, **asked: Any) -> Iterator[Mapping[str, Any]]:
    """What all pages of an answer list."""
    place: dict[str, str] = {}
    while True:
        page = client.call(call, **asked, **place)
        yield from page[key]
        if not page.get("NextToken"):
            return
        place = {"NextToken": page["NextToken"]}


def _deletion(client: StackClient, stack_id: str) -> list[StackEvent]:
    """The events since the stack was first to be deleted, after which it can be nothing else."""
    events = list(client.events(stack_id))
    begun = [
        number
        for number, one in enumerate(events)
        if one.physical_id == stack_id and one.status == "DELETE_IN_PROGRESS"
    ]
    return events[: begun[-1]] if begun else []
