"""A stack with documents gets releases, and goes back, while readers read all of them.

The readers are paced, so that a slow machine reads less often; they must get every document.
"""

import http.client
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from readmodel_cfn import Deployment, ReadModel, ReadModelStack, Releases, Route, Writer
from readmodel_cfn.deploy.stage_release import stage_releases
from readmodel_cfn.errors import RolledBack
from readmodel_cfn.local.sandbox import Sandbox
from stacks import TIMEOUT

ROUTES = (Route("products/{id}", "products/{id}.json"), Route("files/{path+}", "files/{path}"))
PLAIN = ReadModel(routes=ROUTES, writer=Writer(kind="none"))
WITH_RELEASES = ReadModel(routes=ROUTES, writer=Writer(kind="none"), releases=Releases())
BROKEN = ReadModel(
    routes=ROUTES,
    writer=Writer(permissions_boundary="arn:aws:iam::000000000000:policy/none"),
    releases=Releases(),
)
DOCUMENTS = {f"products/{number}.json": {"id": number} for number in range(20)} | {
    "files/a/b.json": {"id": "b"}
}
READS_PER_SECOND = 50

MakeStack = Callable[[ReadModel], ReadModelStack]


@pytest.fixture
def name() -> str:
    return f"moving-{secrets.token_hex(4)}"


@pytest.fixture
def stack_of(name: str, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeStack]:
    """The stack with a model; deleted at the end."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)

    def make(model: ReadModel) -> ReadModelStack:
        url = sandbox.endpoint_url
        return ReadModelStack(name, model, region=sandbox.region, endpoint_url=url)

    yield make
    make(PLAIN).delete(with_data=True, confirm=lambda _: True)


@pytest.fixture
def api(stack_of: MakeStack) -> str:
    """The ID of the API of a stack with documents and without releases."""
    stack = stack_of(PLAIN)
    stack.deploy(confirm=lambda _: True)
    stack.publish(DOCUMENTS)
    return api_of(stack)


def api_of(stack: ReadModelStack) -> str:
    resources = stack.status().resources
    return next(each.physical_id for each in resources if each.type.endswith("::RestApi"))


class Reader(threading.Thread):
    """Reads all documents in turn, at most 50 a second; keeps what is not as it should be."""

    def __init__(self, port: int, api: str) -> None:
        super().__init__(daemon=True)
        self._port, self._api = port, api
        self._end = threading.Event()
        self.reads = 0
        self.wrong: list[object] = []

    def run(self) -> None:
        expected = list(DOCUMENTS.items())
        ended = False
        while not ended:
            key, document = expected[self.reads % len(expected)]
            path = key if key.startswith("files/") else key.removesuffix(".json")
            self._read(path, document)
            self.reads += 1
            ended = self._end.wait(1 / READS_PER_SECOND)

    def _read(self, path: str, document: Any) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT)
        try:
            connection.request("GET", f"/_aws/execute-api/{self._api}/v1/{path}")
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        if answer.status != 200 or json.loads(body) != document:
            self.wrong.append((path, answer.status, body))

    def stop(self) -> None:
        self._end.set()
        self.join()


@contextmanager
def read_all_the_time(port: int, api: str) -> Iterator[Reader]:
    """A reader while the block runs; every read must have been right."""
    reader = Reader(port, api)
    reader.start()
    try:
        yield reader
    finally:
        reader.stop()
    assert reader.wrong == []
    assert reader.reads  # not if it ended with an exception


def test_readers_notice_nothing_of_the_move_and_of_the_way_back(
    stack_of: MakeStack, api: str, sandbox: Sandbox
) -> None:
    plain, moved = stack_of(PLAIN), stack_of(WITH_RELEASES)
    with read_all_the_time(sandbox.port, api):
        moved.deploy(confirm=lambda _: True)
        served = moved.status().releases
        assert served
        assert served.live
        assert (served.live.documents, served.differs) == (len(DOCUMENTS), False)
        plain.publish(DOCUMENTS)
        plain.deploy(confirm=lambda _: True)
    assert plain.status().releases is None


def test_first_release_is_made_before_the_update(
    stack_of: MakeStack, api: str, sandbox: Sandbox, clients: Callable[..., Any]
) -> None:
    """An update that fails leaves the readers where they were; the next one makes no other."""
    with read_all_the_time(sandbox.port, api):
        with pytest.raises(RolledBack):
            stack_of(BROKEN).deploy(confirm=lambda _: True)
        first = stage_releases(clients("apigateway"), api)["v1"]
        assert first
        moved = stack_of(WITH_RELEASES)
        moved.deploy(confirm=lambda _: True)
    assert stage_releases(clients("apigateway"), api) == {"v1": first}


@pytest.mark.usefixtures("api")
def test_documents_published_between_two_attempts_are_in_the_release(stack_of: MakeStack) -> None:
    with pytest.raises(RolledBack):
        stack_of(BROKEN).deploy(confirm=lambda _: True)
    stack_of(PLAIN).publish({"products/new.json": {"id": "new"}})
    moved = stack_of(WITH_RELEASES)
    moved.deploy(confirm=lambda _: True)
    assert moved.read("products/new").json() == {"id": "new"}


@pytest.mark.usefixtures("api")
def test_objects_of_other_publishers_are_in_the_release(
    stack_of: MakeStack, clients: Callable[..., Any]
) -> None:
    """Readers can get them, though `publish` would pass them over."""
    bucket = stack_of(PLAIN).outputs()["S3BucketName"]
    for key in ("products/.draft.json", "products/a+b.json", "elsewhere.json"):
        clients("s3").put_object(Bucket=bucket, Key=key, Body=b"{}", CacheControl="max-age=7")
    moved = stack_of(WITH_RELEASES)
    moved.deploy(confirm=lambda _: True)
    assert moved.read("products/a+b").header("Cache-Control") == "max-age=7"
    found = clients("s3").list_objects_v2(Bucket=bucket, Prefix="releases/")["Contents"]
    copied = {each["Key"].split("/", 2)[2] for each in found if each["Key"].count("/") > 1}
    assert copied == {*DOCUMENTS, "products/.draft.json", "products/a+b.json"}


def test_stack_without_documents_gets_no_release(stack_of: MakeStack) -> None:
    stack_of(PLAIN).deploy(confirm=lambda _: True)
    moved = stack_of(WITH_RELEASES)
    moved.deploy(confirm=lambda _: True)
    served = moved.status().releases
    assert served
    assert (served.live, served.stages) == (None, {"v1": None})
    found = moved.read("products/1")
    assert not found.ok
    assert "--release" in (found.hint or "")


@pytest.mark.usefixtures("api")
def test_deploy_finds_the_pointer_for_a_replaced_stage(stack_of: MakeStack) -> None:
    moved = stack_of(WITH_RELEASES)
    moved.deploy(confirm=lambda _: True)
    renamed = stack_of(replace(WITH_RELEASES, deployment=Deployment(stage="v2")))
    renamed.deploy(confirm=lambda _: True)
    assert renamed.read("products/1").json() == {"id": 1}
