"""The document of a race: JSON with its version, and a hash that shows whether it is complete.

    {"version":12,"random":"kE0o...","sha256":"9f86..."}

The hash covers every byte before it, so a truncated body, or a mixture of two versions, is invalid.
"""

import base64
import hashlib
import os
import re

_BEGINNING = re.compile(rb'\{"version":([1-9][0-9]*),"random":"')
_END = re.compile(rb'","sha256":"([0-9a-f]{64})"\}')
_END_BYTES = len(b'","sha256":""}') + 64
_MIN_RANDOM = 32  # bytes, so that all bodies differ
_VERSION_DIGITS = 20
SMALLEST = len(b'{"version":,"random":"') + _VERSION_DIGITS + _MIN_RANDOM + _END_BYTES
"""The smallest size of a body in bytes."""


def make(version: int, size: int) -> bytes:
    """A body of `size` bytes, at least SMALLEST; two bodies of one version differ.

    The random text does not repeat, and compresses to three quarters at best.
    """
    beginning = b'{"version":%d,"random":"' % version
    length = size - len(beginning) - _END_BYTES
    body = beginning + base64.b64encode(os.urandom(length * 3 // 4 + 3))[:length]
    return b'%b","sha256":"%b"}' % (body, _hash(body))


def version_of(body: bytes) -> int | None:
    """The version of a complete body; None if any byte is wrong."""
    end = _END.fullmatch(body[-_END_BYTES:])
    beginning = _BEGINNING.match(body)
    if not beginning or not end or _hash(memoryview(body)[:-_END_BYTES]) != end[1]:
        return None
    return int(beginning[1])


def _hash(content: bytes | memoryview) -> bytes:
    return hashlib.sha256(content).hexdigest().encode()
