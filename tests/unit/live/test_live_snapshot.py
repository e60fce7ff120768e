"""What API Gateway is asked about a stage, and what is made of its answers and refusals."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from live_stacks import body, client

from readmodel_cfn.aws.errors import UnreadableAnswer
from readmodel_cfn.deploy.live.snapshot import snapshot
from readmodel_cfn.deploy.live.values import Gone, Method, Snapshot

STAGE = {"deploymentId": "d1", "stageName": "v1"}
SUMMARY = {"/a": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}, "/": {}}
OPERATION = {"x-amazon-apigateway-integration": {"type": "mock"}}
EXPORT = {"paths": {"/a": {"get": OPERATION, "parameters": []}}}


@pytest.fixture
def gateway() -> tuple[Any, Stubber]:
    return client("apigateway")


def answers(stub: Stubber, **by_call: Any) -> None:
    """The next calls, in order; an error's code in place of an answer refuses."""
    for call, answer in by_call.items():
        if isinstance(answer, str):
            stub.add_client_error(call, answer, http_status_code=400)
        else:
            stub.add_response(call, answer)


def taken(gateway: tuple[Any, Stubber], **by_call: Any) -> Snapshot | Gone:
    made, stub = gateway
    answers(stub, **by_call)
    found = snapshot(made, "api", "v1")
    stub.assert_no_pending_responses()
    return found


def read(gateway: tuple[Any, Stubber], **by_call: Any) -> Snapshot:
    found = taken(gateway, **by_call)
    assert isinstance(found, Snapshot)
    return found


def test_a_stage_is_its_deployment_with_the_methods_of_its_summary(
    gateway: tuple[Any, Stubber],
) -> None:
    found = read(
        gateway, get_stage=STAGE, get_deployment={"apiSummary": SUMMARY}, get_export=body(EXPORT)
    )
    access = {"authorizationType": "NONE", "apiKeyRequired": "false"}
    assert found == Snapshot(
        deployment="d1",
        canary=0,
        settings={},
        methods={("/a", "GET"): Method(access, {"type": "mock"})},
    )


def test_the_export_is_asked_for_with_its_integrations(gateway: tuple[Any, Stubber]) -> None:
    made, stub = gateway
    answers(stub, get_stage=STAGE, get_deployment={"apiSummary": SUMMARY})
    stub.add_response(
        "get_export",
        body(EXPORT),
        {
            "restApiId": "api",
            "stageName": "v1",
            "exportType": "oas30",
            "parameters": {"extensions": "integrations"},
            "accepts": "application/json",
        },
    )
    snapshot(made, "api", "v1")
    stub.assert_no_pending_responses()


def test_a_canary_and_settings_are_told_in_one_form(gateway: tuple[Any, Stubber]) -> None:
    stage = {
        **STAGE,
        "canarySettings": {"percentTraffic": 50.0, "deploymentId": "d2"},
        "methodSettings": {
            "*/*": {"metricsEnabled": True, "loggingLevel": "OFF"},
            "~1products~1{id}/GET": {"throttlingRateLimit": 5.0},
        },
    }
    found = read(gateway, get_stage=stage, get_deployment={}, get_export=body({}))
    assert found.canary == 50
    assert found.settings == {
        "*/*": {"metricsEnabled": "true", "loggingLevel": "OFF"},
        "products/{id}/GET": {"throttlingRateLimit": "5"},
    }


def test_a_method_for_any_verb_has_a_name_of_its_own(gateway: tuple[Any, Stubber]) -> None:
    exported = {"paths": {"/a": {"x-amazon-apigateway-any-method": OPERATION}}}
    found = read(
        gateway,
        get_stage=STAGE,
        get_deployment={"apiSummary": {"/a": {"ANY": {}}}},
        get_export=body(exported),
    )
    assert (found.methods or {})["/a", "ANY"].integration == {"type": "mock"}


@pytest.mark.parametrize(
    ("rest_api", "what"),
    [({"id": "api"}, "stage"), ("NotFoundException", "api"), ("AccessDeniedException", "stage")],
)
def test_a_stage_or_an_api_that_is_gone(
    gateway: tuple[Any, Stubber], rest_api: Any, what: str
) -> None:
    found = taken(gateway, get_stage="NotFoundException", get_rest_api=rest_api)
    assert isinstance(found, Gone)
    assert found.what == what


def test_who_may_not_ask_for_the_stage_knows_nothing(gateway: tuple[Any, Stubber]) -> None:
    found = read(gateway, get_stage="AccessDeniedException")
    assert found == Snapshot(
        unknown=("GetStage says AccessDeniedException; it needs apigateway:GET",)
    )


def test_without_the_summary_the_export_tells_the_methods(gateway: tuple[Any, Stubber]) -> None:
    found = read(
        gateway,
        get_stage=STAGE,
        get_deployment="AccessDeniedException",
        get_export=body(EXPORT),
    )
    assert found.methods == {("/a", "GET"): Method(None, {"type": "mock"})}
    assert found.unknown == ("GetDeployment says AccessDeniedException; it needs apigateway:GET",)


def test_without_the_export_the_integrations_are_not_known(gateway: tuple[Any, Stubber]) -> None:
    found = read(
        gateway,
        get_stage=STAGE,
        get_deployment={"apiSummary": SUMMARY},
        get_export="BadRequestException",
    )
    assert (found.methods or {})["/a", "GET"].integration is None
    assert found.unknown == ("GetExport says BadRequestException",)


def test_without_both_no_method_is_known(gateway: tuple[Any, Stubber]) -> None:
    refused = "AccessDeniedException"
    found = read(gateway, get_stage=STAGE, get_deployment=refused, get_export=refused)
    assert found.methods is None
    assert found.deployment == "d1"


def test_what_may_pass_is_an_error_and_no_gap(gateway: tuple[Any, Stubber]) -> None:
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        taken(gateway, get_stage="TooManyRequestsException")


def test_an_export_that_is_cut_off_is_an_error(gateway: tuple[Any, Stubber]) -> None:
    made, stub = gateway
    answers(stub, get_stage=STAGE, get_deployment={}, get_export=body(b'{"paths": {'))
    with pytest.raises(UnreadableAnswer, match=r"(?i)get_?export"):
        snapshot(made, "api", "v1")


def test_a_stage_that_is_no_stage_is_an_error(gateway: tuple[Any, Stubber]) -> None:
    made, stub = gateway
    answers(stub, get_stage={})
    with pytest.raises(UnreadableAnswer):
        snapshot(made, "api", "v1")
