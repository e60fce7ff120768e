"""Reads TOML of any content in bounded time and memory."""

import re
from collections.abc import Callable, Iterable
from typing import Any

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import CONFIG_KEY_PARTS, CONFIG_LEVELS, NUMBER_DIGITS

# Also found in a text of so many words with only dots between them.
_LONG_KEY = re.compile(
    r"""(?<![\w-]) (?: (?: [\w-]++ | "(?:[^"\\\n]|\\.)*+" | '[^'\n]*+' ) [ \t]*+ \. [ \t]*+ )"""
    rf"""{{{CONFIG_KEY_PARTS}}}""",
    re.VERBOSE,
)
_TOO_DEEP = f"nested in more than {CONFIG_LEVELS} levels"
_TOO_LONG = f"a number of more than {NUMBER_DIGITS} digits"


def parse_toml(text: str, source: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The content of a TOML text; `source` names it in errors.

    Raises:
        ConfigError: the text is not TOML, or exceeds a limit, which the error names.
    """
    import tomllib  # takes time to import

    # tomllib keeps every beginning of a dotted key: the square of its parts.
    if long := _LONG_KEY.search(text):
        line = text.count("\n", 0, long.start()) + 1
        what = f"a dotted key of more than {CONFIG_KEY_PARTS} parts"
        raise ConfigError(what, where=f"{source}:{line}")
    try:
        content = tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}", where=source) from error
    except RecursionError as error:
        raise ConfigError(_TOO_DEEP, where=source) from error
    except ValueError as error:  # int() refuses numbers of many digits
        raise ConfigError(_TOO_LONG, where=source) from error
    _check_values(content, source)
    return content


def _check_values(content: dict[str, Any], source: str) -> None:
    """Check the levels, and the size of whole numbers, which repr() may refuse."""
    largest = 10**NUMBER_DIGITS
    level: list[Iterable[Any]] = [content.values()]
    for _ in range(CONFIG_LEVELS):
        values = [value for each in level for value in each]
        if any(isinstance(value, int) and not -largest < value < largest for value in values):
            raise ConfigError(_TOO_LONG, where=source)
        level = [
            value.values() if isinstance(value, dict) else value
            for value in values
            if isinstance(value, dict | list)
        ]
    if level:
        raise ConfigError(_TOO_DEEP, where=source)
