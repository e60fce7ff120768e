"""Publish the rows of a Spark DataFrame, on four executors of this machine.

python publish.py BUCKET [--documents 20000]
"""

import argparse
import os
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, concat, lit, repeat, struct, to_json

from readmodel_cfn import commit
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.spark import publish_dataframe

WORKERS, PARTS, RELEASE = 4, 16, "r1"


def main() -> None:
    """Publish, and print what was published."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("bucket")
    parser.add_argument("--documents", type=int, default=20_000)
    given = parser.parse_args()
    destination = Destination(given.bucket)
    os.environ["PYSPARK_PYTHON"] = sys.executable  # the Python that the executors start
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    builder = SparkSession.builder.master(f"local-cluster[{WORKERS},1,1024]")
    spark = builder.config("spark.ui.enabled", "false").getOrCreate()
    items = spark.range(given.documents).select(
        col("id"),
        concat(lit("Item "), col("id").cast("string")).alias("name"),
        repeat(lit("x"), 400).alias("text"),
    )
    documents = items.select(
        concat(lit("items/"), col("id").cast("string"), lit(".json")).alias("key"),
        to_json(struct("id", "name", "text")).alias("value"),
    )
    results = publish_dataframe(
        documents, destination, parts=PARTS, workers=WORKERS, release=RELEASE
    )
    print(commit(results, destination))
    spark.stop()


if __name__ == "__main__":
    main()
