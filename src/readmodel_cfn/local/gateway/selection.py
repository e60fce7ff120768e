"""Selection: which integration response the backend's status chooses."""

from collections.abc import Iterable

from .failures import GatewayResponseError
from .integration_response import IntegrationResponse


def select(responses: Iterable[IntegrationResponse], status: int) -> IntegrationResponse:
    """The response whose pattern matches the backend's whole status, else the default one.

    Raises `GatewayResponseError` (500) without either (the execution log says "No match for output
    mapping and no default output mapping configured"), and where the chosen one has no method
    response. Of several that match, the first is taken (assumed; AWS documents no order, nor
    whether a pattern is anchored, so write patterns that are disjoint and complete).
    """
    default = None
    for response in responses:
        if response.pattern is None:
            default = default or response
        elif response.pattern.fullmatch(str(status)):
            return _with_method_response(response)
    return _with_method_response(default)


def _with_method_response(response: IntegrationResponse | None) -> IntegrationResponse:
    if response is None or not response.declared:
        raise GatewayResponseError("API_CONFIGURATION_ERROR")
    return response
