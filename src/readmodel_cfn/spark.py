"""Publish a Spark DataFrame from Spark's executors: `pip install 'readmodel-cfn[spark]'`.

results = publish_dataframe(frame, destination, release="r1", parts=64, workers=16)
commit(results, destination)
"""

import pickle
from collections.abc import Iterator
from functools import partial
from itertools import chain, groupby
from typing import Any

from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.on_workers import Job
from readmodel_cfn.publish.partitions import PartitionResult


def publish_dataframe(
    frame: Any, destination: Destination, *, parts: int, workers: int, **options: Any
) -> list[PartitionResult]:
    """Publish a DataFrame with the columns `key` and `value`, and return what `commit` needs.

    Args:
        frame: The documents; `value` is JSON, as text or binary.
        destination: The bucket, without a session.
        parts: Number of partitions, each of which is a task.
        workers: Number of tasks that run at the same time: the cores of all executors.
        **options: Other arguments of `publish_partition`, such as `release`.

    Raises:
        ReadModelError: a package of Spark is not installed, or the first error of a task.
    """
    try:
        import pandas  # noqa: F401 - mapInPandas needs both
        import pyarrow  # noqa: F401
        from pyspark.sql.functions import col, conv, get, hash, lit, md5, min, pmod  # noqa: A004
    except ImportError as error:
        what, hint = f"{error.name} is not installed", "run pip install 'readmodel-cfn[spark]'"
        raise ReadModelError(what, where="publish_dataframe", hint=hint) from error
    job = Job(parts, workers, {"destination": destination, **options})
    part = conv(md5("key").substr(1, 8), 16, 10).cast("long") % parts  # as partition_of
    # Spark partitions by a hash of its own: one number for each partition, so none share one.
    number = col("id").cast("int")
    numbers = frame.sparkSession.range(parts * 20).groupBy(pmod(hash(number), lit(parts)))
    place = dict(map(tuple, numbers.agg(min(number)).collect()))
    cut = get(lit([place[part] for part in range(parts)]), part.cast("int")).alias("number")
    rows = frame.select(cut, "key", col("value").cast("binary")).repartition(parts, "number")
    done = rows.select("key", "value").mapInPandas(partial(_publish, job), "outcome binary")
    return job.results(pickle.loads(row.outcome) for row in done.collect())  # noqa: S301 - ours


def _publish(job: Job, frames: Iterator[Any]) -> Iterator[Any]:
    from pandas import DataFrame

    pairs = chain.from_iterable(zip(frame["key"], frame["value"], strict=True) for frame in frames)
    for part, documents in groupby(pairs, job.part_of):
        yield DataFrame({"outcome": [pickle.dumps(job.publish(part, documents))]})
