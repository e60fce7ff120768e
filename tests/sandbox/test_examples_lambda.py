"""The example with a queue and a function, on the embedded AWS, which runs the function.

Where it differs from Lambda: the function's Python is that of the sandbox, and nothing needs the
permissions to read the queue and to write logs.
"""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from example_tools import ROOT, Example, copied

from readmodel_cfn.local.sandbox import Sandbox
from stacks import Answer, Stack, until

Clients = Callable[..., Any]
TRIES = 30
SECONDS = 2  # of long polling


@pytest.fixture
def example(tmp_path: Path, sandbox: Sandbox) -> Example:
    """The example with its package: the source is copied, since a build writes beside it."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "src", clone / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, clone)
    example = copied("lambda-sqs", tmp_path, [], sandbox)
    example.run("sh", "build.sh", str(clone), TARGET="")
    return example


@pytest.fixture
def code(example: Example, clients: Clients, make_bucket: Callable[..., None]) -> Iterator[str]:
    """A bucket with function.zip."""
    s3, bucket = clients("s3"), "lambda-code"
    make_bucket(s3, bucket)
    s3.upload_file(str(example.folder / "function.zip"), bucket, "function.zip")
    yield bucket
    s3.delete_object(Bucket=bucket, Key="function.zip")
    s3.delete_bucket(Bucket=bucket)


def test_two_faulty_messages_of_ten_move_to_the_dead_letter_queue(
    example: Example, code: str, stack: Stack, clients: Clients, send: Callable[..., Answer]
) -> None:
    template = json.loads(example.run(sys.executable, "stack.py").stdout)
    runtime = f"python{sys.version_info.major}.{sys.version_info.minor}"
    template["Resources"]["Publish"]["Properties"]["Runtime"] = runtime
    for name, value in {"CodeBucket": code, "CodeKey": "function.zip"}.items():
        template["Parameters"][name]["Default"] = value
    (queue,) = (each for each in template["Resources"].values() if "RedrivePolicy" in str(each))
    queue["Properties"]["RedrivePolicy"]["maxReceiveCount"] = 2
    outputs = stack.deploy(template)
    sqs, url, dead = clients("sqs"), outputs["EventsUrl"], outputs["DeadLettersUrl"]
    api = outputs["ShopApiUrl"].partition("//")[2].partition(".")[0]

    def read(number: int) -> Answer:
        return send(api, f"/v1/products/{number}")

    sqs.send_message(QueueUrl=url, MessageBody=json.dumps({"id": 0, "revision": 1, "price": 1}))
    until(lambda: read(0).status == 200)  # the function has started: it is fast from now on
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "10"})

    bodies = [json.dumps({"id": n, "revision": 2, "price": n}) for n in range(10)]
    bodies[3], bodies[8] = "not JSON", json.dumps({"id": 8, "revision": 2})
    late = json.dumps({"id": 1, "revision": 1, "price": -1})
    deleted = json.dumps({"id": 2, "revision": 3, "deleted": True})
    entries = [{"Id": f"e{n}", "MessageBody": body} for n, body in enumerate(bodies)]
    assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")
    assert sorted(received(sqs, dead, 2)) == sorted([bodies[3], bodies[8]])
    assert [read(n).status for n in range(10)] == [404 if n in (3, 8) else 200 for n in range(10)]
    assert json.loads(read(0).body) == {"id": 0, "price": 0}

    for body in (late, deleted, "the last one"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    assert received(sqs, dead, 1) == ["the last one"]
    assert json.loads(read(1).body) == {"id": 1, "price": 1}
    until(lambda: json.loads(read(2).body) is None)


def received(sqs: Any, url: str, number: int) -> list[str]:
    """The bodies of so many messages, which are deleted from the queue."""
    bodies: list[str] = []
    for _ in range(TRIES):
        found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=SECONDS)
        for message in found.get("Messages", []):
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        if len(bodies) >= number:
            break
    return bodies
