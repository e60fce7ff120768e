"""Publish a Dask bag from Dask's workers: `pip install 'readmodel-cfn[dask]'`.

results = publish_bag(bag, destination, release="r1", parts=64)
commit(results, destination)
"""

from os import cpu_count
from typing import Any

from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.on_workers import Job
from readmodel_cfn.publish.partitions import PartitionResult


def publish_bag(
    bag: Any,
    destination: Destination,
    *,
    parts: int,
    workers: int | None = None,
    scheduler: Any = None,
    **options: Any,
) -> list[PartitionResult]:
    """Publish a bag of (key, value) pairs, and return what `commit` needs.

    Args:
        bag: The documents: bytes are JSON already, any other value is encoded as JSON.
        destination: The bucket, without a session.
        parts: Number of partitions; one to three at a time are in a worker's memory.
        workers: Number of tasks that run at the same time; None to ask Dask.
        scheduler: Where Dask computes, such as "processes"; None for the current
            `distributed.Client`, or for processes of this machine if there is none.
        **options: Other arguments of `publish_partition`, such as `release`.

    Raises:
        ReadModelError: Dask is not installed, or the first error of a worker.
    """
    try:
        from dask.bag import Bag
    except ImportError as error:
        hint = "run pip install 'readmodel-cfn[dask]'"
        raise ReadModelError("Dask is not installed", where="publish_bag", hint=hint) from error
    if not isinstance(bag, Bag):
        hint = "make one, such as dask.bag.from_sequence(pairs)"
        raise ConfigError("not a Dask bag", where="publish_bag", hint=hint)
    job = Job(parts, workers or _workers(), {"destination": destination, **options})
    groups = bag.repartition(max(parts, bag.npartitions)).groupby(job.part_of, npartitions=parts)
    return job.results(groups.starmap(job.publish).compute(scheduler=scheduler))


def _workers() -> int:
    try:
        from distributed import default_client

        return sum(default_client().ncores().values()) or 1
    except (ImportError, ValueError):  # there is no client
        return cpu_count() or 1
