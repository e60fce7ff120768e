"""Output that cannot be written after something was changed."""

from collections.abc import Iterator
from contextlib import contextmanager

from readmodel_cfn.errors import Unfinished


@contextmanager
def unfinished_if_output_fails(done: str, where: str | None, hint: str) -> Iterator[None]:
    """The block prints what was done: if that fails, the error says it in one line.

    Raises:
        Unfinished: printing was interrupted, or the output cannot be written.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise Unfinished(f"interrupted: {done}", where=where, hint=hint) from None
    except OSError as error:
        what = f"{done}, but the output cannot be written: {error.strerror or error}"
        raise Unfinished(what, where=where, hint=hint) from error
