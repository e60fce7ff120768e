"""Which keys routes serve, and which one a file goes to."""

from collections.abc import Sequence
from pathlib import Path

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.routes import Route
from readmodel_cfn.store.documents import key_of_path


class Served:
    """Called with a key, it tells whether one of the routes serves it."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._fixed = {route.key for route in routes if not route.parameters}
        self._others = [route for route in routes if route.parameters]
        self.beginnings = [route.key_pattern.partition("*")[0] for route in routes]

    def __call__(self, key: str) -> bool:
        """Is it served?"""
        return key in self._fixed or any(route.match_key(key) for route in self._others)


def key_of(routes: Sequence[Route], file: Path, key: str | None, path: str | None) -> str:
    """The key for a file: the given one, where a route serves it, a route's only one, or its path.

    Raises:
        ConfigError: there is no such route, or no such key.
    """
    asked = [route for route in routes if path in (None, route.path)]
    if not asked:
        hint = f"known: {', '.join(route.path for route in routes)}"
        raise ConfigError(f"no route has the path {path!r}", where="--route", hint=hint)
    if key is None:
        own = key_of_path(file)
        return own if _is_needed(asked) and Served(asked)(own) else _only_key(asked)
    if not any(route.match_key(key) for route in asked):
        served = ", ".join(route.key for route in asked)
        raise ConfigError(f"no route serves {key!r}", where="--key", hint=f"served: {served}")
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
