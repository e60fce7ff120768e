"""Faults: why a document may not be published, all that can be known without asking AWS."""

import json
import re
from codecs import BOM_UTF8
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from readmodel_cfn.limits import API_PAYLOAD_BYTES, OBJECT_KEY_BYTES
from readmodel_cfn.publish.selection import hidden_path

MOST_BYTES = API_PAYLOAD_BYTES
# What travels unchanged through API Gateway, its S3 integration and S3; as the routes have it.
_SAFE_KEY = re.compile(r"[A-Za-z0-9._/-]+")
_NO_SEGMENTS = {"", ".", ".."}

Serves = Callable[[str], bool]
"""Does a route serve this key?"""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a document; `source` is its file, or its key where it has none."""

    source: str
    what: str
    hint: str

    def __str__(self) -> str:
        return " ".join(f"{self.source}: {self.what}; {self.hint}".splitlines())


def key_fault(key: str, source: str, serves: Serves | None = None) -> Fault | None:
    """What is wrong with a key: its characters, or that no route serves it."""
    if not _SAFE_KEY.fullmatch(key):
        return Fault(source, f"the key {key!r} is unsafe", "use only A-Z a-z 0-9 . _ - and /")
    if len(key) > OBJECT_KEY_BYTES:
        return Fault(source, f"the key has more than {OBJECT_KEY_BYTES} bytes", "shorten it")
    if not _NO_SEGMENTS.isdisjoint(key.split("/")):
        return Fault(source, f"the key {key!r} has a segment that is empty, . or ..", "name it")
    if serves and not serves(key):
        return Fault(source, f"no route serves the key {key!r}", unserved_hint(key))
    return None


def unserved_hint(key: str) -> str:
    """What to do about a key that no route serves."""
    if hidden_path(key):
        return "a {parameter} takes no name that begins with a dot: spell it in a route's key"
    return "add a route, or rename it"


def body_fault(body: bytes, stored: bytes, source: str) -> Fault | None:
    """What is wrong with a body: its size as it is kept, or that it is not JSON (RFC 8259)."""
    if len(stored) > MOST_BYTES:
        return too_large(len(stored), source)
    try:
        _DECODER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        if body.startswith(BOM_UTF8):
            what = "it begins with a byte order mark, which JSON must not"
        return Fault(source, f"not JSON: {what}", "publish a JSON file")
    return None


def too_large(size: int, source: str) -> Fault:
    """More bytes than API Gateway answers with."""
    what = f"{size:,} bytes are more than the {MOST_BYTES:,} that API Gateway answers with"
    return Fault(source, what, "split it over several keys")


def _no_json(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads but no browser does."""
    raise ValueError(f"{constant} is no JSON value")


# parse_int: Python's int takes no number of more than 4300 digits, JSON does.
_DECODER = json.JSONDecoder(parse_int=str, parse_constant=_no_json)
