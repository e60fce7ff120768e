"""A compiled method: its integration request and its integration responses."""

from dataclasses import dataclass

from readmodel_cfn.local.gateway.definition import DefinitionError, Json
from readmodel_cfn.local.gateway.integration_request import Integration, compile_integration
from readmodel_cfn.local.gateway.integration_response import (
    IntegrationResponse,
    compile_responses,
)
from readmodel_cfn.local.gateway.unsupported import method_features


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A method that this gateway can evaluate."""

    integration: Integration
    responses: tuple[IntegrationResponse, ...]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A method that this gateway cannot evaluate, with its unsupported features."""

    features: tuple[str, ...]


Method = Evaluation | Unsupported


def compile_method(method: Json, place: str) -> Method:
    """Compile a method's definition; `place` is its HTTP method and path, for messages.

    Raises:
        DefinitionError: API Gateway would not deploy the method.
    """
    if not method.get("methodIntegration"):
        what = "no integration defined (get-resources returns it with embed=methods)"
        raise DefinitionError(place, what)
    if features := tuple(found.feature for found in method_features(place, method)):
        return Unsupported(features)
    return Evaluation(compile_integration(method, place), compile_responses(method, place))
