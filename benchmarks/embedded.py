"""The embedded AWS for a benchmark: used where it runs, else started and, at the end, stopped."""

from collections.abc import Iterator
from contextlib import contextmanager

from places import Place

from readmodel_cfn import sandbox


@contextmanager
def running() -> Iterator[Place]:
    """The embedded AWS of READMODEL_CFN_HOME; installed on first use."""
    found = sandbox.status()
    box = found or sandbox.start()
    try:
        yield Place(box.endpoint_url, box.access_key_id, box.secret_access_key, box.region)
    finally:
        if not found:
            sandbox.stop()
