"""The versions of the documents of one run: one that is given, or a field of each document."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.publish.documents import MAX_BYTES, Document, decoded, too_large
from readmodel_cfn.publish.results import Fault
from readmodel_cfn.publish.route_index import KeyRoute, RouteIndex
from readmodel_cfn.publish.versions import ALLOWED, DIGITS, DocumentVersion, marked, version_of


class Versions:
    """Finds the version of a document: `given`, or the field of each route that serves its key.

    Raises:
        ConfigError: `given` may not be a version.
    """

    def __init__(
        self, routes: Sequence[KeyRoute] | None = None, given: int | str | None = None
    ) -> None:
        self.given = None if given is None else required_version(given)
        with_field = [route for route in routes or () if route.version_field]
        self.of_every_document = self.given is not None or 0 < len(with_field) == len(routes or ())
        self._index = RouteIndex(with_field) if with_field else None

    def __bool__(self) -> bool:
        return self.given is not None or self._index is not None

    def has(self, key: str) -> bool:
        """Whether the document with this key has a version."""
        return self.given is not None or bool(self._fields(key))

    def _fields(self, key: str) -> list[str]:
        found = self._index.serving(key) if self._index else ()
        return list(dict.fromkeys(route.version_field for route in found if route.version_field))

    def add(
        self, document: Document, body: bytes, store: Callable[[bytes], bytes]
    ) -> Document | Fault:
        """The document with its version, or what is wrong with it; `body` is its valid JSON."""
        fields, version, source = self._fields(document.key), self.given, document.source
        try:
            value = decoded(body) if fields else None
        except RecursionError:
            return Fault(source, "nested too deeply to find its version", "use fewer levels")
        for field in fields:
            found = _in_field(value, field, source)
            if isinstance(found, Fault):
                return found
            if version not in (None, found):
                what = f"/{field} is version {found}, and not {version}"
                return Fault(source, what, "publish it with one version", _pointer(field))
            version = found
        if version is None:
            return document
        stored = store(marked(body, version))
        if len(stored) > MAX_BYTES:
            return too_large(len(stored), source)
        return replace(document, stored=stored, version=version)


def required_version(given: object) -> DocumentVersion:
    """The version that an option has.

    Raises:
        ConfigError: it may not be one.
    """
    found = version_of(given)
    if found is None:
        # Python's repr refuses numbers of more than 4300 digits.
        shown = f"a number of more than {DIGITS} digits" if _is_long(given) else repr(given)
        raise ConfigError(f"{shown} is not allowed", where="version", hint=f"use {ALLOWED}")
    return found


def _is_long(given: object) -> bool:
    return isinstance(given, int) and abs(given) >= 10**DIGITS


def _in_field(value: Any, field: str, source: str) -> DocumentVersion | Fault:
    if not isinstance(value, dict) or field not in value:
        what = f"/{field} is missing, the version_field of its route"
        return Fault(source, what, f"add it: {ALLOWED}", _pointer(field))
    found = version_of(value[field])
    if found is None:
        shown = repr(value[field])
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        what = f"/{field} is not a version: {shown}"
        return Fault(source, what, f"use {ALLOWED}", _pointer(field))
    return found


def _pointer(field: str) -> str:
    """The JSON Pointer of a field."""
    return "/" + field.replace("~", "~0").replace("/", "~1")
