"""MOCK integrations."""

import pytest
from gateway_definitions import api, direct, mock_method, request

from readmodel_cfn.local.gateway import Response


def answered(template: str, **sent: object) -> Response:
    cors = {
        "responseParameters": {
            "method.response.header.Access-Control-Allow-Origin": "'*'",
            "method.response.header.ETag": "integration.response.header.ETag",
        }
    }
    other = {"selectionPattern": "404", "responseTemplates": {"application/json": '{"gone":true}'}}
    definition = api({"/x": {"OPTIONS": mock_method(template, s200=cors, s404=other)}})
    return direct(definition, request("/x", "OPTIONS", **sent))


@pytest.mark.parametrize(
    "template", ['{"statusCode": 200}', "{statusCode:200}", '{ "a": 1,\n "statusCode" : 200 }']
)
def test_preflight_has_static_headers_and_no_body(template: str) -> None:
    """The status of the request template selects the response, quoted or not."""
    answer = answered(template)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers == {
        "x-amzn-RequestId": "id-1",
        "Access-Control-Allow-Origin": "*",
        "Content-Type": "application/json",
    }


def test_preflight_may_answer_204() -> None:
    """No Content: the headers alone, whatever a template says."""
    headers = {"method.response.header.Access-Control-Max-Age": "'600'"}
    texts = {"application/json": "never shown"}
    method = mock_method(
        '{"statusCode": 204}', s204={"responseParameters": headers, "responseTemplates": texts}
    )
    answer = direct(api({"/x": {"OPTIONS": method}}), request("/x", "OPTIONS"))
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Max-Age"] == "600"


def test_mock_status_selects_the_response() -> None:
    """Patterns match the status that the template asks for."""
    answer = answered('{"statusCode": 404}')
    assert (answer.status, answer.body) == (404, b'{"gone":true}')


@pytest.mark.parametrize("template", ["{}", '{"statusCode": "two"}', "", '{"statusCode": 20}'])
def test_mock_without_status_is_a_500(template: str) -> None:
    """AWS: Unable to parse statusCode."""
    assert answered(template).status == 500


def test_mock_request_without_template_for_its_content_type_is_a_500() -> None:
    """A known trap: a Content-Type without template passes the body on, which has no status."""
    assert answered('{"statusCode": 200}', headers={"content-type": "text/plain"}).status == 500


def test_mock_request_that_is_not_text_is_a_500() -> None:
    """A binary body has no status."""
    definition = api({"/x": {"PUT": mock_method()}}, binaryMediaTypes=["*/*"])
    sent = request("/x", "PUT", headers={"content-type": "image/png"}, body=b"\xff")
    assert direct(definition, sent).status == 500


def test_null_integration_response_is_the_default() -> None:
    """Missing values count as empty."""
    method = mock_method()
    method["methodIntegration"]["integrationResponses"] = {"200": None}
    assert direct(api({"/x": {"GET": method}}), request("/x")).status == 200
