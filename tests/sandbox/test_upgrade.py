"""Upgrading: a stack that an earlier version deployed is updated, and its readers notice nothing.

`upgrade/` has a readmodel.toml and the template that commit b99701f made of it.
"""

import http.client
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn import Alarms, Cdn, Logs, ReadModelStack
from readmodel_cfn.local.sandbox import Sandbox

DATA = Path(__file__).with_name("upgrade")
TEMPLATE = json.loads((DATA / "template-b99701f.json").read_text(encoding="utf-8"))
DOCUMENTS = {
    "payload.json": b'{"samples":[1,2,3]}',
    "products/42.json": b'{"id":42}',
    "pages/en/start.json": b'{"title":"Start"}',
}
PATHS = {
    "payload.json": "samples",
    "products/42.json": "products/42",
    "pages/en/start.json": "pages/en/start",
}


@pytest.fixture
def old_stack(
    sandbox: Sandbox, clients: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReadModelStack]:
    """A stack as commit b99701f deployed it, with documents."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    stack = ReadModelStack.from_config(
        DATA / "readmodel.toml",
        name=f"upgraded-{secrets.token_hex(4)}",
        region=sandbox.region,
        endpoint_url=sandbox.endpoint_url,
    )
    cloudformation = clients("cloudformation")
    cloudformation.create_stack(
        StackName=stack.name,
        TemplateBody=json.dumps(TEMPLATE, separators=(",", ":")),
        Capabilities=["CAPABILITY_IAM"],
        Tags=[{"Key": "readmodel-cfn", "Value": "managed"}],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack.name, WaiterConfig={"Delay": 1}
    )
    for key, body in DOCUMENTS.items():
        clients("s3").put_object(
            Bucket=stack.bucket(), Key=key, Body=body, ContentType="application/json"
        )
    yield stack
    stack.delete(with_data=True, confirm=lambda _: True)


class Reader(threading.Thread):
    """Reads every document again and again until it is stopped, and keeps what is wrong."""

    def __init__(self, sandbox: Sandbox, urls: dict[str, bytes]) -> None:
        super().__init__()
        self._port, self._urls, self._over = sandbox.port, urls, threading.Event()
        self.rounds, self.faults = 0, list[str]()

    def run(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while not self._over.is_set() or self.rounds < 2:
            for url, body in self._urls.items():
                connection.request("GET", url)
                reply = connection.getresponse()
                found = reply.read()
                if reply.status != 200 or found != body:
                    self.faults.append(f"{url}: {reply.status} {found!r}")
            self.rounds += 1
        connection.close()

    def stop(self) -> None:
        self._over.set()
        self.join()


def physical_ids(clients: Callable[..., Any], stack: ReadModelStack) -> dict[str, str]:
    found = clients("cloudformation").list_stack_resources(StackName=stack.name)
    return {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in found["StackResourceSummaries"]
    }


def with_tables(old: ReadModelStack, sandbox: Sandbox, **tables: Any) -> ReadModelStack:
    """The same stack with more tables in its readmodel.toml."""
    return ReadModelStack(
        old.name,
        replace(old.model, **tables),
        region=sandbox.region,
        endpoint_url=sandbox.endpoint_url,
    )


@pytest.mark.parametrize(
    "tables",
    [{}, {"alarms": Alarms(), "logs": Logs(set_account_role=True)}, {"cdn": Cdn()}],
    ids=lambda tables: "-".join(tables) or "none",
)
def test_upgrade_keeps_bucket_api_and_documents_and_no_reader_sees_an_error(
    sandbox: Sandbox,
    clients: Callable[..., Any],
    old_stack: ReadModelStack,
    tables: dict[str, Any],
) -> None:
    before, api = physical_ids(clients, old_stack), old_stack.url()
    base = api.removeprefix(sandbox.endpoint_url)
    reader = Reader(sandbox, {f"{base}/{path}": DOCUMENTS[key] for key, path in PATHS.items()})
    reader.start()
    try:
        with_tables(old_stack, sandbox, **tables).deploy(confirm=lambda _: True)
    finally:
        reader.stop()
    after = physical_ids(clients, old_stack)
    assert reader.faults == []
    assert (after["DataStore"], after["ApiGateway"]) == (before["DataStore"], before["ApiGateway"])
    assert old_stack.url() == api
    for key, path in PATHS.items():
        assert old_stack.read(path).json() == json.loads(DOCUMENTS[key])
