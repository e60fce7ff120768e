"""`init`: a commented readmodel.toml, after three questions."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.description import json_option
from readmodel_cfn.cli.examples import WithExamples, examples
from readmodel_cfn.cli.target import check_terminal, yes_option
from readmodel_cfn.config.load import DEFAULT_FILE, StackSettings
from readmodel_cfn.config.starter import key_for, starter
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.options import OptionError, options_of
from readmodel_cfn.template.routes import Route

T = TypeVar("T")


@click.command(
    cls=WithExamples,
    epilog=examples(
        "readmodel-cfn init",
        "readmodel-cfn init --yes",
    ),
)
@yes_option
@json_option
def init(yes: bool, as_json: bool) -> None:
    """Write a readmodel.toml to start from, with every option explained in it.

    Asks for the stack's name, its region and the path of the first route; --yes takes read-model,
    the AWS profile's region, and samples.

    With --json: an object with file, stack, route and next, the commands to go on with.
    """
    _refuse_to_replace()
    stack, route = (StackSettings(), Route()) if yes else _asked()
    _write(starter(stack, route))
    _tell(stack, route, as_json)


def _refuse_to_replace() -> None:
    if DEFAULT_FILE.exists() or DEFAULT_FILE.is_symlink():
        hint = "edit it, or move it away first"
        raise ReadModelError("it is there already", where=str(DEFAULT_FILE), hint=hint)


def _asked() -> tuple[StackSettings, Route]:
    check_terminal(f"Questions about {DEFAULT_FILE}")
    name = _ask(StackSettings, "name", lambda text: StackSettings(name=text)).name
    stack = _ask(
        StackSettings, "region", lambda text: StackSettings(name=name, region=text or None)
    )
    route = _ask(Route, "path", lambda text: Route(text, key_for(text)))
    report.story(f"Its documents have the key {route.key}.")
    return stack, route


def _ask(table: type, option: str, make: Callable[[str], T]) -> T:
    """The value that an answer makes, asked for until it is one that the options allow."""
    declared = next(one for one, _ in options_of(table) if one.name == option)

    def checked(answer: str) -> T:
        try:
            return make(answer.strip())
        except OptionError as error:
            raise click.UsageError(f"{error.what}; {error.hint}") from error

    question = str(declared.metadata["doc"]).rstrip(".")
    default = declared.default or ""
    made: T = click.prompt(
        question, default, value_proc=checked, show_default=bool(default), err=True
    )
    return made


def _write(text: str) -> None:
    """All of it or nothing, and never over a file that came meanwhile."""
    try:
        with DEFAULT_FILE.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        _refuse_to_replace()
    except BaseException:
        DEFAULT_FILE.unlink(missing_ok=True)
        raise


def _tell(stack: StackSettings, route: Route, as_json: bool) -> None:
    path, key = (re.sub(r"\{\w+\+?\}", "1", text) for text in (route.path, route.key))
    following = {
        "readmodel-cfn deploy": "creates the stack, having shown it",
        f"readmodel-cfn publish FILE --key {key}": "sends a JSON document",
        f"readmodel-cfn read {path}": "reads it through the API",
    }
    if as_json:
        report.print_json(_plain(stack, route, list(following)))
        return
    report.story(f"Wrote {DEFAULT_FILE}. Next:")
    width = max(map(len, following))
    for command, meaning in following.items():
        report.story(f"  {command.ljust(width)}  # {meaning}")
    report.story("Add --sandbox to each to try it on this machine, without an account.")


def _plain(stack: StackSettings, route: Route, following: list[str]) -> dict[str, Any]:
    return {
        "file": str(DEFAULT_FILE),
        "stack": {"name": stack.name, "region": stack.region},
        "route": {"path": route.path, "key": route.key},
        "next": following,
    }
