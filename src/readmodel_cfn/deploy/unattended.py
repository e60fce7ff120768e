"""Unattended: a whole deploy in one call, for programs; the command line asks, this refuses."""

from collections.abc import Callable

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy import deploy as steps
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.consents import needed_consent
from readmodel_cfn.deploy.diagnosis import check
from readmodel_cfn.deploy.events import Following
from readmodel_cfn.deploy.plan import CHANGING
from readmodel_cfn.deploy.preflight import preflight
from readmodel_cfn.deploy.upload import upload
from readmodel_cfn.deploy.values import Event, Stack
from readmodel_cfn.deploy.wanted import Wanted
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import TEMPLATE_BODY_BYTES

HERE = Connection()
"""What the environment and ~/.aws say."""


def deploy(
    wanted: Wanted,
    connection: Connection = HERE,
    *,
    on_event: Callable[[Event], None] = lambda _: None,
    note: Callable[[str], None] = lambda _: None,
    confirm: Callable[[Consent], bool] = lambda _: False,
    limit: float | None = None,
    template_bucket: str | None = None,
) -> Stack:
    """Create or update a stack, of any template, follow it to its end and return it.

    An operation that goes on already is followed first. Nothing happens where nothing differs. What
    is known to fail is refused before anything is touched. `on_event` is told each of the stack's
    events, `note` what is worth knowing, a line each. `limit` is the most seconds to follow an
    operation; a template of more than 51,200 bytes is handed over through `template_bucket`.

    `confirm` is asked before anything is done that needs a person's consent: to adopt a stack
    without this tool's tag, to delete and create again a stack whose create never succeeded, to
    continue a rollback that failed. Without it, nobody agrees.

    Raises:
        ConsentRequired: `confirm` did not agree; the error's `consent` says to what.
        RolledBack: it failed and was undone; the error names the resource and why.
        Stuck: a person must act.
        Unfinished: it goes on by itself; call it again to go on following.
        ReadModelError: refused, or out of reach, before anything was changed.
    """
    _ = wanted.content  # told first, where it is no template
    if not wanted.fits_a_call and not template_bucket:
        what = f"the template has more than the {TEMPLATE_BODY_BYTES:,} bytes that a call takes"
        raise ConfigError(what, where=wanted.name, hint="give template_bucket")
    with readable_errors():
        client = StackClient(connection.client("cloudformation"))
        seen = _settled(client, wanted, on_event, confirm, limit)
        ended = _changed(connection, client, wanted, seen, note, template_bucket)
        stack = _end(client, wanted.name, ended, on_event, limit) if ended else seen.stack
        assert stack is not None  # noqa: S101 - only a create begins without a stack
        steps.protect(client, wanted, stack, changed=ended is not None)
        return stack


def _settled(
    client: StackClient,
    wanted: Wanted,
    on_event: Callable[[Event], None],
    confirm: Callable[[Consent], bool],
    limit: float | None,
) -> steps.Look:
    """The stack once it can be created or updated."""
    while True:
        seen = steps.look(client, wanted, adopt=True)
        steps.refuse(wanted.name, seen.plan)
        needed = needed_consent(client, wanted, seen)
        if needed and not confirm(needed):
            raise ConsentRequired(needed)
        if seen.plan.action not in steps.SETTLED_FIRST:
            return seen
        following = steps.settle(client, seen)
        following.limit = limit
        ended = following.to_the_end(on_event)
        steps.check_settled(client, wanted.name, seen, ended, lambda _: None)


def _changed(
    connection: Connection,
    client: StackClient,
    wanted: Wanted,
    seen: steps.Look,
    note: Callable[[str], None],
    template_bucket: str | None,
) -> Following | None:
    """The operation that was begun; None where there is nothing to do."""
    if seen.plan.action not in CHANGING:
        return None
    had, region = seen.stack.parameters if seen.stack else None, connection.region_name
    for line in preflight(wanted, seen.template, connection.client, region=region, had=had):
        note(line)
    if template_bucket and not wanted.fits_a_call:
        wanted = upload(connection.client("s3"), template_bucket, wanted)
    return steps.change(client, wanted, seen)


def _end(
    client: StackClient,
    name: str,
    following: Following,
    on_event: Callable[[Event], None],
    limit: float | None,
) -> Stack:
    following.limit = limit
    return check(client, name, following.to_the_end(on_event), lambda _: None)
