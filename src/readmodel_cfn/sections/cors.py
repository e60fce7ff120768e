"""CORS: pages of another origin may read. The article has none of it.

A browser asks first (OPTIONS, the preflight) when a page sends If-None-Match itself. API Gateway
answers that without asking anybody, by a MOCK method on each route's resource.
"""

from collections.abc import Sequence

from troposphere import Ref
from troposphere import apigateway as ag

from readmodel_cfn.answers import Answer, Style, declaration, rule
from readmodel_cfn.naming import Names
from readmodel_cfn.options import given
from readmodel_cfn.routes import Route

_ALLOWED = "GET,HEAD,OPTIONS"
_HEADERS = "If-None-Match,If-Modified-Since"
_SECONDS = "7200"  # the longest that Chromium keeps a preflight's answer


def preflights(
    origin: str | None,
    gzip_stored: bool,
    routes: Sequence[Route],
    tree: dict[str, ag.Resource],
    names: Names,
) -> list[ag.Method]:
    """The OPTIONS method of each route, where there is an origin to allow."""
    if origin is None:
        return []
    style = Style(fixed=_headers(origin))
    answer = Answer("204", None)
    integration = ag.Integration(
        Type="MOCK",
        # With binary media types a MOCK fails unless its request is taken for text.
        **given(ContentHandling="CONVERT_TO_TEXT" if gzip_stored else None),
        IntegrationResponses=[rule(answer, style)],
        PassthroughBehavior="WHEN_NO_MATCH",
        RequestTemplates={"application/json": '{"statusCode":204}'},
    )
    return [
        ag.Method(
            names.method(route.path, "OPTIONS"),
            AuthorizationType="NONE",
            HttpMethod="OPTIONS",
            Integration=integration,
            ResourceId=Ref(tree[route.path]),
            RestApiId=tree[route.path].RestApiId,
            MethodResponses=[declaration(answer, style)],
        )
        for route in routes
    ]


def _headers(origin: str) -> dict[str, str]:
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": _ALLOWED,
        "Access-Control-Allow-Headers": _HEADERS,
        "Access-Control-Max-Age": _SECONDS,
    }
