"""Consent that --yes does not give: the stack's name, as an option's value or typed when asked."""

from collections.abc import Callable
from typing import Any

import click

from readmodel_cfn.cli.target import check_terminal
from readmodel_cfn.consent import Consent
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.options import OptionError

_ASK = ""  # the option's value where it is given without a name


def name_option(flag: str, help_text: str) -> Callable[..., Any]:
    """An option that takes the stack's name, or no value: then the command asks for the name."""
    return click.option(flag, metavar="[NAME]", is_flag=False, flag_value=_ASK, help=help_text)


def check_name(flag: str, given: str | None, stack_name: str) -> None:
    """Check that a name that was given is the stack's.

    Raises:
        OptionError: it is another name.
    """
    if given and given != stack_name:
        raise OptionError(flag, given, f"the stack's name, {stack_name}")


def consent_by_name(consent: Consent, flag: str, given: str) -> bool:
    """Ask for the stack's name, unless it was given; whether it was asked for.

    Raises:
        ReadModelError: another name was typed, or there is nobody to ask.
    """
    if given == consent.name:
        return False
    where = f"stack {consent.name}: {consent.text}"
    check_terminal(where, hint=f"give {flag}={consent.name}")
    question = f"{where[0].upper()}{where[1:]}. Type the stack's name to agree"
    typed = click.prompt(question, default="", show_default=False, err=True)
    if typed.strip() != consent.name:
        raise ReadModelError("cancelled", where=where)
    return True
