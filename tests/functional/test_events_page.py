"""The functions of docs/events.md, with events as their sources send them."""

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from functional_aws import NO_AWS
from lambda_batches import FUNCTION, batch, failed

from documents import blocks
from memory_s3 import MemoryS3, memory_s3

KEY = "products/7.json"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryS3]:
    with memory_s3() as found:
        for name, value in {**NO_AWS, **FUNCTION, "AWS_ENDPOINT_URL": found.url}.items():
            monkeypatch.delenv(name, raising=False)
            if value is not None:
                monkeypatch.setenv(name, value)
        yield found


@pytest.fixture
def page() -> dict[str, Any]:
    """The names that the Python blocks of the part about Lambda define."""
    found = [block.text for block in blocks("docs/events.md") if block.language == "python"]
    start = next(n for n, text in enumerate(found) if "from_sqs" in text)
    names: dict[str, Any] = {}
    for text in found[start:]:
        exec(text, names)  # noqa: S102
    return names


def price(s3: MemoryS3) -> object:
    document = json.loads(s3.body(KEY))
    return document and document["price"]


def event(**more: Any) -> dict[str, Any]:
    return {"id": 7, "revision": 1, "price": 12, **more}


def test_sqs(page: dict[str, Any], s3: MemoryS3) -> None:
    bodies = json.dumps(event(revision=2)), "x", json.dumps(event(price=1))
    assert failed(page["handler"](batch(*bodies), None)) == ["m1"]
    assert price(s3) == 12


def test_eventbridge(page: dict[str, Any], s3: MemoryS3) -> None:
    sent = {"version": "0", "id": "e1", "source": "shop", "detail-type": "product"}
    page["from_eventbridge"]({**sent, "detail": event()}, None)
    assert price(s3) == 12
    with pytest.raises(RuntimeError):
        page["from_eventbridge"]({**sent, "detail": {}}, None)


def test_kinesis(page: dict[str, Any], s3: MemoryS3) -> None:
    first = 49590338271490256608559692538361571095921575989136588898

    def record(number: int, data: object) -> dict[str, Any]:
        encoded = b64encode(json.dumps(data).encode()).decode()
        content = {"partitionKey": "7", "sequenceNumber": str(number), "data": encoded}
        return {"eventSource": "aws:kinesis", "kinesis": content}

    records = [record(first + 1, event(price=2)), record(first, event()), record(first + 2, {})]
    result = page["from_kinesis"]({"Records": records}, None)
    assert failed(result) == [str(first + 2)]
    assert price(s3) == 2


def test_dynamodb(page: dict[str, Any], s3: MemoryS3) -> None:
    keys = {"id": {"N": "7"}}

    def record(name: str, number: str, **more: Any) -> dict[str, Any]:
        change = {"Keys": keys, "SequenceNumber": number, **more}
        return {"eventName": name, "eventSource": "aws:dynamodb", "dynamodb": change}

    image = {**keys, "price": {"N": "12.5"}}
    inserted = record("INSERT", "4421584500000000017450439091", NewImage=image)
    assert failed(page["from_dynamodb"]({"Records": [inserted]}, None)) == []
    assert price(s3) == 12.5
    removed = record("REMOVE", "4421584500000000017450439092")
    assert failed(page["from_dynamodb"]({"Records": [removed, inserted]}, None)) == []
    assert price(s3) is None


def test_s3(page: dict[str, Any], s3: MemoryS3) -> None:
    s3.put("in/a b.json", json.dumps(event()).encode())
    content = {"bucket": {"name": "in"}, "object": {"key": "in/a+b.json", "sequencer": "0A1"}}
    page["from_s3"]({"Records": [{"eventSource": "aws:s3", "s3": content}]}, None)
    assert price(s3) == 12
