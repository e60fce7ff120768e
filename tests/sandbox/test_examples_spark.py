"""The example with Spark, on a local cluster whose executor is killed; it needs a Java runtime."""

import shutil

import pytest
from example_tools import our_requirements, programs

from cluster_run import run

pytestmark = pytest.mark.examples
DOCUMENTS = 200_000


def test_every_document_is_published_once_when_an_executor_is_killed() -> None:
    assert shutil.which("java"), "install a Java runtime, such as Debian's openjdk-17-jre-headless"
    python = programs("spark", *our_requirements()) / "python"
    found = run("spark", DOCUMENTS, python=str(python))
    assert found.killed_at is not None
    assert 0.2 <= found.killed_at < 0.8
    assert (found.stored, found.in_manifest) == (DOCUMENTS, DOCUMENTS)
    assert (found.duplicates, found.wrong) == (0, 0)


def test_every_document_of_dask_is_published_once_when_a_worker_is_killed() -> None:
    found = run("dask", DOCUMENTS)
    assert found.killed_at is not None
    assert 0.2 <= found.killed_at < 0.8
    assert (found.stored, found.in_manifest) == (DOCUMENTS, DOCUMENTS)
    assert (found.duplicates, found.wrong) == (0, 0)
