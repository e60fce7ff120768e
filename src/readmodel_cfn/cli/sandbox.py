"""`sandbox`: the embedded AWS, started and stopped."""

from typing import Any

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import Group, WithExamples, examples
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.errors import ReadModelError


@click.group(cls=Group, epilog="readmodel-cfn sandbox start")
def sandbox() -> None:
    """The embedded AWS on this machine: no account, no network, IAM enforced."""


@sandbox.command(
    cls=WithExamples,
    epilog=examples("readmodel-cfn sandbox start", "readmodel-cfn sandbox start --json"),
)
@json_option
def start(as_json: bool) -> None:
    """Start it, or find it running; the first time installs it.

    With --json: an object with endpoint_url, port, pid, access_key_id, secret_access_key, instance,
    region, loopback_is_secure and token.
    """
    from readmodel_cfn.local import sandbox as room

    with slow("Waiting for the embedded AWS", first=5):
        found = room.start(progress=report.story)
    _show(found, as_json)


@sandbox.command(cls=WithExamples, epilog=examples("readmodel-cfn sandbox stop"))
@json_option
def stop(as_json: bool) -> None:
    """Stop it and discard its data.

    With --json: an object with stopped, false where it was not running.
    """
    from readmodel_cfn.local import sandbox as room

    stopped = room.stop()
    if as_json:
        report.print_json({"stopped": stopped})
    else:
        report.story("Stopped." if stopped else "It was not running.")


@sandbox.command(
    cls=WithExamples,
    epilog=examples("readmodel-cfn sandbox status", "readmodel-cfn sandbox status --json"),
)
@json_option
def status(as_json: bool) -> None:
    """Show its address and key; exit 1 if it is not running.

    With --json: the object that start prints.
    """
    from readmodel_cfn.local import sandbox as room

    found = room.status()
    if found is None:
        raise ReadModelError(
            "not running", where="sandbox", hint="run: readmodel-cfn sandbox start"
        )
    _show(found, as_json)


def _show(found: Any, as_json: bool) -> None:
    if as_json:
        report.print_json(vars(found))
    else:
        report.sandbox(found)
