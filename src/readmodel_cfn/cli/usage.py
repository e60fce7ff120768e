"""A usage error as the others are told: where, what, and what to do next, in one line."""

import click
from click.exceptions import NoSuchCommand

from readmodel_cfn.errors import ConfigError


def usage_error(error: click.UsageError) -> ConfigError:
    """The same in one line, with the nearest name where one is near."""
    near = _nearest(error)
    what = " ".join((error.message if near else error.format_message()).rstrip(".").split())
    place = error.ctx.command_path if error.ctx else None
    hints = [f"did you mean {near}?"] * bool(near) + [f"try {place} --help"] * bool(place)
    return ConfigError(what[:1].lower() + what[1:], where=place, hint=" Or ".join(hints))


def _nearest(error: click.UsageError) -> str | None:
    """The option or command that is spelt most like the one that does not exist."""
    if isinstance(error, click.NoSuchOption):
        return next(iter(error.possibilities or ()), None)
    group = error.ctx.command if error.ctx else None
    if not isinstance(error, NoSuchCommand) or not isinstance(group, click.Group):
        return None
    from difflib import get_close_matches

    assert error.ctx is not None  # noqa: S101 - it has a command
    near = get_close_matches(error.command_name, group.list_commands(error.ctx), n=1)
    return next(iter(near), None)
