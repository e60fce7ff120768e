"""A proxy between the command line and the sandbox, which injects faults.

It forwards byte for byte, the Host header too, so that signatures stay valid; it counts the calls
of each action and does to them what the faults say.
"""

import http.client
import http.server
import itertools
import select
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from fault_http import SILENCE, Answer, Request
from fault_kinds import AFTERWARDS, ANY, INSTEAD, SLOW, THOUGH_DONE, Fault
from fault_pages import PAGES, pages

TIMEOUT = 120
"""Seconds to wait for an event."""
_OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding"}


@dataclass(frozen=True)
class Call:
    """A call that was made; `fault` is the kind of its fault."""

    action: str
    fault: str = ""


class Proxy:
    """The proxy; `play` starts a new run with its own faults and forgets the calls of the last."""

    def __init__(self, port: int) -> None:
        self._upstream = port
        self.broken: list[BaseException] = []
        self.generation = 0
        self._in_progress = 0
        self._idle = threading.Condition()
        self._released = threading.Event()
        self._server = _server(self)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.play()

    def play(self, *faults: Fault) -> None:
        """From now on these faults happen, and no others."""
        assert not self.broken, self.broken
        self.cut()
        self.calls: list[Call] = []
        self._faults = faults
        self._lock = threading.Lock()
        self._count: Counter[str] = Counter()
        self._remembered: dict[str, Answer] = {}
        self._pages: dict[str, Answer] = {}
        self._numbers = itertools.count(1)
        self._held, self._released = threading.Event(), threading.Event()

    def cut(self) -> None:
        """Forward nothing more of the connections so far, such as those of a killed process."""
        self._released.set()
        with self._idle:
            self.generation += 1
            self._idle.wait_for(lambda: not self._in_progress)

    @contextmanager
    def forwarding(self, generation: int) -> Iterator[bool]:
        """Whether a request of a connection is still forwarded; `cut` waits for the block."""
        with self._idle:
            is_current = generation == self.generation
            self._in_progress += is_current
        try:
            yield is_current
        finally:
            with self._idle:
                self._in_progress -= is_current
                self._idle.notify_all()

    @contextmanager
    def holding(self, alive: Callable[[], bool]) -> Iterator[None]:
        """Wait until a call is held or the client has ended; it is released after the block."""
        while not self._held.wait(0.05) and alive():
            pass
        try:
            yield
        finally:
            self.release()

    def release(self) -> None:
        """End the call that is held."""
        self._released.set()

    def close(self) -> None:
        """Stop serving."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    def answer(self, request: Request) -> Answer | None:
        """Answer a request; None is a reset connection."""
        fault = self._fault(request.action)
        kind = fault.kind if fault else ""
        self.calls.append(Call(request.action, kind))
        if kind == "held before":
            self._hold()
            return None
        if kind in INSTEAD:
            return INSTEAD[kind](request)
        return self._harmed(request, kind, self._ask(request, kind))

    def _fault(self, action: str) -> Fault | None:
        with self._lock:
            self._count[action] += 1
            self._count[ANY] += 1
            return next((fault for fault in self._faults if self._hits(fault, action)), None)

    def _hits(self, fault: Fault, action: str) -> bool:
        return fault.hits(action, self._count[ANY if fault.action == ANY else action])

    def _ask(self, request: Request, kind: str) -> Answer:
        """Ask AWS, or repeat what was answered to a call of the same token, as AWS does."""
        page = self._pages.get(request.parameters.get("NextToken", ""))
        known = page or self._remembered.get(request.token)
        if known:
            return known
        answer = forward(request, self._upstream)
        if request.token and answer.status < 300 and kind != "answer and token lost":
            self._remembered[request.token] = answer
        return answer

    def _harmed(self, request: Request, kind: str, answer: Answer) -> Answer | None:
        if kind == "slow":
            time.sleep(SLOW)
        if kind == "held after":
            self._hold()
            return None
        if kind in PAGES and answer.status == 200:
            return self._cut(request, kind, answer)
        if kind in THOUGH_DONE:
            return THOUGH_DONE[kind](request)
        return AFTERWARDS[kind](answer) if kind in AFTERWARDS else answer

    def _cut(self, request: Request, kind: str, answer: Answer) -> Answer:
        """The first page of a list; the others are kept until they are requested."""
        if request.parameters.get("NextToken", "") in self._pages:
            return answer
        token = f"page-of-{next(self._numbers)}"
        bodies = pages(answer.body, request.action, kind, token)
        self._pages |= {f"{token}-{n}": answer.saying(body) for n, body in enumerate(bodies)}
        return answer.saying(bodies[0])

    def _hold(self) -> None:
        """Wait until the test releases the call."""
        self._held.set()
        self._released.wait(TIMEOUT)


def forward(request: Request, port: int) -> Answer:
    """Send the same request to the sandbox."""
    upstream = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        upstream.putrequest(
            request.method, request.target, skip_host=True, skip_accept_encoding=True
        )
        for name, value in request.headers:
            if name.lower() not in ("connection", "expect"):
                upstream.putheader(name, value)
        upstream.endheaders(request.body)
        got = upstream.getresponse()
        kept = [
            header for header in got.getheaders() if header[0].lower() not in _OF_THE_CONNECTION
        ]
        return Answer(got.status, tuple(kept), got.read())
    finally:
        upstream.close()


class _Handler(http.server.BaseHTTPRequestHandler):
    """Reads a request, has the proxy answer it, and sends that or resets the connection."""

    protocol_version = "HTTP/1.1"
    proxy: Proxy

    def setup(self) -> None:
        super().setup()
        self._generation = self.proxy.generation

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(self.command, self.path, tuple(self.headers.items()), body)
        with self.proxy.forwarding(self._generation) as is_current:
            answer = self.proxy.answer(request) if is_current else None
        # A client that was killed, or gave up, does not read the answer.
        with suppress(ConnectionError):
            if answer is SILENCE:
                select.select([self.connection], [], [], TIMEOUT)  # until the client gives up
            self._reset() if answer in (None, SILENCE) else self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _handle  # noqa: N815 - http.server

    def _send(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in answer.headers):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":  # its length is that of a body which does not come
            self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            self._reset()

    def _reset(self) -> None:
        """Close with SO_LINGER 0, so that the client sees a reset."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's names
        """Log nothing."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    broken: list[BaseException]

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        """Ignore clients that disconnect during a call, which these tests cause."""
        error = sys.exception()
        if error and not isinstance(error, ConnectionError):
            self.broken.append(error)

    def shutdown_request(self, request: object) -> None:
        """Close without a shutdown, which would prevent a reset."""
        self.close_request(request)  # type: ignore[arg-type]


def _server(proxy: Proxy) -> _Server:
    handler = type("Handler", (_Handler,), {"proxy": proxy})
    server = _Server(("127.0.0.1", 0), handler)
    server.broken = proxy.broken
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server
