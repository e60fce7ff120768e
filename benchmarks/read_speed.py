"""Reads through the API on the embedded AWS: requests a second and latencies.

    python benchmarks/read_speed.py [--rounds 5] [--seconds 1.5] [--localstack URL] [--json]

One and eight keep-alive clients, payloads of 1 KB and 100 KB. Beside them, for comparison: the same
object straight from the same S3, asked for with the same role; an API that answers by itself (MOCK)
through our gateway, and the same API on ministack without our additions. With --localstack, the
same stack on a LocalStack that runs there, for instance the one of tools/second_opinion.py.

Each figure is the median of short, interleaved bursts from a process of its own (load.py).
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import chart
import embedded
import plain_ministack
from measure import HERE, median, output, show
from places import Place, Stack, document, mock_path, new_stack

SIZES = {"1 KB": 1024, "100 KB": 102_400}
"""The payloads: their names and lengths in bytes."""
ROUTES = {"1 KB": "small", "100 KB": "large"}
CLIENTS = (1, 8)
MOST_REQUESTS = 20_000  # in one burst
Figures = dict[str, float]


class Subject(NamedTuple):
    """One URL that is read."""

    name: str
    size: str
    port: int
    path: str


def of_stack(stack: Stack, whose: str) -> list[Subject]:
    """The payloads through the API, and straight from S3."""
    port = stack.place.port
    through, straight = f"{whose}: read through the API", f"{whose}: object from S3"
    paths = {
        **{(through, size): stack.api_path(route) for size, route in ROUTES.items()},
        **{(straight, size): stack.object_path(f"{route}.json") for size, route in ROUTES.items()},
    }
    return [Subject(name, size, port, path) for (name, size), path in paths.items()]


def of_mock(place: Place, name: str) -> Subject:
    """An API that answers by itself."""
    return Subject(name, "1 KB", place.port, mock_path(place, SIZES["1 KB"]))


def subjects(
    asked: argparse.Namespace, folder: Path, box: Place, until_the_end: ExitStack
) -> list[Subject]:
    """All that is read; what was made for it is removed at the end."""
    plain = until_the_end.enter_context(plain_ministack.running(folder))
    found = of_stack(deployed(box, folder, until_the_end), "sandbox")
    found.append(of_mock(box, "sandbox: MOCK"))
    found.append(of_mock(plain, "ministack alone: MOCK"))
    if asked.localstack:
        other = Place(asked.localstack)
        found += of_stack(deployed(other, folder, until_the_end), "LocalStack")
        found.append(of_mock(other, "LocalStack: MOCK"))
    return found


def deployed(place: Place, folder: Path, until_the_end: ExitStack) -> Stack:
    """A stack there with a payload of each size, removed at the end."""
    stack = until_the_end.enter_context(new_stack(place, folder))
    tables = [f'[[routes]]\npath = "{route}"\nkey = "{route}.json"\n' for route in ROUTES.values()]
    stack.deploy("\n".join(tables))
    for size, route in ROUTES.items():
        stack.publish(route, document(SIZES[size]))
    return stack


def burst(subject: Subject, clients: int, seconds: float, folder: Path) -> Figures:
    """One short load."""
    command = [sys.executable, str(HERE / "load.py"), str(subject.port), subject.path]
    limits = ["--requests", str(MOST_REQUESTS), "--seconds", str(seconds)]
    expect = ["--clients", str(clients), "--expect", str(SIZES[subject.size])]
    figures: Figures = json.loads(output([*command, *limits, *expect], folder))
    return figures


def measure(
    found: Sequence[Subject], asked: argparse.Namespace, folder: Path
) -> dict[tuple[Subject, int], Figures]:
    """The median of each figure, for each subject and number of clients."""
    bursts: dict[tuple[Subject, int], list[Figures]] = {}
    for _ in range(asked.rounds):
        for clients in CLIENTS:
            for one in found:
                figures = burst(one, clients, asked.seconds, folder)
                bursts.setdefault((one, clients), []).append(figures)
    return {
        key: {name: median(one[name] for one in each) for name in each[0]}
        for key, each in bursts.items()
    }


def rows(
    found: Sequence[Subject], figures: Mapping[tuple[Subject, int], Figures]
) -> list[list[str]]:
    """Requests a second and latencies, a line for each subject."""
    head = ["GET", "payload"]
    for clients in CLIENTS:
        head += [f"{clients} client{'s' * (clients > 1)}, a second", "p50, ms", "p99, ms"]
    return [head, *([one.name, one.size, *_cells(one, figures)] for one in found)]


def _cells(one: Subject, figures: Mapping[tuple[Subject, int], Figures]) -> list[str]:
    cells = []
    for clients in CLIENTS:
        got = figures[one, clients]
        cells += [f"{got['a_second']:,.0f}", f"{got['p50_ms']:.2f}", f"{got['p99_ms']:.2f}"]
    return cells


def draw(found: Sequence[Subject], figures: Mapping[tuple[Subject, int], Figures]) -> str:
    """Requests a second of one client, as a drawing."""
    values = {f"{one.name}, {one.size}": figures[one, 1]["a_second"] for one in found}
    return chart.bars("Requests a second, one client", values)


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=5, help="bursts of each kind")
    parser.add_argument("--seconds", type=float, default=1.5, help="length of a burst")
    parser.add_argument("--localstack", metavar="URL", help="a LocalStack on this machine")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--svg", type=Path, help="write requests a second as a drawing")
    asked = parser.parse_args(given)
    if asked.localstack and urlsplit(asked.localstack).hostname not in ("127.0.0.1", "localhost"):
        parser.error("--localstack: only one on this machine is put under load")
    return asked


def main() -> None:
    """Measure and print."""
    asked = arguments()
    with ExitStack() as until_the_end:
        box = until_the_end.enter_context(embedded.running())
        folder = Path(until_the_end.enter_context(tempfile.TemporaryDirectory()))
        found = subjects(asked, folder, box, until_the_end)
        figures = measure(found, asked, folder)
    result: dict[str, Any] = {
        "rounds": asked.rounds,
        "reads": [
            {"get": one.name, "payload": one.size, "clients": clients, **got}
            for (one, clients), got in figures.items()
        ],
    }
    show(result, [rows(found, figures)], asked.json)
    if asked.svg:
        asked.svg.write_text(draw(found, figures), encoding="utf-8")


if __name__ == "__main__":
    main()
