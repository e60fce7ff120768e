"""The expressions of parameter mappings, from which each target gets its value.

They are those of API Gateway's "Parameter mapping source reference for REST APIs".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["static", "header", "querystring", "path", "context", "stageVariables", "response"]

Scope = Mapping[Place, Mapping[str, str]]
"""The values that mappings and templates read, by place; header names are lower case."""

# Without a signature these are empty (recorded on AWS by LocalStack for `identity.user`, and as
# null for the others in the request that a Lambda function gets). Signed requests: see `features`.
UNSIGNED_IDENTITY = tuple(
    f"identity.{name}"
    for name in (
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    )
)

DROPPED_HEADERS = frozenset(
    {
        "connection",
        "content-length",
        "content-md5",
        "expect",
        "max-forwards",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
"""The client's headers that mappings and templates do not see (recorded on AWS by LocalStack)."""

_ADDED_HEADERS = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "cloudfront-")

CONTEXT_VARIABLES = frozenset(
    {
        "accountId",
        "apiId",
        "deploymentId",
        "domainName",
        "domainPrefix",
        "error.message",
        "error.messageString",
        "error.responseType",
        "extendedRequestId",
        "httpMethod",
        "identity.sourceIp",
        "identity.userAgent",
        "path",
        "protocol",
        "requestId",
        "requestTime",
        "requestTimeEpoch",
        "resourceId",
        "resourcePath",
        "stage",
        *UNSIGNED_IDENTITY,
    }
)
"""The `$context` variables that the gateway supports."""

REQUEST_SOURCES: Mapping[str, Place] = {
    "method.request.header.": "header",
    "method.request.querystring.": "querystring",
    "method.request.path.": "path",
    "context.": "context",
    "stageVariables.": "stageVariables",
}
"""The sources of request mappings and gateway responses: prefix and place."""

RESPONSE_SOURCES: Mapping[str, Place] = {
    "integration.response.header.": "response",
    "context.": "context",
    "stageVariables.": "stageVariables",
}
"""The sources of response mappings: prefix and place."""

REQUEST_TARGETS = {
    "header": "integration.request.header.",
    "path": "integration.request.path.",
    "querystring": "integration.request.querystring.",
}
"""The targets of request mappings: kind and prefix."""

RESPONSE_TARGET = "method.response.header."
"""The prefix of the targets of a response's header mappings."""

GATEWAY_RESPONSE_TARGET = "gatewayresponse.header."
"""The prefix of the targets of a gateway response's header mappings."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed source; for the place `static`, `name` is the value itself."""

    place: Place
    name: str

    def value(self, scope: Scope) -> str | None:
        """The value in `scope`, or None if the source is missing."""
        if self.place == "static":
            return self.name
        return scope[self.place].get(self.name)


def parse_expression(text: str, sources: Mapping[str, Place]) -> Expression | None:
    """Parse an expression; None if the gateway cannot evaluate it.

    Header names are case-insensitive here. On AWS they must have the definition's spelling
    (LocalStack's code); S3 and HTTP/1.1 clients spell them as AWS's examples do, so only unusual
    spellings differ (assumed).
    """
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return Expression("static", text[1:-1])
    for prefix, place in sources.items():
        if text.startswith(prefix):
            return _named(place, text.removeprefix(prefix))
    return None


def client_header(name: str) -> str:
    """The key of a client's header in a scope; empty, which no header is, for a dropped one."""
    lower = name.lower()
    return "" if lower in DROPPED_HEADERS else lower


def is_added_header(name: str) -> bool:
    """Whether API Gateway adds the header to the client's; the gateway does not know its value.

    They are in the developer guide's "Input format of a Lambda function for proxy integration";
    CloudFront-* are those of edge-optimized APIs.
    """
    return name.lower().startswith(_ADDED_HEADERS)


def _named(place: Place, name: str) -> Expression | None:
    if place == "context" and name not in CONTEXT_VARIABLES:
        return None
    if place == "header" and is_added_header(name):
        return None
    if place == "header":
        return Expression(place, client_header(name))
    return Expression(place, name.lower() if place == "response" else name)
