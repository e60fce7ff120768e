"""`deploy` sets the release of a stage that is created, imported or adopted, and says if it cannot.

The stack and its releases are those of ReadModelStack, on the embedded AWS.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from readmodel_cfn import DataStore, ReadModel, ReadModelStack, Releases, Writer
from readmodel_cfn.cli import main
from readmodel_cfn.deploy import stage_release
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.local.sandbox import Sandbox
from stacks import until

Clients = Callable[..., Any]


@pytest.fixture
def stack(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[ReadModelStack]:
    """A stack with releases whose bucket is kept; both are deleted at the end."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    name = f"released-{secrets.token_hex(4)}"
    model = ReadModel(
        data_store=DataStore(name=f"{name}-store"), writer=Writer(kind="none"), releases=Releases()
    )
    made = ReadModelStack(name, model, region=sandbox.region, endpoint_url=sandbox.endpoint_url)
    yield made
    made.delete(with_data=True, confirm=lambda _: True)


def deploy(stack: ReadModelStack, **options: Any) -> bool:
    return stack.deploy(confirm=lambda _: True, **options).changed


def publish(stack: ReadModelStack, document: object) -> str:
    return stack.publish_release({"payload.json": document}).release


def test_imported_bucket_brings_its_live_release(stack: ReadModelStack) -> None:
    deploy(stack)
    publish(stack, 1)
    stack.delete(confirm=lambda _: True)
    deploy(stack, import_existing=True)
    assert stack.read().json() == 1


def test_adopted_stack_gets_the_live_release(stack: ReadModelStack, clients: Clients) -> None:
    """Another tool has deployed the template again, over the bucket with its releases."""
    deploy(stack)
    publish(stack, 1)
    stack.delete(confirm=lambda _: True)
    deploy(stack, import_existing=True)
    client, api_gateway = clients("cloudformation"), clients("apigateway")
    client.update_stack(
        StackName=stack.name,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "team", "Value": "shop"}],
    )
    found = StackClient(client)
    until(lambda: not (found.describe(stack.name) or pytest.fail("no stack")).busy)
    described = found.describe(stack.name)
    assert described
    stages = stage_release.stages_of(found, api_gateway, described)
    assert stages
    served = stages.releases()["v1"]
    deployment = api_gateway.get_stage(restApiId=stages.api_id, stageName="v1")["deploymentId"]
    api_gateway.delete_stage(restApiId=stages.api_id, stageName="v1")
    api_gateway.create_stage(restApiId=stages.api_id, stageName="v1", deploymentId=deployment)
    deploy(stack, adopt=True)
    assert stages.releases() == {"v1": served}


def test_unfinished_if_the_variable_cannot_be_set(
    stack: ReadModelStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(stack)
    publish(stack, 1)
    stack.delete(confirm=lambda _: True)

    def denied(*_: object) -> None:
        raise ReadModelError("access denied", where="AWS UpdateStage")

    with monkeypatch.context() as patch:
        patch.setattr(stage_release, "set_stage_release", denied)
        with pytest.raises(Unfinished, match="UpdateStage"):
            deploy(stack, import_existing=True)
    assert deploy(stack)
    assert stack.read().json() == 1


def test_status_on_the_command_line(stack: ReadModelStack, sandbox: Sandbox) -> None:
    deploy(stack)
    place = ["--stack-name", stack.name, "--endpoint-url", sandbox.endpoint_url]
    place += ["--region", sandbox.region]

    def status(*options: str) -> Any:
        done = CliRunner().invoke(main, ["status", *place, *options])
        assert done.exit_code == 0, done.output
        return done

    assert "no release yet" in status().stdout
    release = publish(stack, 1)
    assert release in status().stdout
    assert "1 document" in status().stdout
    found = json.loads(status("--json").stdout)["releases"]
    assert found["live"]["release"] == release
    assert found["stages"] == {"v1": release}
