"""A stack with a domain name and access logs on the embedded AWS.

It serves neither the host name of a domain nor access logs: see docs/fidelity.md. A test that sets
the CloudWatch role of the account leaves it, so the test that needs an account without one has a
region of its own.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from readmodel_cfn import Domain, Logs, ReadModel, ReadModelStack, Route, Writer
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.sandbox import Sandbox

Clients = Callable[..., Any]
ROUTES = (Route("products/{id}", "products/{id}.json"),)
WITHOUT_ROLE = "ap-southeast-2"


@pytest.fixture
def name() -> str:
    return f"edge-{secrets.token_hex(4)}"


@pytest.fixture
def zone(name: str, clients: Clients) -> str:
    made = clients("route53").create_hosted_zone(Name=f"{name}.example", CallerReference=name)
    return str(made["HostedZone"]["Id"].rpartition("/")[2])


@pytest.fixture
def stack_of(
    name: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., ReadModelStack]]:
    """Makes the stack with the given tables; it is deleted at the end."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)

    def made(region: str = sandbox.region, **tables: Any) -> ReadModelStack:
        model = ReadModel(ROUTES, writer=Writer(kind="none"), **tables)
        return ReadModelStack(name, model, region=region, endpoint_url=sandbox.endpoint_url)

    yield made
    made().delete(with_data=True, confirm=lambda _: True)


def test_domain_name_is_deployed_read_verified_and_removed(
    name: str, zone: str, stack_of: Callable[..., ReadModelStack], clients: Clients
) -> None:
    domain = Domain(f"data.{name}.example", zone, base_path="v2")
    stack = stack_of(domain=domain)
    stack.deploy(confirm=lambda _: True)
    records = clients("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    ours = [each["Type"] for each in records if each["Name"].startswith("data.")]
    assert sorted(ours) == ["A", "AAAA"]
    url = f"https://data.{name}.example/v2"
    assert stack.url() == stack.outputs()["ApiUrl"] == url
    assert stack.route_urls() == {"products/{id}": f"{url}/products/{{id}}"}
    published = stack.publish({"products/1.json": 1})
    assert published.sent == 1
    response = stack.read("products/1")  # the emulator has no host names of domains
    assert response.json() == 1
    assert response.url.startswith(stack.outputs()["DefaultEndpointUrl"])
    assert stack.verify(confirm=lambda _: True).broken == ()
    assert stack.openapi(deployed=True)["servers"][0]["url"] == url

    with pytest.raises(ConsentRequired) as refused:
        stack_of().deploy()
    assert refused.value.consent.kind == "replace"
    assert set(refused.value.consent.lost) == {"DomainName", "DomainMapping"}


def test_disabling_the_default_endpoint_needs_consent_and_changes_the_deployment(
    name: str, zone: str, stack_of: Callable[..., ReadModelStack], clients: Clients
) -> None:
    domain = Domain(f"data.{name}.example", zone)
    stack_of(domain=domain).deploy(confirm=lambda _: True)
    off = stack_of(domain=replace(domain, default_endpoint=False))
    with pytest.raises(ConsentRequired) as refused:
        off.deploy()
    assert (refused.value.consent.kind, "403" in refused.value.consent.text) == (
        "disable-endpoint",
        True,
    )
    asked: list[Consent] = []

    def agree(consent: Consent) -> bool:
        asked.append(consent)
        return True

    off.deploy(confirm=agree)
    assert [consent.kind for consent in asked] == ["disable-endpoint", "update"]
    apis = clients("apigateway").get_rest_apis(limit=500)["items"]
    (api,) = [each for each in apis if each["name"].startswith(name)]
    assert api["disableExecuteApiEndpoint"] is True
    (outcome,) = [
        each for each in off.verify(confirm=lambda _: True).promises if "execute-api" in each.name
    ]
    assert outcome.status == "cannot be shown"


def test_access_logs_are_refused_before_anything_changes_without_the_account_s_role(
    stack_of: Callable[..., ReadModelStack],
) -> None:
    stack = stack_of(WITHOUT_ROLE, logs=Logs())
    with pytest.raises(ReadModelError, match="CloudWatch role"):
        stack.deploy(confirm=lambda _: True)
    with pytest.raises(ReadModelError, match="does not exist"):
        stack.outputs()


def test_access_logs_are_deployed_with_the_account_s_role_and_kept(
    name: str, stack_of: Callable[..., ReadModelStack], clients: Clients
) -> None:
    group = f"/{name}/reads"
    logs = Logs(7, group, set_account_role=True)
    stack = stack_of(logs=logs)
    stack.deploy(confirm=lambda _: True)
    assert stack.outputs()["LogGroupName"] == group
    stack.deploy(confirm=lambda _: True)
    result = stack.delete(with_data=True, confirm=lambda _: True)
    assert {resource.type for resource in result.kept} >= {
        "AWS::Logs::LogGroup",
        "AWS::ApiGateway::Account",
    }
    found = clients("logs").describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    assert found[0]["retentionInDays"] == 7
    again = stack_of(logs=replace(logs, set_account_role=False))
    with pytest.raises(ReadModelError, match=group):
        again.deploy(confirm=lambda _: True)
    again.deploy(import_existing=True, confirm=lambda _: True)
