"""The JSON Schemas of routes as components of an OpenAPI 3.1 document.

A file becomes one component, and so does each of its definitions (`$defs`, `definitions`), because
generators of clients name types by components. A `$ref` within the file then refers to a component,
and `$id` and anchors, which only name what a `$ref` refers to, are omitted. A schema of an older
draft keeps its `$schema`: without one, a schema of OpenAPI 3.1 is draft 2020-12
(https://spec.openapis.org/oas/v3.1.1.html#schema-object).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, unquote, urldefrag, urljoin

from readmodel_cfn.schemas import RouteSchema, Schema, pointer, unresolved

_DEFINITIONS = ("$defs", "definitions")
_BY_NAME = {"properties", "patternProperties", "dependentSchemas", "dependencies", *_DEFINITIONS}
_VALUES = {"const", "enum", "default", "examples", "example"}
_REFERENCES = {"$ref", "$dynamicRef", "$recursiveRef"}
_ANCHORS = ("$anchor", "$dynamicAnchor")
_OMITTED = {"$id", "$schema", "$recursiveAnchor", *_ANCHORS, *_DEFINITIONS}
_IN_FRAGMENT = (
    "~!$&'()*+,;=:@"  # with letters and digits, the characters that a fragment of a URI may have
)

_Path = tuple[str, ...]


def components(
    schemas: Mapping[str, str], taken: Mapping[str, Schema]
) -> tuple[dict[str, str], dict[str, Schema]]:
    """The name of the component for each route, and all components by name.

    Args:
        schemas: The file with the JSON Schema of each route, by the route's path.
        taken: The components that the document has already.

    Raises:
        ConfigError: a file is not a JSON Schema, or has a `$ref` to something outside it.
    """
    made: dict[str, Schema] = dict(taken)
    of_file: dict[str, str] = {}
    for route, file in schemas.items():
        if file not in of_file:
            found = _File(RouteSchema(file, route), made)
            of_file[file] = found.name
            made |= found.components()
    return {route: of_file[file] for route, file in schemas.items()}, made


@dataclass(frozen=True)
class _Component:
    name: str
    schema: Any
    base: str


class _File:
    """One file: where its resources, anchors and definitions are."""

    def __init__(self, schema: RouteSchema, taken: Mapping[str, Schema]) -> None:
        self._file, content = schema.file, schema.content
        self._taken = set(taken)
        self._draft = str(content.get("$schema", "")) if isinstance(content, dict) else ""
        self._id = "id" if "draft-04" in self._draft else "$id"
        self._places: dict[tuple[str, str], _Path] = {}  # by URI and anchor
        self._components: dict[_Path, _Component] = {}
        self.name = self._add((), _type_name(PurePath(schema.file).name.partition(".")[0]), content)
        self._find(content, "", ())

    def components(self) -> dict[str, Schema]:
        """The components of the file, by name."""
        return {
            found.name: self._with_draft(self._rewritten(found.schema, found.base))
            for found in self._components.values()
        }

    def _add(self, path: _Path, name: str, schema: Any, base: str = "") -> str:
        names = [name, *(f"{name}_{number}" for number in range(2, len(self._taken) + 3))]
        chosen = next(each for each in names if each not in self._taken)
        self._taken.add(chosen)
        self._components[path] = _Component(chosen, schema, base)
        return chosen

    def _find(self, schema: Any, base: str, path: _Path) -> None:
        """Record what a `$ref` can name in a schema and below it; `base` is the URI above it."""
        if not isinstance(schema, dict):
            return
        base = self._base(schema, base)
        if not path or isinstance(schema.get(self._id), str):
            self._places.setdefault((base, ""), path)
        for anchor in self._anchors(schema):
            self._places.setdefault((base, anchor), path)
        for below, each in _parts(schema):
            if below[0] in _DEFINITIONS and len(below) > 1:
                name = f"{self.name}_{_component_name(below[1])}"
                self._add((*path, *below), name, each, base)
            self._find(each, base, (*path, *below))

    def _base(self, schema: Mapping[str, Any], base: str) -> str:
        own = schema.get(self._id)
        if not isinstance(own, str) or own.startswith("#"):  # an anchor, before draft 2019-09
            return base
        return urldefrag(urljoin(base, own)).url

    def _anchors(self, schema: Mapping[str, Any]) -> Iterator[str]:
        own = schema.get(self._id)
        if isinstance(own, str) and own.startswith("#"):
            yield own[1:]
        yield from (schema[key] for key in _ANCHORS if isinstance(schema.get(key), str))

    def _rewritten(self, schema: Any, base: str) -> Any:
        """The schema with references to components."""
        if not isinstance(schema, dict):
            return schema
        base = self._base(schema, base)
        made: dict[str, Any] = {}
        for key, value in schema.items():
            if key in _REFERENCES and isinstance(value, str):
                made["$ref"] = self._component_reference(value, base)
            elif key in _VALUES:
                made[key] = value
            elif key not in _OMITTED and not (key == self._id and isinstance(value, str)):
                made[key] = self._rewritten_value(key, value, base)
        return made

    def _rewritten_value(self, key: str, value: Any, base: str) -> Any:
        if isinstance(value, list):
            return [self._rewritten(each, base) for each in value]
        if isinstance(value, dict) and key in _BY_NAME:
            return {name: self._rewritten(each, base) for name, each in value.items()}
        return self._rewritten(value, base)

    def _component_reference(self, reference: str, base: str) -> str:
        path = self._target(reference, base)
        length = next(n for n in range(len(path), -1, -1) if path[:n] in self._components)
        rest = quote(pointer([*path[length:]]), safe=f"/{_IN_FRAGMENT}")
        return f"#/components/schemas/{self._components[path[:length]].name}{rest}"

    def _target(self, reference: str, base: str) -> _Path:
        """The path in the file that a `$ref` refers to.

        Raises:
            ConfigError: it is not in the file.
        """
        local = reference.startswith("#")  # urljoin does not join it to a urn:
        uri, fragment = urldefrag(f"{base}{reference}" if local else urljoin(base, reference))
        fragment = unquote(fragment)
        anchor, steps = ("", fragment) if fragment.startswith("/") else (fragment, "")
        if (uri, anchor) not in self._places:
            raise unresolved(f"{reference!r} is not in the file", self._file)
        parts = [part.replace("~1", "/").replace("~0", "~") for part in steps.split("/")[1:]]
        return (*self._places[uri, anchor], *parts)

    def _with_draft(self, schema: Any) -> Schema:
        if isinstance(schema, bool):  # few generators of clients know them
            return {} if schema else {"not": {}}
        if self._draft and "2020-12" not in self._draft:
            return {"$schema": self._draft, **schema}
        return dict(schema)


def _parts(schema: Mapping[str, Any]) -> Iterator[tuple[_Path, Any]]:
    """The schemas in a schema, each with its path from there."""
    for key, value in schema.items():
        if key in _VALUES:
            continue
        if isinstance(value, list):
            yield from (((key, str(number)), each) for number, each in enumerate(value))
        elif isinstance(value, dict) and key in _BY_NAME:
            yield from (((key, name), each) for name, each in value.items())
        elif isinstance(value, dict):
            yield (key,), value


def _type_name(text: str) -> str:
    """A name for a type, such as OrderLine for order-line."""
    words = re.findall(r"[A-Za-z0-9]+", text)
    return "".join(word[0].upper() + word[1:] for word in words) or "Document"


def _component_name(text: str) -> str:
    """The text with the characters that OpenAPI allows in the name of a component."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", text) or "_"
