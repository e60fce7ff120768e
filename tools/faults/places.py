"""A sandbox of the bench's own, and a proxy before it for each process that works."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

from fault_proxy import Proxy
from fault_site import Place

from readmodel_cfn import sandbox
from readmodel_cfn.aws import Connection, Credentials
from readmodel_cfn.report import story
from readmodel_cfn.sandbox.home import Home, ensure_installed


@contextmanager
def own_sandbox() -> Iterator[tuple[sandbox.Sandbox, Path]]:
    """A sandbox in a folder of its own, so that a running one is left alone; it shares its venv."""
    shared = Home.at(None)
    with shared.lock():
        ensure_installed(shared, story)
    with tempfile.TemporaryDirectory(prefix="readmodel-faults-") as name:
        folder = Path(name)
        (folder / shared.venv.name).symlink_to(shared.venv)
        try:
            yield sandbox.start(home=folder, progress=story), folder
        finally:
            sandbox.stop(home=folder)


def place(box: sandbox.Sandbox, folder: Path) -> Place:
    """A proxy before the sandbox for as long as this process lives, and a part of the folder."""
    key = Credentials(box.access_key_id, box.secret_access_key)
    connection = Connection(box.region, None, box.endpoint_url, key)

    @cache
    def clients(service: str) -> Any:
        return connection.client(service)

    return Place(box, Proxy(box.port), Path(tempfile.mkdtemp(dir=folder)), clients)
