"""How many PUTs a second fast_s3.py takes from a client that does nothing else: its ceiling.

    publish_load.py PORT BUCKET [--requests 20000] [--bytes 4096] [--clients 16]

Requests of different keys that are made beforehand, over keep-alive connections. Prints the number.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator

from uvloop import run


class Client(asyncio.Protocol):
    """One connection that sends the next request when the last one is answered."""

    def __init__(self, requests: Iterator[bytes], done: asyncio.Future[None]) -> None:
        self._requests, self._done = requests, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first."""
        self._transport: asyncio.WriteTransport = transport  # type: ignore[assignment]
        self._next()

    def data_received(self, data: bytes) -> None:
        """Send the next, where this one was stored."""
        if not data.startswith(b"HTTP/1.1 200"):
            sys.exit(repr(data))
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None)
        if request:
            self._transport.write(request)
        elif not self._done.done():
            self._done.set_result(None)


async def measure(port: int, bucket: str, requests: int, size: int, clients: int) -> float:
    """PUTs a second."""
    head = f" HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {size}\r\n\r\n".encode() + size * b"x"
    made = [f"PUT /{bucket}/{number}.json".encode() + head for number in range(requests)]
    queue, loop = iter(made), asyncio.get_running_loop()
    ends = [loop.create_future() for _ in range(clients)]
    start = time.perf_counter()
    for end in ends:
        await loop.create_connection(lambda end=end: Client(queue, end), "127.0.0.1", port)
    await asyncio.gather(*ends)
    return requests / (time.perf_counter() - start)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("port", type=int)
    parser.add_argument("bucket")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--bytes", type=int, default=4096)
    parser.add_argument("--clients", type=int, default=16)
    asked = parser.parse_args()
    print(run(measure(asked.port, asked.bucket, asked.requests, asked.bytes, asked.clients)))
