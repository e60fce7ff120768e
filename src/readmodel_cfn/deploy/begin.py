"""Begin: a call that must not be made twice, whose answer may get lost on the way."""

from collections.abc import Callable, Mapping
from typing import Any

from readmodel_cfn.aws.errors import aws_errors, is_refusal, is_transient, was_retried
from readmodel_cfn.errors import Unfinished


def begin(
    call: Callable[[], Mapping[str, Any]], began: Callable[[], bool], where: str
) -> Mapping[str, Any] | None:
    """Make the call that begins an operation; None where its answer was lost, but it was obeyed.

    A call that botocore made again, because the first answer was lost, can be refused on account of
    the first: so `began` is asked then as well.

    Raises:
        Unfinished: it cannot be known whether it began.
    """
    try:
        return call()
    except aws_errors() as error:
        not_done = is_refusal(error) or not is_transient(error)
        if (not not_done or was_retried(error)) and _answered(began):
            return None
        if not_done:
            raise
        raise _unknown(where, " ".join(str(error).split())) from error
    except KeyboardInterrupt as interrupt:
        raise _unknown(where, "interrupted") from interrupt


def _unknown(where: str, why: str) -> Unfinished:
    hint = "run the same command again: it goes on from what it finds"
    return Unfinished(f"it is not known whether AWS began: {why}", where=where, hint=hint)


def _answered(began: Callable[[], bool]) -> bool:
    try:
        return began()
    except aws_errors():
        return False
