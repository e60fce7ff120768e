"""`sandbox`: the embedded AWS, started and stopped."""

from typing import Any

import click

from readmodel_cfn import report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.errors import ReadModelError


@click.group()
def sandbox() -> None:
    """The embedded AWS on this machine: no account, no network, IAM enforced."""


@sandbox.command()
@json_option
def start(as_json: bool) -> None:
    """Start it, or find it running; the first time installs it."""
    from readmodel_cfn import sandbox as room

    _show(room.start(progress=report.story), as_json)


@sandbox.command()
def stop() -> None:
    """Stop it; what it held is gone."""
    from readmodel_cfn import sandbox as room

    report.story("Stopped." if room.stop() else "It was not running.")


@sandbox.command()
@json_option
def status(as_json: bool) -> None:
    """Tell where it runs and with which key; exit 1 where it does not."""
    from readmodel_cfn import sandbox as room

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
