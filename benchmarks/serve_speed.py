"""Measures how soon `readmodel-cfn serve` is ready, and its requests per second.

    python benchmarks/serve_speed.py [--rounds 5]

Ready: from the start of the process to the line that it prints when it is ready. Reads: GET from
one and eight keep-alive clients, documents of 1 KB and 100 KB, every request logged; server and
clients share the processors. Each figure is the median of runs of one second (load.py).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from measure import (
    COMMAND,
    HERE,
    at_least,
    at_most,
    environment,
    median,
    output,
    rounds,
    table,
)

MOST_SECONDS_TO_READY = 0.5
LEAST_READS = 1500  # per second, with 8 clients
CLIENTS = (1, 8)
SIZES = {"1 KB": 1024, "100 KB": 102_400}
Figures = tuple[float, ...]
"""Requests per second, and the 50th and 99th percentile of the latency in milliseconds."""


def prepare(folder: Path) -> None:
    """Write a route and a document for each size."""
    (folder / "data").mkdir()
    tables = [f'[[routes]]\npath = "{size}"\nkey = "{size}.json"\n' for size in SIZES.values()]
    (folder / "readmodel.toml").write_text("\n".join(tables), encoding="utf-8")
    for size in SIZES.values():
        text = json.dumps({"text": "x" * (size - len('{"text": ""}'))})
        (folder / "data" / f"{size}.json").write_text(text, encoding="utf-8")


@contextmanager
def serving(folder: Path) -> Iterator[tuple[float, str]]:
    """A running server: the seconds until it was ready, and its URL."""
    start = time.perf_counter()
    server = subprocess.Popen(
        [*COMMAND, "serve", "--json"],
        cwd=folder,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        took = time.perf_counter() - start
        if not line:
            sys.exit("the server did not start")
        yield took, json.loads(line)["url"]
    finally:
        server.terminate()
        server.communicate()


def burst(url: str, size: int, clients: int, folder: Path) -> Figures:
    """Figures of one second of load."""
    parts = urlsplit(f"{url}/{size}")
    command = [sys.executable, str(HERE / "load.py"), str(parts.port), parts.path]
    printed = output([*command, str(clients), "1", str(size)], folder)
    return tuple(map(float, printed.split()))


def reads_table(bursts: Mapping[tuple[str, int], list[Figures]]) -> list[list[str]]:
    """The median of each figure, for each document and number of clients."""
    rows = [["document", "clients", "reads per second", "p50, ms", "p99, ms", "target"]]
    for (name, clients), found in bursts.items():
        rate, *times = (median(column) for column in zip(*found, strict=True))
        target = at_least(rate, LEAST_READS) if clients == CLIENTS[-1] else "-"
        cells = [f"{milliseconds:.2f}" for milliseconds in times]
        rows.append([name, str(clients), f"{rate:,.0f}", *cells, target])
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="number of rounds")
    options = parser.parse_args()
    starts: list[float] = []
    bursts: dict[tuple[str, int], list[Figures]] = {
        (name, clients): [] for clients in CLIENTS for name in SIZES
    }
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepare(folder)
        for number in rounds(options.rounds, "serve"):
            with serving(folder) as (took, url):
                found = {key: burst(url, SIZES[key[0]], key[1], folder) for key in bursts}
            if number:
                starts.append(took)
                for key, figures in found.items():
                    bursts[key].append(figures)
    ready = median(starts)
    table([["ready after", "target"], [f"{ready:.2f} s", at_most(ready, MOST_SECONDS_TO_READY)]])
    table(reads_table(bursts))


if __name__ == "__main__":
    main()
