"""Request parameters: declared where they are used, and used where the URI names them."""

import re
from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import INTEGRATION, Method
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View

_FROM = re.compile(r"method\.request\.(?:header|querystring|path|multivalue\w+)\.(.+)")
_PATH = "integration.request.path."
_MAPPINGS = f"{INTEGRATION}/RequestParameters"


def _undeclared(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for target, value in method.mapped.items():
            source = str(value)
            if _FROM.fullmatch(source) and source not in method.declared:
                yield Fault(
                    method.id,
                    f"{_MAPPINGS}/{target}",
                    f"{source} is mapped, and not declared on the method",
                    f"add {source} to the method's RequestParameters",
                )


def _unfilled(view: View) -> Iterator[Fault]:
    for method in view.reads:
        for name in dict.fromkeys(method.uri.parameters if method.uri else ()):
            if f"{_PATH}{name}" not in method.mapped:
                greedy = "; in a URI a greedy parameter has no +" if name.endswith("+") else ""
                yield Fault(
                    method.id,
                    f"{INTEGRATION}/Uri",
                    f"{{{name}}} has no value{greedy}",
                    f"map {_PATH}{name.rstrip('+')} from a path parameter of the method",
                )


def _unused(view: View) -> Iterator[Fault]:
    for method in view.reads:
        used = method.uri.parameters if method.uri else []
        for target in method.mapped:
            name = target.removeprefix(_PATH)
            if name != target and name not in used and f"{name}+" not in used:
                yield Fault(
                    method.id,
                    f"{_MAPPINGS}/{target}",
                    f"the URI has no {{{name}}}",
                    "write the parameter into the key, or leave the mapping out",
                )


def _not_in_path(view: View) -> Iterator[Fault]:
    for method in view.reads:
        path = view.paths.get(method.resource)
        for name in _path_parameters(method) if path is not None else ():
            if f"{{{name}}}" not in str(path) and f"{{{name}+}}" not in str(path):
                yield Fault(
                    method.id,
                    "Properties/RequestParameters",
                    f"{name} is taken from the path {path}, which has no {{{name}}}",
                    "name the parameter as the resource's PathPart does",
                )


def _path_parameters(method: Method) -> Iterator[str]:
    """The path parameters that the method declares or takes."""
    prefix = "method.request.path."
    names = [*sorted(method.declared), *map(str, method.mapped.values())]
    yield from dict.fromkeys(one.removeprefix(prefix) for one in names if one.startswith(prefix))


RULES = (
    Rule(
        "R15",
        "undeclared-parameter",
        "Every request parameter that is passed on is declared on the method",
        "The deployment fails: invalid mapping expression.",
        _undeclared,
    ),
    Rule(
        "R16",
        "unfilled-parameter",
        "Every {parameter} of the URI gets a value",
        "API Gateway leaves the braces in the address, and every read fails with 500.",
        _unfilled,
    ),
    Rule(
        "R17",
        "unused-parameter",
        "Every path parameter that is passed on stands in the URI",
        "All values of the parameter read the same object.",
        _unused,
    ),
    Rule(
        "R18",
        "parameter-not-in-path",
        "Every path parameter is one of the resource's path",
        "It never has a value: the deployment or every read fails.",
        _not_in_path,
    ),
)
