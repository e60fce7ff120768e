"""A snapshot: an API's definition as it was deployed, compiled for serving."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from .definition import Json, resources
from .encoding import Encoding
from .gateway_responses import GatewayResponse, compile_gateway_responses
from .method import Method, compile_method
from .routing import Node, Resource, build


@dataclass(frozen=True, slots=True)
class Snapshot:
    """An immutable compiled API, as a deployment is on AWS: later changes do not reach it."""

    routes: Node
    gateway_responses: Mapping[str, GatewayResponse]
    encoding: Encoding

    @classmethod
    def from_definition(cls, definition: Json) -> Self:
        """Compile a definition in the shape of API Gateway's control plane (camelCase).

        Raises `DefinitionError` for what AWS would refuse to deploy. Methods this gateway cannot
        evaluate compile, and answer 501; `unsupported` lists them.
        """
        return cls(
            routes=build(
                Resource(path, _compile_methods(path, methods))
                for path, methods in resources(definition)
            ),
            gateway_responses=compile_gateway_responses(definition),
            encoding=Encoding.of(definition),
        )


def _compile_methods(path: str, methods: Json) -> dict[str, Method]:
    return {name: compile_method(body or {}, f"{name} {path}") for name, body in methods.items()}
