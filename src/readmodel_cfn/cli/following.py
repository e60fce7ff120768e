"""Following an operation at a terminal: Ctrl-C detaches, a second one offers to cancel."""

import sys
import time
from typing import NoReturn

import click

from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.signals import Terminated
from readmodel_cfn.cli.target import Target
from readmodel_cfn.cli.telling import Telling
from readmodel_cfn.cli.untold import unfinished_if_untold
from readmodel_cfn.deploy.events import Ended, Following
from readmodel_cfn.errors import ReadModelError, Unfinished

_SECONDS_FOR_A_SECOND = 3.0


def followed(
    target: Target,
    following: Following,
    telling: Telling,
    limit: float | None,
    *,
    may_cancel: bool = True,
) -> Ended:
    """Follow to the end, telling each event; Ctrl-C never cancels without `may_cancel`.

    Raises:
        Unfinished: interrupted, or the time is over; the operation goes on by itself.
    """
    following.limit, following.again = limit, target.command("follow")
    with unfinished_if_untold(target.where, _goes_on(target)):
        while True:
            try:
                with telling.following(target.where) as on_event:
                    return following.to_the_end(on_event)
            except Terminated:
                _detach(target)
            except KeyboardInterrupt:
                _interrupted(target, following, may_cancel)


def _interrupted(target: Target, following: Following, may_cancel: bool) -> None:
    """Detach; return to go on only where the update is to be cancelled."""
    if not may_cancel or sys.stdin is None or not sys.stdin.isatty():
        _detach(target)
    seconds = f"{_SECONDS_FOR_A_SECOND:.0f} seconds"
    report.story(f"CloudFormation goes on. Ctrl-C again within {seconds} to cancel the update.")
    try:
        time.sleep(_SECONDS_FOR_A_SECOND)
    except Terminated:
        _detach(target)
    except KeyboardInterrupt:
        if _cancelled(following):
            return
    _detach(target)


def _cancelled(following: Following) -> bool:
    try:
        if not click.confirm("Cancel the update and roll it back?", err=True):
            return False
        with readable_errors():
            following.client.cancel_update(following.stack_id)
    except ReadModelError as error:  # a create, or an update that is past it
        report.story(f"It cannot be cancelled: {error}")
        return False
    except click.Abort:  # Ctrl-C, SIGTERM or the end of input instead of an answer
        click.echo(err=True)
        return False
    return True


def _detach(target: Target) -> NoReturn:
    raise Unfinished("no longer following", where=target.where, hint=_goes_on(target))


def _goes_on(target: Target) -> str:
    return f"CloudFormation goes on by itself; run: {target.command('follow')}"
