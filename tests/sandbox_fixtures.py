"""One embedded AWS for each test process, stopped by its process ID at the end.

Its state is in a temporary home; its environment is the user's own, installed at most once.
"""

import functools
import http.client
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import botocore.loaders
import botocore.session
import pytest
from botocore.config import Config

from readmodel_cfn import lint
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.local.sandbox import Sandbox, start, stop
from readmodel_cfn.local.sandbox.home import Home, ensure_installed
from stacks import TIMEOUT, Answer, Stack


@pytest.fixture(scope="session", autouse=True)
def shared_botocore_data() -> Iterator[None]:
    """All sessions share botocore's data files; reading them again takes most of a session."""
    with pytest.MonkeyPatch.context() as patch:
        create = functools.cache(botocore.loaders.create_loader)
        patch.setattr(botocore.session, "create_loader", create)
        yield


def _uses_sandbox(request: pytest.FixtureRequest) -> bool:
    """Whether the test is in tests/sandbox; the fixtures of a plugin apply to all tests."""
    return request.path.parent == Path(__file__).parent / "sandbox"


@pytest.fixture(autouse=True)
def deploy_without_lint(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands in this process do not run cfn-lint, which takes seconds and has its own tests."""
    if not _uses_sandbox(request):
        return
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])


@pytest.fixture(scope="session")
def environment() -> Path:
    """The installed environment in the user's cache, shared by every home of the tests."""
    home = Home.at(None)
    with home.lock():
        ensure_installed(home, print)
    return home.venv


@pytest.fixture(scope="session")
def new_home(environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    """Creates a home without state, with the shared environment."""

    def make() -> Path:
        path = tmp_path_factory.mktemp("home")
        (path / environment.name).symlink_to(environment)
        return path

    return make


@pytest.fixture
def home(new_home: Callable[[], Path]) -> Iterator[Path]:
    """A home for one test; its sandbox is stopped at the end."""
    path = new_home()
    yield path
    stop(home=path)


@pytest.fixture(scope="session")
def sandbox_home(new_home: Callable[[], Path]) -> Path:
    """The home of the run's sandbox."""
    return new_home()


@pytest.fixture(scope="session")
def sandbox(sandbox_home: Path) -> Iterator[Sandbox]:
    yield start(home=sandbox_home)
    assert stop(home=sandbox_home)


@pytest.fixture(scope="session")
def environment_of_sandbox(sandbox: Sandbox, sandbox_home: Path) -> dict[str, str]:
    """Variables with which commands and calls use the run's sandbox as an account."""
    return {
        "AWS_ENDPOINT_URL": sandbox.endpoint_url,
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "AWS_DEFAULT_REGION": sandbox.region,
        "READMODEL_CFN_HOME": str(sandbox_home),  # for --sandbox, and the cache of lint results
    }


@pytest.fixture
def use_sandbox(environment_of_sandbox: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Set these variables for one test."""
    for name, value in environment_of_sandbox.items():
        monkeypatch.setenv(name, value)


@pytest.fixture(scope="session")
def connection(sandbox: Sandbox) -> Connection:
    """The run's sandbox, with root's key."""
    key = Credentials(sandbox.access_key_id, sandbox.secret_access_key)
    return Connection(sandbox.region, None, sandbox.endpoint_url, key)


@pytest.fixture(scope="session")
def make_bucket() -> Callable[..., None]:
    """Creates a bucket in the region of the S3 client."""

    def make(s3: Any, name: str) -> None:
        where = {"LocationConstraint": s3.meta.region_name}
        s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)

    return make


@pytest.fixture(scope="session")
def client_of() -> Callable[..., Any]:
    """Creates a client of a sandbox for a service, with root's key or another."""

    @functools.cache
    def make(sandbox: Sandbox, service: str, key: str = "", secret: str = "") -> Any:
        return boto3.session.Session().client(  # type: ignore[call-overload]
            service,
            endpoint_url=sandbox.endpoint_url,
            region_name=sandbox.region,
            aws_access_key_id=key or sandbox.access_key_id,
            aws_secret_access_key=secret or sandbox.secret_access_key,
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    return make


@pytest.fixture
def clients(sandbox: Sandbox, client_of: Callable[..., Any]) -> Callable[..., Any]:
    """Creates a client of the run's sandbox for a service."""
    return lambda service, key="", secret="": client_of(sandbox, service, key, secret)


@pytest.fixture
def stack(clients: Callable[..., Any], request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A stack named after the test, deleted at its end."""
    name = re.sub(r"[^a-z0-9]+", "-", request.node.name)[:100].strip("-")
    made = Stack(name, clients("cloudformation"))
    yield made
    made.delete()


@pytest.fixture
def send(sandbox: Sandbox) -> Callable[..., Answer]:
    """Sends a request to a stage."""

    def send(api: str, path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=TIMEOUT)
        try:
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, f"/_aws/execute-api/{api}{path}", headers=names)
            got = connection.getresponse()
            lower = {name.lower(): got.headers[name] for name in got.headers}
            assert len(lower) == len(got.headers), "a header was sent twice"
            return Answer(got.status, lower, got.read())
        finally:
            connection.close()

    return send


@pytest.fixture
def put(clients: Callable[..., Any]) -> Callable[..., str]:
    """Puts an object and returns its ETag."""

    def put(bucket: str, key: str = "samples.json", body: bytes = b'{"n":1}') -> str:
        stored = clients("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return str(stored["ETag"])

    return put
