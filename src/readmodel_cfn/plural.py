"""Counts and sizes in sentences."""


def counted(count: int, noun: str) -> str:
    """The number and the noun, such as `1 document` or `1,003 documents`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def sized(count: int) -> str:
    """A number of bytes in its largest unit, such as `1.2 kB` or `999 bytes`."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return counted(count, "byte")
