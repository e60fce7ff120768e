"""What `delete` would take, looked at and told before anybody is asked."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from readmodel_cfn.cli import output as report
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.empty import Content, content_of
from readmodel_cfn.deploy.outlook import BUCKET, Outlook, outlook, taken_over
from readmodel_cfn.deploy.values import Stack, StackResource
from readmodel_cfn.errors import ReadModelError

# The deletion of a stack in one of these has begun, and what is retained is all that is left to do.
ENDING = {
    "DELETE_IN_PROGRESS": "is being deleted already",
    "DELETE_COMPLETE": "is deleted already",
}
_GO_WITH_BUCKETS = (BUCKET, "AWS::S3::BucketPolicy")


@dataclass(frozen=True)
class Losses:
    """What goes and what stays; `contents` are of the buckets that were looked into, by name.

    None is the content of a bucket that is not there any more. A bucket that stays is looked into
    only where its data is to go, or the stack itself is gone.
    """

    stack: Stack
    outlook: Outlook
    contents: Mapping[str, Content | None]
    with_data: bool

    @property
    def taken_buckets(self) -> list[str]:
        """The buckets that go with the stack, which must be empty by then."""
        return self._there(self.outlook.taken)

    @property
    def left_buckets(self) -> list[str]:
        """The buckets that the stack leaves."""
        return self._there(self.outlook.left)

    def all_left(self, skipped: Sequence[StackResource]) -> "Losses":
        """The same, with what the deletion has skipped besides."""
        left = {one.logical_id: one for one in (*self.outlook.left, *skipped)}
        return replace(self, outlook=replace(self.outlook, left=tuple(left.values())))

    @property
    def kept(self) -> list[StackResource]:
        """The resources that are there afterwards."""
        gone = {name for name, content in self.contents.items() if content is None}
        kinds = _GO_WITH_BUCKETS if self.with_data else ()
        left = self.outlook.left
        return [one for one in left if one.physical_id not in gone and one.type not in kinds]

    def _there(self, resources: Sequence[StackResource]) -> list[str]:
        return [one for one in _buckets(resources) if self.contents.get(one, True)]


def losses(client: StackClient, s3: Any, stack: Stack, with_data: bool) -> Losses:
    """Look at the stack and its buckets; nothing is changed.

    Raises:
        ReadModelError: the template is YAML, so another tool's; or another stack has taken over a
            bucket that this one has left, and whose data is to go.
    """
    seen = outlook(client, stack)
    left_too = with_data or stack.status == "DELETE_COMPLETE"
    names = _buckets([*seen.taken, *(seen.left if left_too else ())])
    found = Losses(stack, seen, {name: content_of(s3, name) for name in names}, with_data)
    if with_data and stack.status.startswith("DELETE_"):
        _refuse_taken_over(client, found)
    return found


def _refuse_taken_over(client: StackClient, seen: Losses) -> None:
    for bucket in seen.left_buckets:
        if other := taken_over(client, seen.stack, bucket):
            hint = f"give --stack-name {other} to delete it with that one"
            what = f"it is the bucket of stack {other} by now"
            raise ReadModelError(what, where=bucket, hint=hint)


def refuse_full(seen: Losses) -> None:
    """Refuse what AWS would: it deletes no bucket with anything in it.

    Raises:
        ReadModelError: there is such a bucket, and its data is not to go.
    """
    for bucket in seen.taken_buckets:
        content = seen.contents[bucket]
        if content and content.versions:
            what = f"AWS deletes no bucket that is not empty: {_told(content)}"
            hint = "give --with-data to delete its documents for good"
            raise ReadModelError(what, where=bucket, hint=hint)


def counted(versions: int) -> str:
    """How many versions, delete markers included."""
    return f"{versions:,} version{'' if versions == 1 else 's'}"


def tell(seen: Losses) -> None:
    """Tell what goes and what stays, in lines."""
    for line in _lines(seen):
        report.story(line)


def _lines(seen: Losses) -> Iterator[str]:
    if seen.outlook.taken:
        services = Counter(one.type.split("::")[1] for one in seen.outlook.taken)
        kinds = ", ".join(f"{name} {count}" for name, count in services.most_common())
        yield f"  delete  {len(seen.outlook.taken)} resources: {kinds}"
    for bucket, content in seen.contents.items():
        if content and (seen.with_data or bucket in seen.taken_buckets):
            yield f"  delete  {bucket}: {_told(content)}"
    for one in seen.kept:
        yield f"  keep    {one.logical_id}  {one.type}  {one.physical_id}"


def _told(content: Content) -> str:
    least = "at least " if content.more else ""
    return f"{least}{counted(content.versions)}, {least}{_size(content.bytes)}"


def _size(count: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"


def _buckets(resources: Sequence[StackResource]) -> list[str]:
    return list(dict.fromkeys(one.physical_id for one in resources if one.type == BUCKET))
