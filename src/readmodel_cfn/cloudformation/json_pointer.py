"""Paths and references within a document (RFC 6901)."""

from collections.abc import Mapping
from typing import Any

_MAX_REFERENCES = 10  # that follow each other


def resolved(document: Mapping[str, Any], value: Any) -> Any:
    """The value, or what its `$ref` to the document refers to; None if that does not exist."""
    for _ in range(_MAX_REFERENCES):
        reference = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(reference, str) or not reference.startswith("#/"):
            return value
        value = document
        for name in reference[2:].split("/"):
            value = value.get(unescaped(name)) if isinstance(value, Mapping) else None
    return None


def escaped(name: str) -> str:
    """A key as a part of a path: `/` is written `~1`."""
    return name.replace("~", "~0").replace("/", "~1")


def unescaped(name: str) -> str:
    """The key that a part of a path stands for."""
    return name.replace("~1", "/").replace("~0", "~")
