"""A worker of partition.py, which loads nothing else.

python benchmarks/partition_worker.py FOLDER BUCKET [RELEASE]
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from readmodel_cfn import Route, partition_of, publish_partition
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.partitions import PartitionResult

ROUTES = (Route("docs/{id}", "docs/{id}.json"),)


def files(folder: Path, part: int = 0, parts: int = 1) -> Iterator[tuple[str, bytes]]:
    """The files of a partition, with their keys."""
    for file in sorted((folder / "docs").iterdir()):
        key = f"docs/{file.name}"
        if partition_of(key, parts) == part:
            yield key, file.read_bytes()


def worker(
    folder: Path, bucket: str, part: int, parts: int, workers: int, release: str | None
) -> PartitionResult:
    """Publish the files of one partition."""
    return publish_partition(
        files(folder, part, parts),
        Destination(bucket),
        part=part,
        parts=parts,
        release=release,
        workers=workers,
        routes=ROUTES,
    )


if __name__ == "__main__":
    place, to, *names = sys.argv[1:]
    print(worker(Path(place), to, 0, 1, 1, names[0] if names else None))
