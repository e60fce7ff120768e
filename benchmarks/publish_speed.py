"""Compares the speed of `publish` with rclone and s5cmd, and with the least that obstore needs.

    python benchmarks/publish_speed.py [--documents 5000,20000] [--rounds 3] [--peers DIR] [--all]

Whole processes that take turns, each with a new bucket: all documents for the first time, again
without a change, and with 1 % changed. They publish to an S3 in memory (fast_s3.py), near (plain
HTTP on this machine) and far (TLS, each response 20 ms later). After each run the benchmark checks
that the bucket has the content of the folder. --all adds rclone's defaults and `aws s3 sync`.
"""

import argparse
import hashlib
import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peers
from endpoints import Endpoint, selected
from measure import (
    COMMAND,
    HERE,
    MAX_MINUTES,
    Run,
    at_most,
    median,
    medians,
    progress,
    rounds,
    run,
    table,
)

OURS = "readmodel-cfn publish"
FIRST, UNCHANGED, CHANGED = PHASES = ("first", "unchanged", "1 % changed")
ROUTES = '[[routes]]\npath = "docs/{id}"\nkey = "docs/{id}.json"\n'
PLACES = {"near: HTTP, no delay": (0.0, False), "far: TLS, 20 ms": (0.02, True)}
CERTIFICATES = HERE.parent / "tests" / "tls"
FASTEST = {peers.TUNED, peers.S5CMD}
MOST_MIB = 150


def most(phase: str, count: int) -> float:
    """The upper limit of the time relative to the fastest other tool."""
    if phase == FIRST:
        return 0.8
    return 0.5 if count >= 20_000 else 0.7


MOST_OF_FLOOR = {FIRST: 1.2, UNCHANGED: 2.5}
"""Upper limits of the time relative to the floor; for the first time one of both is enough."""

Phases = Mapping[str, Run]


def product(number: int, randomly: random.Random) -> dict[str, Any]:
    """A product with variants."""
    return {
        "id": number,
        "name": f"Product {number}",
        "price": randomly.randrange(100_000) / 100,
        "tags": [randomly.randbytes(3).hex() for _ in range(8)],
        "variants": [
            {
                "sku": randomly.randbytes(6).hex(),
                "size": randomly.choice("SML"),
                "stock": randomly.randrange(1000),
                "available": randomly.random() < 0.5,
            }
            for _ in range(30)
        ],
        "text": " ".join(randomly.randbytes(4).hex() for _ in range(200)),
    }


class Documents:
    """JSON documents in a folder, and their MD5s."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self.count = folder, count
        (folder / "docs").mkdir(parents=True)
        self._md5: dict[str, str] = {}
        self.write(range(count))

    def change(self, shift: int) -> None:
        """Change 1 % of the documents; a shift of 0 restores them."""
        self.write(range(0, self.count, 100), shift)

    def write(self, numbers: range, shift: int = 0) -> None:
        """Write documents of 4 KB with the structure that such documents have."""
        for number in numbers:
            body = json.dumps(product(number, random.Random(number + shift))).encode()  # noqa: S311
            key = f"docs/{number:06}.json"
            (self.folder / key).write_bytes(body)
            self._md5[key] = hashlib.md5(body, usedforsecurity=False).hexdigest()

    def check(self, s3: Any, bucket: str) -> None:
        """Exit if the content of the bucket differs."""
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        stored = {
            found["Key"]: found["ETag"].strip('"')
            for page in pages
            for found in page.get("Contents", ())
        }
        if wrong := stored.items() ^ self._md5.items():
            sys.exit(f"{bucket}: {len(wrong)} differences, such as {min(wrong)}")


@contextmanager
def s3_in_memory(
    python: Path, delay: float, tls: bool, forget: bool = False, rate: float = 0.0
) -> Iterator[Endpoint]:
    """A fast_s3.py process, with a Python that has uvloop."""
    command = [str(python), str(HERE / "fast_s3.py"), "--delay", str(delay), "--rate", str(rate)]
    command += ["--certificate", str(CERTIFICATES / "server.pem")] if tls else []
    command += ["--forget"] if forget else []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = server.stdout.readline().strip() or sys.exit("the S3 in memory did not start")
            scheme = "https" if tls else "http"
            authorities = str(CERTIFICATES / "authority.pem") if tls else ""
            with selected(
                Endpoint(f"{scheme}://127.0.0.1:{port}", authorities=authorities)
            ) as endpoint:
                yield endpoint
        finally:
            server.terminate()


def phases(publish: peers.Publish, documents: Documents, s3: Any, home: Path) -> Phases:
    """The runs of one publisher: one for each phase, in a new bucket."""
    found, bucket = {}, f"bench-{secrets.token_hex(4)}"
    for phase in PHASES:
        if phase == CHANGED:
            documents.change(1_000_000)
        found[phase] = run(publish(bucket), home)
        documents.check(s3, bucket)
    documents.change(0)
    return found


def measure(
    programs: Mapping[str, Path],
    documents: Documents,
    place: str,
    count: int,
    home: Path,
    tools: set[str],
    minutes: float,
) -> list[dict[str, Phases]]:
    """Each publisher's runs, without those of round 0 if there are others.

    Another round must end before so many minutes of the whole benchmark.
    """
    found = []
    delay, tls = PLACES[place]
    with s3_in_memory(programs["uvloop"] / "python", delay, tls) as endpoint:
        ours = [*COMMAND, "publish", str(documents.folder), "--bucket"]
        others = peers.publishers(
            programs, documents.folder, endpoint.url, CERTIFICATES / "authority.pem"
        )
        publishers: dict[str, peers.Publish] = {
            OURS: lambda bucket: [*ours, bucket],
            **{who: publish for who, publish in others.items() if who in tools},
        }
        s3 = endpoint.client("s3")
        for _ in rounds(count, f"{documents.count:,} documents, {place}", minutes):
            runs = {}
            for who, publish in publishers.items():
                runs[who] = phases(publish, documents, s3, home)
                seconds = ", ".join(f"{run.seconds:.2f} s" for run in runs[who].values())
                progress(f"  {who}: {seconds}")
            found.append(runs)
    return found[1:] or found


def speed_table(where: str, found: list[dict[str, Phases]]) -> list[list[str]]:
    """Seconds and peak memory."""
    head = [f"{phase}{what}" for phase in PHASES for what in (", s", ", MiB")]
    rows = [[where, *head]]
    for who in found[0]:
        cells = []
        for phase in PHASES:
            middle = medians([runs[who][phase] for runs in found])
            memory = f"{middle.mib:.0f}"
            if who == OURS:
                memory += f", {at_most(middle.mib, MOST_MIB)}"
            cells += [f"{middle.seconds:.2f}", memory]
        rows.append([who, *cells])
    return rows


def times_table(where: str, found: list[dict[str, Phases]], count: int) -> list[list[str]]:
    """The time relative to the fastest other tool and to the floor, with the targets."""
    rows = [[f"{where}: time relative to", *PHASES]]
    of_tools, of_floor = [], []
    for phase in PHASES:
        fastest = median(
            runs[OURS][phase].seconds / min(runs[who][phase].seconds for who in FASTEST)
            for runs in found
        )
        floor = median(
            runs[OURS][phase].seconds / runs[peers.FLOOR][phase].seconds for runs in found
        )
        limit = MOST_OF_FLOOR.get(phase)
        of_tools.append(f"{fastest:.2f}, {at_most(fastest, most(phase, count))}")
        of_floor.append(f"{floor:.2f}" + (f", {at_most(floor, limit)}" if limit else ""))
    rows.append(["the fastest of rclone and s5cmd", *of_tools])
    rows.append(["the floor", *of_floor])
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--documents", default="5000,20000", help="numbers, with commas")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, help="install the other tools here and keep them")
    parser.add_argument("--all", action="store_true", help="also the slower tools")
    options = parser.parse_args()
    slower = {peers.RCLONE, peers.AWS_SYNC}
    tools = {*FASTEST, peers.FLOOR, *(slower if options.all else ())}
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "readmodel.toml").write_text(ROUTES, encoding="utf-8")
        os.environ["READMODEL_CFN_HOME"] = str(home / "home")
        folder = options.peers.absolute() if options.peers else home / "peers"
        programs = peers.install(
            folder, [name for name in peers.PUBLISHERS if options.all or name != "awscli"]
        )
        counts = [int(count) for count in options.documents.split(",")]
        done = 0.0
        for count in counts:
            documents = Documents(home / f"site-{count}", count)
            for place in PLACES:
                done += count / sum(counts) / len(PLACES)
                minutes = done * MAX_MINUTES
                found = measure(programs, documents, place, options.rounds, home, tools, minutes)
                where = f"{place}; {count:,} documents"
                table(speed_table(where, found))
                table(times_table(where, found, count))


if __name__ == "__main__":
    main()
