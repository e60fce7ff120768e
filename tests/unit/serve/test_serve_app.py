"""The ASGI application: headers, bodies and the log."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.gateway import Request, Response
from readmodel_cfn.local.serve.api import Api, api_of
from readmodel_cfn.local.serve.app import Answered, App
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
        *,
        local: bool = False,
    ):
        api = _Answering(api_of(Source(template()), root, print), response)
        super().__init__(api, log, local=local)


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
    return {"type": "http", "headers": list(headers), **asked, **more}


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


def test_body_over_the_limit_is_413_and_not_kept(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    length = (b"content-length", str(API_PAYLOAD_BYTES + 1).encode())
    sent = ask(app, scope("/live/a", length, method="POST"), b"x" * API_PAYLOAD_BYTES, b"x", b"x")
    assert sent[0]["status"] == 413
    assert app.api.seen == []  # type: ignore[attr-defined]


def test_body_of_the_largest_allowed_size_is_passed_on(tmp_path: Path) -> None:
    app = Seen(tmp_path, OK)
    ask(app, scope("/live/a", (b"transfer-encoding", b"chunked")), b"x" * API_PAYLOAD_BYTES)
    assert len(seen(app).body) == API_PAYLOAD_BYTES


@pytest.mark.parametrize(
    ("local", "host", "status"),
    [
        (True, b"localhost:8000", 200),
        (True, b"shop.example:8000", 403),
        (False, b"shop.example:8000", 200),
    ],
)
def test_request_for_another_host_is_refused_on_this_machine(
    tmp_path: Path, local: bool, host: bytes, status: int
) -> None:
    app = Seen(tmp_path, OK, local=local)
    assert ask(app, scope("/live/a", (b"host", host)))[0]["status"] == status
    assert len(app.api.seen) == (status == 200)  # type: ignore[attr-defined]
