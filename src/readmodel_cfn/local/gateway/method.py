"""A compiled method: its requirements, its integration request and integration responses."""

from dataclasses import dataclass

from readmodel_cfn.cloudformation.rest_api.features import method_features
from readmodel_cfn.local.gateway.access import Access, compile_access
from readmodel_cfn.local.gateway.definition import DefinitionError, Json
from readmodel_cfn.local.gateway.integration_request import Integration, compile_integration
from readmodel_cfn.local.gateway.integration_response import (
    IntegrationResponse,
    compile_responses,
)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A method that this gateway can evaluate; `access` is None if anybody may call it."""

    access: Access | None
    integration: Integration
    responses: tuple[IntegrationResponse, ...]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A method that this gateway cannot evaluate, with its unsupported features."""

    features: tuple[str, ...]


Method = Evaluation | Unsupported


def compile_method(method: Json, place: str, api: Json | None = None) -> Method:
    """Compile a method's definition; `place` is its HTTP method and path, for messages.

    `api` is the definition that has the method's validator.

    Raises:
        DefinitionError: API Gateway would not deploy the method.
    """
    if not method.get("methodIntegration"):
        what = "no integration defined (get-resources returns it with embed=methods)"
        raise DefinitionError(place, what)
    if features := tuple(feature for feature, _ in method_features(method, api)):
        return Unsupported(features)
    return Evaluation(
        compile_access(method, api or {}),
        compile_integration(method, place),
        compile_responses(method, place),
    )
