"""Consent on the command line: --yes, an option with the stack's name, or a question."""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import click

from readmodel_cfn.cli import output
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.consent import Consent, ConsentKind
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.options import OptionError

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")

_NO_NAME = ""  # the value of an option that is given without a name
_BY_NAME: Mapping[ConsentKind, str] = {"adopt": "--adopt", "erase-documents": "--with-data"}
"""The kinds that require the stack's name, and the option for it."""
_TYPED: frozenset[ConsentKind] = frozenset(("replace", "remove-all-routes", "disable-endpoint"))
"""The kinds that require the stack's name to be typed, unless an option has named the loss."""


def name_option(flag: str, help_text: str) -> Callable[..., Any]:
    """An option whose value is the stack's name; without a value, the command asks for it."""
    return click.option(flag, metavar="[NAME]", is_flag=False, flag_value=_NO_NAME, help=help_text)


def check_name(flag: str, value: str | None, stack_name: str) -> None:
    """Check that an option's value is the stack's name.

    Raises:
        OptionError: it is another name.
    """
    if value and value != stack_name:
        raise OptionError(flag, value, f"the stack's name, {stack_name}")


def is_terminal() -> bool:
    """Whether a question can be asked: stdin is a terminal."""
    return sys.stdin is not None and sys.stdin.isatty()


def check_terminal(where: str, hint: str) -> None:
    """Check that a question can be asked.

    Raises:
        ReadModelError: stdin is not a terminal.
    """
    if not is_terminal():
        raise ReadModelError("stdin is not a terminal", where=where, hint=hint)


class Ask:
    """A `confirm` callback that asks at the terminal, unless an option has already agreed.

    `yes` agrees to all kinds without an option of their own; `names` are the values of the options
    that take the stack's name, `replaced` the logical IDs of --replace. The output of `report` is
    ended before a question. A change that is not asked for is printed on stderr before it is made,
    with its account, region and stack.
    """

    def __init__(
        self,
        report: Reporter,
        *,
        yes: bool,
        names: Mapping[ConsentKind, str | None] | None = None,
        replaced: Sequence[str] = (),
        remove_all_routes: bool = False,
        disable_endpoint: bool = False,
    ) -> None:
        self._report, self._yes = report, yes
        self._names = dict(names or {})
        self._replaced = replaced
        self._agreed = {
            "remove-all-routes": remove_all_routes,
            "disable-endpoint": disable_endpoint,
        }
        self._lost: set[str] = set()

    def __call__(self, consent: Consent) -> bool:
        """Ask for consent.

        Raises:
            ReadModelError: the answer is no, or stdin is not a terminal.
        """
        self._report.end()
        if consent.kind in _BY_NAME:
            self._by_name(consent, _BY_NAME[consent.kind])
        elif consent.kind in _TYPED:
            self._by_loss(consent)
        elif consent.kind == "recreate":
            _by_answer(consent, False, "--recreate")
        elif consent.kind == "template-bucket":
            _by_answer(consent, self._yes, "--yes, or --template-bucket BUCKET")
        else:
            _by_answer(consent, self._yes, "--yes")
        return True

    @property
    def not_needed(self) -> list[str]:
        """The logical IDs of --replace that nothing was asked about."""
        return [name for name in dict.fromkeys(self._replaced) if name not in self._lost]

    def _by_name(self, consent: Consent, flag: str) -> None:
        if self._names.get(consent.kind) == consent.name:
            _announce(consent)
            return
        self._check_terminal(consent, f"{flag}={consent.name}")
        _type_name(consent)
        if consent.kind == "erase-documents":  # the name also agrees to delete the stack
            self._yes = True

    def _by_loss(self, consent: Consent) -> None:
        if consent.kind == "replace":
            self._lost.update(consent.lost)
            agreed = set(consent.lost) <= set(self._replaced)
            flag = " ".join(f"--replace {name}" for name in consent.lost)
        else:
            agreed = self._yes and self._agreed[consent.kind]
            flag = f"--{consent.kind}"
        if agreed:
            _announce(consent)
        else:
            self._check_terminal(consent, flag)
            _type_name(consent)
            self._yes = True  # the name also agrees to the update

    def _check_terminal(self, consent: Consent, flag: str) -> None:
        """Check for a terminal; the hint has --yes too, which the change itself needs."""
        check_terminal(consent.text, f"use {flag}" if self._yes else f"use --yes {flag}")


def _type_name(consent: Consent) -> None:
    question = output.Styled(f"{_sentence(consent)}. Type the stack's name to agree")
    typed = click.prompt(output.fit(question), default="", show_default=False, err=True)
    if typed.strip() != consent.name:
        what = f"cancelled: {typed.strip()!r} is not the stack's name"
        raise ReadModelError(what, where=consent.name)


def _by_answer(consent: Consent, agreed: bool, flag: str) -> None:
    if agreed:
        _announce(consent)
        return
    check_terminal(consent.text, f"use {flag}")
    question = output.Styled(f"{_sentence(consent)}? [y/N]:")
    if not click.confirm(output.fit(question), show_default=False, prompt_suffix=" ", err=True):
        raise ReadModelError("cancelled", where=consent.name)  # the question says what


def _announce(consent: Consent) -> None:
    output.log(output.Styled(f"{_sentence(consent)}."))


def _sentence(consent: Consent) -> output.Styled:
    return output.with_colour(consent.text[:1].upper() + consent.text[1:])
