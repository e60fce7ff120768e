"""The requests of verify and their order, with a fake API."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from observations import CORS, NOT_FOUND, ORIGIN, OTHER, PLAIN, SEVERAL, received

from readmodel_cfn.aws.http import Response
from readmodel_cfn.errors import Unfinished
from readmodel_cfn.verify import session
from readmodel_cfn.verify.contract import Contract, ProbePlan, PromisedRoute, plan_probe
from readmodel_cfn.verify.request_origins import RequestOrigins
from readmodel_cfn.verify.session import Api, read

URL = "https://api.example/v1"
ONLY_STATIC = Contract((PromisedRoute("samples", "payload.json"),))


@dataclass
class World:
    """An API that serves the published body; `asked` are its requests, `slept` the pauses."""

    saved: object = None
    path: str = ""
    body: bytes | None = None
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    refusals: Callable[[int], int | None] = lambda _: None
    disturbed: bool = False

    def ask(self, url: str, method: str, headers: Mapping[str, str], **_: object) -> Response:
        self.asked.append((method, url.removeprefix(f"{URL}/"), headers))
        status = self.refusals(len(self.asked))
        if status:
            return received(status)
        there = self.body is not None and url == f"{URL}/{self.path}"
        served = there and method in ("GET", "HEAD")
        return received(200, self.body or b"", ETag='"api"') if served else received(404, NOT_FOUND)

    def put(self, body: bytes) -> str:
        self.body = body
        return '"s3"'

    def check_undisturbed(self) -> None:
        if self.disturbed:
            raise Unfinished("somebody")

    def read(self, contract: Contract = PLAIN, limit: float = 0) -> tuple[ProbePlan, Any]:
        probe = plan_probe(contract, None, "t")
        self.path = probe.path
        api = Api(URL, contract, limit, sleep=self.slept.append)
        return probe, read(api, probe, self)  # type: ignore[arg-type]


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(session, "request", made.ask)
    return made


def test_probe_is_read_until_a_new_api_serves_it(world: World) -> None:
    probe, seen = world.read()
    first = [path for _, path, _ in world.asked[:5]]
    assert first == [probe.path, probe.missing, probe.missing, probe.unknown, probe.unknown]
    assert (seen.missing.status, seen.unknown.status) == (404, 404)


def test_if_none_match_is_the_etag_of_the_api(world: World) -> None:
    world.read()
    conditions = [
        headers["If-None-Match"] for *_, headers in world.asked if "If-None-Match" in headers
    ]
    assert conditions == ['"api"'] * 4


def test_if_none_match_is_the_etag_of_s3_if_the_api_has_none(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(*arguments: Any, **_: Any) -> Response:
        return received(200, world.ask(*arguments).body)

    monkeypatch.setattr(session, "request", without)
    world.read()
    assert {headers.get("If-None-Match", '"s3"') for *_, headers in world.asked} == {'"s3"'}


def test_change_is_read_after_the_second_document(world: World) -> None:
    probe, seen = world.read()
    assert (seen.first.body, seen.changed.body) == probe.documents
    assert seen.outdated.body == probe.documents[1]


@pytest.mark.parametrize(
    ("contract", "origin"), [(PLAIN, "https://readmodel-cfn.example"), (CORS, ORIGIN)]
)
def test_cors_requests_have_the_allowed_origin(
    world: World, contract: Contract, origin: str
) -> None:
    world.read(contract)
    assert {headers["Origin"] for *_, headers in world.asked if "Origin" in headers} == {origin}
    (preflight,) = (headers for method, _, headers in world.asked if method == "OPTIONS")
    assert preflight["Access-Control-Request-Headers"] == "if-none-match"


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_local_emulator_gets_a_local_origin(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    asked: list[str] = []

    def answer(_: str, __: str, headers: Mapping[str, str], **___: object) -> Response:
        asked.append(headers["Origin"])
        return received()

    monkeypatch.setattr(session, "request", answer)
    Api(f"http://{host}/v1", CORS, 0).request_cross_origin("samples")
    assert asked == ["http://localhost"]


def test_pages_of_every_configured_origin_and_of_another_one_are_sent(world: World) -> None:
    probe, seen = world.read(SEVERAL)
    sent = [headers for method, path, headers in world.asked if path == probe.path]
    for origin in (ORIGIN, OTHER, "https://readmodel-cfn.example"):
        own = [headers for headers in sent if headers.get("Origin") == origin]
        assert any("If-None-Match" in headers for headers in own)
        assert any("If-None-Match" not in headers for headers in own)
    assert (seen.page, list(seen.others), seen.refused is None) == (ORIGIN, [OTHER], False)


@pytest.mark.parametrize(
    ("origins", "page", "others"),
    [
        ((ORIGIN, OTHER), "http://readmodel-cfn.localhost", ()),
        ((ORIGIN, "http://localhost:3000"), "http://localhost:3000", ()),
        (
            ("http://127.0.0.1:1", ORIGIN, "http://shop.localhost"),
            "http://127.0.0.1:1",
            ("http://shop.localhost",),
        ),
    ],
)
def test_of_several_origins_a_local_emulator_gets_the_local_ones(
    origins: tuple[str, ...], page: str, others: tuple[str, ...]
) -> None:
    found = RequestOrigins.of("http://127.0.0.1:4566/v1", origins)
    assert (found.page, found.others) == (page, others)
    assert found.refused not in origins


def test_missing_document_is_read_at_a_static_route_without_document(world: World) -> None:
    _, seen = world.read(ONLY_STATIC)
    assert seen.missing.status == 404
    assert world.asked[0][1] == "samples"


def test_missing_document_is_not_read_at_a_static_route_with_document(world: World) -> None:
    world.saved = "something"
    _, seen = world.read(ONLY_STATIC)
    assert seen.missing is None


def test_first_read_is_retried_until_served(world: World) -> None:
    world.refusals = lambda number: 403 if number <= 3 else None
    _, seen = world.read(limit=10)
    assert seen.first.status == 200
    assert world.slept == [0.5] * 3


def test_first_read_is_retried_until_the_timeout(world: World) -> None:
    world.refusals = lambda _: 403
    _, seen = world.read(limit=2)
    assert seen.first.status == 403
    assert world.slept == [0.5] * 3


def test_throttled_read_is_retried(world: World) -> None:
    world.refusals = lambda number: 429 if number in (8, 9, 12) else None
    _, seen = world.read(limit=10)
    assert seen.unchanged.status == 200
    assert world.slept == [0.5] * 3


def test_persistent_throttling_raises_unfinished(world: World) -> None:
    world.refusals = lambda number: 429 if number >= 8 else None
    with pytest.raises(Unfinished, match=r"429.*--timeout"):
        world.read(limit=1)
    assert world.slept == [0.5] * 2


def test_changed_probe_raises_unfinished(world: World) -> None:
    world.disturbed = True
    with pytest.raises(Unfinished):
        world.read()
