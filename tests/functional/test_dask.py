"""Publishing from a local cluster of Dask: its example, run against the S3 in memory."""

import sys

import pytest

from cluster_run import PREFIX, run
from fast_s3_in_memory import Rate
from readmodel_cfn.dask import publish_bag
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish.destination import Destination

DOCUMENTS = 20_000
SLOW_DOCUMENTS = 3_000


def test_every_document_is_published_once_when_a_worker_is_killed() -> None:
    found = run("dask", DOCUMENTS)
    assert found.killed_at is not None
    assert 0.2 <= found.killed_at < 0.8
    assert (found.stored, found.in_manifest) == (DOCUMENTS, DOCUMENTS)
    assert (found.duplicates, found.wrong) == (0, 0)


def test_every_document_is_published_once_when_s3_answers_slow_down() -> None:
    found = run("dask", SLOW_DOCUMENTS, kill=False, rate=Rate(PREFIX, 500, refuse_first=50))
    assert (found.stored, found.in_manifest) == (SLOW_DOCUMENTS, SLOW_DOCUMENTS)
    assert (found.duplicates, found.wrong) == (0, 0)
    assert found.refused >= 50  # how many more depends on the machine: see test_rate


def test_what_is_not_a_bag_is_refused() -> None:
    with pytest.raises(ConfigError, match="bag"):
        publish_bag([("a.json", 1)], Destination("data"), parts=1)


def test_missing_dask_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.bag", None)
    with pytest.raises(ReadModelError) as error:
        publish_bag(None, Destination("data"), parts=1)
    assert "readmodel-cfn[dask]" in str(error.value)
    assert "\n" not in str(error.value)
