"""One method of a resource, compiled: its integration request and its integration responses."""

from dataclasses import dataclass

from .definition import DefinitionError, Json
from .integration_request import Integration, compile_integration
from .integration_response import IntegrationResponse, compile_responses
from .unsupported import method_findings


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a method is evaluated."""

    integration: Integration
    responses: tuple[IntegrationResponse, ...]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A method this gateway cannot evaluate, with the reasons."""

    reasons: tuple[str, ...]


Method = Evaluation | Unsupported


def compile_method(method: Json, place: str) -> Method:
    """A method's definition compiled; `place` is its HTTP method and path, for messages.

    Raises `DefinitionError` for a method that AWS would refuse to deploy.
    """
    if not method.get("methodIntegration"):
        raise DefinitionError(
            f"{place}: no integration defined (get-resources gives it with embed=methods)"
        )
    if findings := method_findings(method, place):
        return Unsupported(tuple(findings))
    return Evaluation(compile_integration(method, place), compile_responses(method, place))
