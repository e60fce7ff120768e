"""A usage error as the others are told: where, what, and what to do next, in one line."""

import click

from readmodel_cfn.errors import ConfigError

_HELP = getattr(click.exceptions, "NoArgsIsHelpError", ())


def is_help(error: click.UsageError) -> bool:
    """Is it no error, but the help of a group that was given no command?"""
    return isinstance(error, _HELP)


def usage_error(error: click.UsageError) -> ConfigError:
    """The same in one line, with the nearest name where one is near."""
    near = _nearest(error)
    what = (error.message if near else error.format_message()).rstrip(".")
    place = error.ctx.command_path if error.ctx else None
    hints = [f"did you mean {near}?"] * bool(near) + [f"try {place} --help"] * bool(place)
    return ConfigError(what[:1].lower() + what[1:], where=place, hint=" Or ".join(hints))


def _nearest(error: click.UsageError) -> str | None:
    """The option or command that is spelt most like the one that does not exist."""
    if isinstance(error, click.NoSuchOption):
        return next(iter(error.possibilities or ()), None)
    name = getattr(error, "command_name", None)
    if name is None or error.ctx is None or not isinstance(error.ctx.command, click.Group):
        return None
    from difflib import get_close_matches

    near = get_close_matches(name, error.ctx.command.list_commands(error.ctx), n=1)
    return next(iter(near), None)
