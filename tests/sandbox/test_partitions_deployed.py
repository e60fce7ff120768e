"""Partitions that worker processes publish to a stack, and their commit, on the embedded AWS."""

import pickle
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import boto3
import pytest
from publish_workers import publish_partition_of

from readmodel_cfn import ReadModel, ReadModelStack, Releases, Route, Writer
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.partitions import PartitionOptions, PartitionResult
from stacks import TIMEOUT

PARTS, COUNT = 4, 30
ROUTES = (Route("products/{id}", "products/{id}.json"),)


@pytest.fixture(autouse=True)
def _root(sandbox: Sandbox, sandbox_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    monkeypatch.setenv("AWS_DEFAULT_REGION", sandbox.region)
    monkeypatch.setenv("READMODEL_CFN_HOME", str(sandbox_home))


Deploy = Callable[[ReadModel], ReadModelStack]


@pytest.fixture
def deploy(sandbox: Sandbox) -> Iterator[Deploy]:
    """Deploys a stack, which is deleted at the end."""
    made: list[ReadModelStack] = []

    def deploy(model: ReadModel) -> ReadModelStack:
        name = f"partitions-{secrets.token_hex(4)}"
        made.append(ReadModelStack(name, model, endpoint_url=sandbox.endpoint_url))
        made[-1].deploy()
        return made[-1]

    yield deploy
    for stack in made:
        stack.delete(with_data=True, confirm=lambda _: True)


def published(options: PartitionOptions, count: int = COUNT) -> list[PartitionResult]:
    """The results of worker processes, each partition of which runs twice at the same time."""
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        jobs = [
            pool.submit(publish_partition_of, part, PARTS, count, options)
            for part in [*range(PARTS), *range(PARTS)]
        ]
        return [job.result(timeout=TIMEOUT) for job in jobs]


@pytest.mark.parametrize("allow", [("put",), ("put", "compare")])
def test_workers_publish_a_release_with_the_grants_of_the_writer(
    deploy: Deploy, allow: tuple[str, ...]
) -> None:
    writer = Writer(allow=allow)  # type: ignore[arg-type]
    stack = deploy(ReadModel(ROUTES, writer=writer, releases=Releases()))
    reads = "compare" in allow  # the driver reads the lists with its own key otherwise
    stack.publish_release({"products/0.json": 0, "products/gone.json": 1}, release="old")
    options = stack.partition_options("r", as_writer=True)
    results = published(options)
    if not reads:
        with pytest.raises(Denied):
            stack.commit(results, as_writer=True)
    done = stack.commit(results, as_writer=reads)
    assert (done.documents, done.removed_keys, done.previous) == (
        COUNT,
        ("products/gone.json",),
        "old",
    )
    for number in (0, COUNT - 1):
        answer = stack.read(f"products/{number}")
        assert answer.json() == {"n": number}
        assert answer.header("X-Release") == "r"
    assert [each.release for each in stack.releases()] == ["r", "old"]
    assert stack.rollback().release == "old"
    again = published(options)
    assert sum(each.sent for each in again) == (0 if reads else 2 * COUNT)
    assert [each.digest for each in again] == [each.digest for each in results]


def test_without_releases_partitions_are_published_to_their_keys(deploy: Deploy) -> None:
    stack = deploy(ReadModel(ROUTES))
    options = stack.partition_options(as_writer=True)
    assert options["release"] is None
    done = stack.commit(published(options))
    assert (done.release, done.documents) == (None, COUNT)
    assert stack.read("products/7").json() == {"n": 7}
    assert sum(1 for _ in stack.documents()) == COUNT
    with pytest.raises(ConfigError):
        stack.partition_options("r")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_options_can_be_pickled(sandbox: Sandbox, protocol: int) -> None:
    model = ReadModel(ROUTES, releases=Releases())
    stack = ReadModelStack("none", model, endpoint_url=sandbox.endpoint_url)
    options = stack.partition_options(bucket="mine")
    assert pickle.loads(pickle.dumps(options, protocol)) == options  # noqa: S301 - made here
    assert options["release"]
    assert options["release"] != stack.partition_options(bucket="mine")["release"]
    with pytest.raises(ConfigError):
        stack.partition_options("a/b", bucket="mine")
    with pytest.raises(ConfigError):
        stack.commit([], bucket="mine")


def test_session_is_refused_because_it_cannot_be_pickled(sandbox: Sandbox) -> None:
    stack = ReadModelStack("none", ReadModel(ROUTES), session=boto3.Session())
    with pytest.raises(ReadModelError, match="session"):
        stack.partition_options(bucket="mine")
    assert sandbox.region
