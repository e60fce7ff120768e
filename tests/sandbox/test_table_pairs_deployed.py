"""Every two settings of two tables that `ReadModel` accepts, deployed on the embedded AWS and read.

What the embedded AWS lacks, and what these tests do about it:

- It has no handler for AWS::WAFv2::WebACLAssociation, so that the web ACL of a stage is created
  without its association.
- It serves no distribution and no domain name: documents are read at the API's own URL.
- It writes no access logs, and compares no alarm with its metrics.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.template import resources
from table_pairs import Row, covering_set, model_of, row_name

Clients = Callable[..., Any]
ROWS, _ = covering_set()
REGION = "us-east-1"  # of the certificates and web ACLs that a stack with [cdn] makes


@pytest.fixture(scope="module")
def key_and_zone(sandbox: Sandbox, client_of: Callable[..., Any]) -> tuple[str, str]:
    """A KMS key, and a hosted zone."""
    key = client_of(replace(sandbox, region=REGION), "kms").create_key()["KeyMetadata"]["Arn"]
    name = secrets.token_hex(4)
    zone = client_of(sandbox, "route53").create_hosted_zone(
        Name="example.com", CallerReference=name
    )
    return key, zone["HostedZone"]["Id"].rpartition("/")[2]


@pytest.fixture
def deployed(
    sandbox: Sandbox, key_and_zone: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[ReadModel], ReadModelStack]]:
    """Deploys a stack, which is deleted at the end with its documents."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    monkeypatch.setattr(resources, "build_associations", lambda *_: [])
    made: list[ReadModelStack] = []

    def deploy(model: ReadModel) -> ReadModelStack:
        name = f"pairs-{secrets.token_hex(4)}"
        stack = ReadModelStack(name, model, region=REGION, endpoint_url=sandbox.endpoint_url)
        made.append(stack)
        stack.deploy(confirm=lambda _: True)
        return stack

    yield deploy
    for stack in made:
        stack.delete(with_data=True, confirm=lambda _: True)


def in_account(model: ReadModel, key: str, zone: str) -> ReadModel:
    """The model with a key and a hosted zone that exist, and a log group that does not.

    Log groups are kept when their stack is deleted.
    """
    changes: dict[str, Any] = {}
    for table, name, value in (
        ("data_store", "kms_key", key),
        ("logs", "kms_key", key),
        ("logs", "name", f"/pairs/{secrets.token_hex(4)}"),
        ("domain", "hosted_zone_id", zone),
        ("cdn", "hosted_zone_id", zone),
    ):
        options = changes.get(table) or getattr(model, table)
        if getattr(options, name, None):
            changes[table] = replace(options, **{name: value})
    return replace(model, **changes)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_accepted_pair_is_deployed_and_read(
    row: Row, deployed: Callable[[ReadModel], ReadModelStack], key_and_zone: tuple[str, str]
) -> None:
    model = in_account(model_of(row), *key_and_zone)
    stack = deployed(model)
    documents = {"payload.json": {"id": 1}, "products/2.json": {"id": 2}}
    if model.releases:
        stack.publish_release(documents)
    else:
        stack.publish(documents)
    read = stack.read("products/2")
    if model.access and model.access.private:
        assert read.status == 403  # it is read in its VPC only
    else:
        assert read.json() == {"id": 2}
    assert stack.read("other").status in (403, 404)
