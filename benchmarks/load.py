"""Load on one URL of this machine: GET over keep-alive connections, bounded in number and time.

    load.py PORT PATH --clients 8 --requests 2000 --seconds 2 --expect 1024

A process of its own, so that it takes no time from what it measures. It speaks just enough HTTP to
read answers that have a Content-Length, and prints one JSON object. An answer that is not 200, or
has another length than expected, ends it.
"""

import argparse
import json
import socket
import sys
import threading
import time
from collections.abc import Sequence
from typing import BinaryIO, NamedTuple

HOST = "127.0.0.1"
WARM_UP = 10
"""Requests of each client before the clock starts."""


class Budget:
    """How many requests are left, and until when; shared by the clients."""

    def __init__(self, requests: int, seconds: float) -> None:
        self._lock = threading.Lock()
        self._left, self._seconds = requests, seconds
        self.start = self._end = 0.0

    def open(self) -> None:
        """Start the clock."""
        self.start = time.perf_counter()
        self._end = self.start + self._seconds

    def take(self) -> bool:
        """One request more, or None of the two is left."""
        with self._lock:
            self._left -= 1
            return self._left >= 0 and time.perf_counter() < self._end


class Client(threading.Thread):
    """One keep-alive connection that asks for the same thing until the budget is spent.

    Where the server ends it, as some do after a number of requests, a new one takes its place.
    """

    def __init__(
        self, port: int, path: str, expect: int, budget: Budget, ready: threading.Barrier
    ) -> None:
        super().__init__(daemon=True)
        self._port, self._expect, self._budget, self._ready = port, expect, budget, ready
        self._request = f"GET {path} HTTP/1.1\r\nHost: {HOST}:{port}\r\n\r\n".encode()
        self.latencies: list[float] = []
        self.error = ""

    def run(self) -> None:
        """Warm up, wait for the others, then ask on."""
        try:
            self._connect()
            for _ in range(WARM_UP):
                self._ask()
            self._ready.wait()
            while self._budget.take():
                self.latencies.append(self._ask())
        except (OSError, ValueError, threading.BrokenBarrierError) as error:
            self.error = str(error) or type(error).__name__
            self._ready.abort()

    def _connect(self) -> None:
        self._connection = socket.create_connection((HOST, self._port), timeout=30)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._connection.makefile("rb")

    def _ask(self) -> float:
        start = time.perf_counter()
        self._connection.sendall(self._request)
        answer = read_answer(self._answers)
        if answer.length != self._expect:
            raise ValueError(f"{answer.length} bytes where {self._expect} were expected")
        if answer.last:
            self._answers.close()
            self._connection.close()
            self._connect()
        return time.perf_counter() - start


class Answer(NamedTuple):
    """The length of a body, and whether the server ends the connection after it."""

    length: int
    last: bool


def read_answer(answers: BinaryIO) -> Answer:
    """Read one answer to its end."""
    status = answers.readline()
    length, last = None, False
    while (line := answers.readline().lower()) not in (b"\r\n", b""):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            length = int(value)
        elif name == b"connection":
            last = value.strip() == b"close"
    if length is None:
        raise ValueError(f"no Content-Length: {status!r}")
    body = answers.read(length)
    if b" 200 " not in status:
        raise ValueError(f"{status!r}: {body[:200]!r}")
    return Answer(len(body), last)


def measure(asked: argparse.Namespace) -> dict[str, float]:
    """Requests a second, and the latencies that half and 99 of 100 requests stayed below."""
    budget = Budget(asked.requests, asked.seconds)
    ready = threading.Barrier(asked.clients, action=budget.open)
    clients = [
        Client(asked.port, asked.path, asked.expect, budget, ready) for _ in range(asked.clients)
    ]
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.perf_counter() - budget.start
    errors = [one.error for one in clients if one.error]
    if errors:
        sys.exit(errors[0])
    latencies = sorted(latency for one in clients for latency in one.latencies)
    return {
        "requests": len(latencies),
        "a_second": len(latencies) / took,
        "p50_ms": 1000 * latencies[len(latencies) // 2],
        "p99_ms": 1000 * latencies[len(latencies) * 99 // 100],
    }


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("port", type=int)
    parser.add_argument("path")
    parser.add_argument("--clients", type=int, default=1)
    parser.add_argument("--requests", type=int, default=2000, help="at most so many in all")
    parser.add_argument("--seconds", type=float, default=2.0, help="for at most so long")
    parser.add_argument("--expect", type=int, required=True, help="length of each body")
    return parser.parse_args(given)


if __name__ == "__main__":
    print(json.dumps(measure(arguments())))
