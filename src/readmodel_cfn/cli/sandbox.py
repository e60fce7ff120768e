"""`sandbox`: start, stop and show the embedded AWS."""

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.help import Group, WithExamples, examples
from readmodel_cfn.cli.options import SANDBOX_VARIABLE, json_option
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local import sandbox as embedded


@click.group(
    cls=Group,
    epilog=examples("readmodel-cfn sandbox start", 'eval "$(readmodel-cfn sandbox env)"'),
)
def sandbox() -> None:
    """Start and stop the sandbox: an embedded AWS on this machine, with IAM enforced."""


@sandbox.command(
    cls=WithExamples,
    epilog=examples("readmodel-cfn sandbox start", "readmodel-cfn sandbox start --json"),
)
@json_option
def start(as_json: bool) -> None:
    """Start the sandbox if it is not running; the first start installs it.

    With --json: an object with endpoint_url, port, pid, access_key_id, secret_access_key, instance,
    region, loopback_is_secure and token.
    """
    with Reporter() as report:
        box = embedded.start(on_progress=report)
    _print(box, as_json)


@sandbox.command(cls=WithExamples, epilog=examples("readmodel-cfn sandbox stop"))
@json_option
def stop(as_json: bool) -> None:
    """Stop the sandbox and discard its data.

    With --json: an object with stopped, false if it was not running.
    """
    stopped = embedded.stop()
    if as_json:
        output.print_json({"stopped": stopped})
    else:
        output.log("Stopped." if stopped else "It was not running.")


@sandbox.command(
    cls=WithExamples,
    epilog=examples("readmodel-cfn sandbox status", "readmodel-cfn sandbox status --json"),
)
@json_option
def status(as_json: bool) -> None:
    """Show the sandbox's address and key; exit 1 if it is not running.

    With --json: the object that start prints.
    """
    box = embedded.status()
    if box is None:
        hint = "run: readmodel-cfn sandbox start"
        raise ReadModelError("not running", where="sandbox", hint=hint)
    _print(box, as_json)


@sandbox.command(
    cls=WithExamples,
    epilog=examples("readmodel-cfn sandbox env", "readmodel-cfn sandbox env --json"),
)
@json_option
def env(as_json: bool) -> None:
    """Print the line that makes every command of a shell use the sandbox.

    Run: eval "$(readmodel-cfn sandbox env)". The line sets READMODEL_CFN_SANDBOX=1, and
    `unset READMODEL_CFN_SANDBOX` ends it. The sandbox is not started.

    With --json: an object of names and values.
    """
    variables = {SANDBOX_VARIABLE: "1"}
    if as_json:
        output.print_json(variables)
    else:
        for name, value in variables.items():
            click.echo(f"export {name}={value}")


def _print(box: embedded.Sandbox, as_json: bool) -> None:
    if as_json:
        output.print_json(box.as_dict())
    else:
        output.sandbox(box)
