"""Patterns of IAM: `*` matches any text, also slashes, and `?` matches any single character.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from itertools import takewhile

from readmodel_cfn.cloudformation.values import PartialText, Unknown, join_texts, units


def covers(wide: PartialText, narrow: PartialText) -> bool:
    """Whether `wide` matches everything that `narrow` matches; both may be patterns.

    Only the same unknown part or a `*` matches an unknown part. A `*` in `narrow` counts as a
    character that only a `*` in `wide` matches, which is correct for the patterns in policies.
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
    """Whether the pattern has a `*`."""
    return "*" in units(pattern)


def _matches(wide: str | Unknown, narrow: str | Unknown) -> bool:
    return wide == narrow or (wide == "?" and isinstance(narrow, str) and narrow != "*")


def before_star(pattern: PartialText) -> PartialText:
    """The part of the pattern before its first `*`, or the whole pattern."""
    return join_texts(takewhile(lambda unit: unit != "*", units(pattern)))
