"""Gateway responses: what API Gateway returns if it refuses a request or fails."""

import json
from typing import Literal

import pytest
from gateway_definitions import api, article, call, direct, gateway, request, s3_method, through

CORS = {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}


def test_specific_gateway_response_overrides_the_default() -> None:
    """MISSING_AUTHENTICATION_TOKEN first, DEFAULT_4XX for what has none of its own."""
    own = {"statusCode": "404", "responseTemplates": {"application/json": '{"message":"no route"}'}}
    family = {"statusCode": 418, "responseParameters": CORS}
    definition = article() | {
        "gatewayResponses": {"MISSING_AUTHENTICATION_TOKEN": own, "DEFAULT_4XX": family}
    }
    unknown = direct(definition, request("/x"))
    assert (unknown.status, unknown.body) == (404, b'{"message":"no route"}')
    assert "Access-Control-Allow-Origin" not in unknown.headers
    throttled = gateway(definition).throttled(request("/samples"))
    assert (throttled.status, throttled.headers["Access-Control-Allow-Origin"]) == (418, "*")


def test_gateway_response_with_headers_only_keeps_status_and_body() -> None:
    """The usual CORS gateway response adds its header to the default answer."""
    definition = article() | {"gatewayResponses": {"DEFAULT_5XX": {"responseParameters": CORS}}}
    answer = through(definition, request("/samples"), 404)
    assert (answer.status, json.loads(answer.body)) == (500, {"message": "Internal server error"})
    assert answer.headers == {
        "x-amzn-RequestId": "id-1",
        "x-amzn-ErrorType": "InternalServerErrorException",
        "Access-Control-Allow-Origin": "*",
        "Content-Type": "application/json",
    }


def test_gateway_response_headers_may_come_from_the_request() -> None:
    """Header, query and path parameters of the request can be mapped, missing ones map nothing."""
    parameters = {
        "gatewayresponse.header.Access-Control-Allow-Origin": "method.request.header.Origin",
        "gatewayresponse.header.X-Why": "method.request.querystring.why",
        "gatewayresponse.header.X-Absent": "method.request.header.Absent",
        "gatewayresponse.header.X-Id": "context.requestId",
        "gatewayresponse.header.X-Type": "context.error.responseType",
    }
    definition = article() | {
        "gatewayResponses": {"DEFAULT_4XX": {"responseParameters": parameters}}
    }
    sent = request("/x", headers={"origin": "https://example.com"}, query={"why": "test"})
    headers = direct(definition, sent).headers
    assert headers["Access-Control-Allow-Origin"] == "https://example.com"
    assert (headers["X-Why"], headers["X-Id"]) == ("test", "id-1")
    assert headers["X-Type"] == "MISSING_AUTHENTICATION_TOKEN"
    assert "X-Absent" not in headers


def test_gateway_response_knows_path_parameters_of_a_routed_request() -> None:
    """A header of a gateway response may show the {id} that the request was for."""
    shown = {"responseParameters": {"gatewayresponse.header.X-Id": "method.request.path.id"}}
    definition = api(
        {"/p/{id}": {"GET": s3_method(responses={})}}, gatewayResponses={"DEFAULT_5XX": shown}
    )
    sent = request("/p/7")
    assert through(definition, sent).headers["X-Id"] == "7"
    assert gateway(definition).failed(sent, "INTEGRATION_FAILURE").headers["X-Id"] == "7"


def test_gateway_response_template_has_error_and_context_variables() -> None:
    """Both spellings of a variable are filled in; messageString has its quotes."""
    template = (
        '{"m":$context.error.messageString,"raw":"${context.error.message}",'
        '"type":"$context.error.responseType","id":"$context.requestId",'
        '"stage":"${context.stage}","path":"$context.resourcePath"}'
    )
    own = {"THROTTLED": {"responseTemplates": {"application/json": template}}}
    server = gateway(article() | {"gatewayResponses": own}, stage="prod")
    assert json.loads(server.throttled(request("/samples")).body) == {
        "m": "Too Many Requests",
        "raw": "Too Many Requests",
        "type": "THROTTLED",
        "id": "id-1",
        "stage": "prod",
        "path": "/samples",
    }


def test_gateway_response_content_type_is_the_template_type_unless_mapped() -> None:
    """An HTML gateway response says so."""
    own = {"responseTemplates": {"text/html": "<p>$context.error.message</p>"}}
    definition = api({}, gatewayResponses={"DEFAULT_4XX": own})
    answer = direct(definition, request("/x"))
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.body == b"<p>Missing Authentication Token</p>"
    own["responseParameters"] = {"gatewayresponse.header.Content-Type": "'text/plain'"}
    answer = direct(definition, request("/x"))
    assert answer.headers["Content-Type"] == "text/plain"


def test_refused_head_has_the_headers_of_get() -> None:
    """Without the body, which HTTP forbids."""
    definition = article() | {"gatewayResponses": {"DEFAULT_4XX": {"responseParameters": CORS}}}
    get, head = (direct(definition, request("/x", method)) for method in ("GET", "HEAD"))
    assert (head.status, head.headers, head.body) == (get.status, get.headers, b"")
    assert head.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("INTEGRATION_FAILURE", "Network error communicating with endpoint"),
        ("INTEGRATION_TIMEOUT", "Endpoint request timed out"),
    ],
)
def test_failed_s3_call_is_a_504(
    kind: Literal["INTEGRATION_FAILURE", "INTEGRATION_TIMEOUT"], message: str
) -> None:
    """For a call under way and for a request alike, with the API's own response if it has one."""
    own = {kind: {"responseParameters": {"gatewayresponse.header.Retry-After": "'1'"}}}
    definition = article() | {"gatewayResponses": own}
    sent = request("/samples")
    server = gateway(definition)
    for at in (call(definition, sent), sent):
        answer = server.failed(at, kind)
        assert (answer.status, json.loads(answer.body)) == (504, {"message": message})
        assert answer.headers["Retry-After"] == "1"


def test_throttled_request_is_a_429() -> None:
    """With AWS's words and error type."""
    answer = gateway(article()).throttled(request("/samples"))
    assert (answer.status, json.loads(answer.body)) == (429, {"message": "Too Many Requests"})
    assert answer.headers["x-amzn-ErrorType"] == "TooManyRequestsException"
