"""How soon `readmodel-cfn serve` is ready, and how fast it reads.

Ready: from starting the process to the line that says so, Python and imports included. Reads: GET
over one and eight keep-alive clients, payloads of 1 KB and 100 KB, every request logged; the server
shares the processors with the clients. Each figure is the median of short, interleaved bursts from
a process of its own (load.py).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from measure import COMMAND, HERE, environment, median, output, show, verdict

MOST_SECONDS_TO_READY = 0.5
LEAST_READS = 1500  # a second, with the most clients
CLIENTS = (1, 8)
MOST_REQUESTS = 20_000  # in one burst
SIZES = {"small": 1024, "large": 102_400}
Key = tuple[str, int]


def prepare(folder: Path) -> None:
    """A route and a payload of each size."""
    (folder / "data").mkdir()
    tables = [f'[[routes]]\npath = "{name}"\nkey = "{name}.json"\n' for name in SIZES]
    (folder / "readmodel.toml").write_text("\n".join(tables), encoding="utf-8")
    for name, size in SIZES.items():
        text = json.dumps({"text": ""})
        filled = text.replace('""', f'"{"x" * (size - len(text))}"')
        (folder / "data" / f"{name}.json").write_text(filled, encoding="utf-8")


@contextmanager
def serving(folder: Path) -> Iterator[tuple[float, str]]:
    """A server, with the seconds until it was ready, and its URL; ended by its id."""
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


def time_to_ready(folder: Path, rounds: int) -> float:
    """The median of some starts; the first one compiles and is dropped."""
    times = []
    for _ in range(rounds + 1):
        with serving(folder) as (took, _):
            times.append(took)
    return median(times[1:])


def burst(url: str, name: str, clients: int, seconds: float, folder: Path) -> Mapping[str, float]:
    """One short load."""
    parts = urlsplit(f"{url}/{name}")
    command = [sys.executable, str(HERE / "load.py"), str(parts.port), parts.path]
    limits = ["--requests", str(MOST_REQUESTS), "--seconds", str(seconds)]
    expect = ["--clients", str(clients), "--expect", str(SIZES[name])]
    figures: Mapping[str, float] = json.loads(output([*command, *limits, *expect], folder))
    return figures


def reads(folder: Path, rounds: int, seconds: float) -> dict[Key, dict[str, float]]:
    """The median of each figure, for each payload and number of clients."""
    bursts: dict[Key, list[Mapping[str, float]]] = {}
    with serving(folder) as (_, url):
        for _ in range(rounds):
            for clients in CLIENTS:
                for name in SIZES:
                    figures = burst(url, name, clients, seconds, folder)
                    bursts.setdefault((name, clients), []).append(figures)
    return {
        key: {figure: median(one[figure] for one in each) for figure in each[0]}
        for key, each in bursts.items()
    }


def tables(ready: float, figures: Mapping[Key, Mapping[str, float]]) -> list[list[list[str]]]:
    """Both results, with what is asked of them."""
    start = [["ready after", "asked"], [f"{ready:.2f} s", verdict(ready, MOST_SECONDS_TO_READY)]]
    rows = [["payload", "clients", "reads a second", "p50, ms", "p99, ms", "asked"]]
    for (name, clients), got in figures.items():
        size, rate = f"{SIZES[name] // 1024} KB", got["a_second"]
        times = [f"{got['p50_ms']:.2f}", f"{got['p99_ms']:.2f}"]
        rows.append([size, str(clients), f"{rate:,.0f}", *times, _asked(clients, rate)])
    return [start, rows]


def _asked(clients: int, rate: float) -> str:
    if clients < CLIENTS[-1]:
        return "-"
    return f"{'met' if rate >= LEAST_READS else 'NOT MET'} (at least {LEAST_READS:,})"


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--starts", type=int, default=10, help="starts of the server")
    parser.add_argument("--rounds", type=int, default=5, help="bursts of each kind")
    parser.add_argument("--seconds", type=float, default=1.0, help="length of a burst")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        ready = time_to_ready(folder, asked.starts)
        figures = reads(folder, asked.rounds, asked.seconds)
    result: dict[str, Any] = {
        "ready_seconds": ready,
        "reads": [
            {"bytes": SIZES[payload], "clients": clients, **got}
            for (payload, clients), got in figures.items()
        ],
    }
    show(result, tables(ready, figures), asked.json)


if __name__ == "__main__":
    main()
