"""The options of every command that talks to AWS, passed to it as one ReadModelStack."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from readmodel_cfn.cli.description import config_option, load_config
from readmodel_cfn.cli.kinds import WORD
from readmodel_cfn.config.load import STACK_NAME, STACK_NAME_IN_WORDS
from readmodel_cfn.stack import ReadModelStack
from readmodel_cfn.template.options import OptionError, fits

Command = Callable[..., Any]

_OPTIONS = (
    config_option,
    click.option("--stack-name", help="Name of the stack [default: from the file, or read-model]."),
    click.option(
        "--region", type=WORD, help="AWS region [default: from the file or the environment]."
    ),
    click.option("--profile", type=WORD, help="AWS profile [default: from the environment]."),
    click.option(
        "--endpoint-url", type=WORD, help="One URL for every AWS service, such as an emulator's."
    ),
    click.option(
        "--sandbox",
        "use_sandbox",
        is_flag=True,
        help="Use the embedded AWS, starting it if needed.",
    ),
)


def stack_options(command: Command) -> Command:
    """Add the options to a command, which gets `stack` instead of them."""

    @wraps(command)
    def with_stack(
        config_file: Path | None,
        stack_name: str | None,
        region: str | None,
        profile: str | None,
        endpoint_url: str | None,
        use_sandbox: bool,
        article: bool = False,
        **options: Any,
    ) -> Any:
        config = load_config(config_file)
        if stack_name is not None and not fits(stack_name, str, {"pattern": STACK_NAME}):
            raise OptionError("--stack-name", stack_name, STACK_NAME_IN_WORDS)
        stack = ReadModelStack.from_config(
            config,
            name=stack_name,
            region=region,
            profile=profile,
            endpoint_url=endpoint_url,
            sandbox=use_sandbox,
            article=article,
        )
        return command(stack=stack, **options)

    for add in reversed(_OPTIONS):
        with_stack = add(with_stack)
    return with_stack
