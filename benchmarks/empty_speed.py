"""How fast a bucket is emptied, beside one page after the other, as a loop over boto3 does it.

    python benchmarks/empty_speed.py [--versions 8000] [--rounds 3] [--json]

On the embedded AWS, as it is, and made to answer as late as AWS may: a tenth of a second later for
a listing, half a second for a thousand deletions (assumed, not measured). The ways take turns, each
with a bucket of its own. Medians, and how many times as fast as the loop.
"""

import argparse
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import Any

import embedded
from measure import median, show
from places import Place

from readmodel_cfn.store.empty import empty


def loop(s3: Any, bucket: str) -> None:
    """Delete a page, then list the next."""
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        batch = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
        s3.delete_objects(Bucket=bucket, Delete={"Objects": batch, "Quiet": True})


WAYS: dict[str, Callable[[Any, str], object]] = {"delete --with-data": empty, "loop": loop}
LATE: dict[str, Mapping[str, float]] = {
    "as it is": {},
    "late": {"ListObjectVersions": 0.1, "DeleteObjects": 0.5},
}


def late(place: Place, delays: Mapping[str, float]) -> Any:
    """S3 there, whose answers take so many seconds longer."""
    s3 = place.client("s3")
    for operation, delay in delays.items():
        wait = partial(_wait, delay)
        s3.meta.events.register(f"before-send.s3.{operation}", wait)
    return s3


def _wait(seconds: float, **_: object) -> None:
    time.sleep(seconds)


def filled(s3: Any, versions: int) -> str:
    """A new bucket with so many versions, four of each key."""
    bucket = f"bench-{secrets.token_hex(4)}"
    where: Any = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    keys = [f"documents/{number // 4}.json" for number in range(versions)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"{}"), keys))
    return bucket


def seconds(place: Place, answers: str, way: str, versions: int) -> float:
    """How long one way takes to empty a bucket."""
    s3 = place.client("s3")
    bucket = filled(s3, versions)
    start = time.perf_counter()
    WAYS[way](late(place, LATE[answers]), bucket)
    took = time.perf_counter() - start
    s3.delete_bucket(Bucket=bucket)
    return took


def rows(found: Mapping[tuple[str, str], float]) -> list[list[str]]:
    """Versions a second, and the ratio."""
    lines = [["answers", "way", "versions a second", "times the loop"]]
    for (answers, way), speed in found.items():
        ratio = speed / found[answers, "loop"]
        lines.append([answers, way, f"{speed:,.0f}", f"{ratio:.2f}"])
    return lines


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--versions", type=int, default=8000, help="in each bucket")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser.parse_args(given)


def main() -> None:
    """Measure and print."""
    asked = arguments()
    cells = list(product(LATE, WAYS))
    runs: dict[tuple[str, str], list[float]] = {cell: [] for cell in cells}
    with embedded.running() as place:
        for cell in cells * asked.rounds:
            runs[cell].append(seconds(place, *cell, asked.versions))
    found = {cell: asked.versions / median(taken) for cell, taken in runs.items()}
    result = {f"{way}, {answers}": round(speed) for (answers, way), speed in found.items()}
    show({"versions": asked.versions, "a second": result}, [rows(found)], asked.json)


if __name__ == "__main__":
    main()
