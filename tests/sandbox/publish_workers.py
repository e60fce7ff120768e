"""What a worker of a pool does: it imports this, and gets its part as a value."""

from typing import Any

from readmodel_cfn import partition_of, publish_partition
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.partitions import PartitionResult
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.results import PublishResult


def publish_part(part: range, to: Destination, settings: Settings) -> PublishResult:
    """Publish the products of these numbers."""
    return publish(((f"products/{n:05}.json", {"n": n}) for n in part), to, settings)


def publish_partition_of(part: int, parts: int, count: int, options: Any) -> PartitionResult:
    """Publish the products of a partition, as a worker with no other client."""
    products = ((f"products/{n}.json", {"n": n}) for n in range(count))
    own = ((key, value) for key, value in products if partition_of(key, parts) == part)
    return publish_partition(own, part=part, parts=parts, workers=2, **options)
