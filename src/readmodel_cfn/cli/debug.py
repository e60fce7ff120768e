"""`--debug`: print the messages of the logger `readmodel_cfn.aws` on stderr."""

from contextlib import suppress
from typing import Any

import click

from readmodel_cfn.cli import output

_LOGGER = "readmodel_cfn.aws"


def debug_option() -> click.Option:
    """The option of every command."""
    return click.Option(
        ["--debug"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_start,
        help="Print what is sent to AWS and what comes back; secrets are masked.",
    )


def _start(context: click.Context, _: click.Parameter, debug: bool) -> None:
    if not debug or context.resilient_parsing:
        return
    import logging  # takes time

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with suppress(OSError):  # stderr is closed; the work continues
                output.log(f"debug: {self.format(record)}")

    def stop(*_: Any) -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    logger, handler = logging.getLogger(_LOGGER), Handler()
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    context.call_on_close(stop)
