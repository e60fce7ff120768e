"""CORS preflights: an OPTIONS method for each route. The article has no CORS.

A browser sends a preflight when a page of another origin sets If-None-Match, or another header but
the few that need none. API Gateway responds with a MOCK integration, without a request to S3.
"""

from collections.abc import Mapping, Sequence

from troposphere import Ref
from troposphere import apigateway as ag

from readmodel_cfn.template.cors_origin import fixed_origin
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.responses import (
    Response,
    ResponseSettings,
    integration_response,
    method_response,
)
from readmodel_cfn.template.routes import CONDITIONAL_HEADERS, READ_METHODS, Route
from readmodel_cfn.template.sections.access import Access
from readmodel_cfn.template.sections.api import Api

_MAX_AGE = "7200"  # seconds; the maximum in Chromium


def build_preflights(
    options: Api,
    names: Names,
    *,
    routes: Sequence[Route],
    resources: Mapping[str, ag.Resource],
    gzip_stored: bool,
    access: Access | None = None,
) -> list[ag.Method]:
    """The OPTIONS method of each route, if there is an origin to allow; `resources` are by path.

    It needs no credentials, whatever `access` requires: browsers send none in a preflight.
    """
    origin = fixed_origin(options.cors_origins)
    if origin is None:
        return []
    authorizing = access.request_headers if access else ()
    settings = ResponseSettings(headers=_headers(origin, [*authorizing, *options.cors_headers]))
    response = Response("204", None)
    integration = ag.Integration(
        Type="MOCK",
        # With binary media types a MOCK integration fails unless its request is converted to text.
        **without_none(ContentHandling="CONVERT_TO_TEXT" if gzip_stored else None),
        IntegrationResponses=[integration_response(response, settings)],
        RequestTemplates={"application/json": '{"statusCode":204}'},
    )
    return [
        ag.Method(
            names.method(route.path, "OPTIONS"),
            AuthorizationType="NONE",
            HttpMethod="OPTIONS",
            Integration=integration,
            ResourceId=Ref(resources[route.path]),
            RestApiId=resources[route.path].RestApiId,
            MethodResponses=[method_response(response, settings)],
        )
        for route in routes
    ]


def _headers(origin: str, more: Sequence[str]) -> dict[str, str]:
    allowed: dict[str, str] = {}
    for name in (*CONDITIONAL_HEADERS, *more):
        allowed.setdefault(name.lower(), name)
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Methods": ",".join([*READ_METHODS, "OPTIONS"]),
        "Access-Control-Allow-Headers": ",".join(allowed.values()),
        "Access-Control-Max-Age": _MAX_AGE,
    }
