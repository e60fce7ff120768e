"""Request parameters: declared on the method, and used in the URI."""

import re
from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.view import View

_FROM = re.compile(r"method\.request\.(?:header|querystring|path|multivalue\w+)\.(.+)")
_PATH = "integration.request.path."
_MAPPINGS = f"{INTEGRATION}/RequestParameters"


def _undeclared(view: View) -> Iterator[Violation]:
    for method in view.requests:
        for target, value in method.mapped.items():
            source = str(value)
            if _FROM.fullmatch(source) and source not in method.declared:
                yield Violation(
                    method.id,
                    f"{_MAPPINGS}/{target}",
                    f"{source} is mapped, but not declared on the method",
                    f"add {source} to the method's RequestParameters",
                )


def _without_value(view: View) -> Iterator[Violation]:
    for method in view.requests:
        for name in dict.fromkeys(method.uri.parameters if method.uri else ()):
            if f"{_PATH}{name}" not in method.mapped:
                greedy = "; a URI has no + after a greedy parameter" if name.endswith("+") else ""
                yield Violation(
                    method.id,
                    f"{INTEGRATION}/Uri",
                    f"{{{name}}} has no value{greedy}",
                    f"map {_PATH}{name.rstrip('+')} from a path parameter of the method",
                )


def _unused(view: View) -> Iterator[Violation]:
    for method in view.requests:
        used = method.uri.parameters if method.uri else []
        for target in method.mapped:
            name = target.removeprefix(_PATH)
            if name != target and name not in used and f"{name}+" not in used:
                yield Violation(
                    method.id,
                    f"{_MAPPINGS}/{target}",
                    f"the URI has no {{{name}}}",
                    "add the parameter to the key, or remove the mapping",
                )


def _not_in_path(view: View) -> Iterator[Violation]:
    for method in view.requests:
        path = view.paths.get(method.resource)
        for name in _path_parameters(method) if path is not None else ():
            if f"{{{name}}}" not in str(path) and f"{{{name}+}}" not in str(path):
                yield Violation(
                    method.id,
                    "Properties/RequestParameters",
                    f"{name} is mapped from the path {path}, which has no {{{name}}}",
                    "use the name in the resource's PathPart",
                )


def _path_parameters(method: Method) -> Iterator[str]:
    """The path parameters that the method declares or maps."""
    prefix = "method.request.path."
    names = [*sorted(method.declared), *map(str, method.mapped.values())]
    own = (name.removeprefix(prefix) for name in names if name.startswith(prefix))
    yield from dict.fromkeys(own)


RULES = (
    Rule(
        "R15",
        "undeclared-parameter",
        "high",
        "Every request parameter that is mapped is declared on the method",
        "The deployment fails: invalid mapping expression.",
        _undeclared,
    ),
    Rule(
        "R16",
        "unfilled-parameter",
        "high",
        "Every {parameter} of the URI has a value",
        "API Gateway requests the URI with the braces, and every read fails with 500.",
        _without_value,
    ),
    Rule(
        "R17",
        "unused-parameter",
        "high",
        "Every path parameter that is mapped is in the URI",
        "All values of the parameter read the same object.",
        _unused,
    ),
    Rule(
        "R18",
        "parameter-not-in-path",
        "high",
        "Every path parameter is in the resource's path",
        "The parameter never has a value: the deployment or every read fails.",
        _not_in_path,
    ),
)
