"""GET of one URL of this machine over keep-alive connections, for a time.

    load.py PORT PATH CLIENTS SECONDS LENGTH

A process of its own, so that it takes no time from what it measures. It prints requests a second,
and the milliseconds that half and 99 of 100 requests took at most. An answer that is not 200, or
has another length than expected, ends it.
"""

import socket
import sys
import threading
import time

WARM_UP = 10  # requests of each client before the clock starts


class Client(threading.Thread):
    """One connection that asks for the same thing until the time is over."""

    def __init__(self, port: int, path: str, length: int, start: threading.Barrier) -> None:
        super().__init__(daemon=True)
        connection = socket.create_connection(("127.0.0.1", port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection, self._answers = connection, connection.makefile("rb")
        self._request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        self._length, self._start = length, start
        self.latencies: list[float] = []
        self.error = ""

    def run(self) -> None:
        """Warm up, wait for the others, then ask."""
        try:
            for _ in range(WARM_UP):
                self._ask()
            self._start.wait()
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                self.latencies.append(self._ask())
        except (OSError, ValueError, threading.BrokenBarrierError) as error:
            self.error = str(error) or type(error).__name__
            self._start.abort()

    def _ask(self) -> float:
        start = time.perf_counter()
        self._connection.sendall(self._request)
        status, length = self._answers.readline(), 0
        while (line := self._answers.readline().lower()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            if name == b"content-length":
                length = int(value)
        body = self._answers.read(length)
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
half, most = (1000 * latencies[len(latencies) * part // 100] for part in (50, 99))
print(len(latencies) / seconds, half, most)
