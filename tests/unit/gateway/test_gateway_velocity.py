"""Velocity templates: API Gateway's variables and dialect, and what templates may override."""

import json
import subprocess
import sys
from typing import Any
from urllib.parse import unquote_plus

import pytest
from gateway_definitions import (
    Definition,
    api,
    call,
    direct,
    gateway,
    mock_method,
    request,
    s3_method,
    through,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from readmodel_cfn.gateway import Call, Response, S3Response, unsupported

PETS = {
    "pets": [
        {"id": 1, "type": "dog", "price": 249.99, "tags": ["big", "brown"]},
        {"id": 2, "type": "cat", "price": 3.0, "tags": []},
    ],
    "name": "it's",
    "n": 200,
    "none": None,
    "ok": True,
}


def respond(template: str, body: bytes | None = None, **parts: Any) -> Response:
    """The answer that the template makes of S3's body, at /p/{id}."""
    method = s3_method(
        responses={"200": {"responseTemplates": {"application/json": template}, **parts}}
    )
    definition = api({"/p/{id}": {"GET": method}})
    assert unsupported(definition) == []
    sent = request("/p/7", headers={"origin": "https://a.example", "x-a": "1"}, query={"q": "5"})
    return through(definition, sent, body=json.dumps(PETS).encode() if body is None else body)


def output(template: str, body: bytes | None = None) -> str:
    answer = respond(template, body)
    assert answer.status == 200, answer
    return answer.body.decode()


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        # $input
        ("$input.path('$.pets[0].type')", "dog"),
        ("$input.path('$.pets').size()", "2"),
        ("$input.path('n')", "200"),
        ("$input.json('$.pets[0].tags')", '["big","brown"]'),
        ("$input.json('$.name')", '"it\'s"'),
        ("$input.json('$.none')", "null"),
        ("$input.json('$.missing')", '""'),
        ("[$input.path('$.missing')]", "[]"),
        ("[$input.path('$.none')]", "[]"),
        ("$input.params('id') $input.params('q') $input.params('x-a')", "7 5 1"),
        ("[$input.params('missing')]", "[]"),
        ("$input.params('Origin')", "https://a.example"),
        ("$input.params().header.get('ORIGIN')", "https://a.example"),
        ("$input.params().header.Origin", "https://a.example"),
        ("$input.params().header.containsKey('X-A')", "true"),
        ("$input.params().path.keySet()", '["id"]'),
        # $context
        ("$context.httpMethod $context.path $context.stage", "GET /v1/p/7 v1"),
        ("$context.resourcePath.length() ${context.requestId}", "7 id-1"),
        # $util
        ("$util.escapeJavaScript($input.path('$.name'))", r"it\'s"),
        (r"""$util.escapeJavaScript($input.path('$.name')).replaceAll("\\'","'")""", "it's"),
        ("$util.urlEncode('a b/~*&é')", "a+b%2F%7E*%26%C3%A9"),
        ("$util.urlDecode('a+b%2F')", "a b/"),
        ("$util.base64Encode('é')$util.base64Decode('w6k=')", "w6k=é"),
        ('#set($o = $util.parseJson(\'{"k":{"arr":[1,2]}}\'))$o.k.arr[0]', "1"),
        # directives
        ("$util.base64Decode('/w==')", "\ufffd"),
        ("#set($x = 1)\n$x", "1"),
        ("#if($input.path('$.ok'))yes#{else}no#end", "yes"),
        ("#if($missing)a#elseif($input.path('$.n') > 100)b#{else}c#end", "b"),
        ("#if(!$missing && $missing == '')empty#end", "empty"),
        ("#if($input.path('$.n') == '200')same#end", "same"),
        ("#if($input.path('$.n') != '200')other#end", ""),
        ("#if(($input.path('$.ok') || $x) && true)p#end", "p"),
        ("#foreach($p in $input.path('$.pets'))$p.id#if($foreach.hasNext),#end#end", "1,2"),
        ("#foreach($p in $input.path('$.pets'))$foreach.count$velocityCount#end", "1122"),
        ("#foreach($i in [1..3])$i#end", "123"),
        ("#foreach($v in $input.path('$.pets[0]'))<$v>#end", '<1><dog><249.99><["big","brown"]>'),
        ("#foreach($v in $missing)never#end", ""),
        ("#foreach($v in 'text')never#end", ""),
        ("#macro(row $a)<$a>#end#row('x')#row($context.stage)", "<x><v1>"),
        ("#define($loop)[$x]#end#set($x = 3)$loop", "[3]"),
        ("a## comment\nb#* another *#c", "abc"),
        ("a#stop b", "a"),
        # values
        ("#set($m = {'a': 1})#set($m.b = $context.stage)$m", "{a=1, b=v1}"),
        ("#set($m = {})$m.put('k', 'v')$m.put('k', 'w')$m.k", "vw"),
        ("$input.path('$.pets[0]')", '{id=1, type=dog, price=249.99, tags=["big","brown"]}'),
        ("$input.path('$').pets[1].type $input.path('$').pets[2].type", "cat "),
        ("$input.path('$.pets')[2] $input.path('$.pets')[-1]", " "),
        ("$input.path('$').pets[0]['type'] $input.path('$.pets')[0].id", "dog 1"),
        ("#set($i = 1)$input.path('$').pets[$i].id $input.path('$.pets')[$i].id", "2 2"),
        ("$input.path('$.pets')[0].tags[1]", "brown"),
        ("#set($l = [])#set($ok = $l.add(1))$ok$l", "true[1]"),
        ("#set($s = 'a' + 1)$s #set($n = 3 + 4 * 2)$n", "a1 11"),
        ("$input.path('$.pets[1].price') $input.path('$.ok') [1..2]", "3.0 true [1..2]"),
        ("#foreach($e in $input.params().entrySet())$e.key:#end", "path:querystring:header:"),
        ("#foreach($e in $input.params().path.entrySet())$e.key=$e.value#end", "id=7"),
        ("#set($m = {'é': $input.path('$.n'), $context.stage: 'a'})$m", "{é=200, v1=a}"),
        ("#if(1 == 1.0 && true == 'true' && 'a' != 'b' && $missing == '')equal#end", "equal"),
        ("#if(1 == 2 || 'true' == false || $input.path('$.pets') == '')equal#end", ""),
        ('"$missing" $input.path("$.pets[1]").type', '"" cat'),
        ("$5 # #1 #fff $ 5$", "$5 # #1 #fff $ 5$"),
    ],
)
def test_a_template_gives_what_api_gateway_gives(template: str, expected: str) -> None:
    """Variables, directives and values, in API Gateway's dialect."""
    assert output("#set($velocity = true)" + template) == expected


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("concat('d')", "abcd"),
        ("contains('b')", "true"),
        ("endsWith('c')", "true"),
        ("equals('abc')", "true"),
        ("equals('abd')", "false"),
        ("equalsIgnoreCase('ABC')", "true"),
        ("indexOf('c')", "2"),
        ("indexOf('x')", "-1"),
        ("isEmpty()", "false"),
        ("lastIndexOf('a')", "0"),
        ("length()", "3"),
        ("matches('[a-c]+')", "true"),
        ("matches('[a-b]')", "false"),
        ("replace('b', '.')", "a.c"),
        ("replaceAll('[ab]', '')", "c"),
        ("replaceAll('(a)(b)', '$2$1')", "bac"),
        (r"replaceAll('b', '\\\\')", r"a\\c"),
        (r"replaceAll('b', '\n')", "anc"),
        (r"replaceAll('b', '\\1')", r"a\1c"),
        ("split('b').get(1)", "c"),
        ("startsWith('b')", "false"),
        ("substring(1)", "bc"),
        ("substring(1, 2)", "b"),
        ("toLowerCase()", "abc"),
        ("toUpperCase()", "ABC"),
        ("toString()", "abc"),
        ("trim()", "abc"),
    ],
)
def test_a_text_has_javas_methods(method: str, expected: str) -> None:
    """Python's are not reached."""
    assert output(f"#set($x = 'abc')$x.{method}") == expected


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("$l.contains('b') $l.isEmpty() $l.get(0) $l.size()", "true false a 2"),
        ("$m.containsKey('k') $m.containsKey('v') $m.isEmpty() $m.size()", "true false false 1"),
        ("$m.get('k') $m.values() $m.keySet()", 'v ["v"] ["k"]'),
        ("$m.remove('k')$m.size()", "v0"),
        ("$m.putAll({'a': 'b'})$m", "{k=v, a=b}"),
        ("$n.toString().length() $n.equals(12)", "2 true"),
    ],
)
def test_lists_and_maps_have_javas_methods_too(reference: str, expected: str) -> None:
    """As API Gateway's templates use them."""
    values = "#set($l = ['a', 'b'])#set($m = {'k': 'v'})#set($n = 12)"
    assert output(values + reference) == expected


@pytest.mark.parametrize(
    "name", ["title", "items", "count", "format", "index", "keys", "pop", "__class__", "real"]
)
def test_nothing_of_python_shows(name: str) -> None:
    """A missing property is empty, whatever Python calls one of its own."""
    for holder in ("$context.stage", "$input.path('$')", "$input.path('$.n')", "$input", "$util"):
        template = f"#set($x = {holder})[$x.{name}]"
        assert output(template) == "[]", template
    assert output("#set($x = $input)[$x][$util]") == "[][]"


def test_the_guides_own_example_of_all_parameters_is_json() -> None:
    """Developer guide, "Examples using variables for mapping template transformations"."""
    template = """#set($allParams = $input.params())
{
  "params" : {
    #foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
    "$type" : {
      #foreach($paramName in $params.keySet())
      "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
      #if($foreach.hasNext),#end
      #end
    }
    #if($foreach.hasNext),#end
    #end
  }
}"""
    assert json.loads(output(template)) == {
        "params": {
            "path": {"id": "7"},
            "querystring": {"q": "5"},
            "header": {"origin": "https://a.example", "x-a": "1"},
        }
    }


TEXTS = st.text(max_size=30)


@settings(deadline=None)
@given(TEXTS)
def test_what_is_escaped_is_a_json_text_again(value: str) -> None:
    r"""Every sign survives, once `\'` is turned back as the developer guide says."""
    template = """"$util.escapeJavaScript($input.path('$.v'))\""""
    shown = output(template, json.dumps({"v": value}).encode())
    assert shown.isascii()
    assert json.loads(shown.replace(r"\'", "'")) == value


@settings(deadline=None)
@given(TEXTS)
def test_what_is_encoded_can_be_decoded(value: str) -> None:
    """Base64 and a form's encoding, there and back."""
    body = json.dumps({"v": value}).encode()
    setting = "#set($v = $input.path('$.v'))"
    assert output(setting + "$util.base64Decode($util.base64Encode($v))", body) == value
    assert output(setting + "$util.urlDecode($util.urlEncode($v))", body) == value
    assert unquote_plus(output(setting + "$util.urlEncode($v)", body)) == value


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(deadline=None)
@given(JSON)
def test_json_in_is_json_out(value: Any) -> None:
    """$input.json('$') changes no value, and a template's own text is never evaluated again."""
    assert json.loads(output("#set($x = 1)$input.json('$')", json.dumps(value).encode())) == value


def test_an_empty_body_is_an_empty_object_as_text_only() -> None:
    """$input.body shows {} (recorded); a path leads nowhere."""
    assert output("$input.body [$input.path('$')] $input.json('$')", b"") == '{} [] ""'


def test_a_body_that_is_no_json_fails_where_json_is_asked() -> None:
    """S3's XML error is a 500 with $input.json (assumed), and a text with $input.body."""
    assert respond("$input.json('$')", b"<Error/>").status == 500
    assert output("$input.body", b"<Error/>") == "<Error/>"


@pytest.mark.parametrize(
    "template",
    [
        "#foreach($i in [1..1001])x#end",
        "$input.path($context.stage.concat('..x'))",
        "#set($missing.a = 1)",
        "$util.parseJson('{')",
        "$context.stage.substring('x')",
    ],
)
def test_a_template_that_fails_is_a_500(template: str) -> None:
    """An error while it is evaluated, or more iterations than AWS allows."""
    assert respond(template).status == 500


def test_a_thousand_iterations_are_allowed() -> None:
    """AWS's quota for a #foreach."""
    assert output("#foreach($i in [1..1000])x#end") == "x" * 1000


def test_a_response_template_overrides_status_and_headers() -> None:
    """Whatever is mapped gives way; names are compared without case."""
    template = """#set($inputRoot = $input.path('$'))
#if($inputRoot.toString().contains("dog"))
#set($context.responseOverride.status = 400)
#set($context.responseOverride.header.x-a = "b$context.stage")
#set($context.responseOverride.header['X-B'] = $input.params('id'))
#set($context.responseOverride.header.Date = 'now')
#set($context.responseOverride.header.Transfer-Encoding = 'chunked')
#set($context.responseOverride.header.X-List = ['a', 1])
$context.responseOverride.header.put("X-C", $inputRoot.n)
#end{}"""
    mapped = {"method.response.header.X-A": "'a'", "method.response.header.X-Z": "'z'"}
    answer = respond(template, responseParameters=mapped)
    assert (answer.status, answer.body.strip()) == (400, b"{}")
    assert answer.headers == {
        "x-amzn-RequestId": "id-1",
        "X-Z": "z",
        "x-a": "bv1",
        "X-B": "7",
        "x-amzn-Remapped-Date": "now",
        "X-List": "a,1",
        "X-C": "200",
        "Content-Type": "application/json",
    }


@pytest.mark.parametrize("status", ["'404'", "99", "600", "$missing", "4.0"])
def test_a_status_that_is_none_is_ignored(status: str) -> None:
    """As on AWS: a whole number from 100 to 599, or the mapped status stays."""
    assert respond(f"#set($context.responseOverride.status = {status}){{}}").status == 200
    assert respond("#set($context.responseOverride.status = 599){}").status == 599
    assert respond("#set($context.responseOverride.status = 100){}").status == 100


def test_overriding_the_same_parameter_twice_is_a_500() -> None:
    """Developer guide: it "will result in 5XX responses"."""
    twice = "#set($context.responseOverride.header.A = 'a')" * 2
    assert respond(twice).status == 500
    assert respond("#set($context.responseOverride.status = 400)" * 2).status == 500


OVERRIDING = """#set($context.requestOverride.path.key = "other/$input.params('id')")
#set($context.requestOverride.querystring.versionId = 'v2')
#set($context.requestOverride.header.X-A = 'new')
#set($context.responseOverride.status = 201)
#set($context.responseOverride.header.X-R = 'request')
{"n": $input.json('$.n')}"""


def overriding(template: str = OVERRIDING, **response: Any) -> Definition:
    mapped = {
        "integration.request.path.key": "method.request.path.id",
        "integration.request.querystring.versionId": "'v1'",
        "integration.request.header.x-a": "'old'",
        "integration.request.header.x-z": "'z'",
    }
    method = s3_method(
        "bucket/{key}",
        httpMethod="PUT",
        request=mapped,
        responses={"200": response},
        requestTemplates={"application/json": template},
    )
    return api({"/p/{id}": {"PUT": method}})


def test_a_request_template_makes_the_body_and_overrides_the_call() -> None:
    """Key, query and headers of the call of S3, beside the body."""
    s3 = call(overriding(), request("/p/7", "PUT", body=b'{"n":5}')).s3
    assert (s3.bucket, s3.key) == ("bucket", "other/7")
    assert s3.query == {"versionId": "v2"}
    assert s3.headers == {"x-a": "new", "x-z": "z"}
    assert json.loads(s3.body) == {"n": 5}


def test_a_request_template_may_override_the_response_and_is_itself_overridden() -> None:
    """The response's template has the last word (assumed)."""
    sent = request("/p/7", "PUT", body=b'{"n":5}')
    answer = through(overriding(), sent)
    assert (answer.status, answer.headers["X-R"]) == (201, "request")
    template = (
        "#set($context.responseOverride.status = 202)"
        "#set($context.responseOverride.header.x-r = 'response'){}"
    )
    answer = through(overriding(responseTemplates={"application/json": template}), sent)
    assert answer.status == 202
    assert [v for n, v in answer.headers.items() if n.lower() == "x-r"] == ["response"]


def test_an_illegal_header_is_refused_as_an_override_too() -> None:
    """The same 500 as for a mapped one."""
    template = "#set($context.requestOverride.header.Expect = 'x'){}"
    assert direct(overriding(template), request("/p/7", "PUT")).status == 500


def test_a_request_body_that_is_no_json_is_a_400() -> None:
    """Developer guide: "a 400 response may be returned"; the words are assumed."""
    answer = direct(overriding(), request("/p/7", "PUT", body=b"{n:"))
    assert answer.status == 400
    assert answer.headers["x-amzn-ErrorType"] == "BadRequestException"


def test_renderings_do_not_see_each_other() -> None:
    """A template is compiled once; what one request sets is gone for the next."""
    template = "#macro(m $a)<$a>#end#if($x)seen#end#set($x = 1)#m($input.params('q'))"
    method = s3_method(responses={"200": {"responseTemplates": {"application/json": template}}})
    server = gateway(api({"/x": {"GET": method}}))
    shown = []
    for number in ("1", "2"):
        step = server.prepare(request("/x", query={"q": number}))
        assert isinstance(step, Call)
        shown.append(server.finish(step, S3Response(200, {}, b"")).body)
    assert shown == [b"<1>", b"<2>"]


def test_a_mocks_status_may_be_computed() -> None:
    """The request's template is evaluated before its status is read."""
    template = (
        """#if($input.params('fail') == 'yes'){"statusCode": 500}#else{"statusCode": 200}#end"""
    )
    failing = {"selectionPattern": "500", "responseTemplates": {"application/json": "failed"}}
    definition = api({"/x": {"GET": mock_method(template, s200={}, s500=failing)}})
    assert direct(definition, request("/x")).status == 200
    assert direct(definition, request("/x", query={"fail": "yes"})).body == b"failed"


LAZY = """
import sys
from readmodel_cfn.gateway import Snapshot
def snapshot(template):
    mock = {"type": "MOCK", "requestTemplates": {"application/json": template}}
    methods = {"GET": {"methodIntegration": mock}}
    Snapshot.from_definition({"resources": [{"path": "/x", "resourceMethods": methods}]})
    return "airspeed" in sys.modules
print(snapshot('{"statusCode": 200, "id": "$context.requestId"}'), snapshot("#set($x = 1)"))
"""


def test_airspeed_is_imported_for_the_first_template_that_needs_it() -> None:
    """An API of static templates never pays for it."""
    command = [sys.executable, "-c", LAZY]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == ["False", "True"]


def test_without_airspeed_the_method_is_not_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says what is missing; static templates go on."""
    monkeypatch.setitem(sys.modules, "airspeed.operators", None)
    template = "#set($only = 'here')$only"
    method = s3_method(responses={"200": {"responseTemplates": {"application/json": template}}})
    definition = api({"/x": {"GET": method, "PUT": s3_method()}})
    (line,) = unsupported(definition)
    assert line.startswith("GET /x: ")
    assert "airspeed-ext" in line
    assert direct(definition, request("/x")).status == 501
    assert call(definition, request("/x", "PUT"))
