"""Snapshots of a live stage, from the responses and errors of API Gateway."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from live_stacks import body, client

from readmodel_cfn.aws.errors import UnreadableResponse
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


def test_snapshot_has_the_methods_of_the_deployment_summary(
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


def test_export_is_requested_with_integrations(gateway: tuple[Any, Stubber]) -> None:
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


def test_canary_and_settings_are_normalized(gateway: tuple[Any, Stubber]) -> None:
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


def test_any_method_of_the_export_is_named_any(gateway: tuple[Any, Stubber]) -> None:
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
def test_deleted_stage_or_api_is_gone(
    gateway: tuple[Any, Stubber], rest_api: Any, what: str
) -> None:
    found = taken(gateway, get_stage="NotFoundException", get_rest_api=rest_api)
    assert isinstance(found, Gone)
    assert found.what == what


def test_denied_get_stage_leaves_the_snapshot_unknown(gateway: tuple[Any, Stubber]) -> None:
    found = read(gateway, get_stage="AccessDeniedException")
    (unknown,) = found.unknown
    assert found == Snapshot(unknown=(unknown,))
    for fact in ("GetStage", "AccessDeniedException", "apigateway:GET"):
        assert fact in unknown


def test_methods_come_from_the_export_without_a_summary(gateway: tuple[Any, Stubber]) -> None:
    found = read(
        gateway,
        get_stage=STAGE,
        get_deployment="AccessDeniedException",
        get_export=body(EXPORT),
    )
    assert found.methods == {("/a", "GET"): Method(None, {"type": "mock"})}
    (unknown,) = found.unknown
    for fact in ("GetDeployment", "AccessDeniedException", "apigateway:GET"):
        assert fact in unknown


def test_integrations_are_unknown_without_the_export(gateway: tuple[Any, Stubber]) -> None:
    found = read(
        gateway,
        get_stage=STAGE,
        get_deployment={"apiSummary": SUMMARY},
        get_export="BadRequestException",
    )
    assert (found.methods or {})["/a", "GET"].integration is None
    (unknown,) = found.unknown
    assert "GetExport" in unknown
    assert "BadRequestException" in unknown


def test_methods_are_unknown_without_summary_and_export(gateway: tuple[Any, Stubber]) -> None:
    refused = "AccessDeniedException"
    found = read(gateway, get_stage=STAGE, get_deployment=refused, get_export=refused)
    assert found.methods is None
    assert found.deployment == "d1"


def test_transient_failure_raises(gateway: tuple[Any, Stubber]) -> None:
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        taken(gateway, get_stage="TooManyRequestsException")


def test_truncated_export_raises(gateway: tuple[Any, Stubber]) -> None:
    made, stub = gateway
    answers(stub, get_stage=STAGE, get_deployment={}, get_export=body(b'{"paths": {'))
    with pytest.raises(UnreadableResponse, match=r"(?i)get_?export"):
        snapshot(made, "api", "v1")


def test_invalid_stage_response_raises(gateway: tuple[Any, Stubber]) -> None:
    made, stub = gateway
    answers(stub, get_stage={})
    with pytest.raises(UnreadableResponse):
        snapshot(made, "api", "v1")
