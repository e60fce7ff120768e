"""Handlers for Lambda: which messages of a batch come back, and what is published."""

import json
import logging
from asyncio import CancelledError
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from functional_aws import NO_AWS
from lambda_batches import FUNCTION, QUEUE, batch, failed

from memory_s3 import MemoryS3, Request, error, memory_s3
from readmodel_cfn import ReadModelError, Route
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.handlers import Document, Rendered, Unpublish, from_sqs
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings

ROUTES = [Route("products/{id}", "products/{id}.json")]
FIFO = f"{QUEUE}.fifo"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryS3]:
    """A bucket, reached with the environment of a function."""
    monkeypatch.setattr("readmodel_cfn.handlers._PAUSES", (0, 0))
    with memory_s3() as found:
        variables = {**NO_AWS, **FUNCTION, "AWS_ENDPOINT_URL": found.url}
        for name, value in variables.items():
            monkeypatch.delenv(name, raising=False)
            if value is not None:
                monkeypatch.setenv(name, value)
        yield found


def render(body: str) -> Document:
    """The document of a message such as {"id": 7, "price": 3}."""
    product = json.loads(body)
    return Document(f"products/{product['id']}.json", product)


def product(number: int, **more: Any) -> str:
    return json.dumps({"id": number, **more})


def stored(s3: MemoryS3) -> dict[str, Any]:
    return {key: json.loads(s3.body(key)) for key in s3.objects}


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def test_two_faulty_messages_of_ten_are_returned_and_eight_are_published(
    s3: MemoryS3, caplog: pytest.LogCaptureFixture
) -> None:
    bodies = [product(number) for number in range(10)]
    bodies[3], bodies[8] = '{"id": 3', product(8).replace("id", "name")
    assert failed(from_sqs(render)(batch(*bodies), None)) == ["m3", "m8"]
    assert sorted(stored(s3)) == [f"products/{n}.json" for n in range(10) if n not in (3, 8)]
    first, second = lines(caplog)
    assert "m3" in first and "JSONDecodeError" in first  # noqa: PT018
    assert "m8" in second and "KeyError" in second  # noqa: PT018
    assert all(len(line.splitlines()) == 1 for line in (first, second))


def test_batch_without_faults_returns_nothing(s3: MemoryS3) -> None:
    assert failed(from_sqs(render)(batch(product(1), product(2)), None)) == []
    assert failed(from_sqs(render)(batch(), None)) == []
    headers = s3.objects["products/1.json"].headers
    assert headers["content-type"] == "application/json"
    assert headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("document", "fact"),
    [
        (Document("products/7.json", {"price": float("nan")}), "not JSON"),
        (Document("products/7.json", {"price": object()}), "serializable"),
        (Document("products/7.json", b'{"price": 1'), "not JSON"),
        (Document("products/7.json", b'"%s"' % (b"x" * 10_500_000)), "bytes"),
        (Document("products/../7.json", {}), "segment"),
        (Document("products/\n7.json", {}), "unsafe"),
        (Document("orders/7.json", {}), "no route"),
        (["products/7.json"], "str"),
        (("products/7.json", {}), "str"),
        ({"products/7.json": {}}, "dict"),
        (7, "int"),
        ("", "str"),
        (b"", "bytes"),
        ({}, "dict"),
    ],
)
def test_document_that_can_never_be_published_is_returned(
    document: Any, fact: str, s3: MemoryS3, caplog: pytest.LogCaptureFixture
) -> None:
    rendered = {"bad": document, "good": Document("products/1.json", 1)}
    handler = from_sqs(lambda body: rendered[body], routes=ROUTES)
    assert failed(handler(batch("good", "bad", "good"), None)) == ["m1"]
    assert stored(s3) == {"products/1.json": 1}
    (line,) = lines(caplog)
    assert fact in line
    assert len(line.splitlines()) == 1


def test_message_becomes_several_documents_or_none(s3: MemoryS3) -> None:
    def render_all(body: str) -> Rendered:
        numbers = json.loads(body)
        return (Document(f"products/{number}.json", number) for number in numbers)

    assert failed(from_sqs(render_all)(batch("[1, 2]", "[]", "[3]"), None)) == []
    assert stored(s3) == {f"products/{number}.json": number for number in (1, 2, 3)}
    assert failed(from_sqs(lambda _: None)(batch("x"), None)) == []


def test_no_document_of_a_message_is_sent_if_one_is_not_allowed(s3: MemoryS3) -> None:
    both = [Document("products/1.json", 1), Document("products/2.json", b"{")]
    assert failed(from_sqs(lambda _: both)(batch("x"), None)) == ["m0"]
    assert stored(s3) == {}


def test_fault_of_a_generator_returns_its_message(s3: MemoryS3) -> None:
    def render_some(body: str) -> Iterator[Document]:
        yield Document("products/1.json", 1)
        raise ValueError(body)

    assert failed(from_sqs(render_some)(batch("x"), None)) == ["m0"]
    assert stored(s3) == {}


class Unreadable(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise ValueError


@pytest.mark.parametrize(
    "raised", [SystemExit(2), CancelledError(), RecursionError(), Unreadable()]
)
def test_any_exception_returns_its_message_alone(
    raised: BaseException, s3: MemoryS3, caplog: pytest.LogCaptureFixture
) -> None:
    def render_or_raise(body: str) -> Document:
        if body == "bad":
            raise raised
        return Document(f"products/{body}.json", 1)

    assert failed(from_sqs(render_or_raise)(batch("1", "bad", "2"), None)) == ["m1"]
    assert stored(s3).keys() == {"products/1.json", "products/2.json"}
    (line,) = lines(caplog)
    assert type(raised).__name__ in line


@pytest.mark.parametrize(
    ("status", "code"), [(403, "AccessDenied"), (400, "KMS.DisabledException")]
)
def test_message_that_s3_refuses_is_returned(
    status: int, code: str, s3: MemoryS3, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: int, request: Request) -> Any:
        return error(status, code) if request.key == "products/2.json" else None

    s3.faults = refuse
    handler = from_sqs(render)
    bodies = [product(number) for number in range(4)]
    assert failed(handler(batch(*bodies), None)) == ["m2"]
    (line,) = lines(caplog)
    assert "m2" in line
    assert code in line
    assert "products/2.json" in line
    s3.faults = lambda _number, _request: None
    assert failed(handler(batch(bodies[2]), None)) == []
    assert len(s3.objects) == 4


def test_busy_s3_is_asked_again_and_then_the_message_is_returned(s3: MemoryS3) -> None:
    s3.faults = lambda number, _request: error(503, "SlowDown") if number == 1 else None
    handler = from_sqs(render)
    assert failed(handler(batch(product(1)), None)) == []
    s3.faults = lambda _number, _request: error(503, "SlowDown")
    assert failed(handler(batch(product(2)), None)) == ["m0"]
    assert list(stored(s3)) == ["products/1.json"]


def test_later_messages_of_a_failed_fifo_group_are_returned_and_not_rendered(
    s3: MemoryS3, caplog: pytest.LogCaptureFixture
) -> None:
    rendered = []

    def render_or_fail(body: str) -> Document:
        rendered.append(body)
        return render(body)

    bodies = [product(1), "x", product(2), product(3), product(4), "y", product(5)]
    groups = ["a", "b", "b", "a", "b", "a", "c"]
    event = batch(*bodies, groups=groups, queue=FIFO)
    assert failed(from_sqs(render_or_fail)(event, None)) == ["m1", "m2", "m4", "m5"]
    assert sorted(stored(s3)) == [f"products/{number}.json" for number in (1, 3, 5)]
    assert rendered == [bodies[0], "x", bodies[3], "y", bodies[6]]
    assert [line.partition(":")[0] for line in lines(caplog)] == [
        f"message m{number}" for number in (1, 2, 4, 5)
    ]


def test_groups_of_a_standard_queue_have_no_order(s3: MemoryS3) -> None:
    """They are for fair queues."""
    event = batch("x", product(1), groups=["tenant", "tenant"])
    assert failed(from_sqs(render)(event, None)) == ["m0"]
    assert list(stored(s3)) == ["products/1.json"]


def test_failed_groups_are_forgotten_in_the_next_batch(s3: MemoryS3) -> None:
    handler = from_sqs(render)
    assert failed(handler(batch("x", groups=["a"], queue=FIFO), None)) == ["m0"]
    assert failed(handler(batch(product(1), groups=["a"], queue=FIFO), None)) == []
    assert list(stored(s3)) == ["products/1.json"]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1), (3, 3, 1)])
def test_newest_version_stays_in_any_order(order: tuple[int, ...], s3: MemoryS3) -> None:
    def render_version(body: str) -> Document:
        return Document("products/7.json", {"n": int(body)}, version=int(body))

    assert failed(from_sqs(render_version)(batch(*map(str, order)), None)) == []
    assert stored(s3) == {"products/7.json": {"n": 3}}


def test_conflict_of_versions_is_returned(s3: MemoryS3, caplog: pytest.LogCaptureFixture) -> None:
    def render_body(body: str) -> Document:
        return Document("products/7.json", body, version="2026-01-31T12:00:00Z")

    assert failed(from_sqs(render_body)(batch("a", "a", "b"), None)) == ["m2"]
    assert stored(s3) == {"products/7.json": "a"}
    (line,) = lines(caplog)
    assert line.startswith("message m2: products/7.json: ")


@pytest.mark.parametrize("version", ["yesterday", 1.5, True, [1]])
def test_version_that_is_not_allowed_is_returned(version: Any, s3: MemoryS3) -> None:
    documents: dict[str, Document | Unpublish] = {
        "document": Document("products/7.json", 7, version),
        "unpublish": Unpublish("products/7.json", version),
    }
    handler = from_sqs(lambda body: documents[body])
    assert failed(handler(batch(*documents), None)) == ["m0", "m1"]
    assert s3.objects == {}


def test_version_is_that_of_the_field_of_the_route(s3: MemoryS3) -> None:
    routes = [Route("products/{id}", "products/{id}.json", version_field="at")]
    bodies = [product(7, at=2), product(7, at=1), product(7), product(8, at=1)]
    assert failed(from_sqs(render, routes=routes)(batch(*bodies), None)) == ["m2"]
    assert stored(s3)["products/7.json"]["at"] == 2


def test_unpublished_document_is_not_published_by_a_late_event(s3: MemoryS3) -> None:
    def render_event(body: str) -> Document | Unpublish:
        event = json.loads(body)
        if event.get("deleted"):
            return Unpublish("products/7.json", event["at"])
        return Document("products/7.json", event, version=event["at"])

    bodies = [product(7, at=3, deleted=True), product(7, at=2)]
    handler = from_sqs(render_event)
    assert failed(handler(batch(*bodies), None)) == []
    assert stored(s3) == {"products/7.json": None}
    assert failed(handler(batch(product(7, at=4)), None)) == []
    assert stored(s3)["products/7.json"]["at"] == 4


def test_replacement_of_an_unpublished_document_must_be_small(s3: MemoryS3) -> None:
    handler = from_sqs(lambda body: Unpublish("products/7.json", 1, body))
    assert failed(handler(batch("x" * 2000, "gone"), None)) == ["m0"]
    assert stored(s3) == {"products/7.json": "gone"}


def test_options_are_those_of_publish(s3: MemoryS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("READMODEL_CFN_BUCKET")
    handler = from_sqs(
        lambda _: Document("products/1.json", Decimal("1.5")),
        settings=Settings(cache_control="max-age=60", gzip=True),
        destination=Destination("mine", region="eu-west-1"),
        default=str,
    )
    assert failed(handler(batch("x"), None)) == []
    headers = s3.objects["products/1.json"].headers
    assert headers["content-encoding"] == "gzip"
    assert headers["cache-control"] == "max-age=60"


def test_without_a_bucket_the_function_fails(s3: MemoryS3, monkeypatch: pytest.MonkeyPatch) -> None:
    """No message is at fault."""
    handler = from_sqs(render)
    monkeypatch.delenv("READMODEL_CFN_BUCKET")
    with pytest.raises(ConfigError) as caught:
        handler(batch(product(1)), None)
    assert caught.value.where == "READMODEL_CFN_BUCKET"
    monkeypatch.setenv("READMODEL_CFN_BUCKET", "documents")
    assert failed(handler(batch(product(1)), None)) == []
    assert list(stored(s3)) == ["products/1.json"]


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize(
    "event", [{}, [], None, {"Records": None}, {"Records": [{"s3": {}}]}, {"detail": {}}]
)
def test_event_of_another_source_is_refused(event: Any) -> None:
    with pytest.raises(ReadModelError, match="SQS"):
        from_sqs(render)(event, None)


def metrics(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
@pytest.mark.parametrize(
    ("variables", "dimensions"),
    [
        ({"READMODEL_CFN_STACK": "shop"}, {"StackName": "shop"}),
        (
            {"READMODEL_CFN_STACK": "shop", "READMODEL_CFN_PREFIX": "A"},
            {"StackName": "shop", "Prefix": "A"},
        ),
    ],
)
def test_published_batch_writes_the_metric_of_the_alarm_to_the_log(
    s3: MemoryS3,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variables: dict[str, str],
    dimensions: dict[str, str],
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    from_sqs(render)(batch(product(1), "no JSON", product(2)), None)
    assert stored(s3)
    (found,) = metrics(capsys)
    about = found.pop("_aws")
    (metric,) = about["CloudWatchMetrics"]
    assert metric == {
        "Namespace": "readmodel-cfn",
        "Dimensions": [[*dimensions]],
        "Metrics": [{"Name": "PublishTime", "Unit": "Seconds"}],
    }
    seconds = found.pop("PublishTime")
    assert found == dimensions
    assert about["Timestamp"] == int(seconds * 1000)


def test_no_metric_is_written_if_nothing_was_published_or_no_stack_is_named(
    s3: MemoryS3, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from_sqs(render)(batch(product(1)), None)
    assert stored(s3)
    monkeypatch.setenv("READMODEL_CFN_STACK", "shop")
    from_sqs(render)(batch("no JSON"), None)
    from_sqs(render)(batch(), None)
    assert metrics(capsys) == []
