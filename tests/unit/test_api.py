"""The API section: endpoint, methods, responses, CORS and compression."""

import json
import re
from typing import Any, get_args, get_type_hints

import pytest

from readmodel_cfn import Api, DataStore, ReadModel, Route
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.options import OptionError
from rendered import properties, template

POLICIES = get_args(get_type_hints(Api)["security_policy"])
TREE = (
    Route("samples", "payload.json"),
    Route("shops/{shop}/{rest+}", "{shop}/{rest}"),
    Route("shops/{shop}", "{shop}.json"),
)


def api(model: ReadModel) -> dict[str, Any]:
    return properties(model, "ApiGateway")


def methods(model: ReadModel) -> dict[str, dict[str, Any]]:
    """The one route's methods by HTTP method."""
    made = template(model)["Resources"].values()
    found = [method["Properties"] for method in made if method["Type"] == "AWS::ApiGateway::Method"]
    return {method["HttpMethod"]: method for method in found}


def method(route: Route, verb: str = "GET", **sections: Any) -> dict[str, Any]:
    return methods(ReadModel(routes=(route,), **sections))[verb]


def test_api_is_regional_with_tls_1_2() -> None:
    found = api(ReadModel())
    assert found["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert found["SecurityPolicy"] == "TLS_1_2"
    assert "EndpointAccessMode" not in found


@pytest.mark.parametrize("policy", [policy for policy in POLICIES if policy != "TLS_1_2"])
def test_enhanced_security_policy_sets_the_access_mode(policy: Any) -> None:
    found = api(ReadModel(api=Api(security_policy=policy)))
    assert found["SecurityPolicy"] == policy
    assert found["EndpointAccessMode"] == "BASIC"


@pytest.mark.parametrize("policy", ["TLS_1_0", "SecurityPolicy_EDGE", ""])
def test_security_policy_below_1_2_or_unknown_is_refused(policy: Any) -> None:
    with pytest.raises(OptionError, match=r"api\.security_policy"):
        Api(security_policy=policy)


@pytest.mark.parametrize("description", ["", "two\nlines", "d" * 1025])
def test_description_is_one_line_of_at_most_1024_characters(description: str) -> None:
    with pytest.raises(OptionError, match=r"api\.description"):
        Api(description=description)


@pytest.mark.parametrize("description", ["AWS::Partition", "an API in ${AWS::Region}"])
def test_description_with_a_cloudformation_reference_is_refused(description: str) -> None:
    """cfn-lint warns of each, and a reference that is only text misleads who reads it."""
    with pytest.raises(OptionError, match=r"api\.description"):
        Api(description=description)


def test_api_name_is_the_stack_name() -> None:
    assert api(ReadModel())["Name"] == {"Fn::Join": [" ", [{"Ref": "AWS::StackName"}, "Api"]]}


def test_routes_share_resources_of_common_segments() -> None:
    made = template(ReadModel(routes=TREE))["Resources"]
    parts = {
        resource["Properties"]["PathPart"]: resource["Properties"]["ParentId"]
        for resource in made.values()
        if resource["Type"] == "AWS::ApiGateway::Resource"
    }
    ids = {
        resource["Properties"]["PathPart"]: name
        for name, resource in made.items()
        if resource["Type"] == "AWS::ApiGateway::Resource"
    }
    root = {"Fn::GetAtt": ["ApiGateway", "RootResourceId"]}
    assert parts == {
        "samples": root,
        "shops": root,
        "{shop}": {"Ref": ids["shops"]},
        "{rest+}": {"Ref": ids["{shop}"]},
    }


def test_path_segment_without_a_route_has_no_method() -> None:
    made = template(ReadModel(routes=TREE))["Resources"]
    kinds = [resource["Type"] for resource in made.values()]
    assert kinds.count("AWS::ApiGateway::Method") == 2 * len(TREE)  # GET and HEAD of each


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_method_reads_its_key_with_the_gateway_role(verb: str) -> None:
    found = method(Route("samples", "a/payload.json"), verb)
    assert found["AuthorizationType"] == "NONE"
    integration = found["Integration"]
    assert integration["Type"] == "AWS"
    assert integration["IntegrationHttpMethod"] == verb
    assert integration["Credentials"] == {"Fn::GetAtt": ["ApiGatewayRole", "Arn"]}
    service = "arn:${AWS::Partition}:apigateway:${AWS::Region}:s3:path"
    assert integration["Uri"] == {"Fn::Sub": service + "/${DataStore}/a/payload.json"}


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_conditional_headers_and_path_parameters_are_mapped(verb: str) -> None:
    """A greedy parameter loses its plus; without the conditions S3 could never say 304."""
    found = method(Route("shops/{shop}/{rest+}", "{shop}/{rest}"), verb)
    assert found["RequestParameters"] == {
        "method.request.header.If-None-Match": False,
        "method.request.header.If-Modified-Since": False,
        "method.request.path.shop": True,
        "method.request.path.rest": True,
    }
    assert found["Integration"]["RequestParameters"] == {
        f"integration.request.{name}": f"method.request.{name}"
        for name in ("header.If-None-Match", "header.If-Modified-Since", "path.shop", "path.rest")
    }
    assert found["Integration"]["Uri"]["Fn::Sub"].endswith("}/{shop}/{rest}")


def answer_to(status: int, found: dict[str, Any]) -> dict[str, Any]:
    """The one integration response for a status of S3's, whether patterns are anchored or not."""
    answers = found["Integration"]["IntegrationResponses"]
    matching = [
        response
        for response in answers
        if "SelectionPattern" in response and re.search(response["SelectionPattern"], str(status))
    ]
    assert len(matching) <= 1, f"{status} has two answers"
    (default,) = [response for response in answers if "SelectionPattern" not in response]
    return dict(matching[0]) if matching else dict(default)


KEPT = {200, 304, 403, 404, 503}


@pytest.mark.parametrize("verb", ["GET", "HEAD"])
def test_every_s3_status_has_one_response_of_its_class(verb: str) -> None:
    for status in range(100, 600):
        expected = status if status in KEPT else 403 if status // 100 == 4 else 503
        assert int(answer_to(status, METHODS[verb])["StatusCode"]) == expected, status


METHODS = methods(ReadModel())


def test_mask_answers_403_as_404() -> None:
    found = method(Route(), api=Api(missing="mask"))
    assert answer_to(403, found)["StatusCode"] == "404"
    assert answer_to(404, found)["StatusCode"] == "404"
    assert answer_to(400, found)["StatusCode"] == "403"


def test_payload_and_304_have_validator_headers() -> None:
    for verb in ("GET", "HEAD"):
        for status, more in ((200, ["Last-Modified"]), (304, [])):
            passed = answer_to(status, METHODS[verb])["ResponseParameters"]
            for name in ("ETag", "Cache-Control", *more):
                source = f"integration.response.header.{name}"
                assert passed[f"method.response.header.{name}"] == source


def test_every_get_error_has_a_json_body() -> None:
    for answer in METHODS["GET"]["Integration"]["IntegrationResponses"]:
        if int(answer["StatusCode"]) >= 400:
            (body,) = answer["ResponseTemplates"].values()
            assert list(json.loads(body)) == ["message"]
            assert "ResponseParameters" not in answer
    for answer in METHODS["HEAD"]["Integration"]["IntegrationResponses"]:
        assert "ResponseTemplates" not in answer


def test_compressed_payloads_are_binary_and_errors_text() -> None:
    store, other = DataStore(stored_encoding="gzip"), Api(cors_origin="*")
    model = ReadModel(data_store=store, api=other)
    assert api(model)["BinaryMediaTypes"] == ["*/*"]
    assert "MinimumCompressionSize" not in api(model)
    found = methods(model)
    assert found["OPTIONS"]["Integration"]["ContentHandling"] == "CONVERT_TO_TEXT"
    for status, handling in ((200, "CONVERT_TO_BINARY"), (304, None), (404, "CONVERT_TO_TEXT")):
        assert answer_to(status, found["GET"]).get("ContentHandling") == handling
    passed = answer_to(200, found["GET"])["ResponseParameters"]
    assert "method.response.header.Content-Encoding" in passed


def test_compress_from_sets_minimum_compression_size_and_vary() -> None:
    assert api(ReadModel())["MinimumCompressionSize"] == 1024
    assert api(ReadModel(api=Api(compress_from=0)))["MinimumCompressionSize"] == 0
    elsewhere = methods(ReadModel(api=Api(cors_origin="*")))
    vary = "method.response.header.Vary"
    for status in (200, 304):
        passed = answer_to(status, elsewhere["GET"])["ResponseParameters"]
        assert passed[vary] == "'Accept-Encoding'"
    never = ReadModel(api=Api(compress_from="never"))
    assert "MinimumCompressionSize" not in api(never)
    assert answer_to(304, METHODS["GET"])["ResponseParameters"][vary] == "'Accept-Encoding'"
    assert vary not in answer_to(200, methods(never)["GET"])["ResponseParameters"]


def test_cors_origin_is_on_every_response_and_gateway_response() -> None:
    model = ReadModel(api=Api(cors_origin="https://www.example.com"))
    for found in methods(model).values():
        for answer in found["Integration"]["IntegrationResponses"]:
            allowed = answer["ResponseParameters"][
                "method.response.header.Access-Control-Allow-Origin"
            ]
            assert allowed == "'https://www.example.com'"
    made = template(model)["Resources"].values()
    responses = [o["Properties"] for o in made if o["Type"] == "AWS::ApiGateway::GatewayResponse"]
    assert {response["ResponseType"] for response in responses} == {
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "MISSING_AUTHENTICATION_TOKEN",
    }
    for response in responses:
        header = "gatewayresponse.header.Access-Control-Allow-Origin"
        assert response["ResponseParameters"] == {header: "'https://www.example.com'"}


def test_api_without_cors_origin_has_no_preflight() -> None:
    assert METHODS.keys() == {"GET", "HEAD"}


@pytest.mark.parametrize("origin", ["", "www.example.com", "https://a.b/", "https://a,b", "'*'"])
def test_invalid_cors_origin_is_refused(origin: str) -> None:
    with pytest.raises(OptionError, match=r"api\.cors_origin"):
        Api(cors_origin=origin)


@pytest.mark.parametrize("size", [-1, 10_485_761, "always", True])
def test_invalid_compress_from_is_refused(size: Any) -> None:
    with pytest.raises(OptionError, match="10485760"):
        Api(compress_from=size)


@pytest.mark.parametrize("verb", ["GET", "HEAD", "OPTIONS"])
def test_every_mapped_status_and_header_is_declared(verb: str) -> None:
    for route in TREE:
        found = method(route, verb, api=Api(cors_origin="*"))
        declared = {
            response["StatusCode"]: set(response.get("ResponseParameters", {}))
            for response in found["MethodResponses"]
        }
        for answer in found["Integration"]["IntegrationResponses"]:
            assert set(answer.get("ResponseParameters", {})) <= declared[answer["StatusCode"]]


def test_more_than_300_api_resources_are_refused() -> None:
    fitting = [Route("/".join(f"s{n}x{m}" for m in range(13)), f"k{n}") for n in range(23)]
    assert ReadModel(routes=fitting)
    template(ReadModel(routes=fitting))  # 299, and the root
    with pytest.raises(ConfigError, match="299"):
        template(ReadModel(routes=[*fitting, Route("one-more", "k")]))
