"""Publishes one partition of numbered documents, as a process that can be killed.

python tests/partition_process.py URL PART PARTS RELEASE COUNT
"""

import sys

from memory_s3 import MemoryS3
from readmodel_cfn import partition_of, publish_partition
from readmodel_cfn.publish.partitions import PartitionResult
from release_scene import Scene, numbered


def of_part(documents: dict[str, object], part: int, parts: int) -> dict[str, object]:
    """The documents of one partition."""
    return {key: value for key, value in documents.items() if partition_of(key, parts) == part}


def publish(url: str, part: int, parts: int, release: str, count: int) -> PartitionResult:
    """Publish the partition of so many documents."""
    scene = Scene(MemoryS3(url))
    documents = of_part(numbered(count), part, parts)
    return publish_partition(documents, scene.destination, part=part, parts=parts, release=release)


if __name__ == "__main__":
    bucket_url, number, of, name, documents_of_all = sys.argv[1:]
    publish(bucket_url, int(number), int(of), name, int(documents_of_all))
