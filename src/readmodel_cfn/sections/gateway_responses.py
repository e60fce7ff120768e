"""Gateway responses: the errors that API Gateway makes itself, before S3 is asked.

Their body has the shape of all others already. The article leaves them as they are: 403 "Missing
Authentication Token" for a path that does not exist, and no CORS header, so that a page of another
origin cannot even see that it was throttled.
"""

from typing import Any

from troposphere import Ref
from troposphere import apigateway as ag

from readmodel_cfn.answers import error_body, literal


def of(origin: str | None, api: ag.RestApi) -> list[ag.GatewayResponse]:
    """An unknown path is 404, as it is everywhere else; with CORS, all others have its header.

    DEFAULT_4XX and DEFAULT_5XX get no status: it would replace that of every error they stand for.
    """
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    parameters = {"ResponseParameters": {header: literal(origin)}} if origin else {}
    unknown_path = ag.GatewayResponse(
        f"{api.title}UnknownPath",
        ResponseType="MISSING_AUTHENTICATION_TOKEN",
        RestApiId=Ref(api),
        **parameters,
        ResponseTemplates={"application/json": error_body("Not Found")},
        StatusCode="404",
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
