"""What an integration response gives, the method response declares."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.method import Method
from readmodel_cfn.analysis.audit.response import Response
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View


def _statuses(view: View) -> Iterator[Fault]:
    for method, response in _responses(view):
        if _declared(method, response) is None:
            yield Fault(
                method.id,
                f"{response.path}/StatusCode",
                f"{response.status} has no method response",
                f"add {response.status} to MethodResponses",
            )


def _headers(view: View) -> Iterator[Fault]:
    for method, response in _responses(view):
        declared = _declared(method, response)
        missing = (
            [] if declared is None else [one for one in response.headers if one not in declared]
        )
        for name in missing:
            target = f"method.response.header.{name}"
            yield Fault(
                method.id,
                f"{response.path}/ResponseParameters/{target}",
                f"{name} is mapped, and not declared for {response.status}",
                f"add {target}: false to the ResponseParameters of the method response",
            )


def _responses(view: View) -> Iterator[tuple[Method, Response]]:
    """Every response of the APIs that read S3, those of their other methods too."""
    for method in view.methods:
        if method.api in view.apis:
            yield from ((method, one) for one in method.responses)


def _declared(method: Method, response: Response) -> frozenset[str] | None:
    found = [one.headers for one in method.method_responses if one.status == response.status]
    return frozenset().union(*found) if found else None


RULES = (
    Rule(
        "R07",
        "undeclared-status",
        "Every answer's status has a method response",
        "API Gateway answers 500 Internal server error in its place.",
        _statuses,
    ),
    Rule(
        "R08",
        "undeclared-header",
        "Every mapped header is declared on its method response",
        "The deployment fails: invalid mapping expression.",
        _headers,
    ),
)
