"""What binary media types, content handling and compression would change, were they evaluated.

From the table in the developer guide, "Content type conversions in API Gateway". What depends on
the objects alone is not told: without binary media types, API Gateway reads a body as UTF-8 and
so spoils other bytes.
"""

from collections.abc import Iterator, Sequence

from .definition import Json, integration_responses, methods, section
from .integration_request import BODILESS_METHODS

_BODILESS_STATUSES = frozenset({204, 304})


def findings(definition: Json) -> Iterator[str]:
    """A line for each setting whose conversion would make an answer differ."""
    if (size := definition.get("minimumCompressionSize")) is not None:
        yield f"minimumCompressionSize {size}: answers are not compressed"
    media_types = definition.get("binaryMediaTypes") or ()
    for path, name, method in methods(definition):
        place = f"{name} {path}"
        for finding in _of_method(method, place, media_types):
            yield f"{place}: {finding}, not evaluated yet"


def _of_method(method: Json, place: str, media_types: Sequence[str]) -> Iterator[str]:
    integration = section(method, "methodIntegration")
    mock = integration.get("type") == "MOCK"
    handling = integration.get("contentHandling")
    if mock and "*/*" in media_types and handling != "CONVERT_TO_TEXT":
        yield "MOCK with the binary media type */* needs contentHandling CONVERT_TO_TEXT"
    if not mock and handling and integration.get("httpMethod") not in BODILESS_METHODS:
        yield f"contentHandling {handling} of the request"
    for status, response in integration_responses(integration, place):
        bodiless = mock or place.startswith("HEAD ") or status in _BODILESS_STATUSES
        if _changes(response, bodiless, media_types):
            yield (
                f"response {status}: contentHandling {response.get('contentHandling')}"
                f" with binaryMediaTypes {list(media_types)}"
            )


def _changes(response: Json, bodiless: bool, media_types: Sequence[str]) -> bool:
    handling = response.get("contentHandling")
    templated = any(section(response, "responseTemplates").values())
    if bodiless and not templated:
        return False
    if not media_types:
        return handling == "CONVERT_TO_BINARY"
    if templated:
        return handling != "CONVERT_TO_TEXT"
    return "*/*" not in media_types or handling != "CONVERT_TO_BINARY"
