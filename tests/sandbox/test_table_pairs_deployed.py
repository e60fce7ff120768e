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
from typing import Any, NamedTuple

import pytest

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.template import resources
from table_pairs import Row, covering_set, model_of, row_name

ROWS, _ = covering_set()
REGION = "us-east-1"  # of the certificates and web ACLs that a stack with [cdn] makes
DOCUMENTS = {"payload.json": {"id": 1}, "products/2.json": {"id": 2}}


class Given(NamedTuple):
    """What is in the account before: a KMS key, and a hosted zone."""

    key: str
    zone: str


@pytest.fixture
def given(sandbox: Sandbox, client_of: Callable[..., Any]) -> Given:
    key = client_of(replace(sandbox, region=REGION), "kms").create_key()["KeyMetadata"]["Arn"]
    reference = secrets.token_hex(4)
    route53 = client_of(sandbox, "route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference=reference)["HostedZone"]
    return Given(key, zone["Id"].rpartition("/")[2])


@pytest.fixture
def stack_of(
    sandbox: Sandbox, given: Given, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Row], ReadModelStack]]:
    """The stack with the settings of a row; it is deleted at the end with its documents."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    monkeypatch.setattr(resources, "build_associations", lambda *_: [])
    name = f"pairs-{secrets.token_hex(4)}"

    def stack(row: Row) -> ReadModelStack:
        model = in_account(model_of(row), given)
        return ReadModelStack(name, model, region=REGION, endpoint_url=sandbox.endpoint_url)

    yield stack
    stack({}).delete(with_data=True, confirm=lambda _: True)


def in_account(model: ReadModel, given: Given) -> ReadModel:
    """The model with the key and the hosted zone, and a log group that no earlier stack kept."""
    changes: dict[str, Any] = {}
    for table, name, value in (
        ("data_store", "kms_key", given.key),
        ("logs", "kms_key", given.key),
        ("logs", "name", f"/pairs/{secrets.token_hex(4)}"),
        ("domain", "hosted_zone_id", given.zone),
        ("cdn", "hosted_zone_id", given.zone),
    ):
        options = changes.get(table) or getattr(model, table)
        if getattr(options, name, None):
            changes[table] = replace(options, **{name: value})
    return replace(model, **changes)


@pytest.mark.parametrize("row", ROWS, ids=row_name)
def test_every_accepted_pair_is_deployed_and_read(
    row: Row, stack_of: Callable[[Row], ReadModelStack]
) -> None:
    stack, model = stack_of(row), model_of(row)
    stack.deploy(confirm=lambda _: True)
    if model.releases:
        stack.publish_release(DOCUMENTS)
    else:
        stack.publish(DOCUMENTS)
    read = stack.read("products/2")
    if model.access and model.access.private:
        assert read.status == 403  # it is read in its VPC only
    else:
        assert read.json() == {"id": 2}
    assert stack.status().live.findings == ()


def has_policy(row: Row) -> bool:
    access = model_of(row).access
    return access is not None and bool(access.principals or access.restricts_network)


def test_a_stack_is_updated_from_some_settings_to_others(
    stack_of: Callable[[Row], ReadModelStack],
) -> None:
    # A resource policy can be added to an API, and not removed.
    for row in sorted(ROWS[::4], key=has_policy):
        stack = stack_of(row)
        stack.deploy(confirm=lambda _: True)
        assert stack.diff().up_to_date, row_name(row)
        # Methods of CORS that are turned off are in the new deployment, as on AWS: docs/reads.md.
        found = {(finding.kind, finding.method) for finding in stack.status().live.findings}
        assert found <= {("extra", "OPTIONS")}, row_name(row)
