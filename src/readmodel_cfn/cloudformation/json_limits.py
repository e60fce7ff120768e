"""Limits of a JSON text, which are checked before its values are in memory."""

import re
from itertools import accumulate

from readmodel_cfn.limits import NUMBER_DIGITS, TEMPLATE_LEVELS, TEMPLATE_VALUES

TOO_MANY = f"more than {TEMPLATE_VALUES:,} values"
TOO_DEEP = f"nested in more than {TEMPLATE_LEVELS} levels"
TOO_LONG = f"a number of more than {NUMBER_DIGITS} digits"
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_NO_MARKS = re.compile(r"[^\[\]{},]+")
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1, ",": 0}


def limit_of_json(text: str) -> str | None:
    """The limit of values or levels that a JSON text exceeds, if any."""
    if text.count("[") + text.count("{") + text.count(",") <= TEMPLATE_LEVELS:
        return None
    marks = _NO_MARKS.sub("", _STRING.sub("", text))
    if marks.count("[") + marks.count("{") + marks.count(",") >= TEMPLATE_VALUES:
        return TOO_MANY
    levels = max(accumulate(_STEPS[mark] for mark in marks), default=0)
    return TOO_DEEP if levels > TEMPLATE_LEVELS else None


def integer(text: str) -> int:
    """A whole number of JSON.

    Raises:
        ValueError: it has too many digits.
    """
    if len(text.lstrip("-")) > NUMBER_DIGITS:
        raise ValueError(TOO_LONG)
    return int(text)
