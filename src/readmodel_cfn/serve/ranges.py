"""Byte ranges: the one form that S3 answers, a single range of bytes."""

import re

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def asked(header: str, size: int) -> range | None:
    """The bytes that a Range header asks for of `size`: an empty range cannot be satisfied.

    None is the whole object: for a header that is no single range S3 answers with all of it, as
    RFC 9110, 14.2 allows.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return range(max(size - int(last), 0), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)
