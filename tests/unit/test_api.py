"""The API: regional, over TLS, and one GET method a route, which reads one object."""

from typing import Any, get_args, get_type_hints

import pytest
from rendered import one_of_type, properties, template

from readmodel_cfn import Api, ReadModel, Route
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.options import OptionError

POLICIES = get_args(get_type_hints(Api)["security_policy"])
TREE = (
    Route("samples", "payload.json"),
    Route("shops/{shop}/{rest+}", "{shop}/{rest}"),
    Route("shops/{shop}", "{shop}.json"),
)


def api(model: ReadModel) -> dict[str, Any]:
    return properties(model, "ApiGateway")


def method(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = one_of_type(ReadModel(routes=(route,)), "AWS::ApiGateway::Method")
    return dict(found["Properties"])


def test_its_endpoint_is_regional_and_its_tls_at_least_1_2() -> None:
    found = api(ReadModel())
    assert found["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
    assert found["SecurityPolicy"] == "TLS_1_2"
    assert "EndpointAccessMode" not in found


@pytest.mark.parametrize("policy", [one for one in POLICIES if one != "TLS_1_2"])
def test_an_enhanced_security_policy_comes_with_its_access_mode(policy: Any) -> None:
    found = api(ReadModel(api=Api(security_policy=policy)))
    assert found["SecurityPolicy"] == policy
    assert found["EndpointAccessMode"] == "BASIC"


@pytest.mark.parametrize("policy", ["TLS_1_0", "SecurityPolicy_EDGE", ""])
def test_a_security_policy_below_1_2_or_unknown_is_refused(policy: Any) -> None:
    with pytest.raises(OptionError, match=r"api\.security_policy"):
        Api(security_policy=policy)


@pytest.mark.parametrize("description", ["", "two\nlines", "d" * 1025])
def test_a_description_is_one_line_of_at_most_1024_characters(description: str) -> None:
    with pytest.raises(OptionError, match=r"api\.description"):
        Api(description=description)


def test_its_name_is_the_stacks() -> None:
    assert api(ReadModel())["Name"] == {"Fn::Join": [" ", [{"Ref": "AWS::StackName"}, "Api"]]}


def test_resources_are_shared_and_hang_below_each_other() -> None:
    made = template(ReadModel(routes=TREE))["Resources"]
    parts = {
        one["Properties"]["PathPart"]: one["Properties"]["ParentId"]
        for one in made.values()
        if one["Type"] == "AWS::ApiGateway::Resource"
    }
    ids = {
        one["Properties"]["PathPart"]: name
        for name, one in made.items()
        if one["Type"] == "AWS::ApiGateway::Resource"
    }
    root = {"Fn::GetAtt": ["ApiGateway", "RootResourceId"]}
    assert parts == {
        "samples": root,
        "shops": root,
        "{shop}": {"Ref": ids["shops"]},
        "{rest+}": {"Ref": ids["{shop}"]},
    }


def test_a_path_segment_without_a_route_has_no_method() -> None:
    made = template(ReadModel(routes=TREE))["Resources"]
    assert len([one for one in made.values() if one["Type"] == "AWS::ApiGateway::Method"]) == 3


def test_a_method_reads_its_key_with_the_gateways_role_in_the_stacks_own_region() -> None:
    found = method(Route("samples", "a/payload.json"))
    assert (found["HttpMethod"], found["AuthorizationType"]) == ("GET", "NONE")
    integration = found["Integration"]
    assert integration["Type"] == "AWS"
    assert integration["IntegrationHttpMethod"] == "GET"
    assert integration["Credentials"] == {"Fn::GetAtt": ["ApiGatewayRole", "Arn"]}
    assert integration["Uri"] == {
        "Fn::Join": [
            "",
            [
                "arn:",
                {"Ref": "AWS::Partition"},
                ":apigateway:",
                {"Ref": "AWS::Region"},
                ":s3:path/",
                {"Ref": "DataStore"},
                "/a/payload.json",
            ],
        ]
    }
    assert "RequestParameters" not in found
    assert "RequestParameters" not in integration


def test_each_parameter_is_declared_and_passed_on_a_greedy_one_without_its_plus() -> None:
    found = method(Route("shops/{shop}/{rest+}", "{shop}/{rest}"))
    assert found["RequestParameters"] == {
        "method.request.path.shop": True,
        "method.request.path.rest": True,
    }
    assert found["Integration"]["RequestParameters"] == {
        "integration.request.path.shop": "method.request.path.shop",
        "integration.request.path.rest": "method.request.path.rest",
    }
    assert found["Integration"]["Uri"]["Fn::Join"][1][-1] == "/{shop}/{rest}"


def test_an_error_of_s3_is_never_told_as_a_payload() -> None:
    """Only S3's own 200 is a 200; whatever else it says is an error of the backend."""
    found = method(Route())
    answers = found["Integration"]["IntegrationResponses"]
    assert [(one.get("SelectionPattern"), one["StatusCode"]) for one in answers] == [
        ("200", "200"),
        (None, "502"),
    ]


def test_every_answer_and_header_is_declared_as_a_missing_one_is_a_500() -> None:
    for route in TREE:
        found = method(route)
        declared = {
            one["StatusCode"]: set(one.get("ResponseParameters", {}))
            for one in found["MethodResponses"]
        }
        for answer in found["Integration"]["IntegrationResponses"]:
            assert set(answer.get("ResponseParameters", {})) <= declared[answer["StatusCode"]]


def test_more_resources_than_an_api_may_have_are_refused() -> None:
    fitting = [Route("/".join(f"s{n}x{m}" for m in range(13)), f"k{n}") for n in range(23)]
    assert ReadModel(routes=fitting)
    template(ReadModel(routes=fitting))  # 299, and the root
    with pytest.raises(ConfigError, match="at most 299 segments"):
        template(ReadModel(routes=[*fitting, Route("one-more", "k")]))
