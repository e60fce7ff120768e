"""The two places: each a connection to an emulator that runs while its context lasts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from readmodel_cfn import sandbox
from readmodel_cfn.aws import Connection, Credentials
from readmodel_cfn.report import story
from readmodel_cfn.sandbox.home import Home, ensure_installed
from second_opinion import localstack

REGION = "eu-west-1"  # the one that the article's template has printed into it


@dataclass(frozen=True)
class Place:
    """An emulator, and how to reach it."""

    name: str
    connection: Connection


@contextmanager
def both() -> Iterator[tuple[Place, Place]]:
    """The sandbox and LocalStack, started, and stopped at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="readmodel-second-") as folder,
        our_sandbox(Path(folder, "sandbox")) as ours,
        their_localstack(Path(folder, "localstack")) as theirs,
    ):
        yield ours, theirs


@contextmanager
def our_sandbox(folder: Path) -> Iterator[Place]:
    """A sandbox of its own in `folder`, so that a running one is left alone; it shares its venv."""
    shared = Home.at(None)
    with shared.lock():
        ensure_installed(shared, story)
    folder.mkdir()
    (folder / shared.venv.name).symlink_to(shared.venv)
    try:
        box = sandbox.start(home=folder, progress=story)
        key = Credentials(box.access_key_id, box.secret_access_key)
        yield Place("sandbox", Connection(REGION, None, box.endpoint_url, key))
    finally:
        sandbox.stop(home=folder)


@contextmanager
def their_localstack(folder: Path) -> Iterator[Place]:
    """LocalStack, which takes any key."""
    folder.mkdir()
    with localstack.running(Home.at(None).path / "second-opinion", folder) as endpoint:
        key = Credentials("AKIAIOSFODNN7EXAMPLE", "second-opinion")
        yield Place("LocalStack", Connection(REGION, None, endpoint, key))
