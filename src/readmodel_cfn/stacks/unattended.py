"""Unattended: a whole deploy in one call, for programs; the command line asks, this refuses."""

from collections.abc import Callable

from readmodel_cfn.aws import Connection, one_line_errors
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.limits import TEMPLATE_BODY_BYTES
from readmodel_cfn.stacks import deploy as steps
from readmodel_cfn.stacks.client import StackClient
from readmodel_cfn.stacks.events import Following
from readmodel_cfn.stacks.preflight import preflight
from readmodel_cfn.stacks.upload import upload
from readmodel_cfn.stacks.values import Event, Stack
from readmodel_cfn.stacks.verdict import check
from readmodel_cfn.stacks.wanted import Wanted

HERE = Connection()
"""What the environment and ~/.aws say."""
# What a person has to agree to, and how that is said.
_CONSENT = {"recreate": "--recreate", "continue rollback": "--yes"}


def deploy(
    wanted: Wanted,
    connection: Connection = HERE,
    *,
    on_event: Callable[[Event], None] = lambda _: None,
    note: Callable[[str], None] = lambda _: None,
    limit: float | None = None,
    template_bucket: str | None = None,
) -> Stack:
    """Create or update a stack, of any template, follow it to its end and return it.

    An operation that goes on already is followed first. Nothing happens where nothing differs. What
    is known to fail is refused before anything is touched. `on_event` is told each of the stack's
    events, `note` what is worth knowing, a line each. `limit` is the most seconds to follow an
    operation; a template of more than 51,200 bytes is handed over through `template_bucket`.

    Raises:
        RolledBack: it failed and was undone; the error names the resource and why.
        Stuck: a person must act; nothing is ever deleted here.
        Unfinished: it goes on by itself; call it again to go on following.
        ReadModelError: refused, or out of reach, before anything was changed.
    """
    _ = wanted.content  # told first, where it is no template
    if not wanted.fits_a_call and not template_bucket:
        what = f"the template has more than the {TEMPLATE_BODY_BYTES:,} bytes that a call takes"
        raise ConfigError(what, where=wanted.name, hint="give template_bucket")
    with one_line_errors():
        client = StackClient(connection.client("cloudformation"))
        seen = _settled(client, wanted, on_event, limit)
        ended = _changed(connection, client, wanted, seen, note, template_bucket)
        stack = _end(client, wanted.name, ended, on_event, limit) if ended else seen.stack
        assert stack is not None  # noqa: S101 - only a create begins without a stack
        steps.protect(client, wanted, stack, changed=ended is not None)
        return stack


def _settled(
    client: StackClient, wanted: Wanted, on_event: Callable[[Event], None], limit: float | None
) -> steps.Look:
    """The stack once it can be created or updated."""
    while True:
        seen = steps.look(client, wanted)
        steps.refuse(wanted.name, seen.plan)
        if option := _CONSENT.get(seen.plan.action):
            hint = f"a person must agree: readmodel-cfn deploy {option}"
            raise ReadModelError(seen.plan.why, where=f"stack {wanted.name}", hint=hint)
        if seen.plan.action != "attach":
            return seen
        following = steps.settle(client, seen)
        following.limit = limit
        following.to_the_end(on_event)


def _changed(
    connection: Connection,
    client: StackClient,
    wanted: Wanted,
    seen: steps.Look,
    note: Callable[[str], None],
    template_bucket: str | None,
) -> Following | None:
    """The operation that was begun; None where there is nothing to do."""
    if seen.plan.action not in ("create", "update"):
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
