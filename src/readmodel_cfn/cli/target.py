"""Which stack a command is about and how to reach it; for every command that talks to AWS."""

import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.aws.errors import readable_errors
from readmodel_cfn.cli.description import config_option, load_config
from readmodel_cfn.cli.kinds import WORD
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.config.load import STACK_NAME, STACK_NAME_IN_WORDS, Config
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.template.options import OptionError, fits

Command = Callable[..., Any]

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")


@dataclass(frozen=True)
class Target:
    """Which stack a command is about, and how to reach it."""

    config: Config
    connection: Connection
    stack_name: str
    place: tuple[str, ...] = ()
    """The options that lead another command to the same place."""

    def command(self, name: str) -> str:
        """Another command about the same stack, as it is typed."""
        return shlex.join(["readmodel-cfn", name, "--stack-name", self.stack_name, *self.place])

    @cached_property
    def stacks(self) -> StackClient:
        """CloudFormation there."""
        return StackClient(self.connection.client("cloudformation"))

    @property
    def where(self) -> str:
        """The stack and its region, for messages."""
        return f"stack {self.stack_name} in {self.connection.region_name or 'no region'}"

    def stack(self) -> Stack:
        """The deployed stack.

        Raises:
            ReadModelError: there is none.
        """
        with slow(f"Asking AWS about {self.where}"):
            found = self.stacks.describe(self.stack_name)
        if found is None:
            hint = "run: readmodel-cfn deploy" + " --sandbox" * ("--sandbox" in self.place)
            raise ReadModelError("does not exist", where=self.where, hint=hint)
        return found

    def outputs(self, stack: Stack | None = None) -> dict[str, str]:
        """This read model's outputs in the deployed stack, without prefix and descriptions."""
        prefix, found = self.config.stack.prefix, (stack or self.stack()).outputs
        own = (name for name in found if name.startswith(prefix))
        return {name.removeprefix(prefix): found[name][0] for name in own}

    def required(self, outputs: Mapping[str, str], name: str) -> str:
        """An output that every read model's stack has.

        Raises:
            ReadModelError: this one has not.
        """
        if name not in outputs:
            named = self.config.stack.prefix + name
            hint = "choose a read model's stack with --stack-name, or set prefix under [stack]"
            raise ReadModelError(f"it has no output {named}", where=self.where, hint=hint)
        return outputs[name]

    def api_url(self, outputs: Mapping[str, str]) -> str:
        """The URL that all paths start from; the article's stack tells that of samples only."""
        first = self.required(outputs, "SamplesUrl")
        return outputs.get("ApiUrl") or first.removesuffix("/samples")


def aws_command(command: Command) -> Command:
    """Give a command the options that every command has which talks to AWS, as one `target`."""

    @wraps(command)
    def with_target(
        config_file: Path | None,
        stack_name: str | None,
        region: str | None,
        profile: str | None,
        endpoint_url: str | None,
        use_sandbox: bool,
        **options: Any,
    ) -> Any:
        config = load_config(config_file)
        name = config.stack.name if stack_name is None else _checked_name(stack_name)
        with readable_errors():
            connection = _connection(config, region, profile, endpoint_url, use_sandbox)
            place = _place(region or config.stack.region, profile, endpoint_url, use_sandbox)
            return command(target=Target(config, connection, name, place), **options)

    for add in reversed(_AWS_OPTIONS):
        with_target = add(with_target)
    return with_target


_AWS_OPTIONS = (
    config_option,
    click.option("--stack-name", help="Name of the stack [default: the file's, else read-model]."),
    click.option(
        "--region", type=WORD, help="AWS region [default: the file's, else the environment's]."
    ),
    click.option("--profile", type=WORD, help="AWS profile [default: the environment's]."),
    click.option(
        "--endpoint-url", type=WORD, help="One URL for every AWS service, such as an emulator's."
    ),
    click.option(
        "--sandbox", "use_sandbox", is_flag=True, help="Use the embedded AWS; start it if need be."
    ),
)


def consent(question: str, yes: bool) -> None:
    """Ask, unless told not to.

    Raises:
        ReadModelError: the answer is no, or there is nobody to ask.
    """
    if yes:
        return
    check_terminal(question.rstrip("?"))
    if not click.confirm(question, err=True):
        raise ReadModelError("not done, as you said", where=question.rstrip("?"))


def check_terminal(where: str, hint: str = "give --yes") -> None:
    """Refuse to ask where nobody can answer.

    Raises:
        ReadModelError: there is no terminal.
    """
    if sys.stdin is None or not sys.stdin.isatty():
        raise ReadModelError("there is no terminal to ask on", where=where, hint=hint)


def consent_to_delete(question: str, recreate: bool) -> None:
    """Ask before anything is deleted; --yes is no answer to this, --recreate is.

    Raises:
        ReadModelError: the answer is no, or there is nobody to ask.
    """
    try:
        consent(question, recreate)
    except ReadModelError as error:
        raise ReadModelError(error.what, where=error.where, hint="give --recreate") from error


def _place(
    region: str | None, profile: str | None, endpoint_url: str | None, use_sandbox: bool
) -> tuple[str, ...]:
    given = {"--region": region, "--profile": profile, "--endpoint-url": endpoint_url}
    named = [word for option, value in given.items() if value for word in (option, value)]
    return (*named, *(["--sandbox"] if use_sandbox else []))


def _checked_name(name: str) -> str:
    if not fits(name, str, {"pattern": STACK_NAME}):
        raise OptionError("--stack-name", name, STACK_NAME_IN_WORDS)
    return name


def _checked_endpoint(url: str) -> str:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # a port that is no number, or too large; half an IPv6 address
        fine = False
    if not fine:
        allowed = "an http or https URL, such as http://127.0.0.1:4566"
        raise OptionError("--endpoint-url", url, allowed)
    return url


def _connection(
    config: Config,
    region: str | None,
    profile: str | None,
    endpoint_url: str | None,
    use_sandbox: bool,
) -> Connection:
    # boto3 itself reads AWS_DEFAULT_REGION only; every other AWS SDK reads AWS_REGION.
    region = region or config.stack.region or os.environ.get("AWS_REGION")
    endpoint_url = endpoint_url or os.environ.get("AWS_ENDPOINT_URL")
    asked = Connection(region, profile, _checked_endpoint(endpoint_url) if endpoint_url else None)
    return _sandbox_connection(asked) if use_sandbox else asked


def _sandbox_connection(asked: Connection) -> Connection:
    from readmodel_cfn.local import sandbox

    with slow("Waiting for the embedded AWS", first=5):
        box = sandbox.start(on_progress=Reporter())
    key = Credentials(box.access_key_id, box.secret_access_key)
    return Connection(asked.region or box.region, None, box.endpoint_url, key)
