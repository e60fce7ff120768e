"""`delete`: a stack and, when told, the payloads it would leave."""

from dataclasses import dataclass
from typing import Any

import click

from readmodel_cfn import report
from readmodel_cfn.aws import one_line_errors
from readmodel_cfn.cli.target import Target, aws_command, consent, yes_option
from readmodel_cfn.errors import ReadModelError, Stuck, Unfinished
from readmodel_cfn.stacks import delete as stacks
from readmodel_cfn.store import empty


@dataclass(frozen=True)
class Buckets:
    """The stack's buckets by name: those that outlive it, and those that go with it."""

    kept: list[str]
    lost: list[str]


@click.command()
@aws_command
@yes_option
@click.option("--with-data", is_flag=True, help="Delete all payloads and their versions as well.")
def delete(target: Target, yes: bool, with_data: bool) -> None:
    """Delete the stack. A retained bucket stays, with its payloads, unless --with-data is given."""
    stack, s3 = target.stack(), target.connection.client("s3")
    stacks.check(stack)
    buckets = _buckets(target, stack.id)
    if not with_data:
        _refuse_full(buckets.lost, s3)
    consent(f"Delete {target.where}, {_loss(buckets, with_data)}?", yes)
    try:
        if with_data:
            for bucket in buckets.lost:
                report.story(f"Emptied {bucket}: {empty.empty(s3, bucket)} versions deleted.")
        stacks.delete(target.stacks, stack.id, report.event)
        _after(buckets.kept, with_data, s3)
    except KeyboardInterrupt:
        hint = "what AWS has begun goes on by itself; run: readmodel-cfn status"
        raise Unfinished("interrupted half way", where=target.where, hint=hint) from None
    report.story("Deleted.")


def _buckets(target: Target, stack_id: str) -> Buckets:
    kept = stacks.retained(target.stacks, stack_id)
    found = [
        one
        for one in target.stacks.resources(stack_id)
        if one.type == "AWS::S3::Bucket" and one.physical_id and one.status != "DELETE_COMPLETE"
    ]
    return Buckets(
        kept=[one.physical_id for one in found if one.logical_id in kept],
        lost=[one.physical_id for one in found if one.logical_id not in kept],
    )


def _refuse_full(buckets: list[str], s3: Any) -> None:
    for bucket in buckets:
        if empty.has_objects(s3, bucket):
            hint = "give --with-data to delete its payloads for good"
            raise ReadModelError("AWS deletes no bucket that is not empty", where=bucket, hint=hint)


def _loss(buckets: Buckets, with_data: bool) -> str:
    if with_data:
        return "with all payloads and their versions, for good"
    return f"keeping {', '.join(buckets.kept)}" if buckets.kept else "whose bucket is empty"


def _after(kept: list[str], with_data: bool, s3: Any) -> None:
    for bucket in kept:
        if with_data:
            report.story(f"Deleted {bucket} with {_remove(bucket, s3)} versions.")
        else:
            report.story(f"Kept {bucket} and its payloads.")


def _remove(bucket: str, s3: Any) -> int:
    try:
        with one_line_errors():
            return empty.remove(s3, bucket)
    except ReadModelError as error:
        hint = "the stack is deleted; empty and delete its bucket by hand"
        raise Stuck(str(error), where=bucket, hint=hint) from error
