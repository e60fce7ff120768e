"""Compares one worker with `publish DIR`, and several workers with the rate that S3 takes.

    python benchmarks/partition.py [--documents 20000] [--rounds 3] [--rate 1000] [--peers DIR]

First, whole processes in turn: `publish DIR`, `publish_partition` of the same files to their keys,
and to a release. Then four workers publish a release to an S3 in memory that takes so many PUT
requests per second and answers the others with 503 SlowDown, and the driver commits it. After each
run the benchmark compares the bucket with the folder.
"""

import argparse
import hashlib
import os
import secrets
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import peers
from measure import COMMAND, HERE, Run, at_most, median, medians, progress, rounds, run, table
from partition_worker import files, worker
from publish_speed import ROUTES, Documents, s3_in_memory

from readmodel_cfn import commit
from readmodel_cfn.publish.destination import Destination

MOST, MOST_OF_RATE = 1.2, 1.5
WORKERS, PARTS = 4, 8
DIRECTORY, KEYS, RELEASE = NAMES = (
    "publish DIR",
    "publish_partition to keys",
    "publish_partition to a release",
)


def check(documents: Documents, s3: Any, bucket: str, prefix: str) -> None:
    """Exit if the content of the bucket below the prefix differs from the folder."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    stored = {
        found["Key"].removeprefix(prefix): found["ETag"].strip('"')
        for page in pages
        for found in page.get("Contents", ())
    }
    expected = {
        key: hashlib.md5(body, usedforsecurity=False).hexdigest()
        for key, body in files(documents.folder)
    }
    if wrong := stored.items() ^ expected.items():
        sys.exit(f"{bucket}: {len(wrong)} differences, such as {min(wrong)}")


def one_worker(documents: Documents, s3: Any, home: Path, count: int) -> list[dict[str, Run]]:
    """The runs of each round, without those of round 0 if there are others."""
    found = []
    ours = [sys.executable, str(HERE / "partition_worker.py"), str(documents.folder)]
    for _ in rounds(count, f"{documents.count:,} documents", minutes=4):
        runs: dict[str, Run] = {}
        for name in NAMES:
            bucket = f"bench-{secrets.token_hex(4)}"
            release = ["r"] if name == RELEASE else []
            directory = [*COMMAND, "publish", str(documents.folder), "--bucket", bucket]
            command = directory if name == DIRECTORY else [*ours, bucket, *release]
            runs[name] = run(command, home)
            check(documents, s3, bucket, "releases/r/" if release else "")
            progress(f"  {name}: {runs[name].seconds:.2f} s")
        found.append(runs)
    return found[1:] or found


def several_workers(documents: Documents, s3: Any) -> float:
    """The seconds of several workers and the commit."""
    bucket = f"bench-{secrets.token_hex(4)}"
    with ProcessPoolExecutor(WORKERS, get_context("spawn")) as pool:
        list(pool.map(abs, range(WORKERS)))  # the processes are started before
        began = time.monotonic()
        jobs = [
            pool.submit(worker, documents.folder, bucket, part, PARTS, WORKERS, "r")
            for part in range(PARTS)
        ]
        results = []
        for job in jobs:
            results.append(job.result())
            progress(f"  {results[-1]}")
        print(commit(results, Destination(bucket)), file=sys.stderr)
    seconds = time.monotonic() - began
    check(documents, s3, bucket, "releases/r/")
    return seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=1000, help="PUT requests per second")
    parser.add_argument("--peers", type=Path, help="install uvloop here and keep it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "readmodel.toml").write_text(ROUTES, encoding="utf-8")
        os.environ["READMODEL_CFN_HOME"] = str(home / "home")
        folder = options.peers.absolute() if options.peers else home / "peers"
        python = peers.install(folder, ["uvloop"])["uvloop"] / "python"
        documents = Documents(home / "site", options.documents)
        with s3_in_memory(python, 0, tls=False) as endpoint:
            found = one_worker(documents, endpoint.client("s3"), home, options.rounds)
        rows = [
            [
                f"{documents.count:,} documents",
                "seconds",
                "CPU, s",
                "MiB",
                "of publish DIR",
                "target",
            ]
        ]
        for each in NAMES:
            middle = medians([runs[each] for runs in found])
            ratio = median(runs[each].seconds / runs[DIRECTORY].seconds for runs in found)
            target = "-" if each == DIRECTORY else at_most(ratio, MOST)
            cells = [f"{middle.seconds:.2f}", f"{middle.cpu:.2f}", f"{middle.mib:.0f}"]
            cells += [f"{ratio:.2f}", target]
            rows.append([each, *cells])
        table(rows)
        progress(f"{WORKERS} workers, {options.rate:,.0f} PUT requests per second ...")
        with s3_in_memory(python, 0.02, tls=False, rate=options.rate) as endpoint:
            seconds = several_workers(documents, endpoint.client("s3"))
        allowed = documents.count / options.rate
        cells = [f"{seconds:.1f}", f"{allowed:.1f}", f"{seconds / allowed:.2f}"]
        head = [f"{WORKERS} workers", "seconds", "that the rate allows", "ratio", "target"]
        table([head, ["release", *cells, at_most(seconds / allowed, MOST_OF_RATE)]])


if __name__ == "__main__":
    main()
