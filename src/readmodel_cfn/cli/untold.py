"""Output that cannot be written after something was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from readmodel_cfn.errors import Unfinished


@contextmanager
def unfinished_if_untold(where: str, hint: str) -> Iterator[None]:
    """Turn an OSError of the output into Unfinished: an exit code of 1 says nothing was changed.

    Raises:
        Unfinished: the output was closed, or its disk is full.
    """
    try:
        yield
    except OSError as error:
        what = f"the output cannot be written: {error.strerror or error}"
        raise Unfinished(what, where=where, hint=hint) from error
