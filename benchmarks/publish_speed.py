"""Compares the speed of `publish` with `aws s3 sync` and rclone.

    python benchmarks/publish_speed.py [--documents 5000] [--rounds 3] [--peers DIR]

Whole processes that take turns, each with a new bucket: all documents for the first time, again
without a change, and with 1 % changed. They publish to an S3 in memory (fast_s3.py), without and
with a delay. After each run the benchmark checks that the bucket has the content of the folder.
"""

import argparse
import hashlib
import json
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
    Run,
    at_least,
    median,
    medians,
    rounds,
    run,
    table,
)

OURS = "readmodel-cfn publish"
FIRST, UNCHANGED, CHANGED = PHASES = ("first", "unchanged", "1 % changed")
BYTES = 4096
ROUTES = '[[routes]]\npath = "docs/{id}"\nkey = "docs/{id}.json"\n'
DELAYS = {"near: no delay": 0.0, "far: 20 ms": 0.02}
LEAST = {
    (peers.AWS_SYNC, FIRST): 10,
    **{(peers.AWS_SYNC, phase): 1 for phase in (UNCHANGED, CHANGED)},
    **{(peers.RCLONE, phase): 1 for phase in PHASES},
}
"""Lower limits of the speed relative to another tool; the tuned rclone has none."""

Phases = Mapping[str, Run]


class Documents:
    """JSON documents in a folder, and their MD5s."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder, self._count = folder, count
        (folder / "docs").mkdir(parents=True)
        self._md5: dict[str, str] = {}
        self.write(range(count))

    def change(self, shift: int) -> None:
        """Change 1 % of the documents; a shift of 0 restores them."""
        self.write(range(0, self._count, 100), shift)

    def write(self, numbers: range, shift: int = 0) -> None:
        """Write documents of 4 KB that do not compress well."""
        for number in numbers:
            text = random.Random(number + shift).randbytes(BYTES // 2).hex()  # noqa: S311
            body = json.dumps({"id": number, "text": text[: BYTES - 30]}).encode()
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
def s3_in_memory(python: Path, delay: float) -> Iterator[Endpoint]:
    """A fast_s3.py process, with a Python that has uvloop."""
    command = [str(python), str(HERE / "fast_s3.py"), "--delay", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            port = server.stdout.readline().strip() or sys.exit("the S3 in memory did not start")
            with selected(Endpoint(f"http://127.0.0.1:{port}")) as endpoint:
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
    programs: Mapping[str, Path], documents: Documents, delay: float, count: int, home: Path
) -> list[dict[str, Phases]]:
    """Each publisher's runs, without those of the first round, which fills the caches."""
    found = []
    with s3_in_memory(programs["uvloop"] / "python", delay) as endpoint:
        ours = [*COMMAND, "publish", str(documents.folder), "--bucket"]
        publishers: dict[str, peers.Publish] = {
            OURS: lambda bucket: [*ours, bucket],
            **peers.publishers(programs, documents.folder, endpoint.url),
        }
        s3 = endpoint.client("s3")
        for _ in rounds(count, f"publish, {delay:g} s delay"):
            found.append(
                {who: phases(publish, documents, s3, home) for who, publish in publishers.items()}
            )
    return found[1:]


def speed_table(where: str, found: list[dict[str, Phases]], count: int) -> list[list[str]]:
    """Documents per second and peak memory."""
    head = [f"{phase}{what}" for phase in PHASES for what in (", per second", ", MiB")]
    rows = [[f"{where}; {count:,} documents", *head]]
    for who in found[0]:
        cells = []
        for phase in PHASES:
            middle = medians([runs[who][phase] for runs in found])
            cells += [f"{count / middle.seconds:,.0f}", f"{middle.mib:.0f}"]
        rows.append([who, *cells])
    return rows


def times_table(where: str, found: list[dict[str, Phases]]) -> list[list[str]]:
    """The speed relative to each other tool, with the targets."""
    rows = [[f"{where}: speed relative to", *PHASES]]
    for other in list(found[0])[1:]:
        cells = []
        for phase in PHASES:
            value = median(runs[other][phase].seconds / runs[OURS][phase].seconds for runs in found)
            least = LEAST.get((other, phase))
            cells.append(f"{value:.1f}" + (f", {at_least(value, least)}" if least else ""))
        rows.append([other, *cells])
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--documents", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", type=Path, help="install the other tools here and keep them")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "readmodel.toml").write_text(ROUTES, encoding="utf-8")
        tools = options.peers.absolute() if options.peers else home / "peers"
        programs = peers.install(tools, peers.PUBLISHERS)
        documents = Documents(home / "site", options.documents)
        for where, delay in DELAYS.items():
            found = measure(programs, documents, delay, options.rounds, home)
            table(speed_table(where, found, options.documents))
            table(times_table(where, found))


if __name__ == "__main__":
    main()
