"""The ASGI application: headers, bodies and the log."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn.limits import API_HEADER_BYTES, API_PAYLOAD_BYTES, API_URL_LENGTH
from readmodel_cfn.local.gateway import Request, Response
from readmodel_cfn.local.serve.api import Api, api_of
from readmodel_cfn.local.serve.app import _PIECE, Answered, App
from readmodel_cfn.local.serve.source import Source
from serve_templates import template

Sent = list[dict[str, Any]]


class Seen(App):
    """Keeps the requests, and answers all of them alike."""

    def __init__(
        self,
        root: Path,
        response: Response,
        log: Callable[[Answered], None] | None = None,
        note: Callable[[str], None] = print,
    ):
        super().__init__(_Answering(api_of(Source(template()), root, note), response), log)


class _Answering(Api):
    def __init__(self, api: Api, response: Response) -> None:
        super().__init__(**vars(api))
        object.__setattr__(self, "response", response)
        object.__setattr__(self, "seen", [])

    def answer(self, request: Request) -> Response:
        self.seen.append(request)  # type: ignore[attr-defined]
        return self.response  # type: ignore[attr-defined, no-any-return]


def scope(path: str, *headers: tuple[bytes, bytes], **more: Any) -> dict[str, Any]:
    asked = {"method": "GET", "path": path, "raw_path": path.encode(), "query_string": b""}
    named = [] if any(name == b"host" for name, _ in headers) else [(b"host", b"localhost")]
    return {"type": "http", "headers": [*named, *headers], **asked, **more}


def ask(app: App, asked: dict[str, Any], *parts: bytes) -> Sent:
    """What the application sends; without parts, it may not ask for a body."""
    sent: Sent = []
    left = [
        {"type": "http.request", "body": part, "more_body": number < len(parts)}
        for number, part in enumerate(parts, start=1)
    ]

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(asked, receive, send))
    return sent


OK = Response(200, {"ETag": '"x"'}, b"body")


def seen(app: App) -> Request:
    (request,) = app.api.seen  # type: ignore[attr-defined]
    assert isinstance(request, Request)
    return request


def test_request_headers_are_lower_case_and_joined(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    ask(app, scope("/live/a", (b"accept", b"a"), (b"x", b"1"), (b"accept", b"b")))
    headers = seen(app).headers
    assert (headers["accept"], headers["x"]) == ("a,b", "1")


def test_last_value_of_a_repeated_query_parameter_is_used(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    ask(app, scope("/live/a", query_string=b"a=1&b=&a=%C3%A4"))
    assert seen(app).query == {"a": "ä", "b": ""}


def test_request_body_is_read_to_the_end(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    ask(app, scope("/live/a", (b"content-length", b"4")), b"ab", b"cd")
    assert seen(app).body == b"abcd"


def test_each_request_has_its_own_id(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    ask(app, scope("/live/a"))
    ask(app, scope("/live/a"))
    first, second = app.api.seen  # type: ignore[attr-defined]
    assert first.request_id != second.request_id


@pytest.mark.parametrize(
    ("method", "status", "length"),
    [("GET", 200, b"4"), ("HEAD", 200, None), ("GET", 304, None), ("OPTIONS", 204, None)],
)
def test_content_length_is_sent_if_a_body_is_possible(
    tmp_path: Path, method: str, status: int, length: bytes | None
) -> None:
    sent = ask(Seen(tmp_path, Response(status, {}, b"body")), scope("/live/a", method=method))
    assert sent[0]["status"] == status
    assert dict(sent[0]["headers"]).get(b"content-length") == length


def test_stage_is_removed_from_the_path_and_other_stages_refused(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    ask(app, scope("/live/a/b"))
    assert seen(app).path == "/a/b"
    refused = ask(app, scope("/dead/a/b"))
    assert refused[0]["status"] == 403
    assert refused[1]["body"] == b'{"message":"Forbidden"}'
    assert len(app.api.seen) == 1  # type: ignore[attr-defined]


def test_each_request_is_logged_in_a_line(tmp_path: Path) -> None:
    log: list[Answered] = []
    asked = scope("/live/\x1b[2J", raw_path=b"/live/%1b%5B2J", query_string=b"a=1")
    ask(Seen(tmp_path, OK, log.append), asked)
    (answered,) = log
    assert str(answered).startswith("GET /live/%1b%5B2J?a=1 200 ")
    assert str(answered).endswith(" ms")


CHUNKED = (b"transfer-encoding", b"chunked")
TOO_LONG = (b"content-length", str(API_PAYLOAD_BYTES + 1).encode())


@pytest.mark.parametrize(
    ("header", "parts"),
    [(TOO_LONG, [b"x"]), (CHUNKED, [b"x" * API_PAYLOAD_BYTES, b"x", b"x"])],
    ids=["length", "chunks"],
)
def test_body_over_the_limit_is_413_and_closes_the_connection(
    tmp_path: Path, header: tuple[bytes, bytes], parts: list[bytes]
) -> None:
    app = Seen(tmp_path, OK)
    sent = ask(app, scope("/live/a", header, method="POST"), *parts)
    assert sent[0]["status"] == 413
    assert dict(sent[0]["headers"])[b"connection"] == b"close"
    assert app.api.seen == []  # type: ignore[attr-defined]


def test_length_over_the_limit_is_refused_before_the_body_is_read(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    sent: Sent = []

    async def receive() -> dict[str, Any]:
        assert sent, "the body was read before the response"
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope("/live/a", TOO_LONG, method="POST"), receive, send))
    assert sent[0]["status"] == 413
    assert b"".join(message["body"] for message in sent[1:]).startswith(b'{"message"')


def test_body_of_the_largest_allowed_size_is_passed_on(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    ask(app, scope("/live/a", (b"transfer-encoding", b"chunked")), b"x" * API_PAYLOAD_BYTES)
    assert len(seen(app).body) == API_PAYLOAD_BYTES


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([(b"host", b"localhost:8000")], 200),
        ([(b"host", b"shop.example:8000")], 403),
        ([(b"host", b"localhost"), (b"host", b"shop.example")], 403),
        ([(b"host", b"")], 403),
    ],
)
def test_request_for_another_host_is_refused(
    tmp_path: Path, headers: list[tuple[bytes, bytes]], status: int
) -> None:
    app = Seen(tmp_path, OK)
    assert ask(app, scope("/live/a", *headers))[0]["status"] == status
    assert len(app.api.seen) == (status == 200)  # type: ignore[attr-defined]


def test_request_without_a_host_is_refused(tmp_path: Path) -> None:
    asked = {**scope("/live/a"), "headers": [], "http_version": "1.0"}
    assert ask(Seen(tmp_path, OK), asked)[0]["status"] == 403


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("http://localhost:8000/live/a", 200),
        ("HTTP://LOCALHOST/live/a", 200),
        ("http://shop.example/live/a", 403),
        ("http:///live/a", 403),
    ],
)
def test_host_of_an_absolute_target_counts_too(tmp_path: Path, target: str, status: int) -> None:
    assert ask(Seen(tmp_path, OK), scope(target))[0]["status"] == status


def test_head_of_the_largest_allowed_size_is_accepted_and_one_byte_more_is_not(
    tmp_path: Path,
) -> None:
    app = Seen(tmp_path, OK)
    rest = API_HEADER_BYTES - len(b"host: localhost") - len(b"x: ")
    for more, status in ((0, 200), (1, 431)):
        asked = scope("/live/a", (b"x", b"a" * (rest + more)))
        assert ask(app, asked)[0]["status"] == status


def test_url_of_the_largest_allowed_length_is_accepted_and_one_byte_more_is_not(
    tmp_path: Path,
) -> None:
    app = Seen(tmp_path, OK)
    rest = API_URL_LENGTH - len("/live/a?")
    for more, status in ((0, 200), (1, 414)):
        asked = scope("/live/a", query_string=b"a" * (rest + more))
        assert ask(app, asked)[0]["status"] == status


@pytest.mark.parametrize("size", [0, 1, _PIECE - 1, _PIECE, _PIECE + 1, 3 * _PIECE, 3 * _PIECE + 1])
def test_body_of_every_size_is_sent_whole_in_pieces(tmp_path: Path, size: int) -> None:
    body = bytes(range(256)) * (size // 256 + 1)
    sent = ask(Seen(tmp_path, Response(200, {}, body[:size])), scope("/live/a"))[1:]
    assert b"".join(message["body"] for message in sent) == body[:size]
    assert max(len(message["body"]) for message in sent) <= _PIECE
    assert [message["more_body"] for message in sent] == [True] * (len(sent) - 1) + [False]


def test_header_that_http_does_not_allow_is_sent_without_control_characters(tmp_path: Path) -> None:
    response = Response(200, {"X-A": "a\r\nX-B: b\0 ", "X C": "c", "": "d"}, b"")
    headers = ask(Seen(tmp_path, response), scope("/live/a"))[0]["headers"]
    assert dict(headers) == {b"X-A": b"a X-B: b", b"content-length": b"0"}


def test_failure_of_the_gateway_is_a_500_and_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> Response:
        raise LookupError("some part")

    notes: list[str] = []
    monkeypatch.setattr(_Answering, "answer", fail)
    assert ask(Seen(tmp_path, OK, note=notes.append), scope("/live/a"))[0]["status"] == 500
    (note,) = notes
    assert "some part" in note
    assert "\n" not in note
