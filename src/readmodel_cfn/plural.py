"""Counts in sentences."""


def counted(count: int, noun: str) -> str:
    """The number and the noun, such as `1 document` or `1,003 documents`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
