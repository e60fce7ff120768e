"""The numbered body: a JSON document that tells its own version, and whether it is whole.

    {"version":12,"random":"kE0o...","sha256":"9f86..."}

The hash covers every byte before it, so a body that is cut off, or made of two versions, is none.
"""

import base64
import hashlib
import os
import re

_BEGINNING = re.compile(rb'\{"version":([1-9][0-9]*),"random":"')
_END = re.compile(rb'","sha256":"([0-9a-f]{64})"\}')
_END_BYTES = len(b'","sha256":""}') + 64
_LEAST_RANDOM = 32  # bytes, that no two bodies are alike
SMALLEST = len(b'{"version":,"random":"') + 20 + _LEAST_RANDOM + _END_BYTES
"""Bytes; 20 are the digits that a version may have."""


def make(version: int, size: int) -> bytes:
    """The body of a version, `size` bytes long, at least SMALLEST; no two are alike.

    What is random in it differs at every place, and compresses to three quarters at best.
    """
    beginning = b'{"version":%d,"random":"' % version
    length = size - len(beginning) - _END_BYTES
    body = beginning + base64.b64encode(os.urandom(length * 3 // 4 + 3))[:length]
    return b'%b","sha256":"%b"}' % (body, _hash(body))


def version_of(body: bytes) -> int | None:
    """The version of a whole body; None where it is anything else, if only by one byte."""
    end = _END.fullmatch(body[-_END_BYTES:])
    beginning = _BEGINNING.match(body)
    if not beginning or not end or _hash(memoryview(body)[:-_END_BYTES]) != end[1]:
        return None
    return int(beginning[1])


def _hash(what: bytes | memoryview) -> bytes:
    return hashlib.sha256(what).hexdigest().encode()
