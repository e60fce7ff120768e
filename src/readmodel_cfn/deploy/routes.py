"""The routes of any template: the paths of a REST API that a client can call. No AWS calls."""

import re
from collections.abc import Mapping
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.resources import api_paths, resources

_METHOD = "AWS::ApiGateway::Method"
_VARIABLE = re.compile(r"\{[^}+]*(\+?)\}")


def routes_of(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths that have a method besides OPTIONS, as readmodel.toml writes them."""
    served = (path for path, verb in methods_of(template).values() if verb != "OPTIONS")
    return tuple(dict.fromkeys(served))


def methods_of(template: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The path and the HTTP method of each method, by logical ID; unknown paths are left out."""
    evaluator = Evaluator(template)
    found = resources(template, evaluator)
    paths = api_paths(found, evaluator)
    methods = {}
    for name, resource in found.items():
        path = paths.get(evaluator.text(resource.properties.get("ResourceId")))
        if resource.type == _METHOD and path is not None:
            verb = str(resource.properties.get("HttpMethod"))
            methods[name] = (str(path).removeprefix("/"), verb)
    return methods


def removed_routes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The routes that only the first template serves, whatever their parameters are named."""
    kept = {unnamed(path) for path in routes_of(after)}
    return tuple(path for path in routes_of(before) if unnamed(path) not in kept)


def unnamed(path: str) -> str:
    """The path without the names of its parameters."""
    return _VARIABLE.sub(r"{\1}", path)
