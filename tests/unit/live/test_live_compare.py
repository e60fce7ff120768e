"""Differences between a live stage and its template, each with a remedy."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from live_stacks import api_gateway, desired, template_of

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
(DESIRED,) = desired(TEMPLATE)
GET, HEAD = ("/samples", "GET"), ("/samples", "HEAD")


def live() -> Snapshot:
    found = snapshot(api_gateway(TEMPLATE), DESIRED.api, DESIRED.stage)
    assert isinstance(found, Snapshot)
    return found


LIVE = live()
METHODS: Mapping[tuple[str, str], Method] = LIVE.methods or {}
FACETS = DESIRED.methods[GET].integration or {}
(STATUS_304,) = (name for name, value in FACETS.items() if value == "304")
(ETAG_200,) = (name for name in FACETS if "header.ETag" in name and "200" in name)


def only(comparison: Comparison) -> Finding:
    (found,) = comparison.findings
    return found


def with_method(route: tuple[str, str], integration: Facets) -> Snapshot:
    """The stage with facets of a method set, or removed if they are empty."""
    own = METHODS[route]
    facets = {**(own.integration or {}), **integration}
    changed = {name: text for name, text in facets.items() if text}
    return replace(LIVE, methods={**METHODS, route: replace(own, integration=changed)})


def test_same_deployment_and_routes_have_no_findings() -> None:
    assert compare(DESIRED, LIVE).findings == ()


def test_missing_response_is_named_once_not_with_each_header() -> None:
    response = {name: "" for name in FACETS if name.endswith(STATUS_304.removeprefix("status"))}
    assert len(response) > 2
    detail = only(compare(DESIRED, with_method(GET, response))).detail
    assert STATUS_304 in detail
    assert "header" not in detail


def test_deleted_stage_suggests_create_stage() -> None:
    found = compare(DESIRED, Gone("stage"))
    assert only(found).kind == "gone"
    assert "v1" in only(found).detail
    assert only(found).todo.endswith(
        "aws apigateway create-stage --rest-api-id ApiGateway --stage-name v1 "
        f"--deployment-id {DESIRED.deployment}"
    )
    assert found.compared == ("stage",)


def test_deleted_stage_with_unknown_deployment_suggests_no_command() -> None:
    found = only(compare(replace(DESIRED, deployment=None), Gone("stage")))
    assert "create-stage" not in found.todo


def test_deleted_api_suggests_deleting_the_stack() -> None:
    found = only(compare(DESIRED, Gone("api")))
    assert (found.kind, found.stage) == ("gone", "ApiGateway/v1")
    assert "readmodel-cfn delete" in found.todo


def test_manual_deployment_suggests_update_stage() -> None:
    found = only(compare(DESIRED, replace(LIVE, deployment="other")))
    assert found.kind == "deployment"
    assert "other" in found.detail
    assert str(DESIRED.deployment) in found.detail
    assert found.todo.endswith(
        "aws apigateway update-stage --rest-api-id ApiGateway --stage-name v1 "
        f"--patch-operations op=replace,path=/deploymentId,value={DESIRED.deployment}"
    )


def test_missing_route_of_a_manual_deployment_does_not_suggest_a_new_serial() -> None:
    methods = {route: method for route, method in METHODS.items() if route != GET}
    found = compare(DESIRED, replace(LIVE, deployment="other", methods=methods))
    assert [finding.kind for finding in found.findings] == ["deployment", "missing"]
    assert "serial" not in found.findings[1].todo


def test_canary_that_is_not_in_the_template_is_a_finding() -> None:
    found = compare(DESIRED, replace(LIVE, canary=12.5))
    assert "12.5%" in only(found).detail
    assert "op=remove,path=/canarySettings" in only(found).todo
    assert compare(replace(DESIRED, canary=True), replace(LIVE, canary=12.5)).findings == ()


def test_live_route_missing_in_the_template_is_extra() -> None:
    """CloudFormation deletes a method only after it made the new deployment."""
    gone = {
        route: method for route, method in DESIRED.methods.items() if "products" not in route[0]
    }
    found = compare(replace(DESIRED, methods=gone), LIVE).findings
    assert [(finding.kind, finding.route, finding.method) for finding in found] == [
        ("extra", "/products/{id}", "GET"),
        ("extra", "/products/{id}", "HEAD"),
    ]
    assert all("serial" in finding.todo for finding in found)


def test_extra_routes_are_no_finding_if_the_template_is_incomplete() -> None:
    partly = replace(DESIRED, methods={}, complete=False)
    assert compare(partly, LIVE).findings == ()


def test_template_route_that_is_not_live_is_missing() -> None:
    methods = {route: method for route, method in METHODS.items() if route != HEAD}
    found = only(compare(DESIRED, replace(LIVE, methods=methods)))
    assert (found.kind, found.route, found.method) == ("missing", *HEAD)
    assert "serial" in found.todo


def test_inline_stage_does_not_suggest_a_new_serial() -> None:
    methods = {route: method for route, method in METHODS.items() if route != HEAD}
    inline = replace(DESIRED, separate=False)
    found = only(compare(inline, replace(LIVE, methods=methods)))
    assert found.kind == "missing"
    assert "serial" not in found.todo


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("uri", "arn:aws:apigateway:eu-west-1:s3:path/another-bucket/payload.json"),
        ("credentials", "arn:aws:iam::123456789012:role/Another"),
        ("httpMethod", "HEAD"),
        ("type", "http"),
        (STATUS_304, "200"),
        (ETAG_200, ""),
        (ETAG_200.replace("ETag", "Server"), "integration.response.header.Server"),
        ("integration.request.header.If-None-Match", ""),
    ],
)
def test_different_integration_is_a_finding(name: str, value: str) -> None:
    found = only(compare(DESIRED, with_method(GET, {name: value})))
    assert (found.kind, found.route, found.method) == ("differs", *GET)
    in_template = str(FACETS.get(name, ""))
    assert [fact for fact in (name, value, in_template) if fact not in found.detail] == []
    assert "serial" in found.todo


def test_differences_of_a_method_are_one_finding() -> None:
    found = only(compare(DESIRED, with_method(GET, {"type": "http", "uri": "http://a"})))
    assert "uri" in found.detail
    assert "type" in found.detail


def test_different_authorization_is_a_finding() -> None:
    access = {"authorizationType": "AWS_IAM", "apiKeyRequired": "true"}
    methods = {**METHODS, GET: replace(METHODS[GET], access=access)}
    found = only(compare(DESIRED, replace(LIVE, methods=methods)))
    facts = ("authorizationType", "AWS_IAM", "NONE", "apiKeyRequired", "true", "false")
    assert [fact for fact in facts if fact not in found.detail] == []


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
def test_unresolved_token_matches_any_live_value(
    expression: object, live_text: str, same: bool
) -> None:
    own = {"uri": Evaluator({}).text(expression)}
    here = {"uri": live_text} if live_text else {}
    expected = replace(DESIRED, methods={GET: Method(None, own)})
    found = compare(expected, replace(LIVE, methods={GET: Method(None, here)}))
    assert (found.findings == ()) is same


def test_different_method_setting_is_a_finding() -> None:
    settings = {"*/*": {"throttlingRateLimit": "0", "throttlingBurstLimit": "5000"}}
    found = only(compare(DESIRED, replace(LIVE, settings=settings)))
    assert found.kind == "settings"
    assert [
        fact for fact in ("*/*", "throttlingRateLimit", "0", "5") if fact not in found.detail
    ] == []


def test_missing_and_manual_settings_are_findings() -> None:
    settings = {"samples/GET": {"throttlingRateLimit": "0"}}
    found = compare(DESIRED, replace(LIVE, settings=settings)).findings
    missing, extra = (finding.detail for finding in found)
    assert [fact for fact in ("*/*", "throttlingRateLimit", "5") if fact not in missing] == []
    assert "samples/GET" in extra


def parts_not_compared(desired: Expected, found: Snapshot) -> list[int]:
    """The positions of the parts that are not compared, among all parts."""
    everything = compare(DESIRED, LIVE).compared
    partly = compare(desired, found)
    assert partly.findings == ()
    return [index for index, part in enumerate(everything) if part not in partly.compared]


def test_unknown_parts_are_not_compared() -> None:
    nothing = Snapshot(unknown=("GetStage says AccessDeniedException",))
    found = compare(DESIRED, nothing)
    assert (found.findings, found.compared) == ((), ())
    assert found.unknown == nothing.unknown
    assert parts_not_compared(replace(DESIRED, deployment=None), LIVE) == [0]
    assert parts_not_compared(replace(DESIRED, settings=None), LIVE) == [2]
    no_export = {route: replace(method, integration=None) for route, method in METHODS.items()}
    assert parts_not_compared(DESIRED, replace(LIVE, methods=no_export)) == [5]
    no_summary = {route: replace(method, access=None) for route, method in METHODS.items()}
    assert parts_not_compared(DESIRED, replace(LIVE, methods=no_summary)) == [4]


def test_together_merges_the_comparisons_of_all_stages() -> None:
    other = replace(DESIRED, stage="v2", unknown=("something",))
    found = together([compare(DESIRED, LIVE), compare(other, replace(LIVE, canary=1))])
    assert [finding.stage for finding in found.findings] == ["ApiGateway/v2"]
    assert list(found.compared) == ["ApiGateway/v1", "ApiGateway/v2"]
    (unknown,) = found.unknown
    assert "ApiGateway/v2" in unknown
    assert unknown.endswith("something")
