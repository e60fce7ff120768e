"""`delete`: a stack and, when told, the documents it would leave."""

from collections.abc import Mapping, Sequence

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.consent_by_name import check_name, consent_by_name, name_option
from readmodel_cfn.cli.deletion import Deletion
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.losses import ENDING, Losses, refuse_full, tell
from readmodel_cfn.cli.signals import stop_on_sigterm
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, aws_command, consent, yes_option
from readmodel_cfn.cli.untold import unfinished_if_untold
from readmodel_cfn.consent import Consent
from readmodel_cfn.deploy.delete import last_failures
from readmodel_cfn.deploy.outlook import BUCKET
from readmodel_cfn.deploy.values import StackResource


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn delete",
        "readmodel-cfn delete --yes --with-data=read-model --json",
    ),
)
@stop_on_sigterm()
@aws_command
@yes_option
@json_option
@name_option(
    "--with-data",
    "Delete all documents and their versions as well. NAME is the stack's name; without it, the "
    "command asks for it.",
)
@click.option(
    "--force", is_flag=True, help="After a deletion that failed: leave behind what fails again."
)
def delete(target: Target, yes: bool, as_json: bool, with_data: str | None, force: bool) -> None:
    """Delete the stack, having told what goes and what stays.

    A retained bucket stays, with its documents, unless --with-data is given. What was interrupted
    goes on when the command is run again.

    Only a stack with the tag readmodel-cfn = managed is deleted, which every deploy sets: delete
    any other with the tool that made it.

    With --json: an object with deleted, kept and removed_buckets.
    """
    check_name("--with-data", with_data, target.stack_name)
    client, s3 = target.stacks, target.connection.client("s3")
    work = Deletion(target, client, s3, with_data is not None, force, quiet=as_json)
    with slow("Looking at what there is to delete"):
        seen = work.look()
    _ask(work, seen, yes, with_data or "")
    with unfinished_if_untold(target.where, f"run: {work.again}"):
        kept, removed = work.carry_out(seen)
        if as_json:
            left = [_plain(one) for one in kept]
            report.print_json(
                {"deleted": target.stack_name, "kept": left, "removed_buckets": dict(removed)}
            )
        else:
            _tell_kept(kept)
            report.story("Deleted.")


def _ask(work: Deletion, seen: Losses, yes: bool, name: str) -> None:
    """Tell what is to be lost, and ask, where anything is; `name` is consent to erase documents."""
    status, where = seen.stack.status, work.target.where
    report.story(f"{where} {ENDING.get(status, f'({status})')}")
    tell(seen)
    if status == "DELETE_FAILED":
        _tell_failures(work, seen)
    if needed := _erasure(work, seen):
        yes = consent_by_name(needed, "--with-data", name) or yes
    if status in ENDING:
        if needed:
            consent(f"Delete what {where} leaves{_FOR_GOOD}?", yes)
        return
    if not work.with_data and not work.force:
        refuse_full(seen)
    verb = "Force the deletion of" if work.force else "Delete"
    consent(f"{verb} {where}{_loss(seen)}?", yes)


def _erasure(work: Deletion, seen: Losses) -> Consent | None:
    """The consent that the documents' deletion needs; a deletion in progress takes no more."""
    taken = () if seen.stack.status in ENDING else seen.taken_buckets
    buckets = (*seen.left_buckets, *taken)
    if not work.with_data or not buckets:
        return None
    text = "all its documents and their versions are deleted for good"
    return Consent("erase-documents", work.target.stack_name, text, buckets)


def _tell_failures(work: Deletion, seen: Losses) -> None:
    """Tell what could not be deleted, which is left behind when that is forced."""
    verb = "leave " if work.force else "failed"
    for one in last_failures(work.client, seen.stack):
        report.story(f"  {verb}  {one.logical_id}  {one.type}  {one.reason}")


_FOR_GOOD = ", with all documents and their versions, for good"


def _loss(seen: Losses) -> str:
    if seen.with_data and any(seen.contents.values()):
        return _FOR_GOOD
    kept = seen.left_buckets
    return f", keeping {', '.join(kept)}" if kept else ""


def _tell_kept(kept: Sequence[StackResource]) -> None:
    for one in kept:
        documents = " and its documents" if one.type == BUCKET else f" ({one.type})"
        report.story(f"Kept {one.physical_id}{documents}.")


def _plain(one: StackResource) -> Mapping[str, str]:
    return {"logical_id": one.logical_id, "type": one.type, "physical_id": one.physical_id}
