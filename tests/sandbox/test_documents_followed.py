"""Every command and every block of Python in the documentation works as its page says."""

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
# These start and stop the sandbox themselves; the others start after the deploy of the tour.
WITH_THEIR_OWN = ["docs/tour.md", "docs/offline.md"]
WITH_A_PROFILE = ["docs/aws-account.md"]  # test_aws_account_page.py follows it
SHOP = [block for block in FOLLOWED["docs/tour.md"] if block.title]
NOT_YET_DEPLOYED = {"README.md", "CONTRIBUTING.md", "docs/environments.md"}


@pytest.fixture
def deploy_without_lint() -> None:
    """The pages lint, too."""


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """A reader in an empty folder, without AWS settings in the environment."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return Reader(tmp_path)


def follow(reader: Reader, page: str) -> None:
    """Run all blocks of the page."""
    for block in FOLLOWED[page]:
        reader.follow(block)
    if reader.left_out:
        pytest.skip(f"everything else works; {reader.left_out} is not installed")


@pytest.mark.parametrize("page", WITH_THEIR_OWN)
def test_page_that_starts_and_stops_the_sandbox_works(
    page: str, reader: Reader, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("READMODEL_CFN_HOME", str(home))
    if page != "docs/tour.md":  # it writes its own files
        reader.make(SHOP)
    follow(reader, page)
    assert embedded.status(home=home) is None


@pytest.fixture(scope="session")
def my_bucket(
    sandbox: Sandbox, client_of: Callable[..., Any], make_bucket: Callable[..., None]
) -> None:
    """The bucket that pages call my-bucket; it is discarded with the sandbox."""
    make_bucket(client_of(sandbox, "s3"), "my-bucket")


@pytest.fixture
def shopkeeper(reader: Reader, use_sandbox: None) -> Iterator[Reader]:  # noqa: ARG001
    """A reader with an account and the files of the tour."""
    reader.make(SHOP)
    yield reader
    reader.make(SHOP)  # the page may have written another file
    reader.run("delete", "--with-data", exits=frozenset({0, 1}))  # 1: the page deleted it


@pytest.mark.usefixtures("my_bucket")
@pytest.mark.parametrize(
    "page", [page for page in TO_FOLLOW if page not in {*WITH_THEIR_OWN, *WITH_A_PROFILE}]
)
def test_page_works(page: str, shopkeeper: Reader) -> None:
    if page not in NOT_YET_DEPLOYED:
        shopkeeper.run("deploy")
    follow(shopkeeper, page)
