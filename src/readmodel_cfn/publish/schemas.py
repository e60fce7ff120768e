"""Checks of documents against the JSON Schemas of the routes that serve them."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from readmodel_cfn.printable import printable
from readmodel_cfn.publish.documents import Check
from readmodel_cfn.publish.results import Fault
from readmodel_cfn.publish.route_index import KeyRoute, RouteIndex
from readmodel_cfn.schemas import RouteSchema, message_of, pointer

if TYPE_CHECKING:
    from jsonschema_rs import ValidationError, Validator

_MOST = 10  # faults of one document
# jsonschema-rs copies the value that is wrong for each fault, in up to 100 times its bytes, before
# it returns the first one. So of a larger document only the first fault is known, or none.
_ALL_FAULTS_BYTES = 20_000
_FIRST_FAULT_BYTES = 1_000_000


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


def _check(schemas: Sequence[RouteSchema], value: Any, source: str, size: int) -> Fault | None:
    """The faults of a document of so many bytes: the first one has the others."""
    faults = chain.from_iterable(_faults(schema, value, source, size) for schema in schemas)
    found = list(islice(faults, _MOST + 1))
    if not found:
        return None
    first, *more = found
    if len(found) > _MOST:
        more[-1] = Fault(source, f"more than {_MOST} faults", first.hint)
    return Fault(source, first.what, first.hint, first.pointer, tuple(more))


def _faults(schema: RouteSchema, value: Any, source: str, size: int) -> Iterator[Fault]:
    hint = f"correct it, or the schema {schema.file}"
    try:
        if size > _FIRST_FAULT_BYTES:
            if not schema.validator.is_valid(value):
                what = (
                    f"does not fit the schema; above {_FIRST_FAULT_BYTES:,} bytes no place is named"
                )
                yield Fault(source, what, hint)
            return
        for error in _errors(schema.validator, value, size):
            place = pointer(error.instance_path)
            what = f"{printable(place)}: {message_of(error)}" if place else message_of(error)
            yield Fault(source, what, hint, place)
    except ValueError as error:  # half a surrogate pair, or nested more deeply than it supports
        yield Fault(source, f"cannot be checked: {error}", hint)


def _errors(validator: "Validator", value: Any, size: int) -> "Iterator[ValidationError]":
    from jsonschema_rs import ValidationError

    if size <= _ALL_FAULTS_BYTES:
        yield from validator.iter_errors(value)
        return
    try:
        validator.validate(value)
    except ValidationError as error:
        yield error
