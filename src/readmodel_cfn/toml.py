"""Parses TOML with limits, since tomllib takes the square of a key's parts in memory."""

import re
from collections.abc import Callable
from typing import Any

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import CONFIG_KEY_PARTS

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


def parse_toml(
    text: str, source: str, *, parse_float: Callable[[str], Any] = float
) -> dict[str, Any]:
    """The content of a text in TOML; `source` is for errors.

    Raises:
        ConfigError: it is not TOML, is nested too deeply, or has a key or a number that is too
            long.
    """
    import tomllib  # takes time to import

    _check_dotted_keys(text, source)
    try:
        return tomllib.loads(text, parse_float=parse_float)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}", where=source) from error
    except (ValueError, RecursionError) as error:
        is_deep = isinstance(error, RecursionError)
        reason = "nested too deeply" if is_deep else "a number has too many digits"
        raise ConfigError(f"not TOML: {reason}", where=source) from error


def _check_dotted_keys(text: str, source: str) -> None:
    """Check that no dotted key has too many parts.

    Raises:
        ConfigError: one has.
    """
    for token in _TOKEN.finditer(text):
        key = token["key"]
        if key and key.count(".") >= CONFIG_KEY_PARTS < len(_PARTS.findall(key)):
            line = text.count("\n", 0, token.start()) + 1
            what = f"a dotted key of more than {CONFIG_KEY_PARTS} parts"
            raise ConfigError(what, where=f"{source}:{line}", hint="use shorter keys")
