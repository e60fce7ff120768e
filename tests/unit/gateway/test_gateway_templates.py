"""Body templates: what plain references give, and which templates are not supported."""

import json
from typing import Any

import pytest
from gateway_definitions import (
    Definition,
    api,
    call,
    direct,
    mock_method,
    request,
    s3_method,
    unsupported_lines,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from readmodel_cfn.local.gateway import Call, Gateway, Response, S3Response, Snapshot

PLACE = "GET /p/{id}: response 200: template application/json: "


def definition(template: str) -> Definition:
    """An API with one method, whose response has this template."""
    responses = {"200": {"responseTemplates": {"application/json": template}}}
    return api({"/p/{id}": {"GET": s3_method(responses=responses)}})


def respond(template: str, body: bytes = b"{}") -> Response:
    """The response to a request, with this body from S3."""
    made = definition(template)
    assert unsupported_lines(made) == []
    gateway = Gateway(Snapshot.from_definition(made), "v1", {"colour": "blue"})
    sent = request("/p/7", headers={"origin": "https://a.example", "x-a": "1"}, query={"q": "5"})
    step = gateway.prepare(sent)
    assert isinstance(step, Call)
    return gateway.finish(step, S3Response(200, {}, body))


def output(template: str, body: bytes = b"{}") -> str:
    answer = respond(template, body)
    assert answer.status == 200, answer
    return answer.body.decode()


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("$context.httpMethod $context.path $context.stage", "GET /v1/p/7 v1"),
        ("${context.requestId}x $!context.stage $!{context.stage}", "id-1x v1 v1"),
        ("$stageVariables.colour ${stageVariables.colour}", "blue blue"),
        ("[$stageVariables.missing]", "[]"),
        ("$input.params('id') $input.params('q') $input.params(\"x-a\")", "7 5 1"),
        ("${input.params('Origin')} [$input.params('missing')]", "https://a.example []"),
        ("$context.stage.", "v1."),
        ("$$context.stage [$context.stage]", "$v1 [v1]"),
        ("$5 # #1 #fff (white) $ 5$ #[no directive]", "$5 # #1 #fff (white) $ 5$ #[no directive]"),
        ("user@example.com {\"a\": '{b}'}", "user@example.com {\"a\": '{b}'}"),
    ],
)
def test_plain_references_in_fixed_text_are_evaluated(template: str, expected: str) -> None:
    assert output(template) == expected


def test_a_stage_variable_can_be_mapped_to_a_header() -> None:
    parameters = {"method.response.header.X-Colour": "stageVariables.colour"}
    method = s3_method(responses={"200": {"responseParameters": parameters}})
    gateway = Gateway(Snapshot.from_definition(api({"/x": {"GET": method}})), "v1", {"colour": "a"})
    step = gateway.prepare(request("/x"))
    assert isinstance(step, Call)
    assert gateway.finish(step, S3Response(200, {}, b"{}")).headers["X-Colour"] == "a"


def test_input_body_is_the_body_and_an_empty_one_is_an_empty_object() -> None:
    assert output("<$input.body>", b"<Error/>") == "<<Error/>>"
    assert output("$input.body", b"") == "{}"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=30), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(JSON)
def test_input_json_changes_no_value(value: Any) -> None:
    """A reference inside the payload is not evaluated either."""
    body = json.dumps(value).encode()
    assert json.loads(output("$input.json('$')", body)) == value


@settings(deadline=None)
@given(st.text())
def test_text_without_dollar_hash_and_backslash_stays_as_written(text: str) -> None:
    fixed = text.translate({ord(character): None for character in "$#\\"})
    assert output(fixed + "-") == fixed + "-"


def test_input_json_of_a_body_that_is_not_json_is_500_in_a_response_and_400_in_a_request() -> None:
    assert respond("$input.json('$')", b"<Error/>").status == 500
    templates = {"application/json": "$input.json('$')"}
    method = s3_method(httpMethod="PUT", requestTemplates=templates)
    answer = direct(api({"/x": {"PUT": method}}), request("/x", "PUT", body=b"{n:"))
    assert answer.status == 400
    assert answer.headers["x-amzn-ErrorType"] == "BadRequestException"


def test_a_request_template_makes_the_body_for_s3() -> None:
    templates = {"application/json": '{"id": "$input.params(\'id\')", "n": $input.json(\'$\')}'}
    method = s3_method(httpMethod="PUT", requestTemplates=templates)
    sent = request("/p/7", "PUT", body=b'{"n": 5}')
    body = call(api({"/p/{id}": {"PUT": method}}), sent).s3.body
    assert json.loads(body) == {"id": "7", "n": {"n": 5}}


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ("#set($x = 1)$x", ["#set", "$x"]),
        ("#if($context.stage == 'v1')a#{else}b#end", ["#if", "#{else}", "#end"]),
        ("#foreach($p in $list)$p.id#end", ["#foreach", "$p", "$list", "$p.id", "#end"]),
        ("## comment", ["##"]),
        ("#* comment *#", ["#*"]),
        ("#[[ $raw ]]#", ["#[[", "$raw"]),
        ("#row('x') #@panel('y')", ["#row(", "#@panel("]),
        (r"\$context.stage", [r"\$"]),
        ("$input.path('$')", ["$input.path('$')"]),
        ("$input.json('$.a') $input.params()", ["$input.json('$.a')", "$input.params()"]),
        ("$input.json('$').length()", ["$input.json('$').length()"]),
        ("$input.params('$x')", ["$input.params('$x')"]),
        ("$input.body.a $input", ["$input.body.a", "$input"]),
        ("$util.urlEncode('a')", ["$util.urlEncode('a')"]),
        ("$stageVariables $stageVariables['a-b']", ["$stageVariables", "$stageVariables['a-b']"]),
        ("$context.authorizer.claims", ["$context.authorizer.claims"]),
        ("$context.stage.nope $context", ["$context.stage.nope", "$context"]),
        ("$context.stage[0] $context.stage.length()", None),
        ("${context.stage|'none'} ${x", ["${context.stage|'none'}"]),
        ("$x $x ${x} $my.context.stage", ["$x", "${x}", "$my.context.stage"]),
    ],
)
def test_a_template_that_uses_more_is_named_and_answers_501(
    template: str, found: list[str] | None
) -> None:
    """Each construct is named once, in the template's order."""
    made = definition(template)
    lines = unsupported_lines(made)
    assert [line.removeprefix(PLACE) for line in lines] == (found or template.split())
    answer = direct(made, request("/p/7"))
    assert answer.status == 501
    assert all(line.partition(": ")[2] in json.loads(answer.body)["message"] for line in lines)


def test_every_kind_of_template_is_checked() -> None:
    """A request template of a MOCK too, which decides the status."""
    method = mock_method('#if($context.stage){"statusCode": 200}#end')
    (line, *_) = unsupported_lines(api({"/x": {"OPTIONS": method}}))
    assert line == "OPTIONS /x: request template application/json: #if"
    assert direct(api({"/x": {"OPTIONS": method}}), request("/x", "OPTIONS")).status == 501
