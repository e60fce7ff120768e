"""Consent on the command line: --yes, a stack's name as an option's value, or an answer typed."""

import sys
from collections.abc import Callable, Mapping
from typing import Any

import click

from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.consent import Consent, ConsentKind
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.options import OptionError

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

_NO_NAME = ""  # the value of an option that is given without a name
_BY_NAME: Mapping[ConsentKind, str] = {"adopt": "--adopt", "erase-documents": "--with-data"}
"""The kinds that only the stack's name agrees to, and the option that takes it."""


def name_option(flag: str, help_text: str) -> Callable[..., Any]:
    """An option that takes the stack's name, or no value: then the name is asked for."""
    return click.option(flag, metavar="[NAME]", is_flag=False, flag_value=_NO_NAME, help=help_text)


def check_name(flag: str, value: str | None, stack_name: str) -> None:
    """Check that a name that an option was given is the stack's.

    Raises:
        OptionError: it is another name.
    """
    if value and value != stack_name:
        raise OptionError(flag, value, f"the stack's name, {stack_name}")


def check_terminal(where: str, hint: str) -> None:
    """Refuse to ask without a terminal.

    Raises:
        ReadModelError: stdin is not a terminal.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise ReadModelError("stdin is not a terminal", where=where, hint=hint)


class Ask:
    """A `confirm` callback that asks at the terminal, unless an option has answered.

    `yes` answers everything but the kinds that have an option of their own: `names` has the values
    of those that take the stack's name. `report` is silenced before a question.
    """

    def __init__(
        self,
        report: Reporter,
        *,
        yes: bool,
        names: Mapping[ConsentKind, str | None] | None = None,
    ) -> None:
        self._report, self._yes = report, yes
        self._names = dict(names or {})

    def __call__(self, consent: Consent) -> bool:
        """Ask.

        Raises:
            ReadModelError: the answer is no, or there is no terminal to ask on.
        """
        self._report.end()
        if consent.kind in _BY_NAME:
            self._by_name(consent, _BY_NAME[consent.kind])
        elif consent.kind == "recreate":
            _by_answer(consent, False, "--recreate")
        else:
            _by_answer(consent, self._yes, "--yes")
        return True

    def _by_name(self, consent: Consent, flag: str) -> None:
        if self._names.get(consent.kind) == consent.name:
            return
        check_terminal(consent.text, f"use {flag}={consent.name}")
        question = f"{_capitalized(consent.text)}. Type the stack's name to agree"
        typed = click.prompt(question, default="", show_default=False, err=True)
        if typed.strip() != consent.name:
            raise ReadModelError("cancelled", where=consent.text)
        if consent.kind == "erase-documents":  # who types the name agrees to delete the stack too
            self._yes = True


def _by_answer(consent: Consent, agreed: bool, flag: str) -> None:
    if agreed:
        return
    check_terminal(consent.text, f"use {flag}")
    if not click.confirm(f"{_capitalized(consent.text)}?", err=True):
        raise ReadModelError("cancelled", where=consent.text)


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
