"""The paths of an API, each with its parameters and what it answers to each verb."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from readmodel_cfn.analysis.audit.api import Api
from readmodel_cfn.analysis.audit.method import Method
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.openapi.operation import operation

_VERBS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PATCH")
_PARAMETER = re.compile(r"\{([^{}+]+)(\+?)\}")
_GREEDY = "The rest of the path, slashes included, which OpenAPI cannot say of a parameter."

Place = tuple[str, str]
"""A path as OpenAPI writes it, and a verb."""


def paths(view: View, api: Api) -> tuple[dict[str, Any], list[str]]:
    """The document's paths, and the logical ids of the methods that are not written out."""
    known = {one.id: one for one in view.methods if one.resource in view.paths}
    written = [known[one.id] for one in api.methods if one.id in known]
    found = _placed(view, written)
    names = _ids(found)
    described: dict[str, Any] = {}
    for (path, verb), method in found.items():
        item = described.setdefault(path, _parameters(str(view.paths[method.resource])))
        item[verb.lower()] = operation(view, api, method, verb, names[path, verb])
    return described, [one.id for one in api.methods if one.id not in known]


def _placed(view: View, methods: Sequence[Method]) -> dict[Place, Method]:
    """The method that answers each verb at each path: its own, else that for ANY."""
    found: dict[Place, Method] = {}
    for one in sorted(methods, key=lambda one: one.verb == "ANY"):
        path = _PARAMETER.sub(r"{\1}", str(view.paths[one.resource]))
        for verb in _VERBS if one.verb == "ANY" else (one.verb,):
            if verb in _VERBS:
                found.setdefault((path, verb), one)
    return found


def _parameters(path: str) -> dict[str, Any]:
    found = [
        {
            "name": name,
            "in": "path",
            "required": True,
            **({"description": _GREEDY} if greedy else {}),
            "schema": {"type": "string"},
        }
        for name, greedy in _PARAMETER.findall(path)
    ]
    return {"parameters": found} if found else {}


def _ids(found: Mapping[Place, Method]) -> dict[Place, str]:
    """A name for each operation, such as getProductsId; with the logical id where two are alike."""
    names = {place: _name(*place) for place in found}
    count = Counter(names.values())
    return {
        place: name if count[name] == 1 else f"{name}_{found[place].id}"
        for place, name in names.items()
    }


def _name(path: str, verb: str) -> str:
    words: Iterator[str] = (word for word in re.findall(r"[A-Za-z0-9]+", path))
    return verb.lower() + ("".join(word[0].upper() + word[1:] for word in words) or "Root")
