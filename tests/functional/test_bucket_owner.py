"""With `[stack] account`, `publish --bucket` sends it to S3 as the expected bucket owner."""

import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from functional_aws import error_of, run

from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.publish import publish

OWNER, OTHER = "123456789012", "210987654321"
KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
LISTING = b"""<ListBucketResult><Name>mine</Name><IsTruncated>false</IsTruncated>
<Contents><Key>payload.json</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>
<ETag>"old"</ETag><Size>2</Size></Contents>
<Contents><Key>products/old.json</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>
<ETag>"old"</ETag><Size>2</Size></Contents></ListBucketResult>"""
DELETED = b"<DeleteResult><Deleted><Key>products/old.json</Key></Deleted></DeleteResult>"
DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"


KMS = (("x-amz-server-side-encryption", "aws:kms"),)  # so that the ETag is not the MD5


@dataclass
class Bucket:
    """A bucket of OWNER, as S3 serves it; `calls` are the accepted methods."""

    url: str = ""
    calls: list[str] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    found = Bucket()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            expected = self.headers.get("x-amz-expected-bucket-owner")
            signed = re.search(r"SignedHeaders=([^,]+)", self.headers["Authorization"] or "")
            if expected and "x-amz-expected-bucket-owner" not in (signed[1] if signed else ""):
                found.unsigned.append(self.command)
            body, status = {"GET": LISTING, "POST": DELETED}.get(self.command, b""), 200
            if expected not in (None, OWNER):
                body, status = DENIED, 403
            else:
                found.calls.append(self.command)
            self.send_response(status)
            for name, value in (*KMS, ("ETag", '"e"'), ("Content-Length", str(len(body)))):
                self.send_header(name, value)
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 - the base class's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}"
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    (tmp_path / "data" / "products").mkdir(parents=True)
    for path in ("payload.json", "products/1.json"):
        (tmp_path / "data" / path).write_text("{}")


def allow(account: str) -> None:
    routes = (("samples", "payload.json"), ("products/{id}", "products/{id}.json"))
    tables = (f'[[routes]]\npath = "{path}"\nkey = "{key}"\n' for path, key in routes)
    Path("readmodel.toml").write_text("\n".join([f'[stack]\naccount = "{account}"', *tables]))


FILE = "data/payload.json"
COMMANDS = [
    (FILE, "--key", "payload.json"),
    (FILE, "--key", "payload.json", "--create-only"),
    (FILE, "--key", "payload.json", "--if-match", "e"),
    ("data",),
    ("data", "--force"),
    ("data", "--create-only"),
    ("data", "--delete-missing", "--yes"),
]


def command(bucket: Bucket, *words: str) -> list[str]:
    to = ("--bucket", "mine", "--endpoint-url", bucket.url, "--region", "eu-west-1")
    return ["publish", *words, *to]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_bucket_of_the_account_is_written(bucket: Bucket, words: tuple[str, ...]) -> None:
    allow(OWNER)
    done = run(*command(bucket, *words), env=KEY)
    assert done.exit_code == 0, done.output
    assert f"mine in {OWNER}/eu-west-1" in done.stderr
    assert "PUT" in bucket.calls
    assert bucket.unsigned == []  # S3 refuses a request with a header that is not signed


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_bucket_of_another_account_gets_nothing(bucket: Bucket, words: tuple[str, ...]) -> None:
    allow(OTHER)
    done = run(*command(bucket, *words), env=KEY)
    assert bucket.calls == []
    assert bucket.unsigned == []
    assert OTHER in error_of(done, done.exit_code)
    assert done.exit_code in (1, 9)


def test_copy_has_the_owner_of_both_buckets() -> None:
    sent: list[dict[str, str]] = []

    def answer(params: dict[str, Any], **_: object) -> tuple[Any, dict[str, Any]]:
        sent.append(params["headers"])
        return SimpleNamespace(status_code=200), {}

    key = Credentials("AKIA1", "s3cret")
    s3 = Connection("eu-west-1", credentials=key, allowed_account=OWNER).client("s3")
    s3.meta.events.register("before-call.s3.CopyObject", answer)
    s3.copy_object(Bucket="mine", Key="k", CopySource={"Bucket": "mine", "Key": "k"})
    names = ("x-amz-expected-bucket-owner", "x-amz-source-expected-bucket-owner")
    assert [sent[0][name] for name in names] == [OWNER, OWNER]


def test_destination_of_another_account_gets_nothing(bucket: Bucket) -> None:
    key = Credentials("AKIA1", "s3cret")
    to = Destination("mine", "eu-west-1", bucket.url, credentials=key, bucket_owner=OTHER)
    with pytest.raises(ReadModelError, match=OTHER):
        publish({"a.json": 1}, to)
    assert bucket.calls == []
