"""Every command and every block of Python in the documents does what its page says."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from document_reader import Reader

from documents import WRITTEN, blocks
from readmodel_cfn.local import sandbox as embedded
from readmodel_cfn.local.sandbox import Sandbox

FOLLOWED = {page: [block for block in blocks(page) if not block.not_run] for page in WRITTEN}
TO_FOLLOW = [
    page
    for page, found in FOLLOWED.items()
    if {"sh", "python"} & {block.language for block in found}
]
# These start the sandbox themselves, and stop it; the others begin where the tour has deployed.
WITH_THEIR_OWN = ["docs/tour.md", "docs/offline.md"]
SHOP = [block for block in FOLLOWED["docs/tour.md"] if block.title]
NOT_YET_DEPLOYED = {"README.md", "CONTRIBUTING.md"}


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Somebody in an empty folder, with nothing in the environment that leads to AWS."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    # What a slow machine says it waits for is on no page.
    monkeypatch.setattr("readmodel_cfn.cli.slow._tell", lambda *_: None)
    monkeypatch.chdir(tmp_path)
    return Reader(tmp_path)


def follow(reader: Reader, page: str) -> None:
    """Follow the page from its beginning to its end."""
    for block in FOLLOWED[page]:
        reader.follow(block)
    if reader.left_out:
        pytest.skip(f"all else was followed, but there is no {reader.left_out} here")


@pytest.mark.parametrize("page", WITH_THEIR_OWN)
def test_page_that_starts_and_stops_the_sandbox_works(
    page: str, reader: Reader, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READMODEL_CFN_HOME", str(home))
    if page != "docs/tour.md":  # which begins with nothing
        reader.make(SHOP)
    follow(reader, page)
    assert embedded.status(home=home) is None


@pytest.fixture(scope="session")
def my_bucket(
    sandbox: Sandbox, client_of: Callable[..., Any], make_bucket: Callable[..., None]
) -> None:
    """A bucket of the reader's own, as the pages call it; it goes with the sandbox."""
    make_bucket(client_of(sandbox, "s3"), "my-bucket")


@pytest.fixture
def shopkeeper(
    reader: Reader, sandbox: Sandbox, sandbox_home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reader]:
    """Somebody with an account, and the tour's files before them."""
    for name, value in {
        "AWS_ENDPOINT_URL": sandbox.endpoint_url,
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "AWS_DEFAULT_REGION": sandbox.region,
        "READMODEL_CFN_HOME": str(sandbox_home),  # for --sandbox, and for what was linted before
    }.items():
        monkeypatch.setenv(name, value)
    reader.make(SHOP)
    yield reader
    reader.run("delete", "--with-data", exits=frozenset({0, 1}))  # 1: the page did it


@pytest.mark.usefixtures("my_bucket")
@pytest.mark.parametrize("page", [page for page in TO_FOLLOW if page not in WITH_THEIR_OWN])
def test_page_works(page: str, shopkeeper: Reader) -> None:
    if page not in NOT_YET_DEPLOYED:
        shopkeeper.run("deploy")
    follow(shopkeeper, page)
