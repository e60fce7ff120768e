"""API definitions as API Gateway's control plane returns them, and functions that send requests."""

from collections.abc import Mapping
from typing import Any

from readmodel_cfn.local.gateway import (
    Call,
    Gateway,
    Request,
    Response,
    S3Response,
    Snapshot,
    unsupported,
)

Definition = dict[str, Any]

ROLE = "arn:aws:iam::111122223333:role/reader"


def s3_uri(path: str) -> str:
    return f"arn:aws:apigateway:eu-west-1:s3:path/{path}"


def api(resources: Mapping[str, Mapping[str, Definition]], **rest: object) -> Definition:
    """An API with methods by full path and HTTP method."""
    listed = [
        {"id": f"r{number}", "path": path, "resourceMethods": dict(methods)}
        for number, (path, methods) in enumerate(resources.items())
    ]
    return {"resources": listed, **rest}


def s3_method(
    path: str = "bucket/key.json",
    *,
    request: Mapping[str, str] | None = None,
    responses: Mapping[str, Definition] | None = None,
    **integration: object,
) -> Definition:
    """A GET of S3 that declares all it maps; `request` and `responses` are the mappings."""
    request = request or {}
    responses = {"200": {}} if responses is None else responses
    return {
        "authorizationType": "NONE",
        "requestParameters": {
            source: False for source in request.values() if source.startswith("method.request.")
        },
        "methodResponses": {
            status: {"responseParameters": dict.fromkeys(response.get("responseParameters", ()))}
            for status, response in responses.items()
        },
        "methodIntegration": {
            "type": "AWS",
            "httpMethod": "GET",
            "uri": s3_uri(path),
            "credentials": ROLE,
            "passthroughBehavior": "WHEN_NO_MATCH",
            "requestParameters": dict(request),
            "integrationResponses": {
                status: {"statusCode": status, **response} for status, response in responses.items()
            },
            **integration,
        },
    }


def mock_method(template: str = '{"statusCode": 200}', **rest: Definition) -> Definition:
    """A MOCK method with integration responses by status in `rest` (as `s200={...}`)."""
    responses = {name.removeprefix("s"): response for name, response in rest.items()}
    method = s3_method(responses=responses or {"200": {}})
    method["methodIntegration"] |= {
        "type": "MOCK",
        "uri": None,
        "httpMethod": None,
        "requestTemplates": {"application/json": template},
    }
    return method


def article() -> Definition:
    """The article's API as deployed: one pattern `200`, no header mapped, no default response."""
    method = s3_method(
        "demo-data-store/payload.json", responses={"200": {"selectionPattern": "200"}}
    )
    method["methodResponses"] = {"200": {"statusCode": 200, "responseParameters": None}}
    return api({"/": {}, "/samples": {"GET": method}})


def gateway(definition: Definition, stage: str = "v1") -> Gateway:
    return Gateway(Snapshot.from_definition(definition), stage)


def unsupported_lines(definition: Definition) -> list[str]:
    """The unsupported features, a line each."""
    return [str(feature) for feature in unsupported(definition)]


def request(path: str, method: str = "GET", **parts: Any) -> Request:
    return Request(method, path, **{"request_id": "id-1", **parts})


def call(definition: Definition, sent: Request) -> Call:
    """The S3 request that API Gateway would send."""
    step = gateway(definition).prepare(sent)
    assert isinstance(step, Call), step
    return step


def direct(definition: Definition, sent: Request) -> Response:
    """The response given without S3."""
    step = gateway(definition).prepare(sent)
    assert isinstance(step, Response), step
    return step


def through(
    definition: Definition,
    sent: Request,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"{}",
) -> Response:
    """The response made of this answer of S3."""
    server = gateway(definition)
    step = server.prepare(sent)
    assert isinstance(step, Call), step
    return server.finish(step, S3Response(status, headers or {}, body))
