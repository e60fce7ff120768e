"""An edit of a template, and the values that edits are made of."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.values import PartialText, Unknown, parts_of


@dataclass(frozen=True)
class Edit:
    """One edit: the value at `path`, which is new or replaces what is there.

    `path` begins at the top of the template, such as
    Resources/GetItem/Properties/Integration/RequestParameters. The index after the last of a list
    is a new item. `value` has the long names of functions, such as Fn::Sub.
    """

    path: str
    value: Any = field(hash=False)

    def __str__(self) -> str:
        return f"paste at {self.path}: {self.value}"


Cure = Callable[[View, str, str], Iterator[Edit]]
"""The edits that fix a violation: of a view, at a path of a resource."""


def method_of(view: View, resource: str) -> Method | None:
    """The method with this logical ID; None if Fn::If or the stages give it several forms."""
    found = [method for method in view.methods if method.id == resource]
    return found[0] if len(found) == 1 else None


def extended(view: View, path: str, added: Mapping[str, Any]) -> Iterator[Edit]:
    """The object at a path with these entries added; nothing if it is a function."""
    written = view.written(path)
    if written is None or is_plain(written):
        yield Edit(path, {**(written or {}), **added})


def without(view: View, path: str) -> Iterator[Edit]:
    """The object around a path without the entry at the path."""
    above, _, name = path.rpartition("/")
    written = view.written(above)
    if is_plain(written) and name in written:
        yield Edit(above, {key: value for key, value in written.items() if key != name})


def appended(view: View, path: str, items: Iterable[Any]) -> Iterator[Edit]:
    """The items added to the list at a path; nothing if it is a function."""
    written = view.written(path)
    if isinstance(written, list):
        for index, item in enumerate(items, len(written)):
            yield Edit(f"{path}/{index}", item)
    elif written is None:
        yield Edit(path, list(items))


def is_plain(value: Any) -> bool:
    """Whether it is an object and no function."""
    return isinstance(value, Mapping) and not any(
        str(key) == "Ref" or str(key).startswith("Fn::") for key in value
    )


def new_id(view: View, name: str) -> str:
    """A logical ID that the template does not have."""
    name = re.sub("[^A-Za-z0-9]", "", name)
    return next(found for found in _numbered(name) if found not in view.resources)


def _numbered(name: str) -> Iterator[str]:
    yield name
    number = 2
    while True:
        yield f"{name}{number}"
        number += 1


def expression(*parts: PartialText) -> Any:
    """A text as a template has it; None if a part of it cannot be written with Fn::Sub."""
    pieces = [piece for part in parts for piece in parts_of(part)]
    if all(isinstance(piece, str) for piece in pieces):
        return "".join(map(str, pieces))
    if any(isinstance(piece, Unknown) and not piece.is_reference for piece in pieces):
        return None
    return {
        "Fn::Sub": "".join(
            piece.replace("${", "${!") if isinstance(piece, str) else str(piece) for piece in pieces
        )
    }


def depends(view: View, api: PartialText, *added: str) -> Iterator[Edit]:
    """The DependsOn of an API's deployments with these resources added."""
    for deployment in view.apis[api].deployments if api in view.apis else ():
        yield Edit(
            f"Resources/{deployment.id}/DependsOn",
            [*dict.fromkeys([*deployment.depends_on, *added])],
        )
