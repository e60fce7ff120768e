"""The key that a single file is published under."""

from collections.abc import Sequence
from pathlib import Path

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.publish.documents import key_of_path
from readmodel_cfn.publish.faults import unserved_hint
from readmodel_cfn.publish.selection import Selection, hidden_path
from readmodel_cfn.template.routes import Route


def key_of(routes: Sequence[Route], file: Path, key: str | None, path: str | None) -> str:
    """The key for a file: the given one, where a route serves it, a route's only one, or its path.

    As for the files of a folder, no route serves a key with a segment that begins with a dot unless
    its own key spells that segment.

    Raises:
        ConfigError: there is no such route, or no such key.
    """
    asked = [route for route in routes if path in (None, route.path)]
    if not asked:
        hint = f"known: {', '.join(route.path for route in routes)}"
        raise ConfigError(f"no route has the path {path!r}", where="--route", hint=hint)
    if key is None:
        own = key_of_path(file)
        return own if _is_needed(asked) and Selection(asked).serves(own) else _only_key(asked)
    if not any(route.match_key(key) for route in asked):
        served = ", ".join(route.key for route in asked)
        hint = unserved_hint(key) if hidden_path(key) else f"served: {served}"
        raise ConfigError(f"no route serves {key!r}", where="--key", hint=hint)
    return key


def _is_needed(routes: Sequence[Route]) -> bool:
    """Do they serve more than one key?"""
    return len(routes) > 1 or bool(routes[0].parameters)


def _only_key(routes: Sequence[Route]) -> str:
    if len(routes) > 1:
        paths = ", ".join(route.path for route in routes)
        raise ConfigError("which route?", where="publish", hint=f"give --route or --key: {paths}")
    if routes[0].parameters:
        hint = f"give --key, of the form {routes[0].key}"
        raise ConfigError("the route serves many keys", where=routes[0].path, hint=hint)
    return routes[0].key
