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
    evaluator = Evaluator(template)
    found = resources(template, evaluator)
    paths = api_paths(found, evaluator)
    served = (
        paths.get(evaluator.text(resource.properties.get("ResourceId")))
        for resource in found.values()
        if resource.type == _METHOD and resource.properties.get("HttpMethod") != "OPTIONS"
    )
    return tuple(dict.fromkeys(str(path).removeprefix("/") for path in served if path is not None))


def removed_routes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The routes that only the first template serves, whatever their parameters are named."""
    kept = {_unnamed(path) for path in routes_of(after)}
    return tuple(path for path in routes_of(before) if _unnamed(path) not in kept)


def _unnamed(path: str) -> str:
    return _VARIABLE.sub(r"{\1}", path)
