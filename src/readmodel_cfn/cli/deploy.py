"""`diff`, `deploy`, `follow` and `delete`: compare a stack, change it, and follow its events."""

from collections.abc import Callable
from typing import Any

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.consent import Ask, check_name, name_option, yes_option
from readmodel_cfn.cli.diff import full_option, print_diff
from readmodel_cfn.cli.errors import stop_on_sigterm, unfinished_if_output_closed
from readmodel_cfn.cli.help import WithExamples, examples
from readmodel_cfn.cli.operation import OperationReporter, offer_cancel
from readmodel_cfn.cli.options import (
    SECONDS,
    WORD,
    json_option,
    same_stack,
    stack_name_options,
    stack_options,
)
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.lint import Finding
from readmodel_cfn.results import DeletionPlan, DeployResult, Plan, StackDiff
from readmodel_cfn.stack import ReadModelStack

_CHANGES = 5  # the exit code

template_bucket_option: Callable[..., Any] = click.option(
    "--template-bucket",
    type=WORD,
    help="S3 bucket for a template of more than 51,200 bytes [default: a private bucket of the "
    "account, created after asking].",
)
events_option: Callable[..., Any] = click.option(
    "--events", is_flag=True, help="Print every event, not only what is done or has failed."
)
timeout_option: Callable[..., Any] = click.option(
    "--timeout", type=SECONDS, help="Stop waiting after this many seconds."
)


def _print_plan(plan: Plan) -> None:
    output.log(output.with_colour(str(plan)))


def _print_change(plan: Plan) -> None:
    """Print a plan that changes something; the result says that nothing has changed."""
    if plan.action != "nothing":
        _print_plan(plan)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn diff",
        "readmodel-cfn diff --env production --json",
    ),
)
@stack_options
@yes_option
@template_bucket_option
@full_option
@json_option
@click.pass_context
@stop_on_sigterm()
def diff(
    ctx: click.Context,
    stack: ReadModelStack,
    yes: bool,
    template_bucket: str | None,
    full: bool,
    as_json: bool,
) -> None:
    """Show what deploy would change. Exit code 0: no changes; 5: changes.

    A template of more than 51,200 bytes is uploaded to a bucket; the command asks before it creates
    that bucket.

    With --json: an object with action, settings, resources, others, removed_routes, kept_routes and
    exposure.
    """
    with Reporter(printers={Plan: _print_plan}) as report:
        found = stack.diff(
            template_bucket=template_bucket, confirm=Ask(report, yes=yes), on_progress=report
        )
    if as_json:
        output.print_json(found.as_dict())
    else:
        print_diff(found, full=full)
        if not found.up_to_date:
            output.log(f"Next: {same_stack('deploy')}")
    if not found.up_to_date:
        ctx.exit(_CHANGES)


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn deploy",
        "readmodel-cfn deploy --sandbox --yes",
        "readmodel-cfn deploy --env production --detach",
    ),
)
@stop_on_sigterm()
@stack_options
@yes_option
@template_bucket_option
@json_option
@events_option
@click.option("--detach", is_flag=True, help="Start the deployment and return without waiting.")
@timeout_option
@click.option(
    "--recreate",
    is_flag=True,
    help="Delete a stack whose creation never succeeded, without asking.",
)
@name_option(
    "--adopt",
    "Adopt a stack that another tool created, after listing the resources that are removed from "
    "it. NAME is the stack's name; without it, the command asks for it.",
)
@click.option(
    "--replace",
    "replaced",
    metavar="LOGICAL_ID",
    type=WORD,
    multiple=True,
    help="Replace or remove this bucket, API, stage, domain name or distribution, which loses "
    "documents or a URL; repeatable.",
)
@click.option(
    "--remove-all-routes",
    is_flag=True,
    help="With --yes: remove all routes of the deployed stack.",
)
@click.option(
    "--disable-endpoint",
    is_flag=True,
    help="With --yes: disable API Gateway's own public URL, whose readers are then refused.",
)
@full_option
@click.option(
    "--express",
    is_flag=True,
    help="Return without waiting until resources are stable (CloudFormation express mode).",
)
@click.option("--disable-rollback", is_flag=True, help="Keep the resources of a failed operation.")
@click.option(
    "--import-existing",
    is_flag=True,
    help="Import resources that exist, such as a retained bucket.",
)
@click.option(
    "--no-watch",
    "watch",
    flag_value=False,
    default=True,
    help="Do not let the alarms of [alarms] roll the update back.",
)
@click.option("--revert-drift", is_flag=True, help="Revert changes made outside of CloudFormation.")
def deploy(
    stack: ReadModelStack,
    yes: bool,
    as_json: bool,
    adopt: str | None,
    replaced: tuple[str, ...],
    remove_all_routes: bool,
    disable_endpoint: bool,
    full: bool,
    events: bool,
    **options: Any,
) -> None:
    """Create or update the stack, wait until it is complete, and print the URL of each route.

    With --json: JSON lines, each an object whose one key is plan, diff, finding or event, and at
    the end result, with status, outputs, seconds, urls, and the numbers of resources created,
    updated and deleted; --detach prints no result. plan and result have account, region, stack,
    profile, role_arn, sandbox and env.
    """
    check_name("--adopt", adopt, stack.name)
    printers: dict[type, Callable[[Any], None]] = {
        Plan: _print_change,
        StackDiff: lambda diff: print_diff(diff, full=full, err=True),
        Finding: lambda finding: output.findings([finding]),
    }
    with OperationReporter(stack, as_json, printers, all_events=events) as report:
        ask = Ask(
            report,
            yes=yes,
            names={"adopt": adopt},
            replaced=replaced,
            remove_all_routes=remove_all_routes,
            disable_endpoint=disable_endpoint,
        )
        result = stack.deploy(
            adopt=adopt is not None,
            confirm=ask,
            on_progress=report,
            on_interrupt=offer_cancel(report),
            **options,
        )
    for name in ask.not_needed:
        output.log(f"--replace {name} was not needed: this deploy does not replace or remove it.")
    if result.detached:
        return
    hint = f"run: {stack.location.command('outputs')}"
    with unfinished_if_output_closed(str(stack.location), hint):
        if as_json:
            output.print_json_line("result", result.as_dict())
        else:
            output.log(output.with_colour(str(result)))
            output.urls(result.urls.values())
            output.log(f"Next: {_next_command(stack, result)}")


def _next_command(stack: ReadModelStack, result: DeployResult) -> str:
    is_new = result.created and result.status == "CREATE_COMPLETE"
    if is_new and stack.model.releases:
        return same_stack("publish", "DIR", "--release")
    if is_new:
        return same_stack("publish", "FILE", "--key", stack.model.routes[0].example.key)
    return same_stack("verify")


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn follow",
        "readmodel-cfn follow --timeout 600 --json",
    ),
)
@stop_on_sigterm()
@stack_name_options
@json_option
@timeout_option
def follow(stack: ReadModelStack, as_json: bool, timeout: float | None) -> None:
    """Print the events of the operation in progress, or of the last one; exit with its result.

    With --json: JSON lines, each an object whose one key is event, and at the end result, with
    status.
    """
    with OperationReporter(stack, as_json, all_events=True) as report:
        result = stack.follow(
            timeout=timeout, on_progress=report, on_interrupt=offer_cancel(report)
        )
    if as_json:
        output.print_json_line("result", result.as_dict())
    else:
        output.log(str(result))


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn delete",
        "readmodel-cfn delete --yes --with-data=read-model --json",
    ),
)
@stop_on_sigterm()
@stack_name_options
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
@events_option
def delete(
    stack: ReadModelStack,
    yes: bool,
    as_json: bool,
    with_data: str | None,
    force: bool,
    events: bool,
) -> None:
    """Delete the stack after listing what will be deleted and kept.

    A retained bucket is kept with its documents, unless --with-data is given. After an
    interruption, run the command again to continue.

    Only a stack with the tag readmodel-cfn = managed is deleted, which every deploy sets: delete
    any other with the tool that created it.

    If there is no such stack, the command says so and succeeds.

    With --json: an object with deleted (null if there was no stack), kept, removed_buckets,
    account, region, stack, profile, role_arn, sandbox and env.
    """
    check_name("--with-data", with_data, stack.name)
    again = ["delete", *([f"--with-data={stack.name}"] if with_data is not None else [])]
    with OperationReporter(
        stack,
        printers={DeletionPlan: _print_deletion_plan},
        again=again,
        all_events=events,
    ) as report:
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
            output.log(output.with_colour(str(result)))


def _print_deletion_plan(plan: DeletionPlan) -> None:
    for line in plan.lines():
        output.log(output.with_colour(line))
