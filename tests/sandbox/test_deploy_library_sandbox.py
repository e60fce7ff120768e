"""`deploy` of any template, on the embedded AWS."""

import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from troposphere import Template, s3

from readmodel_cfn import ReadModel, add_read_model, render
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import StackEvent
from readmodel_cfn.errors import ReadModelError, RolledBack

Clients = Callable[..., Any]


@pytest.fixture
def name(clients: Clients) -> Iterator[str]:
    made = f"unattended-{secrets.token_hex(4)}"
    yield made
    clients("cloudformation").delete_stack(StackName=made)


def site(*more: s3.Bucket) -> str:
    """A host with a read model, and perhaps more."""
    host = Template()
    add_read_model(host, ReadModel(), "Shop")
    host.add_resource(list(more))
    return render(host, "compact")


def test_stack_is_created_left_unchanged_and_updated(connection: Connection, name: str) -> None:
    statuses: list[str] = []

    def note(value: object) -> None:
        if isinstance(value, StackEvent):
            statuses.append(value.status)

    made = deploy(StackSpec(name, site()), connection, on_progress=note)
    assert made.status == "CREATE_COMPLETE"
    assert "ShopApiUrl" in made.outputs
    assert "CREATE_COMPLETE" in statuses
    statuses.clear()
    assert not deploy(StackSpec(name, site()), connection, on_progress=note).changed
    assert statuses == []
    desired = StackSpec(name, site(s3.Bucket("More")), termination_protection=True)
    changed = deploy(desired, connection, on_progress=note)
    assert changed.status == "UPDATE_COMPLETE"
    assert changed.outputs == made.outputs
    with pytest.raises(ReadModelError):
        deploy(StackSpec(name, '{"Resources":{"A":{"Type":"AWS::No::Such"}}}'), connection)
    deploy(StackSpec(name, site(s3.Bucket("More"))), connection)  # disables the protection again


def test_taken_name_is_refused_before_any_write(
    connection: Connection, name: str, clients: Clients, make_bucket: Callable[..., None]
) -> None:
    taken = f"taken-{secrets.token_hex(4)}"
    make_bucket(clients("s3"), taken)
    with pytest.raises(ReadModelError, match=taken):
        deploy(StackSpec(name, site(s3.Bucket("More", BucketName=taken))), connection)
    assert not [
        stack["StackName"]
        for stack in clients("cloudformation").describe_stacks()["Stacks"]
        if stack["StackName"] == name
    ]
    clients("s3").delete_bucket(Bucket=taken)


def test_failed_update_is_rolled_back_and_named(connection: Connection, name: str) -> None:
    deploy(StackSpec(name, site()), connection)
    failing = json.loads(site())
    failing["Resources"]["More"] = {
        "Type": "AWS::ApiGateway::Stage",
        "Properties": {"RestApiId": {"Ref": "ShopApiGateway"}, "DeploymentId": "none"},
    }
    with pytest.raises(RolledBack, match="More"):
        deploy(StackSpec(name, json.dumps(failing)), connection)
