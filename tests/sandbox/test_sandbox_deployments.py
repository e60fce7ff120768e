"""CreateDeployment: what a stage serves is the definition as it was then."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sandbox_api import template

Clients = Callable[..., Any]


def test_change_requires_a_new_deployment(stack: Any, put: Any, send: Any) -> None:
    made = stack.deploy(template("old.json"))
    put(made["Store"], "old.json", b"old")
    put(made["Store"], "new.json", b"new")
    stack.deploy(template("new.json"))
    assert send(made["Api"], "/v1/samples").body == b"old"
    stack.deploy(template("new.json", deployment="Another"))
    assert send(made["Api"], "/v1/samples").body == b"new"


def test_failed_update_keeps_the_served_deployment(stack: Any, put: Any, send: Any) -> None:
    made = stack.deploy(template("old.json"))
    put(made["Store"], "old.json", b"old")
    broken = template("new.json", deployment="Another")
    broken["Resources"]["Broken"] = {
        "Type": "AWS::ApiGateway::Deployment",
        "DependsOn": ["Stage"],
        "Properties": {"RestApiId": "none"},
    }
    stack.deploy(broken, ends="ROLLBACK_COMPLETE")
    assert send(made["Api"], "/v1/samples").body == b"old"


def test_stage_created_by_a_deployment_serves(stack: Any, put: Any, send: Any) -> None:
    inline = template()
    del inline["Resources"]["Stage"]
    inline["Resources"]["Deployment"]["Properties"]["StageName"] = "v1"
    made = stack.deploy(inline)
    put(made["Store"])
    assert send(made["Api"], "/v1/samples").status == 200


@pytest.mark.parametrize("missing", ["methods", "integration"])
def test_deployment_without_methods_or_integration_is_refused(
    clients: Clients, missing: str
) -> None:
    apigateway = clients("apigateway")
    api = apigateway.create_rest_api(name="bare")["id"]
    if missing == "integration":
        (root,) = apigateway.get_resources(restApiId=api)["items"]
        ids = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
        apigateway.put_method(**ids, authorizationType="NONE")
    with pytest.raises(ClientError, match=rf"BadRequestException.*{missing}") as caught:
        apigateway.create_deployment(restApiId=api)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert not apigateway.get_deployments(restApiId=api)["items"]
    apigateway.delete_rest_api(restApiId=api)


def test_deployment_that_does_not_depend_on_its_methods_fails(stack: Any) -> None:
    early = template()
    early["Resources"]["Deployment"]["DependsOn"] = []
    early["Resources"]["Get"]["DependsOn"] = ["Stage"]
    with pytest.raises(AssertionError, match=r"The REST API doesn.*t contain any methods"):
        stack.deploy(early)


def test_api_with_api_keys_is_served_by_ministack(clients: Clients, send: Any) -> None:
    apigateway = clients("apigateway")
    api = apigateway.create_rest_api(name="other")["id"]
    (root,) = apigateway.get_resources(restApiId=api)["items"]
    ids = {"restApiId": api, "resourceId": root["id"], "httpMethod": "GET"}
    apigateway.put_method(**ids, authorizationType="NONE", apiKeyRequired=True)
    apigateway.put_integration(**ids, type="MOCK")
    apigateway.create_deployment(restApiId=api, stageName="v1")
    assert send(api, "/v1").body == b'{"message":"Forbidden"}'
    apigateway.delete_rest_api(restApiId=api)


def test_unsupported_compression_setting_does_not_stop_reads(
    stack: Any, put: Any, send: Any
) -> None:
    """Whatever the gateway makes of it, a client that accepts no compression gets the object."""
    compressed = template()
    compressed["Resources"]["Api"]["Properties"]["MinimumCompressionSize"] = 0
    made = stack.deploy(compressed)
    put(made["Store"])
    assert send(made["Api"], "/v1/samples").body == b'{"n":1}'
