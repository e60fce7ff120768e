"""Sends GET requests to one local URL over keep-alive connections, as a separate process.

    load.py PORT PATH CLIENTS SECONDS LENGTH

It prints requests per second, and the 50th and 99th percentile of the latency in milliseconds. It
fails if a response is not a 200 with the expected length.
"""

import socket
import sys
import threading
import time

WARM_UP = 10  # requests of each client before the clock starts


class Client(threading.Thread):
    """One connection that requests the same URL until the time is over."""

    def __init__(self, port: int, path: str, length: int, start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection, self._response = connection, connection.makefile("rb")
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self._length, self._start = length, start
        self.latencies: list[float] = []
        self.error = ""

    def run(self) -> None:
        """Warm up, wait for the other clients, then measure."""
        try:
            for _ in range(WARM_UP):
                self._request_once()
            self._start.wait()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                self.latencies.append(self._request_once())
        except (OSError, ValueError, threading.BrokenBarrierError) as error:
            self.error = str(error) or type(error).__name__
            self._start.abort()

    def _request_once(self) -> float:
        start = time.perf_counter()
        self._connection.sendall(self._request)
        status, length = self._response.readline(), 0
        while (line := self._response.readline().lower()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name == b"content-length":
                length = int(value)
        body = self._response.read(length)
        if b" 200 " not in status or length != self._length:
            raise ValueError(f"{status!r}, {length} bytes: {body[:200]!r}")
        return time.perf_counter() - start


port, path, count, seconds, length = (
    int(sys.argv[1]),
    sys.argv[2],
    int(sys.argv[3]),
    float(sys.argv[4]),
    int(sys.argv[5]),
)
barrier = threading.Barrier(count)
clients = [Client(port, path, length, barrier) for _ in range(count)]
for client in clients:
    client.start()
for client in clients:
    client.join()
if errors := [client.error for client in clients if client.error]:
    sys.exit(errors[0])
latencies = sorted(latency for client in clients for latency in client.latencies)
p50, p99 = (1000 * latencies[len(latencies) * percent // 100] for percent in (50, 99))
print(len(latencies) / seconds, p50, p99)
