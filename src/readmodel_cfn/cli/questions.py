"""The questions of `init`: at a terminal it asks for what no option sets."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import click

from readmodel_cfn.cli.output import fit, log
from readmodel_cfn.config.starter import key_for, stack_name_for
from readmodel_cfn.config.values import StackSettings
from readmodel_cfn.template.model import ReadModel
from readmodel_cfn.template.options import OptionError, options_of
from readmodel_cfn.template.routes import Route
from readmodel_cfn.template.sections.api import Api
from readmodel_cfn.template.sections.writer import Writer

T = TypeVar("T")
_WRITER = (
    "Who publishes: the ARNs, account IDs or OIDC subjects (repo:OWNER/REPOSITORY:...) that may "
    "assume a role, separated by commas (recommended: there is no key that can leak), or user for "
    "an IAM user with an access key, or none"
)


@dataclass(frozen=True)
class Questions:
    """The values of the options, else the answers; without `ask`, the defaults."""

    ask: bool

    def stack(self, name: str | None, region: str | None) -> StackSettings:
        """The stack's name, by default the directory's, and its region."""

        def named(text: str) -> StackSettings:
            return StackSettings(name=text)

        default = stack_name_for(Path.cwd())
        stack = self._value("--stack-name", name, "Name of the stack", named, default)

        def placed(text: str) -> StackSettings:
            return StackSettings(name=stack.name, region=text or None)

        return self._value("--region", region, _doc(StackSettings, "region"), placed, "")

    def routes(self, given: tuple[str, ...]) -> tuple[Route, ...]:
        """The routes; at a terminal it asks for another until the answer is empty."""
        routes: tuple[Route, ...] = ()
        for text in given:
            routes = _checked("--route", text, _appended_to(routes))
        if routes or not self.ask:
            return routes or (Route(),)
        routes = _prompted(_doc(Route, "path"), _appended_to(()), Route().path)
        while True:
            log(f"The key of its documents is {routes[-1].key}.")
            more = _prompted("Path of another route, or nothing", _appended_to(routes), "")
            if more == routes:
                return routes
            routes = more

    def api(self, cors_origin: str | None) -> Api:
        """The options of the API: the origins for CORS, joined by commas."""

        def allowing(text: str) -> Api:
            origins = tuple(origin.strip() for origin in text.split(","))
            return Api(cors_origin=origins if len(origins) > 1 else text or None)

        question = f"{_doc(Api, 'cors_origin')}. Separate several by commas"
        return self._value("--cors-origin", cors_origin, question, allowing, "")

    def writer(self, kind: str | None, principals: tuple[str, ...]) -> Writer:
        """The identity that publishes; principals imply a role."""
        if kind is None and not principals:
            return self._value("--writer", None, _WRITER, _writer, Writer().kind)
        if kind in (None, "role"):
            return _checked("--principal", ",".join(principals), _role)
        if principals:
            raise click.UsageError(f"--principal cannot be used with --writer {kind}.")
        return _writer(str(kind))

    def _value(
        self, option: str, given: str | None, question: str, make: Callable[[str], T], default: str
    ) -> T:
        """What `make` returns for the option, or else for the answer or the default."""
        if given is not None:
            return _checked(option, given, make)
        return _prompted(question, make, default) if self.ask else make(default)


def _appended_to(routes: tuple[Route, ...]) -> Callable[[str], tuple[Route, ...]]:
    """A function that appends the route in a text, PATH or PATH=KEY, unless the text is empty."""

    def append(text: str) -> tuple[Route, ...]:
        if routes and not text:
            return routes
        path, equals, key = text.partition("=")
        added = (*routes, Route(path, key if equals else key_for(path)))
        ReadModel(routes=added)  # checks them together
        return added

    return append


def _writer(text: str) -> Writer:
    without_principals = {"user": Writer(kind="user"), "none": Writer(kind="none")}
    return without_principals.get(text) or _role(text)


def _role(text: str) -> Writer:
    return Writer(kind="role", principals=tuple(text.replace(",", " ").split()))


def _doc(table: type, option: str) -> str:
    """The meaning of an option, as a question."""
    declared = next(field for field, _ in options_of(table) if field.name == option)
    return str(declared.metadata["doc"]).rstrip(".")


def _checked(option: str, text: str, make: Callable[[str], T]) -> T:
    """What `make` returns; an error names the option of the command line.

    Raises:
        OptionError: the value is not allowed.
    """
    try:
        return make(text)
    except OptionError as error:
        raise OptionError(option, error.value, error.allowed) from error


def _prompted(question: str, make: Callable[[str], T], default: str) -> T:
    """Ask until `make` accepts the answer; return what it returns."""

    def checked(answer: str) -> T:
        try:
            return make(answer.strip())
        except OptionError as error:
            raise click.UsageError(f"{error.what}; {error.hint}") from error

    shown = f"{question} [{default}]:" if default else f"{question}:"
    made: T = click.prompt(
        fit(shown), default, value_proc=checked, show_default=False, prompt_suffix=" ", err=True
    )
    return made
