"""`delete`: a stack and, if asked to, its documents."""

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.consent import Ask, check_name, name_option, yes_option
from readmodel_cfn.cli.errors import stop_on_sigterm, unfinished_if_output_closed
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.operation import OperationReporter
from readmodel_cfn.cli.options import json_option, stack_options
from readmodel_cfn.stack import DeletionPlan, ReadModelStack


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn delete",
        "readmodel-cfn delete --yes --with-data=read-model --json",
    ),
)
@stop_on_sigterm()
@stack_options
@yes_option
@json_option
@name_option(
    "--with-data",
    "Delete all documents and their versions too. NAME is the stack's name; without it, the "
    "command asks for it.",
)
@click.option(
    "--force",
    is_flag=True,
    help="After a failed deletion: keep the resources that cannot be deleted.",
)
def delete(
    stack: ReadModelStack, yes: bool, as_json: bool, with_data: str | None, force: bool
) -> None:
    """Delete the stack after listing what will be deleted and kept.

    A retained bucket is kept with its documents, unless --with-data is given. After an
    interruption, run the command again to continue.

    Only a stack with the tag readmodel-cfn = managed is deleted, which every deploy sets: delete
    any other with the tool that created it.

    With --json: an object with deleted, kept and removed_buckets.
    """
    check_name("--with-data", with_data, stack.name)
    again = ["delete", *([f"--with-data={stack.name}"] if with_data is not None else [])]
    with OperationReporter(stack, printers={DeletionPlan: _print_plan}, again=again) as report:
        result = stack.delete(
            with_data=with_data is not None,
            force=force,
            confirm=Ask(report, yes=yes, names={"erase-documents": with_data}),
            on_progress=report,
        )
    with unfinished_if_output_closed(
        str(stack.location), f"run: {stack.location.command('delete')}"
    ):
        if as_json:
            output.print_json(result.as_dict())
        else:
            output.log(str(result))


def _print_plan(plan: DeletionPlan) -> None:
    for line in plan.lines():
        output.log(line)
