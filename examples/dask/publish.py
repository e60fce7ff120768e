"""Publish the documents of a Dask bag, on four workers of this machine.

python publish.py BUCKET [--documents 20000]
"""

import argparse

from dask import bag
from dask.distributed import Client, LocalCluster

from readmodel_cfn import commit
from readmodel_cfn.dask import publish_bag
from readmodel_cfn.publish.destination import Destination

WORKERS, PARTS, RELEASE = 4, 16, "r1"


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
        results = publish_bag(pairs, destination, parts=PARTS, release=RELEASE)
        print(commit(results, destination))


if __name__ == "__main__":  # the workers are new processes, which import this file
    main()
