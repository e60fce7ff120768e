"""Publish the documents of a Dask bag, on four workers of this machine.

python publish.py BUCKET [--documents 20000]
"""

import argparse

from dask import bag
from dask.distributed import Client, LocalCluster

from readmodel_cfn.dask import publish_bag
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.partitions import commit

WORKERS, PARTS = 4, 16


def document(number: int) -> tuple[str, dict[str, object]]:
    """The key of a document, and the document."""
    return f"items/{number}.json", {"id": number, "name": f"Item {number}", "text": "x" * 400}


def main() -> None:
    """Publish, and print what was published."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("bucket")
    parser.add_argument("--documents", type=int, default=20_000)
    given = parser.parse_args()
    destination = Destination(given.bucket)
    cluster = LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    )
    with cluster, Client(cluster):
        pairs = bag.from_sequence(range(given.documents), npartitions=PARTS).map(document)
        print(commit(publish_bag(pairs, destination, parts=PARTS), destination))


if __name__ == "__main__":  # the workers are new processes, which import this file
    main()
