"""The reads of an API while its alarms are watched."""

from types import SimpleNamespace
from typing import Any

import pytest

from readmodel_cfn import Access, Cdn, ReadModel, ReadModelStack
from readmodel_cfn.aws.authorization import anonymous
from readmodel_cfn.aws.http import Response
from readmodel_cfn.deploy.outputs import ModelOutputs
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import Note
from readmodel_cfn.template.alarms import LEAST_READS, LEAST_TIMED_READS
from readmodel_cfn.template.metrics import PERIOD
from readmodel_cfn.verify import reads
from readmodel_cfn.verify.contract import PromisedRoute
from readmodel_cfn.verify.reads import read_until, reading, status_of, urls_of

ROUTES = [PromisedRoute("products/{id}", "products/{id}.json"), PromisedRoute("all", "all.json")]


class After:
    """Is set after so many waits."""

    def __init__(self, waits: int) -> None:
        self.left = waits

    def wait(self, timeout: float) -> bool:
        assert timeout >= 0
        self.left -= 1
        return self.left == 0


def test_routes_are_read_in_turn_until_the_end() -> None:
    sent, statuses = list[str](), list[str]()

    def send(url: str) -> str:
        sent.append(url)
        return f"status {200 if url == 'a' else 404}"

    read_until(After(5), ["a", "b"], send, statuses)
    assert sent == ["a", "b", "a", "b", "a"]
    assert statuses == ["status 200", "status 404"] * 2 + ["status 200"]


def test_slow_reads_are_enough_for_the_alarms() -> None:
    """The alarms need so many reads in a period, also if every read takes as long as it may."""
    slow = max(reads._EVERY, reads._TIMEOUT)
    assert PERIOD / slow * reads._READERS >= max(LEAST_READS, LEAST_TIMED_READS)
    assert PERIOD / reads._EVERY * reads._READERS >= 2 * LEAST_TIMED_READS


def test_paths_are_those_of_the_routes_without_a_document() -> None:
    product, every = urls_of("https://api", ROUTES)
    assert product.startswith("https://api/products/readmodel-cfn-probe-")
    assert every == "https://api/all"


def test_statuses_are_reported_also_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "_READERS", 0)
    notes: list[object] = []
    with (
        pytest.raises(KeyboardInterrupt),
        reading("https://api", ROUTES, anonymous, None, notes.append),
    ):
        raise KeyboardInterrupt
    assert all(isinstance(note, Note) for note in notes)
    assert len(notes) == 2


def test_reads_are_authorized(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key API Gateway refuses the read before S3 is asked, and no alarm sees anything."""
    sent: list[Any] = []

    def request(url: str, **options: Any) -> Response:
        sent.append(options["headers"])
        return Response("GET", url, 404, (), b"", 0.1)

    monkeypatch.setattr(reads, "request", request)
    key = {"x-api-key": "value"}
    assert status_of("https://api/all", lambda *_: key, None) == "status 404"
    assert sent == [key]


API_URL, CDN_URL = "https://a.execute-api.eu-west-1.amazonaws.com/api", "https://d1.cloudfront.net"


def url_that_is_read(model: ReadModel, outputs: dict[str, str], patch: pytest.MonkeyPatch) -> Any:
    """The URL that is read while a deploy is watched, or the note if nothing is."""
    found: list[Any] = []
    stack = ReadModelStack("shop", model, region="eu-west-1")
    place: Any = SimpleNamespace(connection=SimpleNamespace(emulator_url=None))
    patch.setattr(stack, "_own_outputs", lambda **_: ModelOutputs(outputs, "", place))
    patch.setattr(reads, "_READERS", 0)
    with stack._reading(found.append, None):  # type: ignore[arg-type]
        return found[0].text


def test_api_is_read_also_behind_a_cdn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The alarms are on the metrics of the API, which CloudFront may not ask."""
    outputs = {"ApiUrl": API_URL, "DistributionUrl": CDN_URL}
    text = url_that_is_read(ReadModel(cdn=Cdn()), outputs, monkeypatch)
    assert API_URL in text
    assert CDN_URL not in text


def test_api_that_cannot_be_read_does_not_fail_the_operation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def denied(*_: object) -> None:
        raise ReadModelError("denied", where="AWS GetApiKey")

    model = ReadModel(access=Access(auth="api-key"))
    monkeypatch.setattr(ReadModelStack, "_authorize", denied)
    assert "denied" in url_that_is_read(model, {"ApiUrl": API_URL}, monkeypatch)
