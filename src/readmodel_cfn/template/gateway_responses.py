"""Gateway responses: the errors that API Gateway itself returns, without a request to S3.

Their body has the same form as that of other errors. The article keeps API Gateway's defaults: 403
"Missing Authentication Token" for a path that does not exist, and no CORS header, so that a page of
another origin cannot see that it was throttled.
"""

from typing import Any

from troposphere import Ref
from troposphere import apigateway as ag

from readmodel_cfn.template.responses import error_body, quoted


def build_gateway_responses(
    origin: str | None, api: ag.RestApi, *, signed: bool = False
) -> list[ag.GatewayResponse]:
    """An unknown path is a 404; with a CORS origin, every other error has the CORS header.

    If requests must be `signed`, it is a 403: API Gateway has one type of response for an unknown
    path and for a request without a signature.

    DEFAULT_4XX and DEFAULT_5XX set no status code: it would replace the status of every error.
    """
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    parameters = {"ResponseParameters": {header: quoted(origin)}} if origin else {}
    unknown_path = ag.GatewayResponse(
        f"{api.title}UnknownPath",
        ResponseType="MISSING_AUTHENTICATION_TOKEN",
        RestApiId=Ref(api),
        **parameters,
        ResponseTemplates={"application/json": error_body("Forbidden" if signed else "Not Found")},
        StatusCode="403" if signed else "404",
    )
    return [unknown_path, *(_defaults(parameters, api) if origin else [])]


def _defaults(parameters: dict[str, Any], api: ag.RestApi) -> list[ag.GatewayResponse]:
    return [
        ag.GatewayResponse(
            f"{api.title}Error{family}",
            ResponseType=f"DEFAULT_{family.upper()}",
            RestApiId=Ref(api),
            **parameters,
        )
        for family in ("4xx", "5xx")
    ]
