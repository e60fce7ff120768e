"""The features of a definition that this gateway does not evaluate, with their places."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from readmodel_cfn.cloudformation.rest_api.features import (
    Feature,
    Keys,
    api_features,
    api_key_features,
    gateway_response_features,
    method_features,
    signature_features,
)
from readmodel_cfn.local.gateway.definition import Json, methods, section


@dataclass(frozen=True, slots=True)
class UnsupportedFeature:
    """A feature that the gateway does not evaluate: requests that use it get a 501 with its name.

    `place` is the method and path (`GET /things`), `gateway response TYPE`, or empty for the whole
    API. `keys` is the path to the CloudFormation property that has the feature.
    """

    place: str
    feature: str
    keys: Keys

    def __str__(self) -> str:
        return f"{self.place}: {self.feature}" if self.place else self.feature


def unsupported(definition: Json, *, checks_signatures: bool = False) -> list[UnsupportedFeature]:
    """Every feature of the definition that the gateway does not evaluate.

    `checks_signatures` is whether another part of the server has checked the signatures of
    requests, as in the sandbox.

    Raises:
        DefinitionError: the definition cannot be read.
    """
    found = [*_at("", api_features(definition))]
    for name, response in section(definition, "gatewayResponses").items():
        found += _at(f"gateway response {name}", gateway_response_features(response or {}))
    for place, method in methods(definition):
        found += _at(place, method_features(method, definition))
        found += _at(place, api_key_features(method, definition))
        if not checks_signatures:
            found += _at(place, signature_features(method))
    return found


def _at(place: str, features: Iterable[Feature]) -> Iterator[UnsupportedFeature]:
    for feature, keys in features:
        yield UnsupportedFeature(place, feature, keys)
