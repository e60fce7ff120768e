"""What has been done although nobody could be told."""

from collections.abc import Iterator
from contextlib import contextmanager

from readmodel_cfn.errors import Unfinished


@contextmanager
def unfinished_if_untold(where: str, hint: str) -> Iterator[None]:
    """Within, something is changed: output that cannot be written must not say that nothing is.

    Raises:
        Unfinished: the reader of the output went away, or its disk is full.
    """
    try:
        yield
    except OSError as error:
        what = f"how it went on cannot be told: {error.strerror or error}"
        raise Unfinished(what, where=where, hint=hint) from error
