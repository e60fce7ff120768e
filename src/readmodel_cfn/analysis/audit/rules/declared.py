"""Method responses declare the statuses and headers of the integration responses."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.methods import IntegrationResponse, Method
from readmodel_cfn.analysis.view import View


def _statuses(view: View) -> Iterator[Violation]:
    for method, response in _responses(view):
        if _declared(method, response) is None:
            yield Violation(
                method.id,
                f"{response.path}/StatusCode",
                f"{response.status} has no method response",
                f"add {response.status} to MethodResponses",
            )


def _headers(view: View) -> Iterator[Violation]:
    for method, response in _responses(view):
        declared = _declared(method, response)
        missing = [] if declared is None else [h for h in response.headers if h not in declared]
        for name in missing:
            target = f"method.response.header.{name}"
            yield Violation(
                method.id,
                f"{response.path}/ResponseParameters/{target}",
                f"{name} is mapped, but not declared for {response.status}",
                f"add {target}: false to the ResponseParameters of the method response",
            )


def _responses(view: View) -> Iterator[tuple[Method, IntegrationResponse]]:
    """The responses of all methods of the APIs that read S3."""
    for method in view.methods:
        if method.api in view.apis:
            yield from ((method, response) for response in method.responses)


def _declared(method: Method, response: IntegrationResponse) -> frozenset[str] | None:
    headers = [
        declared.headers
        for declared in method.method_responses
        if declared.status == response.status
    ]
    return frozenset().union(*headers) if headers else None


RULES = (
    Rule(
        "R07",
        "undeclared-status",
        "high",
        "Every response's status has a method response",
        "API Gateway returns 500 Internal server error instead.",
        _statuses,
    ),
    Rule(
        "R08",
        "undeclared-header",
        "high",
        "Every mapped header is declared on its method response",
        "The deployment fails: invalid mapping expression.",
        _headers,
    ),
)
