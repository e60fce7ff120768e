"""What an option or argument may be, beyond click's own kinds."""

from math import isfinite
from pathlib import Path
from typing import Any

import click

_DAY = 86_400  # seconds


class _Given(click.Path):
    """A path that is not empty: "$UNSET" would else mean the working directory."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Word(click.types.StringParamType):
    """A text that is not empty: "$UNSET" would else mean the default, which may be elsewhere."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty", param, ctx)
        return super().convert(value, param, ctx)


class _Finite(click.FloatRange):
    """A number that ends: click takes inf, and nan for one of every range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not isfinite(number):
            self.fail(f"{value!r} is no length of time", param, ctx)
        return number


WORD = _Word()
FILE = _Given(path_type=Path, dir_okay=False)
FILE_OR_FOLDER = _Given(path_type=Path)
SECONDS = _Finite(min=0, max=_DAY)
SOME_SECONDS = _Finite(min=0, max=_DAY, min_open=True)
