"""What a method requires of a request: a signature, an API key with its limits, parameters."""

import json
from typing import Any

import pytest
from gateway_definitions import Definition, api, request, s3_method

from readmodel_cfn.local.gateway import Call, Gateway, Response, Snapshot
from readmodel_cfn.local.gateway.usage_plans import Limits, UsagePlan, UsagePlans

KEY = "a-key-of-twenty-characters"
VALIDATOR = {"validateRequestParameters": True, "validateRequestBody": False}


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def served(method: Definition, keys: UsagePlans | None = None, **rest: Any) -> Gateway:
    definition = api({"/x": {"GET": method}}, **rest)
    return Gateway(Snapshot.from_definition(definition), "v1", keys=keys)


def statuses(gateway: Gateway, key: str, times: int) -> list[int]:
    steps = [gateway.prepare(request("/x", headers={"x-api-key": key})) for _ in range(times)]
    return [200 if isinstance(step, Call) else step.status for step in steps]


def keyed() -> Definition:
    return s3_method() | {"apiKeyRequired": True}


def test_key_of_a_plan_opens_the_method_and_nothing_else_does() -> None:
    gateway = served(keyed(), UsagePlans([UsagePlan(frozenset({KEY}))]))
    assert statuses(gateway, KEY, 1) == [200]
    assert statuses(gateway, "other", 1) == [403]
    assert statuses(gateway, "", 1) == [403]
    assert statuses(served(keyed()), KEY, 1) == [403]


def test_key_is_throttled_by_a_token_bucket() -> None:
    clock = Clock()
    plan = UsagePlan(frozenset({KEY, "second"}), Limits(rate=2, burst=3))
    gateway = served(keyed(), UsagePlans([plan], clock))
    assert statuses(gateway, KEY, 4) == [200, 200, 200, 429]
    assert statuses(gateway, "second", 1) == [200], "each key has its own bucket"
    clock.now += 1
    assert statuses(gateway, KEY, 3) == [200, 200, 429]
    clock.now += 60
    assert statuses(gateway, KEY, 4) == [200, 200, 200, 429]


def test_limits_of_a_method_replace_those_of_the_plan() -> None:
    by_method = {"/x/GET": Limits(rate=0, burst=1)}
    plan = UsagePlan(frozenset({KEY}), Limits(rate=0, burst=5), by_method)
    assert statuses(served(keyed(), UsagePlans([plan])), KEY, 2) == [200, 429]


def test_quota_ends_the_requests_of_a_key() -> None:
    gateway = served(keyed(), UsagePlans([UsagePlan(frozenset({KEY}), quota=2)]))
    assert statuses(gateway, KEY, 3) == [200, 200, 429]
    response = gateway.prepare(request("/x", headers={"x-api-key": KEY}))
    assert isinstance(response, Response)
    assert response.headers["x-amzn-ErrorType"] == "LimitExceededException"


def test_method_without_a_key_is_open() -> None:
    assert statuses(served(s3_method()), "", 1) == [200]


@pytest.mark.parametrize("value", ["true", True])
def test_required_parameters_are_checked_by_a_validator_only(value: object) -> None:
    parameters = {
        "method.request.querystring.q": value,
        "method.request.header.X-Tenant": value,
        "method.request.header.X-Optional": False,
    }
    method = s3_method() | {"requestParameters": parameters}
    assert statuses(served(method), "", 1) == [200]
    checked = served(method | {"requestValidatorId": "v"}, requestValidators={"v": VALIDATOR})
    response = checked.prepare(request("/x"))
    assert isinstance(response, Response)
    assert response.status == 400
    assert json.loads(response.body)["message"].endswith(": [X-Tenant, q]")
    complete = request("/x", headers={"x-tenant": "a"}, query={"q": "1"})
    assert isinstance(checked.prepare(complete), Call)


def test_signature_comes_before_the_key_and_the_key_before_the_parameters() -> None:
    everything = {
        "authorizationType": "AWS_IAM",
        "apiKeyRequired": True,
        "requestValidatorId": "v",
        "requestParameters": {"method.request.querystring.q": True},
    }
    definition = api({"/x": {"GET": s3_method() | everything}}, requestValidators={"v": VALIDATOR})
    keys = UsagePlans([UsagePlan(frozenset({KEY}))])
    gateway = Gateway(Snapshot.from_definition(definition), "v1", keys=keys, checks_signatures=True)
    signed = {"authorization": "AWS4-HMAC-SHA256 Credential=a"}
    for headers, error in (
        ({}, "MissingAuthenticationTokenException"),
        ({"authorization": "Bearer a"}, "IncompleteSignatureException"),
        (signed, "ForbiddenException"),
        ({**signed, "x-api-key": KEY}, "BadRequestException"),
    ):
        response = gateway.prepare(request("/x", headers=headers))
        assert isinstance(response, Response)
        assert response.headers["x-amzn-ErrorType"] == error


def test_caller_of_a_signed_request_is_named_as_not_evaluated() -> None:
    """It is empty only for requests without a signature."""
    mapped = {"integration.request.header.X-User": "context.identity.userArn"}
    method = s3_method(requestParameters=mapped) | {"authorizationType": "AWS_IAM"}
    snapshot = Snapshot.from_definition(api({"/x": {"GET": method}}))
    gateway = Gateway(snapshot, "v1", checks_signatures=True)
    signed = request("/x", headers={"authorization": "AWS4-HMAC-SHA256 Credential=a"})
    response = gateway.prepare(signed)
    assert isinstance(response, Response)
    assert response.status == 501
    assert "identity" in json.loads(response.body)["message"]


def test_undefined_stage_variable_in_a_uri_is_a_500() -> None:
    gateway = served(s3_method("${stageVariables.bucket}/key"))
    response = gateway.prepare(request("/x"))
    assert isinstance(response, Response)
    assert response.status == 500


def test_stage_variables_fill_the_uri_and_the_credentials() -> None:
    method = s3_method(
        "${stageVariables.bucket}/${stageVariables.release}/a.json",
        credentials="arn:aws:iam::111122223333:role/${stageVariables.role}",
    )
    snapshot = Snapshot.from_definition(api({"/x": {"GET": method}}))
    variables = {"bucket": "store", "release": "v7", "role": "reader"}
    step = Gateway(snapshot, "v1", variables).prepare(request("/x"))
    assert isinstance(step, Call)
    assert (step.s3.bucket, step.s3.key) == ("store", "v7/a.json")
    assert step.s3.credentials == "arn:aws:iam::111122223333:role/reader"


def test_method_override_is_the_method_of_the_request() -> None:
    definition = api(
        {"/x": {"GET": s3_method("b/get"), "PUT": s3_method("b/put", httpMethod="PUT")}}
    )
    gateway = Gateway(Snapshot.from_definition(definition), "v1")
    step = gateway.prepare(request("/x", "POST", headers={"x-http-method-override": "put"}))
    assert isinstance(step, Call)
    assert step.s3.method == "PUT"
