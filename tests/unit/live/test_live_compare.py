"""Each way in which a stage may not serve what its template says is named, with the way out."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from live_stacks import api_gateway, template_of, wanted

from readmodel_cfn import Deployment, ReadModel, Route
from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.deploy.live.compare import compare, together
from readmodel_cfn.deploy.live.snapshot import snapshot
from readmodel_cfn.deploy.live.values import (
    Comparison,
    Expected,
    Facets,
    Finding,
    Gone,
    Method,
    Snapshot,
)

ROUTES = (Route("samples", "payload.json"), Route("products/{id}", "products/{id}.json"))
MODEL = ReadModel(routes=ROUTES, deployment=Deployment(throttle_rate=5))
TEMPLATE = template_of(MODEL)
(WANTED,) = wanted(TEMPLATE)
GET, HEAD = ("/samples", "GET"), ("/samples", "HEAD")
RAISE = "raise serial under [deployment] and deploy again"


def live() -> Snapshot:
    found = snapshot(api_gateway(TEMPLATE), WANTED.api, WANTED.stage)
    assert isinstance(found, Snapshot)
    return found


LIVE = live()
METHODS: Mapping[tuple[str, str], Method] = LIVE.methods or {}


def only(comparison: Comparison) -> Finding:
    (found,) = comparison.findings
    return found


def with_method(route: tuple[str, str], integration: Facets) -> Snapshot:
    """The stage with facets of a method's integration set anew, or removed where they are empty."""
    own = METHODS[route]
    facets = {**(own.integration or {}), **integration}
    changed = {name: text for name, text in facets.items() if text}
    return replace(LIVE, methods={**METHODS, route: replace(own, integration=changed)})


def test_the_same_deployment_with_the_same_routes_is_what_the_template_says() -> None:
    assert compare(WANTED, LIVE).findings == ()


def test_a_stage_that_is_gone_is_made_again_as_the_stack_has_it() -> None:
    found = compare(WANTED, Gone("stage"))
    assert only(found).kind == "gone"
    assert only(found).detail == "stage v1 is gone"
    assert only(found).todo == (
        "run: aws apigateway create-stage --rest-api-id ApiGateway --stage-name v1 "
        f"--deployment-id {WANTED.deployment}"
    )
    assert found.compared == ("stage",)


def test_without_knowing_the_deployment_it_is_made_by_hand() -> None:
    found = only(compare(replace(WANTED, deployment=None), Gone("stage")))
    assert found.todo == "make it again in API Gateway"


def test_an_api_that_is_gone_needs_a_new_stack() -> None:
    found = only(compare(WANTED, Gone("api")))
    assert found.detail == "API ApiGateway is gone"
    assert "readmodel-cfn delete" in found.todo


def test_a_deployment_made_by_hand_is_named_and_the_stacks_own_put_back() -> None:
    found = only(compare(WANTED, replace(LIVE, deployment="other")))
    assert found.kind == "deployment"
    assert found.detail == (
        f"stage v1 serves deployment other, not the stack's {WANTED.deployment}: "
        "somebody deployed by hand"
    )
    assert found.todo == (
        "run: aws apigateway update-stage --rest-api-id ApiGateway --stage-name v1 "
        f"--patch-operations op=replace,path=/deploymentId,value={WANTED.deployment}"
    )


def test_what_that_deployment_changes_goes_with_it() -> None:
    methods = {route: one for route, one in METHODS.items() if route != GET}
    found = compare(WANTED, replace(LIVE, deployment="other", methods=methods))
    assert [one.kind for one in found.findings] == ["deployment", "missing"]
    assert found.findings[1].todo == "put the stack's own deployment back first"


def test_a_canary_that_the_template_does_not_want() -> None:
    found = compare(WANTED, replace(LIVE, canary=12.5))
    assert only(found).detail == "12.5% of the requests to stage v1 go to a canary"
    assert "op=remove,path=/canarySettings" in only(found).todo
    assert compare(replace(WANTED, canary=True), replace(LIVE, canary=12.5)).findings == ()


def test_a_route_that_is_live_but_was_removed_from_the_template() -> None:
    """CloudFormation deletes a method only after it made the new deployment."""
    gone = {route: one for route, one in WANTED.methods.items() if "products" not in route[0]}
    found = compare(replace(WANTED, methods=gone), LIVE).findings
    assert [(one.kind, one.route, one.method) for one in found] == [
        ("extra", "/products/{id}", "GET"),
        ("extra", "/products/{id}", "HEAD"),
    ]
    assert {one.todo for one in found} == {RAISE}
    assert found[0].detail == "is served, but not in the template"


def test_routes_beyond_a_template_that_does_not_show_all_are_no_finding() -> None:
    partly = replace(WANTED, methods={}, complete=False)
    assert compare(partly, LIVE).findings == ()


def test_a_route_of_the_template_that_is_not_live() -> None:
    methods = {route: one for route, one in METHODS.items() if route != HEAD}
    found = only(compare(WANTED, replace(LIVE, methods=methods)))
    assert (found.kind, found.route, found.method) == ("missing", *HEAD)
    assert found.detail == "is in the template, but not served"
    assert found.todo == RAISE


def test_a_deployment_that_names_its_stage_is_never_made_again() -> None:
    methods = {route: one for route, one in METHODS.items() if route != HEAD}
    inline = replace(WANTED, separate=False)
    found = only(compare(inline, replace(LIVE, methods=methods)))
    assert "another logical id" in found.todo
    assert "serial" not in found.todo


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uri", "arn:aws:apigateway:eu-west-1:s3:path/another-bucket/payload.json"),
        ("credentials", "arn:aws:iam::123456789012:role/Another"),
        ("httpMethod", "HEAD"),
        ("type", "http"),
        ("status for 304", "200"),
        ("header.ETag for 200", ""),
        ("header.Server for 200", "integration.response.header.Server"),
        ("integration.request.header.If-None-Match", ""),
    ],
)
def test_an_integration_that_differs(name: str, value: str) -> None:
    found = only(compare(WANTED, with_method(GET, {name: value})))
    assert (found.kind, found.route, found.method) == ("differs", *GET)
    said = (WANTED.methods[GET].integration or {}).get(name, "not set")
    assert found.detail == f"{name} is {value or 'not set'}, in the template {said}"
    assert found.todo == RAISE


def test_all_that_differs_of_a_method_is_one_finding() -> None:
    found = only(compare(WANTED, with_method(GET, {"type": "http", "uri": "http://a"})))
    assert found.detail.count("in the template") == 2


def test_an_authorization_that_differs() -> None:
    access = {"authorizationType": "AWS_IAM", "apiKeyRequired": "true"}
    methods = {**METHODS, GET: replace(METHODS[GET], access=access)}
    found = only(compare(WANTED, replace(LIVE, methods=methods)))
    assert found.detail == (
        "authorizationType is AWS_IAM, in the template NONE, "
        "apiKeyRequired is true, in the template false"
    )


@pytest.mark.parametrize(
    ("expression", "live_text", "same"),
    [
        ({"Fn::Sub": "arn:${X}:function:a"}, "arn:aws:lambda:eu-west-1:1:function:a", True),
        ({"Fn::Sub": "arn:${X}:function:a"}, "arn:aws:lambda:eu-west-1:1:function:b", False),
        ({"Fn::Sub": "a.c${X}"}, "abcd", False),
        ({"Fn::Sub": "a${!X}"}, "a${X}", True),
        ({"Fn::Sub": "a${!X}"}, "ab", False),
        ({"Ref": "X"}, "", True),
    ],
)
def test_an_unknown_part_fits_whatever_is_live(
    expression: object, live_text: str, same: bool
) -> None:
    own = {"uri": Evaluator({}).text(expression)}
    here = {"uri": live_text} if live_text else {}
    expected = replace(WANTED, methods={GET: Method(None, own)})
    found = compare(expected, replace(LIVE, methods={GET: Method(None, here)}))
    assert (found.findings == ()) is same


def test_a_setting_that_differs() -> None:
    settings = {"*/*": {"throttlingRateLimit": "0", "throttlingBurstLimit": "5000"}}
    found = only(compare(WANTED, replace(LIVE, settings=settings)))
    assert found.kind == "settings"
    assert found.detail == "settings for */*: throttlingRateLimit is 0, in the template 5"


def test_settings_that_are_not_there_or_were_made_by_hand() -> None:
    settings = {"samples/GET": {"throttlingRateLimit": "0"}}
    found = compare(WANTED, replace(LIVE, settings=settings)).findings
    assert [one.detail for one in found] == [
        "settings for */*: throttlingRateLimit is not set, in the template 5",
        "settings for samples/GET were made by hand",
    ]


def unknown_to(wanted: Expected, found: Snapshot) -> tuple[str, ...]:
    """The parts that are not compared."""
    everything = compare(WANTED, LIVE).compared
    left = compare(wanted, found)
    assert left.findings == ()
    return tuple(one for one in everything if one not in left.compared)


def test_what_could_not_be_asked_or_known_is_not_compared_and_no_finding() -> None:
    nothing = Snapshot(unknown=("GetStage says AccessDeniedException",))
    found = compare(WANTED, nothing)
    assert (found.findings, found.compared) == ((), ())
    assert found.unknown == nothing.unknown
    assert unknown_to(replace(WANTED, deployment=None), LIVE) == ("deployment",)
    assert unknown_to(replace(WANTED, settings=None), LIVE) == ("method settings",)
    no_export = {route: replace(one, integration=None) for route, one in METHODS.items()}
    assert unknown_to(WANTED, replace(LIVE, methods=no_export)) == ("integrations",)
    no_summary = {route: replace(one, access=None) for route, one in METHODS.items()}
    assert unknown_to(WANTED, replace(LIVE, methods=no_summary)) == ("authorization",)


def test_the_stages_of_a_stack_are_told_together() -> None:
    other = replace(WANTED, stage="v2", unknown=("something",))
    found = together([compare(WANTED, LIVE), compare(other, replace(LIVE, canary=1))])
    assert [one.stage for one in found.findings] == ["ApiGateway/v2"]
    assert list(found.compared) == ["ApiGateway/v1", "ApiGateway/v2"]
    assert found.unknown == ("stage ApiGateway/v2: not compared: something",)
