"""The list of unsupported features, and the responses of unsupported methods."""

import json

import pytest
from gateway_definitions import (
    Definition,
    api,
    article,
    direct,
    mock_method,
    request,
    s3_method,
    s3_uri,
    through,
    unsupported_lines,
)


def lines(method: Definition, name: str = "GET", **rest: object) -> list[str]:
    return unsupported_lines(api({"/x": {name: method}}, **rest))


def response(**parts: object) -> Definition:
    return s3_method(responses={"200": dict(parts)})


def test_article_api_is_fully_supported() -> None:
    """So are fixed text, plain references and MOCK."""
    assert unsupported_lines(article()) == []
    template = {"application/json": '{"id":"$context.requestId","cost":"$5 #1"}'}
    assert lines(response(responseTemplates=template)) == []
    assert lines(mock_method()) == []


@pytest.mark.parametrize(
    ("method", "what"),
    [
        (s3_method() | {"authorizationType": "CUSTOM"}, "CUSTOM"),
        (s3_method() | {"authorizationType": "COGNITO_USER_POOLS"}, "COGNITO_USER_POOLS"),
        (s3_method(type="HTTP_PROXY"), "HTTP_PROXY"),
        (s3_method(type="AWS_PROXY"), "AWS_PROXY"),
        (s3_method(uri="arn:aws:apigateway:eu-west-1:s3:action/GetObject"), "s3:action"),
        (s3_method(uri="arn:aws:apigateway:eu-west-1:sqs:path/queue"), "sqs:path"),
        (s3_method("bucket?list-type=2"), "?list-type=2"),
        (s3_method("/key"), s3_uri("/key")),
        (s3_method(credentials="arn:aws:iam::*:user/*"), "credentials"),
        (s3_method(responseTransferMode="STREAM"), "STREAM"),
        (s3_method(request={"integration.request.header.X": "method.request.body"}), "body"),
        (
            s3_method(request={"integration.request.header.X": "context.authorizer.principalId"}),
            "principalId",
        ),
        (s3_method(request={"integration.request.multivalueheader.X": "'a'"}), "multivalueheader"),
        (s3_method(requestTemplates={"application/json": "$input.path('$..a')"}), "$input.path"),
        (
            response(
                responseParameters={"method.response.header.X": "integration.response.body.id"}
            ),
            "integration.response.body.id",
        ),
        (response(responseTemplates={"application/json": "#end"}), "#end"),
        (response(selectionPattern=r"\p{Digit}+"), "selection pattern"),
        (response(selectionPattern=r"[2-4&&[^3]]\d\d"), "selection pattern"),
        (response(selectionPattern=r"(?P<class>4)\d\d"), "selection pattern"),
    ],
)
def test_unsupported_method_is_named_and_answers_501(method: Definition, what: str) -> None:
    """The line names method, path and feature; 501 is a status that API Gateway never returns."""
    (line,) = lines(method)
    assert line.startswith("GET /x: ")
    assert what in line
    answer = direct(api({"/x": {"GET": method}}), request("/x"))
    assert answer.status == 501
    assert line.removeprefix("GET /x: ") in json.loads(answer.body)["message"]


def test_unsupported_method_does_not_affect_other_methods() -> None:
    """A Lambda beside an S3 proxy is common."""
    definition = article()
    definition["resources"] += api({"/fn": {"POST": s3_method(type="AWS_PROXY")}})["resources"]
    assert direct(definition, request("/x")).status == 403
    (line,) = unsupported_lines(definition)
    assert line.startswith("POST /fn: ")
    assert "AWS_PROXY" in line


VALIDATOR = {"validateRequestBody": True, "validateRequestParameters": True}


@pytest.mark.parametrize(
    ("changes", "api_wide", "what"),
    [
        ({"apiKeyRequired": True}, {"apiKeySource": "AUTHORIZER"}, "API key from AUTHORIZER"),
        ({"requestValidatorId": "v1"}, {}, "request validator"),
        (
            {"requestValidatorId": "v1", "requestModels": {"application/json": "Note"}},
            {"requestValidators": {"v1": VALIDATOR}},
            "request validator of the body",
        ),
    ],
)
def test_method_with_a_check_that_is_not_evaluated_answers_501(
    changes: Definition, api_wide: Definition, what: str
) -> None:
    (line,) = lines(s3_method() | changes, **api_wide)
    assert what in line
    answer = direct(api({"/x": {"GET": s3_method() | changes}}, **api_wide), request("/x"))
    assert answer.status == 501


def test_only_a_request_with_a_key_answers_501_if_a_key_has_no_value() -> None:
    """A request without a key is refused as on AWS."""
    method = s3_method() | {"apiKeyRequired": True}
    definition = api({"/x": {"GET": method}}, keysWithoutValue=["MyKey"])
    (line,) = unsupported_lines(definition)
    assert "MyKey" in line
    assert direct(definition, request("/x")).status == 403
    answer = direct(definition, request("/x", headers={"x-api-key": "a" * 20}))
    assert (answer.status, b"MyKey" in answer.body) == (501, True)


def test_only_a_signed_request_to_a_method_with_aws_iam_answers_501() -> None:
    """A request without a signature is refused as on AWS; a signature is not checked here."""
    definition = api({"/x": {"GET": s3_method() | {"authorizationType": "AWS_IAM"}}})
    (line,) = unsupported_lines(definition)
    assert line.startswith("GET /x: ")
    assert direct(definition, request("/x")).status == 403
    for signed in (
        request("/x", headers={"authorization": "AWS4-HMAC-SHA256 Credential=a"}),
        request("/x", query={"X-Amz-Signature": "a"}),
    ):
        answer = direct(definition, signed)
        assert (answer.status, b"AWS_IAM" in answer.body) == (501, True)


def test_every_request_to_an_api_with_a_resource_policy_answers_501() -> None:
    assert lines(s3_method(), policy="{}") == ["resource policy"]
    for path in ("/x", "/unknown"):
        answer = direct(api({"/x": {"GET": s3_method()}}, policy="{}"), request(path))
        assert answer.status == 501
        assert "resource policy" in json.loads(answer.body)["message"]


def test_a_gateway_response_with_other_variables_is_named() -> None:
    """Its template is not Velocity: a # is text, and there is no $input."""
    own = {
        "responseParameters": {"gatewayresponse.header.X": "context.authorizer.claims"},
        "responseTemplates": {"text/html": "#set $input.body $stageVariables.x $context.stage"},
    }
    assert lines(s3_method(), gatewayResponses={"DEFAULT_4XX": own}) == [
        "gateway response DEFAULT_4XX: mapping from context.authorizer.claims",
        "gateway response DEFAULT_4XX: template text/html: $input.body",
    ]


def test_only_a_request_that_meets_an_unsupported_gateway_response_answers_501() -> None:
    own = {"responseTemplates": {"text/html": "$input.body"}}
    definition = api({"/x": {"GET": s3_method()}}, gatewayResponses={"DEFAULT_4XX": own})
    answer = direct(definition, request("/unknown"))
    assert answer.status == 501
    assert "$input.body" in json.loads(answer.body)["message"]
    assert through(definition, request("/x")).status == 200


def test_content_handling_and_compression_are_supported() -> None:
    """Whatever they make of the answer."""
    method = response(contentHandling="CONVERT_TO_BINARY")
    assert lines(method, binaryMediaTypes=["image/png"], minimumCompressionSize=0) == []
