"""Stacks with [cdn] and [waf] on the embedded AWS, which creates a distribution but serves none.

It has no handler for AWS::WAFv2::WebACLAssociation: no test has seen a web ACL of a stage.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner

from readmodel_cfn import Cdn, ReadModel, ReadModelStack, Route, Waf, Writer
from readmodel_cfn.cli import main
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.local.sandbox import Sandbox

Clients = Callable[..., Any]
MODEL = ReadModel(
    routes=(Route(), Route("products/{id}", "items/{id}.json")),
    writer=Writer(allow=("put", "compare", "list", "invalidate")),
    cdn=Cdn(),
)


@pytest.fixture
def made(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Makes stacks, which are deleted at the end with their documents."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    stacks: list[ReadModelStack] = []

    def make(model: ReadModel = MODEL, region: str = sandbox.region) -> ReadModelStack:
        name = f"edge-{secrets.token_hex(4)}"
        stacks.append(ReadModelStack(name, model, region=region, endpoint_url=sandbox.endpoint_url))
        stacks[-1].deploy(confirm=lambda _: True)
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.delete(with_data=True, confirm=lambda _: True)


@pytest.mark.parametrize("origin", ["data-store", "api"])
def test_distribution_is_created_updated_and_deleted(
    made: Callable[..., Any], clients: Clients, origin: str
) -> None:
    stack = made(replace(MODEL, cdn=Cdn(origin)))  # type: ignore[arg-type]
    outputs = stack.outputs()
    client = clients("cloudfront")
    found = client.get_distribution(Id=outputs["DistributionId"])["Distribution"]
    assert outputs["DistributionUrl"] == f"https://{found['DomainName']}"
    plain = replace(MODEL, cdn=None, writer=Writer(allow=("put", "compare", "list")))
    without = ReadModelStack(
        stack.name,
        plain,
        region=stack.connection.region_name,
        endpoint_url=stack.connection.endpoint_url,
    )
    without.deploy(confirm=lambda _: True)
    assert "DistributionId" not in without.outputs()


def test_urls_in_an_emulator_are_those_of_the_api(made: Callable[..., Any]) -> None:
    stack = made()
    stack.publish_document("payload.json", {"id": 1})
    assert stack.read().json() == {"id": 1}
    assert stack.url() == stack.outputs()["ApiUrl"]


def test_verify_says_that_the_distribution_was_not_asked(made: Callable[..., Any]) -> None:
    promises = {found.name: found for found in made().verify(confirm=lambda _: True).promises}
    cdn = [found.status for name, found in promises.items() if name.startswith("CDN")]
    assert cdn
    assert set(cdn) == {"cannot be shown"}
    assert promises["served whole and equal"].status == "kept"


def test_invalidation_has_a_wildcard_for_each_changed_route(
    made: Callable[..., Any], clients: Clients
) -> None:
    stack = made()

    def invalidated() -> list[list[str]]:
        client, id_ = clients("cloudfront"), stack.outputs()["DistributionId"]
        found = client.list_invalidations(DistributionId=id_)["InvalidationList"]
        return [
            sorted(
                client.get_invalidation(DistributionId=id_, Id=item["Id"])["Invalidation"][
                    "InvalidationBatch"
                ]["Paths"]["Items"]
            )
            for item in found.get("Items", [])
        ]

    documents = {"items/1.json": 1, "items/2.json": 2}
    result = stack.publish(documents, invalidate=True)
    assert sorted(result.invalidated) == ["/items/*", "/products/*"]
    assert invalidated() == [["/items/*", "/products/*"]]
    assert stack.publish(documents, invalidate=True).invalidated == ()
    assert len(invalidated()) == 1
    as_writer = stack.publish({**documents, "payload.json": 3}, invalidate=True, as_writer=True)
    assert as_writer.invalidated == ("/samples*", "/payload.json*")
    assert len(invalidated()) == 2
    one = stack.publish_document("items/1.json", 9, invalidate=True)
    assert sorted(one.invalidated) == ["/items/*", "/products/*"]
    assert len(invalidated()) == 3


def test_invalidation_is_refused_before_anything_is_sent(made: Callable[..., Any]) -> None:
    stack = made(replace(MODEL, writer=Writer(allow=("put",))))
    with pytest.raises(ConfigError) as refused:
        stack.publish({"payload.json": 1}, invalidate=True, as_writer=True)
    assert refused.value.where == "--invalidate"
    with pytest.raises(ConfigError) as refused:
        stack.publish({"payload.json": 1}, invalidate=True, bucket=stack.bucket())
    assert refused.value.where == "--invalidate"
    assert list(stack.documents()) == []


def test_web_acl_of_the_distribution_is_made_in_us_east_1_only(
    made: Callable[..., Any], clients: Clients
) -> None:
    model = replace(MODEL, waf=Waf())
    stack = made(model, "us-east-1")
    id_ = stack.outputs()["DistributionId"]
    found = clients("cloudfront").get_distribution(Id=id_)["Distribution"]
    assert ":global/webacl/" in found["DistributionConfig"]["WebACLId"]
    elsewhere = ReadModelStack(
        f"{stack.name}-eu",
        model,
        region="eu-west-1",
        endpoint_url=stack.connection.endpoint_url,
    )
    with pytest.raises(ReadModelError) as refused:
        elsewhere.deploy(confirm=lambda _: True)
    assert refused.value.where == "WebAcl"
    assert "us-east-1" in refused.value.what
    with pytest.raises(ReadModelError):
        elsewhere.outputs()


def test_command_needs_a_cdn(tmp_path: Any) -> None:
    file, document = tmp_path / "readmodel.toml", tmp_path / "payload.json"
    file.write_text('[stack]\nname = "none"\n')
    document.write_text("{}")
    words = ["publish", str(document), "--config", str(file), "--key", "payload.json"]
    result = CliRunner().invoke(main, [*words, "--invalidate", "--region", "eu-west-1"])
    assert result.exit_code == ConfigError.exit_code
    assert "--invalidate" in result.stderr
