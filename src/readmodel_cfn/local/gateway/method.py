"""One method of a resource, compiled: its integration request and its integration responses."""

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
    """How a method is evaluated."""

    integration: Integration
    responses: tuple[IntegrationResponse, ...]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A method that this gateway cannot evaluate, with the features that it does not support."""

    features: tuple[str, ...]


Method = Evaluation | Unsupported


def compile_method(method: Json, place: str) -> Method:
    """A method's definition compiled; `place` is its HTTP method and path, for messages.

    Raises:
        DefinitionError: AWS would refuse to deploy the method.
    """
    if not method.get("methodIntegration"):
        what = "no integration defined (get-resources returns it with embed=methods)"
        raise DefinitionError(place, what)
    if features := tuple(found.feature for found in method_features(place, method)):
        return Unsupported(features)
    return Evaluation(compile_integration(method, place), compile_responses(method, place))
