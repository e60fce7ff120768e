"""Facts in a message, such as names, numbers and options: tests compare these, not sentences."""

from collections.abc import Iterable


def missing(facts: Iterable[str], message: object) -> list[str]:
    """The facts that the message does not contain."""
    text = str(message)
    return [fact for fact in facts if fact not in text]
