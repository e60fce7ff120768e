"""IAM's patterns: `*` is any text, slashes included, `?` any one character."""


def covers(wide: str, narrow: str) -> bool:
    """Does everything that `narrow` matches also match `wide`? Both may be patterns.

    It takes a star of `narrow` for a character that only a star of `wide` matches, which is right
    for the patterns that policies use.
    """
    at = reached = 0
    star, restart = -1, 0
    while reached < len(narrow):
        if at < len(wide) and wide[at] == "*":
            star, restart = at, reached
            at += 1
        elif at < len(wide) and _matches(wide[at], narrow[reached]):
            at, reached = at + 1, reached + 1
        elif star >= 0:
            restart += 1
            at, reached = star + 1, restart
        else:
            return False
    return not wide[at:].strip("*")


def _matches(wide: str, narrow: str) -> bool:
    return wide == narrow or (wide == "?" and narrow != "*")
