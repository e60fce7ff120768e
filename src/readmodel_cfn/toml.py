"""Parses TOML of any content in bounded time and memory."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.levels import is_deeper
from readmodel_cfn.limits import CONFIG_KEY_PARTS, CONFIG_LEVELS, NUMBER_DIGITS

# Strings of several lines, comments, and what may be a key. Every character is read once or twice,
# whatever the text is; what is not closed ends with its line, or with the text.
_PART = r"""(?: [\w-]++ | "(?: [^"\\\n] | \\. )*+ "?+ | '[^'\n]*+ '?+ )"""
_TOKEN = re.compile(
    rf"""
    \"{{3}} (?: [^"\\] | \\. | "(?!"") )*+ (?: \"{{3}} | \\?\Z )
    | '{{3}} (?: [^'] | '(?!'') )*+ (?: '{{3}} | \Z )
    | \# [^\n]*+
    | (?P<key> (?: {_PART} [ \t]*+ \. [ \t]*+ )*+ {_PART} )
    """,
    re.VERBOSE | re.DOTALL,
)
_PARTS = re.compile(_PART, re.VERBOSE | re.DOTALL)
_TOO_DEEP = f"nested in more than {CONFIG_LEVELS} levels"
_TOO_LONG = f"a number of more than {NUMBER_DIGITS} digits"


def parse_toml(
    text: str, source: str, *, parse_float: Callable[[str], Any] = float
) -> dict[str, Any]:
    """The content of a text in TOML; `source` is for errors.

    Raises:
        ConfigError: it is not TOML, or exceeds a limit, which the error names.
    """
    import tomllib  # takes time to import

    _check_dotted_keys(text, source)
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


def _check_dotted_keys(text: str, source: str) -> None:
    """Check that no dotted key has too many parts: tomllib keeps each beginning of a key.

    Raises:
        ConfigError: one has.
    """
    for token in _TOKEN.finditer(text):
        key = token["key"]
        if key and key.count(".") >= CONFIG_KEY_PARTS < len(_PARTS.findall(key)):
            line = text.count("\n", 0, token.start()) + 1
            what = f"a dotted key of more than {CONFIG_KEY_PARTS} parts"
            raise ConfigError(what, where=f"{source}:{line}", hint="use shorter keys")


def _check_values(content: dict[str, Any], source: str) -> None:
    """Check the levels, and the size of whole numbers, which repr() may refuse."""
    if is_deeper(content, CONFIG_LEVELS):
        raise ConfigError(_TOO_DEEP, where=source)
    largest = 10**NUMBER_DIGITS
    if any(not -largest < number < largest for number in _integers(content)):
        raise ConfigError(_TOO_LONG, where=source)


def _integers(value: Any) -> Iterator[int]:
    """The whole numbers in a value, whose levels are limited."""
    if isinstance(value, int):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _integers(each)
