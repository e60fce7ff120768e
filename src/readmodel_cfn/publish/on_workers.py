"""What the workers of Dask and Spark do with a partition, and the driver with their results."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.publish.partitions import PartitionResult, check, partition_of, publish_partition

Outcome = PartitionResult | ReadModelError
"""An error is returned, not raised: engines add a traceback, or raise an error of their own."""


@dataclass(frozen=True)
class Job:
    """What all partitions have in common; it can be pickled.

    `options` are further arguments of `publish_partition`, the destination among them.

    Raises:
        ConfigError: an argument is not allowed; no document was computed.
    """

    parts: int
    workers: int
    options: Mapping[str, Any]

    def __post_init__(self) -> None:
        release, routes = self.options.get("release"), self.options.get("routes")
        check(0, self.parts, release, self.workers, routes)

    def part_of(self, pair: tuple[str, object]) -> int:
        """The partition of a (key, value) pair."""
        return partition_of(pair[0], self.parts)

    def publish(self, part: int, documents: Iterable[tuple[str, object]]) -> Outcome:
        """Publish one partition, in a worker."""
        options = {"part": part, "parts": self.parts, "workers": self.workers, **self.options}
        try:
            return publish_partition(documents, **options)
        except ReadModelError as error:
            return error

    def results(self, outcomes: Iterable[Outcome]) -> list[PartitionResult]:
        """The results of all partitions, on the driver.

        A partition without documents has none, as no worker has met it: it is published here.

        Raises:
            ReadModelError: the first error of a worker.
        """
        found = dict(map(_numbered, outcomes))
        for part in set(range(self.parts)) - found.keys():
            found.update([_numbered(self.publish(part, ()))])
        return [found[part] for part in range(self.parts)]


def _numbered(outcome: Outcome) -> tuple[int, PartitionResult]:
    if isinstance(outcome, ReadModelError):
        raise outcome
    return outcome.part, outcome
