"""GetExport and GetDeployment return what a stage serves, not later changes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from sandbox_api import template

Clients = Callable[..., Any]


@pytest.fixture
def gateway(clients: Clients) -> Any:
    return clients("apigateway")


def exported(gateway: Any, api: str) -> Any:
    asked = {"exportType": "oas30", "parameters": {"extensions": "integrations"}}
    return json.loads(gateway.get_export(restApiId=api, stageName="v1", **asked)["body"].read())


def keys(gateway: Any, api: str) -> list[str]:
    """The object that each exported method asks S3 for."""
    operations = [
        operation
        for path in exported(gateway, api)["paths"].values()
        for operation in path.values()
    ]
    uris = [operation["x-amazon-apigateway-integration"]["uri"] for operation in operations]
    return [uri.rpartition("/")[2] for uri in uris]


def test_export_shows_what_the_stage_serves(stack: Any, gateway: Any) -> None:
    api = stack.deploy(template("old.json"))["Api"]
    stack.deploy(template("new.json"))
    assert keys(gateway, api) == ["old.json"]
    stack.deploy(template("new.json", deployment="Another"))
    assert keys(gateway, api) == ["new.json"]


def test_summary_shows_the_deployment_and_its_authorization(stack: Any, gateway: Any) -> None:
    api = stack.deploy(template())["Api"]
    deployment = gateway.get_stage(restApiId=api, stageName="v1")["deploymentId"]
    (samples,) = [
        resource["id"]
        for resource in gateway.get_resources(restApiId=api)["items"]
        if resource["path"] == "/samples"
    ]
    ids = {"restApiId": api, "resourceId": samples, "httpMethod": "DELETE"}
    gateway.put_method(**ids, authorizationType="AWS_IAM")
    found = gateway.get_deployment(restApiId=api, deploymentId=deployment, embed=["apisummary"])
    method = {"authorizationType": "NONE", "apiKeyRequired": False}
    assert found["apiSummary"] == {"/samples": {"GET": method}}
