"""What ETag, max_age and compression save: requests and bytes of a client that follows HTTP.

    python benchmarks/wire.py [--repeats 100] [--json]

One JSON document of 100 KB, read through the article's stack and through ours on the embedded AWS:
once, and 100 times more, with another version published after the first half of these. The client
(http_reader.py) keeps what it may keep, asks again only where it must, and then with the ETag.

There is no stage cache, so that each request to the API is one to S3; the embedded AWS's log of
what S3 was asked shows it. Every body that is read must be the version published at that time, or,
where the client did not ask, one that it may still show. At the end the client's clock is put
forward by a day, and it must read the newest version.
"""

import argparse
import json
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import embedded
from http_reader import Reader
from measure import show
from places import Place, Stack, new_stack

from readmodel_cfn.sandbox.home import Home

SIZE = 102_400
DAY = 86_400.0
ROUTE = "samples"
WORDS = ("cotton", "linen", "wool", "blue", "green", "red", "light", "warm", "summer", "winter")
Figures = dict[str, Any]


class Way(NamedTuple):
    """A stack to read through: its name, its readmodel.toml, the options of its deploy."""

    name: str
    description: str
    options: Sequence[str] = ()


WAYS = (
    Way("the article's stack", "", ("--article",)),
    Way("ours", ""),
    Way('ours, stored_encoding = "gzip"', '[data_store]\nstored_encoding = "gzip"\n'),
    Way("ours, max_age = 60", "[data_store]\nmax_age = 60\n"),
)


class Clock:
    """The client's clock, which can be put forward."""

    ahead = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return time.monotonic() + self.ahead


class S3Log:
    """What API Gateway asked of one bucket, as the embedded AWS notes it."""

    def __init__(self, bucket: str) -> None:
        self._line = re.compile(rf" GET {bucket}/.* \| (\d+) (\d+) bytes")

    def figures(self) -> Figures:
        """Requests by S3's status, and the bytes of its bodies, up to now."""
        found = self._line.findall(Home.at(None).s3_log.read_text(encoding="utf-8"))
        statuses = Counter(status for status, _ in found)
        return {"statuses": statuses, "bytes": sum(int(size) for _, size in found)}


def catalogue(size: int) -> dict[str, Any]:
    """Products as a shop would publish them: at least so many bytes of JSON, always the same."""
    chance = random.Random(1)  # noqa: S311 - data to read, no secret
    items: list[dict[str, Any]] = []
    document = {"generated": "2026-01-01T00:00:00Z", "items": items}
    while len(json.dumps(document)) < size:
        items.append(
            {
                "id": f"{chance.getrandbits(64):016x}",
                "name": " ".join(chance.sample(WORDS, 3)),
                "description": " ".join(chance.choices(WORDS, k=12)),
                "price": {"amount": chance.randrange(500, 20_000) / 100, "currency": "EUR"},
                "stock": chance.randrange(200),
                "tags": chance.sample(WORDS, 2),
                "updated": f"2025-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}",
            }
        )
    return document


def versions() -> tuple[str, str]:
    """The document, and the same with one price changed."""
    document = catalogue(SIZE)
    first = json.dumps(document)
    document["generated"] = "2026-01-01T00:05:00Z"
    document["items"][0]["price"]["amount"] += 1
    return first, json.dumps(document)


def read_through(stack: Stack, repeats: int) -> Figures:
    """Read, and read again with one change in the middle; count both."""
    clock, (old, new) = Clock(), versions()
    stack.publish(ROUTE, old)
    reader = Reader(stack.place.port, stack.api_path(ROUTE), clock)
    log = S3Log(stack.physical_id("DataStore"))
    read_checked(reader, [old])
    first = counted(reader, log)
    late = 0
    for number in range(repeats):
        if number == repeats // 2:
            stack.publish(ROUTE, new)
        late += read_checked(reader, [old] if number < repeats // 2 else [new, old])
    every = counted(reader, log)
    clock.ahead = DAY
    read_checked(reader, [new])
    return {"first": first, "repeats": less(every, first) | {"late": late}}


def read_checked(reader: Reader, published: Sequence[str]) -> bool:
    """Read once; is it not the newest? Only a client that need not ask may show an older one."""
    got = reader.read()
    allowed = published if not got.asked else published[:1]
    if got.body.decode() not in allowed:
        sys.exit("a body that is not what was published")
    return got.body.decode() != published[0]


def counted(reader: Reader, log: S3Log) -> Figures:
    """What went over the wire up to now, here and at S3."""
    s3 = log.figures()
    if s3["statuses"] != reader.statuses:
        sys.exit(f"S3 answered {dict(s3['statuses'])}, the API {dict(reader.statuses)}")
    return {
        "requests": reader.statuses.total(),
        "ok": reader.statuses["200"],
        "not_modified": reader.statuses["304"],
        "bytes": reader.received,
        "bytes_from_s3": s3["bytes"],
    }


def less(every: Figures, first: Figures) -> Figures:
    """The difference of two counts."""
    return {name: every[name] - first[name] for name in every}


def measure(box: Place, folder: Path, repeats: int) -> dict[str, Figures]:
    """Each way, on a stack of its own that is gone at the end."""
    found = {}
    for way in WAYS:
        with new_stack(box, folder) as stack:
            stack.deploy(way.description, *way.options)
            found[way.name] = read_through(stack, repeats)
    return found


def rows(found: dict[str, Figures], repeats: int) -> list[list[str]]:
    """The table: the first read, then all others, beside the article's."""
    head = ["GET of 100 KB of JSON", "first read, bytes down", f"{repeats} more: requests"]
    head += ["200", "304", "bytes down", "of the article's", "bytes from S3", "late"]
    article = found[WAYS[0].name]["repeats"]["bytes"]
    return [head, *(_row(name, one, article) for name, one in found.items())]


def _row(name: str, one: Figures, article: int) -> list[str]:
    first, more = one["first"], one["repeats"]
    statuses = [str(more[which]) for which in ("requests", "ok", "not_modified")]
    down = [f"{more['bytes']:,}", f"{100 * more['bytes'] / article:.2f} %"]
    return [
        name,
        f"{first['bytes']:,}",
        *statuses,
        *down,
        f"{more['bytes_from_s3']:,}",
        str(more["late"]),
    ]


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--repeats", type=int, default=100, help="reads after the first")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(given)


def main() -> None:
    """Count and print."""
    asked = arguments()
    with embedded.running() as box, tempfile.TemporaryDirectory() as temporary:
        found = measure(box, Path(temporary), asked.repeats)
    result = {"document_bytes": [len(one) for one in versions()], "repeats": asked.repeats}
    show({**result, "ways": found}, [rows(found, asked.repeats)], asked.json)


if __name__ == "__main__":
    main()
