"""`[access]` on the embedded AWS: readers with credentials may read, all others are refused."""

import json
import logging
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest

from readmodel_cfn import Access, Api, ReadModel, ReadModelStack, Route, Writer
from readmodel_cfn.aws.http import request
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.local.sandbox import Sandbox

ROUTES = (Route("products/{id}", "products/{id}.json"), Route("offers", "offers.json"))
BASE = ReadModel(ROUTES, writer=Writer(kind="none"), api=Api(cors_origin="*"))
HERE, ELSEWHERE = ("127.0.0.0/8",), ("203.0.113.0/24",)
OTHERS = "210987654321"
Clients = Callable[..., Any]
Deployed = Callable[[Access | None], ReadModelStack]


@pytest.fixture
def deployed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployed]:
    """Deploys one stack with a document; a second call updates it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    name = f"access-{secrets.token_hex(4)}"

    def stack_of(model: ReadModel) -> ReadModelStack:
        return ReadModelStack(name, model, region=sandbox.region, endpoint_url=sandbox.endpoint_url)

    def deploy(access: Access | None) -> ReadModelStack:
        stack = stack_of(replace(BASE, access=access))
        stack.deploy(confirm=lambda _: True)
        stack.publish_document("products/1.json", {"id": 1})
        return stack

    yield deploy
    stack_of(BASE).delete(with_data=True, confirm=lambda _: True)


@pytest.fixture
def reader(sandbox: Sandbox, clients: Clients) -> Iterator[Callable[..., boto3.Session]]:
    """Makes a user with these statements in its policy, and returns its session."""
    user, iam = f"reader-{secrets.token_hex(4)}", clients("iam")
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]

    def session(*statements: dict[str, Any]) -> boto3.Session:
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        if statements:
            text = json.dumps(document)
            iam.put_user_policy(UserName=user, PolicyName="own", PolicyDocument=text)
        return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=sandbox.region)

    yield session
    for name in iam.list_user_policies(UserName=user)["PolicyNames"]:
        iam.delete_user_policy(UserName=user, PolicyName=name)
    iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=user)


def anonymous(stack: ReadModelStack, method: str = "GET", **headers: str) -> int:
    return request(stack.url("products/1"), method, headers).status


def preflight(stack: ReadModelStack) -> int:
    named = {"Origin": "http://localhost", "Access-Control-Request-Method": "GET"}
    return request(stack.url("products/1"), "OPTIONS", named).status


def promises(stack: ReadModelStack) -> dict[str, str]:
    result = stack.verify(confirm=lambda _: True)
    assert list(result.broken) == []
    return {promise.name: promise.status for promise in result.promises}


def allow(action: str, *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": list(resources)}


def read_as(session: boto3.Session, stack: ReadModelStack) -> int:
    """The status of a read by the stack's own method, with other credentials."""
    from readmodel_cfn.aws.authorization import signed
    from readmodel_cfn.aws.connection import Connection

    url = stack.url("products/1")
    sign = signed(Connection(region=session.region_name, session=session))
    return request(url, headers=sign("GET", url)).status


def test_api_key_opens_the_api(deployed: Deployed) -> None:
    stack = deployed(Access(auth="api-key", keys=("web", "partner")))
    assert stack.read("products/1").json() == {"id": 1}
    assert anonymous(stack) == 403
    assert anonymous(stack, **{"x-api-key": "x" * 40}) == 403
    assert preflight(stack) == 204
    assert promises(stack)["refused without an API key"] == "kept"
    assert stack.read("unknown").status == 404


def test_value_of_an_api_key_is_in_no_output(deployed: Deployed, clients: Clients) -> None:
    stack = deployed(Access(auth="api-key"))
    outputs = stack.outputs()
    key = clients("apigateway").get_api_key(apiKey=outputs["ReaderApiKeyId"], includeValue=True)
    assert anonymous(stack, **{"x-api-key": key["value"]}) == 200
    assert all(key["value"] not in value for value in outputs.values())
    assert key["value"] not in stack.template()


@pytest.mark.parametrize("auth", ["api-key", "iam"])
def test_credentials_of_a_read_are_masked_in_debug_messages(
    auth: Any, deployed: Deployed, clients: Clients, caplog: pytest.LogCaptureFixture
) -> None:
    stack = deployed(Access(auth=auth))
    caplog.set_level(logging.DEBUG, "readmodel_cfn.aws")
    assert stack.read("products/1").status == 200
    assert "products/1" in caplog.text
    assert not re.search("Signature=(?!\\*)", caplog.text)
    if auth == "api-key":
        found = {"apiKey": stack.outputs()["ReaderApiKeyId"], "includeValue": True}
        assert clients("apigateway").get_api_key(**found)["value"] not in caplog.text


def test_quota_of_an_api_key_ends(deployed: Deployed) -> None:
    stack = deployed(Access(auth="api-key", quota=2))
    found = [stack.read("products/1").status for _ in range(3)]
    assert found == [200, 200, 429]


def test_signature_opens_the_api(deployed: Deployed) -> None:
    stack = deployed(Access(auth="iam"))
    assert stack.read("products/1").json() == {"id": 1}
    assert anonymous(stack) == 403
    assert preflight(stack) == 204
    assert promises(stack)["refused without a signature"] == "kept"


def test_user_of_the_account_needs_a_policy_or_a_place_in_principals(
    deployed: Deployed, reader: Any
) -> None:
    stack = deployed(Access(auth="iam"))
    session = reader()
    assert read_as(session, stack) == 403
    session = reader(allow("execute-api:Invoke", stack.outputs()["ReadArn"]))
    assert read_as(session, stack) == 200
    session = reader(allow("s3:ListAllMyBuckets", "*"))
    assert read_as(session, stack) == 403
    who = session.client("sts", endpoint_url=stack.connection.endpoint_url)
    deployed(Access(auth="iam", principals=(who.get_caller_identity()["Arn"],)))
    assert read_as(session, stack) == 200


def test_principals_of_other_accounts_do_not_open_the_api_to_this_one(
    deployed: Deployed, reader: Any
) -> None:
    stack = deployed(Access(auth="iam", principals=(OTHERS,)))
    assert read_as(reader(), stack) == 403
    assert anonymous(stack) == 403
    assert preflight(stack) == 204


def test_address_decides(deployed: Deployed) -> None:
    stack = deployed(Access(source_ips=HERE))
    assert stack.read("products/1").status == 200
    assert promises(stack)["other networks are refused"] == "cannot be shown"
    stack = deployed(Access(source_ips=ELSEWHERE))
    refused = stack.read("products/1")
    assert refused.status == 403
    assert "source_ips" in (refused.hint or "")
    assert preflight(stack) == 403
    with pytest.raises(ReadModelError, match="refuses"):
        stack.verify(confirm=lambda _: True)
    assert list(stack.documents("products/readmodel")) == []  # the probe was removed


def test_address_and_api_key_are_both_needed(deployed: Deployed) -> None:
    stack = deployed(Access(auth="api-key", source_ips=HERE))
    assert (stack.read("products/1").status, anonymous(stack)) == (200, 403)
    stack = deployed(Access(auth="api-key", source_ips=ELSEWHERE))
    assert (stack.read("products/1").status, anonymous(stack)) == (403, 403)


def test_address_and_signature_are_both_needed(deployed: Deployed, reader: Any) -> None:
    """As a user: the sandbox lets root do everything, also what a resource policy denies."""
    session = reader(allow("execute-api:Invoke", "*"))
    stack = deployed(Access(auth="iam", source_ips=HERE))
    assert (read_as(session, stack), anonymous(stack)) == (200, 403)
    stack = deployed(Access(auth="iam", source_ips=ELSEWHERE))
    assert (read_as(session, stack), anonymous(stack)) == (403, 403)


def test_private_api_refuses_readers_outside_its_vpc_endpoints(deployed: Deployed) -> None:
    stack = deployed(Access(private=True, source_vpces=("vpce-0123456789abcdef0",)))
    assert stack.read("products/1").status == 403


def test_each_change_of_access_is_live_after_the_deploy(deployed: Deployed) -> None:
    found = []
    for access in (None, Access(auth="api-key"), Access(auth="iam"), Access(), None):
        stack = deployed(access)
        found.append((stack.read("products/1").status, anonymous(stack)))
        assert stack.status().live.findings == ()
    assert found == [(200, 200), (200, 403), (200, 403), (200, 200), (200, 200)]


def test_readers_that_are_measured_are_authorized(deployed: Deployed) -> None:
    for access in (Access(auth="api-key"), Access(auth="iam")):
        stack = deployed(access)
        result = stack.race(readers=1, size=2000, seconds=0.2, confirm=lambda _: True)
        result.raise_if_broken()
        assert result.verdict.reads
