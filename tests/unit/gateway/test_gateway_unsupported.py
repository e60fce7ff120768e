"""What the gateway says it does not evaluate, and how such methods answer."""

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
)

from readmodel_cfn.gateway import unsupported


def lines(method: Definition, name: str = "GET", **rest: object) -> list[str]:
    return unsupported(api({"/x": {name: method}}, **rest))


def response(**parts: object) -> Definition:
    return s3_method(responses={"200": dict(parts)})


def test_the_articles_api_is_evaluated_whole() -> None:
    """So are static templates, simple variables, Velocity and MOCK."""
    assert unsupported(article()) == []
    template = {"application/json": '{"id":"$context.requestId","cost":"$5 #1"}'}
    assert lines(response(responseTemplates=template)) == []
    assert lines(mock_method()) == []


@pytest.mark.parametrize(
    ("method", "what"),
    [
        (s3_method() | {"authorizationType": "AWS_IAM"}, "AWS_IAM"),
        (s3_method(type="HTTP_PROXY"), "HTTP_PROXY"),
        (s3_method(type="AWS_PROXY"), "AWS_PROXY"),
        (s3_method(uri="arn:aws:apigateway:eu-west-1:s3:action/GetObject"), "s3:action"),
        (s3_method(uri="arn:aws:apigateway:eu-west-1:sqs:path/queue"), "sqs:path"),
        (s3_method("bucket?list-type=2"), "?list-type=2"),
        (s3_method("${stageVariables.bucket}/key"), "stageVariables"),
        (s3_method("/key"), s3_uri("/key")),
        (s3_method(credentials="${stageVariables.role}"), "credentials"),
        (s3_method(request={"integration.request.header.X": "method.request.body"}), "body"),
        (
            s3_method(request={"integration.request.header.X": "stageVariables.x"}),
            "stageVariables.x",
        ),
        (
            s3_method(request={"integration.request.header.X": "context.identity.sourceIp"}),
            "sourceIp",
        ),
        (s3_method(request={"integration.request.multivalueheader.X": "'a'"}), "multivalueheader"),
        (s3_method(requestTemplates={"application/json": "$input.path('$..a')"}), "JSONPath $..a"),
        (
            response(
                responseParameters={"method.response.header.X": "integration.response.body.id"}
            ),
            "integration.response.body.id",
        ),
        (response(responseTemplates={"application/json": "#end"}), "syntax"),
        (response(responseTemplates={"application/json": "\\$context.requestId"}), "\\$"),
        (response(selectionPattern=r"\p{Digit}+"), "selection pattern"),
    ],
)
def test_a_method_that_cannot_be_evaluated_is_named_and_answers_501(
    method: Definition, what: str
) -> None:
    """The line names method, path and thing; the answer is one that AWS never gives by itself."""
    (line,) = lines(method)
    assert line.startswith("GET /x: ")
    assert what in line
    answer = direct(api({"/x": {"GET": method}}), request("/x"))
    assert answer.status == 501
    assert line.removeprefix("GET /x: ") in json.loads(answer.body)["message"]


def test_one_method_that_cannot_be_evaluated_leaves_the_others_alone() -> None:
    """A Lambda beside an S3 proxy is common."""
    definition = article()
    definition["resources"] += api({"/fn": {"POST": s3_method(type="AWS_PROXY")}})["resources"]
    assert direct(definition, request("/x")).status == 403
    assert unsupported(definition) == ["POST /fn: integration type AWS_PROXY"]


def test_checks_that_are_left_out_are_told() -> None:
    """The method is served without them."""
    method = s3_method() | {"apiKeyRequired": True, "requestValidatorId": "v1"}
    assert lines(method, policy="{}") == [
        "resource policy: not checked",
        "GET /x: API key: not checked",
        "GET /x: request validator: not evaluated",
    ]


def test_gateway_responses_with_other_variables_are_told() -> None:
    """Their templates are no Velocity: a # is text, other references are not known."""
    own = {
        "responseParameters": {"gatewayresponse.header.X": "stageVariables.x"},
        "responseTemplates": {"text/html": "#set $stageVariables.x $context.requestId"},
    }
    assert lines(s3_method(), gatewayResponses={"DEFAULT_4XX": own}) == [
        "gateway response DEFAULT_4XX: mapping from stageVariables.x",
        "gateway response DEFAULT_4XX: template text/html: $stageVariables.x",
    ]


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("$stageVariables.bucket", ["$stageVariables"]),
        ("$stageVariables['bucket']", ["$stageVariables"]),
        ("$context.identity.sourceIp", ["$context.identity.sourceIp"]),
        ("$context.stage.nope", ["$context.stage.nope"]),
        ("$context.identity['sourceIp'].length()", ["$context.identity"]),
        ("#if($context.accountId == '1')x#end", ["$context.accountId"]),
        ('#set($x = "a $context.accountId b")$x', ["$context.accountId"]),
        ("#foreach($x in $stageVariables.keySet())$x#end", ["$stageVariables"]),
        ("$util.toJson('a')", ["$util.toJson"]),
        ("$util.__class__ $input.__class__", ["$util.__class__", "$input.__class__"]),
        ("#set($m = {'a': $stageVariables.a})$m", ["$stageVariables"]),
        ("#set($m = {$util.x(): 'a'})$m", ["$util.x"]),
        ("$input.unknown.size()", ["$input.unknown"]),
        ("$input.path('$..a')", ["JSONPath $..a"]),
        ('$input.json("$.a[0:2]").length()', ["JSONPath $.a[0:2]"]),
        ("$x.a[0].strip()", ["strip()"]),
        ("$x.strip().strip()$y.strip()", ["strip()"]),
        ("#parse('file')", ["#parse"]),
        ("#include('file')", ["#include"]),
        ("#evaluate('$x')", ["#evaluate"]),
        ("#return('x')", ["#return"]),
        ("#foreach($x in [1..2])#break#end", ["#break"]),
        ("#[[ $raw ]]#", ["#[["]),
        ("#@panel()x#end", ["#@p", "syntax"]),
        ("#$x", ["#$"]),
        (r"\$x", [r"\$"]),
        ("${x|'none'}", ["${x|'none'}"]),
        ("#macro(a $x)$x#end#a(1)#b(2)", ["#b()"]),
        ("#if($x)", ["syntax"]),
    ],
)
def test_what_of_velocity_is_not_evaluated_is_told(template: str, found: list[str]) -> None:
    """Each construct once, wherever in the template it stands."""
    told = lines(response(responseTemplates={"application/json": template}))
    place = "GET /x: response 200: template application/json: "
    assert [line.removeprefix(place).partition(": line")[0] for line in told] == found


@pytest.mark.parametrize(
    "template",
    [
        "$unknown $my.context.stage",
        "$input.path('$.a[*].b').size()",
        "$input.path($input.body)",
        "$input.params().header.get('a').toLowerCase()",
        "$context.stage.toUpperCase() $context.responseOverride.status",
        "$context.requestOverride.path.id $context.stage[0].nope $context",
        "#set($context.responseOverride.header['X-A'] = 'a')",
        "#foreach($x in $y)$foreach.index $velocityCount#end",
        "#[not a directive] #1 #",
    ],
)
def test_the_rest_of_velocity_is_evaluated(template: str) -> None:
    """Nothing is told about it."""
    assert lines(response(responseTemplates={"application/json": template})) == []


def test_content_handling_and_compression_are_evaluated() -> None:
    """Whatever they make of the answer."""
    method = response(contentHandling="CONVERT_TO_BINARY")
    assert lines(method, binaryMediaTypes=["image/png"], minimumCompressionSize=0) == []
