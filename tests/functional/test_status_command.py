"""`status`: the stack, and what its stage serves."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from functional_aws import (
    CONTENT,
    STACK_ID,
    THEN,
    Aws,
    enter_project,
    error_of,
    event,
    run,
    stack,
    stubbed,
)

from articles import article_template
from readmodel_cfn import ReadModel, ReadModelStack, build_template, render
from readmodel_cfn.errors import PromiseBroken


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def run_status(*arguments: str) -> Any:
    return run("status", "--region", "eu-west-1", *arguments)


METHOD = {"authorizationType": "NONE", "apiKeyRequired": False}
DENIED = "AccessDeniedException"
NEEDED = "apigateway:GET"
STORE = ("DataStore", "AWS::S3::Bucket", "data-bucket")

RESOURCES = [
    (name, resource["Type"], {"ApiGatewayStage": "v1"}.get(name, name))
    for name, resource in CONTENT["Resources"].items()
]
DEPLOYMENT = next(name for name, kind, _ in RESOURCES if kind.endswith("::Deployment"))


def recovered(
    aws: Aws, status: str = "CREATE_COMPLETE", template: Mapping[str, Any] = CONTENT, **more: Any
) -> None:
    """A stable stack of the default template, with all its resources and its last event."""
    aws.stack(status, **more)
    aws.resources(*RESOURCES)
    aws.template(template)
    aws.events(event(2, "read-model", status, physical_id=STACK_ID))


def gateway(
    aws: Aws,
    stage: Mapping[str, Any] | None = None,
    routes: Mapping[str, Any] | None = None,
) -> None:
    """An API Gateway that serves the template, except for the arguments; GetExport is denied."""
    served = {"deploymentId": DEPLOYMENT, "stageName": "v1", **(stage or {})}
    summary = {"/samples": {"GET": METHOD, "HEAD": METHOD}} | dict(routes or {})
    aws.answers("apigateway", "get_stage", served, restApiId="ApiGateway", stageName="v1")
    aws.answers("apigateway", "get_deployment", {"apiSummary": summary})
    aws.refuses("apigateway", "get_export", DENIED)


def test_status_shows_state_operation_live_comparison_and_resources(aws: Aws) -> None:
    recovered(aws, "UPDATE_ROLLBACK_COMPLETE", reason="because")
    gateway(aws)
    done = run_status()
    assert done.exit_code == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    facts = [
        ("read-model", "UPDATE_ROLLBACK_COMPLETE", "because"),
        ("UPDATE_STACK", "UPDATE_ROLLBACK_COMPLETE", "2026-01-01 12:00:00 UTC"),
        ("ApiGateway/v1", "deployment, canary, method settings, routes, authorization"),
        ("ApiGateway/v1", "GetExport", DENIED, NEEDED),
    ]
    for line, expected in zip(lines, facts, strict=False):
        for fact in expected:
            assert fact in line
    assert len(lines[4:]) == len(RESOURCES)
    assert lines[4].split() == [RESOURCES[0][0], "CREATE_COMPLETE", *RESOURCES[0][1:]]


@pytest.mark.parametrize(("columns", "has_types"), [("80", False), ("120", True)])
def test_types_of_resources_stand_on_wide_terminals_only(
    aws: Aws, columns: str, has_types: bool
) -> None:
    recovered(aws)
    gateway(aws)
    done = run("status", "--region", "eu-west-1", env={"COLUMNS": columns})
    lines = [line.split() for line in done.stdout.splitlines()]
    for logical_id, kind, physical_id in RESOURCES:
        (cells,) = (cells for cells in lines if cells[0] == logical_id)
        assert cells == [logical_id, "CREATE_COMPLETE", *([kind] * has_types), physical_id]


def test_json_of_status_is_one_object(aws: Aws) -> None:
    recovered(aws)
    gateway(aws)
    found = json.loads(run_status("--json").stdout)
    resources = found.pop("resources")
    (unknown,) = found["live"].pop("unknown")
    for name in ("ApiGateway/v1", "GetExport", DENIED, NEEDED):
        assert name in unknown
    assert resources[0] == {
        "logical_id": RESOURCES[0][0],
        "physical_id": RESOURCES[0][2],
        "type": RESOURCES[0][1],
        "status": "CREATE_COMPLETE",
    }
    assert found == {
        "name": "read-model",
        "status": "CREATE_COMPLETE",
        "reason": "",
        "tags": {"readmodel-cfn": "managed"},
        "last_operation": {
            "kind": "CREATE_STACK",
            "status": "CREATE_COMPLETE",
            "time": "2026-01-01T12:00:00+00:00",
        },
        "live": {
            "findings": [],
            "compared": {
                "ApiGateway/v1": [
                    "deployment",
                    "canary",
                    "method settings",
                    "routes",
                    "authorization",
                ]
            },
        },
    }


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_route_that_is_live_but_not_in_the_template_exits_7(
    aws: Aws, arguments: tuple[str, ...]
) -> None:
    recovered(aws)
    gateway(aws, routes={"/products/{id}": {"GET": METHOD, "HEAD": METHOD}})
    done = run_status(*arguments)
    line = error_of(done, 7)
    for name in ("read-model", "GET /products/{id}", "1", "[deployment]"):
        assert name in line
    if arguments:
        first, second = json.loads(done.stdout)["live"]["findings"]
        assert first.pop("detail")
        todo = first.pop("todo")
        assert "[deployment]" in todo
        assert "readmodel-cfn deploy --stack-name read-model --region eu-west-1" in todo
        assert first == {
            "kind": "extra",
            "stage": "ApiGateway/v1",
            "route": "/products/{id}",
            "method": "GET",
        }
        assert second["method"] == "HEAD"
    else:
        assert "extra HEAD /products/{id}" in " ".join(done.stdout.split())


def test_missing_stage_exits_7(aws: Aws) -> None:
    recovered(aws)
    aws.refuses("apigateway", "get_stage", "NotFoundException", status=404)
    aws.answers("apigateway", "get_rest_api", {"id": "ApiGateway"})
    line = error_of(run_status(), 7)
    assert "stage v1" in line
    assert "aws apigateway" in line


def test_denied_comparison_is_no_finding(aws: Aws) -> None:
    recovered(aws)
    aws.refuses("apigateway", "get_stage", DENIED, "not authorized", 403)
    done = run_status()
    assert done.exit_code == 0
    (line,) = (line for line in done.stdout.splitlines() if "ApiGateway/v1" in line)
    for name in ("GetStage", DENIED, NEEDED):
        assert name in line


@pytest.mark.parametrize(
    "status", ["ROLLBACK_COMPLETE", "CREATE_IN_PROGRESS", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"]
)
def test_unstable_stack_is_not_compared(aws: Aws, status: str) -> None:
    aws.stack(status)
    aws.resources(STORE)
    aws.events()
    done = run_status()
    assert done.exit_code == 0
    assert status in done.stdout.splitlines()[1]


def test_stack_without_a_stage_is_not_compared(aws: Aws) -> None:
    aws.stack(tags={})
    aws.resources(STORE)
    aws.template({"Resources": {"DataStore": {"Type": "AWS::S3::Bucket"}}})
    aws.events()
    found = json.loads(run_status("--json").stdout)["live"]
    assert (found["findings"], found["compared"]) == ([], {})


def test_yaml_template_is_compared(aws: Aws) -> None:
    aws.stack(tags={})
    aws.resources(*RESOURCES)
    text = render(build_template(ReadModel()), "yaml")
    aws.answers("cloudformation", "get_template", {"TemplateBody": text})
    aws.events()
    gateway(aws)
    found = json.loads(run_status("--json").stdout)["live"]
    assert found["findings"] == []
    assert found["compared"]


@pytest.mark.parametrize(
    ("status", "operations", "kind"),
    [
        ("UPDATE_COMPLETE", ["UPDATE_STACK"], "UPDATE_STACK"),
        ("UPDATE_COMPLETE", ["CREATE_CHANGESET", "UPDATE_STACK"], "UPDATE_STACK"),
        ("UPDATE_ROLLBACK_COMPLETE", ["ROLLBACK"], "ROLLBACK"),
        ("ROLLBACK_COMPLETE", [], "CREATE_STACK"),
        ("DELETE_FAILED", [], "DELETE_STACK"),
    ],
)
def test_last_operation_comes_from_cloudformation_or_the_status(
    aws: Aws, status: str, operations: list[str], kind: str
) -> None:
    found = stack(status, tags={}) | {
        "LastOperations": [
            {"OperationType": operation, "OperationId": "1"} for operation in operations
        ]
    }
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [found]})
    aws.resources(STORE)
    if status.startswith("UPDATE"):
        aws.template({"Resources": {}})
    aws.events(
        event(3, "DataStore", "DELETE_COMPLETE"),  # an event of a resource
        event(2, "read-model", status, physical_id=STACK_ID),
        event(1, "read-model", "CREATE_IN_PROGRESS", physical_id=STACK_ID),
    )
    last = json.loads(run_status("--json").stdout)["last_operation"]
    assert (last["kind"], last["status"]) == (kind, status)


def test_stack_without_events_has_no_last_operation(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.resources(STORE)
    aws.events()
    assert json.loads(run_status("--json").stdout)["last_operation"] is None


RUN_DIFF = "readmodel-cfn diff"


def test_differing_config_is_reported_without_failing(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text("[deployment]\nserial = 2\n")
    recovered(aws)
    gateway(aws)
    done = run_status("--json")
    assert done.exit_code == 0
    assert done.stderr.count(RUN_DIFF) == 1
    assert json.loads(done.stdout)["live"]["findings"] == []


def test_stack_of_a_version_without_metadata_does_not_differ(aws: Aws) -> None:
    recovered(aws, template={name: part for name, part in CONTENT.items() if name != "Metadata"})
    gateway(aws)
    assert RUN_DIFF not in run_status().stderr


def test_article_stack_is_one_that_the_tool_describes(aws: Aws) -> None:
    article = article_template()
    aws.stack()
    aws.resources(STORE)
    aws.template(article)
    aws.events()
    assert RUN_DIFF not in run_status().stderr


def drifted(aws: Aws) -> None:
    """A drift detection that checks the bucket, which has changed, and the role."""
    started = {"StackDriftDetectionId": "d1"}
    aws.answers("cloudformation", "detect_stack_drift", started, StackName=STACK_ID)
    ended = {"StackId": STACK_ID, **started, "DetectionStatus": "DETECTION_COMPLETE"}
    answer = {**ended, "Timestamp": THEN}
    aws.answers("cloudformation", "describe_stack_drift_detection_status", answer)
    difference = {
        "PropertyPath": "/VersioningConfiguration/Status",
        "ExpectedValue": "Enabled",
        "ActualValue": "Suspended",
        "DifferenceType": "NOT_EQUAL",
    }
    shared = {"StackId": STACK_ID, "Timestamp": THEN}
    drifts = [
        {
            **shared,
            "LogicalResourceId": "DataStore",
            "ResourceType": "AWS::S3::Bucket",
            "StackResourceDriftStatus": "MODIFIED",
            "PropertyDifferences": [difference],
        },
        {
            **shared,
            "LogicalResourceId": "ApiGatewayRole",
            "ResourceType": "AWS::IAM::Role",
            "StackResourceDriftStatus": "IN_SYNC",
        },
    ]
    answer = {"StackResourceDrifts": drifts}
    aws.answers("cloudformation", "describe_stack_resource_drifts", answer)


def test_drift_option_shows_drift_without_failing(aws: Aws) -> None:
    recovered(aws)
    gateway(aws)
    drifted(aws)
    done = run_status("--drift")
    assert done.exit_code == 0
    lines = [line for line in done.stdout.splitlines() if "Drift" in line or line.startswith("  ")]
    summary, resource, value, unchecked = lines[:4]
    assert re.search(r"\b1\b.*\b2\b", summary)
    assert resource.split() == ["DataStore", "MODIFIED", "AWS::S3::Bucket"]
    for fact in ("/VersioningConfiguration/Status", "Suspended", "Enabled"):
        assert fact in value
    checked = {"DataStore", "ApiGatewayRole"}
    names = {name for name, _, _ in RESOURCES}
    assert names & set(re.findall(r"\w+", unchecked)) == names - checked


def test_json_of_drift_has_every_resource(aws: Aws) -> None:
    recovered(aws)
    gateway(aws)
    drifted(aws)
    found = json.loads(run_status("--drift", "--json").stdout)["drift"]
    assert [resource["logical_id"] for resource in found["resources"]] == [
        name for name, _, _ in RESOURCES
    ]
    store = next(
        resource for resource in found["resources"] if resource["logical_id"] == "DataStore"
    )
    assert store["differences"] == [
        {
            "path": "/VersioningConfiguration/Status",
            "expected": "Enabled",
            "actual": "Suspended",
        }
    ]


def test_missing_stack_names_the_deploy_command(aws: Aws) -> None:
    aws.no_stack()
    command_line = "readmodel-cfn deploy --stack-name read-model --region eu-west-1"
    assert error_of(run_status(), 1).endswith(command_line)


def test_status_in_python_can_raise_for_differences(aws: Aws) -> None:
    recovered(aws)
    gateway(aws, routes={"/products/{id}": {"GET": METHOD}})
    found = ReadModelStack("read-model", ReadModel(), region="eu-west-1").status()
    assert [finding.kind for finding in found.live.findings] == ["extra"]
    with pytest.raises(PromiseBroken):
        found.raise_if_broken()


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ValidationError", "1 validation error detected"),
        ("AccessDenied", "not authorized"),
        ("ExpiredToken", "expired"),
        ("RequestExpired", "expired"),
        ("UnrecognizedClientException", "unknown"),
        ("InvalidClientTokenId", "unknown"),
        ("Throttling", "Rate exceeded"),
    ],
)
def test_cloudformation_error_is_one_line_with_its_code(aws: Aws, code: str, message: str) -> None:
    aws.refuses("cloudformation", "describe_stacks", code, message, 403)
    line = error_of(run_status(), 1)
    for fact in ("DescribeStacks", code, message):
        assert fact in line
