"""IAM's patterns: `*` is any text, slashes included, `?` is any one character.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from itertools import takewhile

from readmodel_cfn.cloudformation.values import PartialText, Unknown, join_texts, units


def covers(wide: PartialText, narrow: PartialText) -> bool:
    """Does everything that `narrow` matches also match `wide`? Both may be patterns.

    An unknown part matches itself and what a `*` matches. A `*` of `narrow` counts as a character
    that only a `*` of `wide` matches, which is right for the patterns that policies use.
    """
    pattern, text = units(wide), units(narrow)
    at = reached = 0
    star, restart = -1, 0
    while reached < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, restart = at, reached
            at += 1
        elif at < len(pattern) and _matches(pattern[at], text[reached]):
            at, reached = at + 1, reached + 1
        elif star >= 0:
            restart += 1
            at, reached = star + 1, restart
        else:
            return False
    return all(unit == "*" for unit in pattern[at:])


def has_star(pattern: PartialText) -> bool:
    """Does the pattern match texts of any length?"""
    return "*" in units(pattern)


def _matches(wide: str | Unknown, narrow: str | Unknown) -> bool:
    return wide == narrow or (wide == "?" and isinstance(narrow, str) and narrow != "*")


def before_star(pattern: PartialText) -> PartialText:
    """What all matching texts begin with, as far as the first `*` shows it."""
    return join_texts(takewhile(lambda unit: unit != "*", units(pattern)))
