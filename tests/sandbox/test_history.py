"""The versions of a key on the embedded AWS, and an old version read through the API again."""

import gzip
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from click.testing import CliRunner

from readmodel_cfn.cli import main
from readmodel_cfn.local.sandbox import Sandbox

KEY = "payload.json"
HEADERS = {
    "Content-Type": "application/json",
    "Content-Encoding": "gzip",
    "Cache-Control": "max-age=60",
}


@pytest.fixture
def command(tmp_path: Path, sandbox: Sandbox) -> Iterator[Callable[..., Any]]:
    """Runs a command for the test's stack; returns its stdout, parsed if it is JSON."""
    config = tmp_path / "readmodel.toml"
    name = f"past-{secrets.token_hex(4)}"
    config.write_text(
        f'[stack]\nname = "{name}"\n[data_store]\nmax_age = 60\n'
        f'stored_encoding = "gzip"\n[[routes]]\npath = "samples"\nkey = "{KEY}"\n'
    )
    environment = {
        "AWS_ENDPOINT_URL": sandbox.endpoint_url,
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "AWS_REGION": sandbox.region,
        "READMODEL_CFN_HOME": str(tmp_path.parent),
    }

    def run(*arguments: str, exits: int = 0) -> Any:
        words = [*arguments, "--config", str(config)]
        done = CliRunner().invoke(main, words, env=environment)
        assert done.exit_code == exits, done.output
        return json.loads(done.stdout) if "--json" in arguments else done.stdout

    run("deploy", "--yes")
    yield run
    run("delete", "--yes", f"--with-data={name}")


@pytest.fixture
def publish(command: Callable[..., Any], tmp_path: Path) -> Callable[[object], None]:
    def publish(value: object) -> None:
        document = tmp_path / "document.json"
        document.write_text(json.dumps(value))
        command("publish", str(document))

    return publish


@pytest.fixture
def read(command: Callable[..., Any]) -> Callable[[], tuple[Any, dict[str, str | None]]]:
    """Reads the document through the API; returns its value and its own headers."""

    def read() -> tuple[Any, dict[str, str | None]]:
        with urlopen(command("outputs", "--json")["SamplesUrl"]) as answer:
            names = ("Content-Type", "Content-Encoding", "Cache-Control", "ETag")
            headers = {name: answer.headers[name] for name in names}
            return json.loads(gzip.decompress(answer.read())), headers

    return read


def test_old_version_is_restored_with_its_headers_and_all_versions_stay(
    command: Callable[..., Any], publish: Callable[[object], None], read: Callable[[], Any]
) -> None:
    publish(1)
    first = read()
    assert first == (1, HEADERS | {"ETag": first[1]["ETag"]})
    publish(2)
    publish(3)
    written = command("history", KEY, "--json")
    assert [version["current"] for version in written] == [True, False, False]

    done = command("restore", KEY, written[-1]["id"], "--yes", "--json")
    assert read() == first
    after = command("history", KEY, "--json")
    assert after[0]["id"] == done["version"]
    assert [version["id"] for version in after[1:]] == [version["id"] for version in written]


def test_deleted_document_is_restored(
    command: Callable[..., Any],
    publish: Callable[[object], None],
    read: Callable[[], Any],
    clients: Callable[..., Any],
) -> None:
    publish("back again")
    before = read()
    bucket = command("outputs", "--json")["S3BucketName"]
    clients("s3").delete_object(Bucket=bucket, Key=KEY)
    command("read", exits=10)

    deleted, written = command("history", KEY, "--json")
    assert (deleted["current"], deleted["deletion"], written["deletion"]) == (True, True, False)
    command("restore", KEY, deleted["id"], "--yes", exits=2)
    command("restore", KEY, written["id"], "--yes")
    assert read() == before
