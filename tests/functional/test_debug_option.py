"""`--debug`: what is sent to AWS and what comes back, on stderr, without any secret."""

import json
import logging
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from command_tree import LEAVES, options_of
from functional_aws import run

from readmodel_cfn import ReadModelStack

ACCESS_KEY = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
TOKEN = "IQoJb3JpZ2luX2VjEXAMPLETOKEN//////////wEaCXVz"
WRITER_KEY = "je7MtGbClwBF/2Zp9Utk+h3yCo8nvbEXAMPLEKEY"
ARTICLE_KEY = "p8Q/aRt0icLe+K3yThatTheOutputsHaveEXAMPLE"
SECRETS = (ACCESS_KEY, TOKEN, WRITER_KEY, ARTICLE_KEY)
REQUEST_ID = "0a1b2c3d-request"
ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-1"


def _output(name: str, value: str) -> str:
    return (
        f"<member><OutputKey>{name}</OutputKey><OutputValue>{value}</OutputValue>"
        f"<Description>{value}</Description></member>"
    )


class AnsweringAws(BaseHTTPRequestHandler):
    """CloudFormation, Secrets Manager, S3 and an API, each with one response."""

    api: ClassVar[str] = ""

    def do_GET(self) -> None:
        self._send('{"from": "the API"}')

    def do_PUT(self) -> None:
        self._send("", ("ETag", '"e"'), ("x-amz-server-side-encryption", "aws:kms"))

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if "secretsmanager" in self.headers.get("X-Amz-Target", ""):
            key = {"access_key_id": "AKIAWRITER", "secret_access_key": WRITER_KEY}
            self._send(json.dumps({"ARN": ARN, "Name": "s", "SecretString": json.dumps(key)}))
            return
        outputs = {
            "ApiUrl": self.api,
            "SamplesUrl": f"{self.api}/samples",
            "S3BucketName": "data-bucket",
            "DataStoreSecretArn": ARN,
            "DataStoreSecretAccessKey": ARTICLE_KEY,
        }
        members = "".join(_output(*each) for each in outputs.items())
        self._send(
            "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
            f"<StackName>read-model</StackName><StackId>{ARN}</StackId>"
            "<CreationTime>2026-01-01T12:00:00Z</CreationTime>"
            f"<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{members}</Outputs></member>"
            "</Stacks></DescribeStacksResult><ResponseMetadata>"
            f"<RequestId>{REQUEST_ID}</RequestId></ResponseMetadata></DescribeStacksResponse>"
        )

    def _send(self, text: str, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in (*headers, ("x-amzn-RequestId", REQUEST_ID)):
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """The URL of a server that responds as AWS does."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), AnsweringAws)
    AnsweringAws.api = url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield url
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def env(aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.json").write_text("{}")
    (tmp_path / "readmodel.toml").write_text('[[routes]]\npath = "samples"\nkey = "f.json"\n')
    return {
        "AWS_ACCESS_KEY_ID": "ASIA1",
        "AWS_SECRET_ACCESS_KEY": ACCESS_KEY,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": "eu-west-1",
    }


@pytest.mark.parametrize("words", LEAVES)
def test_every_command_has_the_option(words: str) -> None:
    assert "--debug" in options_of(LEAVES[words])


@pytest.mark.parametrize(
    ("arguments", "seen"),
    [
        (["outputs", "--show-secrets"], ["DescribeStacks", REQUEST_ID, "POST http://127.0.0.1"]),
        (["publish", "f.json", "--as-writer"], ["GetSecretValue", "PutObject", "DescribeStacks"]),
        (["read"], ["GET http://127.0.0.1", "from", "the API", REQUEST_ID]),
    ],
)
def test_requests_and_responses_are_on_stderr_without_secrets(
    env: dict[str, str], arguments: list[str], seen: list[str]
) -> None:
    done = run(*arguments, "--debug", env=env)
    assert done.exit_code == 0, done.stderr
    assert [text for text in seen if text not in done.stderr] == []
    assert [secret for secret in SECRETS if secret in done.stderr] == []
    assert not re.search(r"Signature=(?!\*)|Authorization", done.stderr)


def test_json_on_stdout_stays_alone(env: dict[str, str]) -> None:
    done = run("outputs", "--json", "--debug", env=env)
    assert json.loads(done.stdout)["S3BucketName"] == "data-bucket"
    assert "DescribeStacks" in done.stderr


def test_without_the_option_nothing_is_printed(env: dict[str, str]) -> None:
    run("outputs", "--debug", env=env)
    assert "DescribeStacks" not in run("outputs", env=env).stderr


def test_program_gets_the_messages_from_the_logger(
    env: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level(logging.DEBUG, "readmodel_cfn.aws"):
        found = ReadModelStack("read-model").outputs()
    assert found["DataStoreSecretAccessKey"] == ARTICLE_KEY
    assert "DescribeStacks" in caplog.text
    assert ARTICLE_KEY not in caplog.text
