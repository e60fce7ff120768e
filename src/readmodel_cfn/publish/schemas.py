"""Checks of documents against the JSON Schemas of the routes that serve them."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from readmodel_cfn.printable import printable
from readmodel_cfn.publish.documents import Check
from readmodel_cfn.publish.results import Fault
from readmodel_cfn.publish.route_index import KeyRoute, RouteIndex
from readmodel_cfn.schemas import RouteSchema, message_of, pointer

_MOST = 10  # faults of one document


class Schemas:
    """The schemas of routes, each file read and compiled once.

    A document must fit the schema of every route that serves its key.

    Raises:
        ConfigError: the extra for schemas is not installed, or a file is not a JSON Schema.
    """

    def __init__(self, routes: Sequence[KeyRoute] | None = None) -> None:
        self._loaded: dict[str, RouteSchema] = {}
        with_schema = [route for route in routes or () if route.schema]
        self._index = RouteIndex(with_schema)
        for route in with_schema:
            if route.schema and route.schema not in self._loaded:
                self._loaded[route.schema] = RouteSchema(route.schema, route.path)

    def __bool__(self) -> bool:
        return bool(self._loaded)

    def check(self, key: str) -> Check | None:
        """The check of the document with this key; None if no route with a schema serves it."""
        if not self._loaded:
            return None
        files = dict.fromkeys(route.schema for route in self._index.serving(key) if route.schema)
        return partial(_check, [self._loaded[file] for file in files]) if files else None


def _check(schemas: Sequence[RouteSchema], value: Any, source: str) -> Fault | None:
    """The faults of a document: the first one has the others."""
    faults = chain.from_iterable(_faults(schema, value, source) for schema in schemas)
    found = list(islice(faults, _MOST + 1))
    if not found:
        return None
    first, *more = found
    if len(found) > _MOST:
        more[-1] = Fault(source, f"more than {_MOST} faults", first.hint)
    return Fault(source, first.what, first.hint, first.pointer, tuple(more))


def _faults(schema: RouteSchema, value: Any, source: str) -> Iterator[Fault]:
    hint = f"correct it, or the schema {schema.file}"
    try:
        for error in schema.validator.iter_errors(value):
            place = pointer(error.instance_path)
            what = f"{printable(place)}: {message_of(error)}" if place else message_of(error)
            yield Fault(source, what, hint, place)
    except ValueError as error:  # half a surrogate pair, or nested more deeply than it supports
        yield Fault(source, f"cannot be checked: {error}", hint)
