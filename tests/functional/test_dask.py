"""Publishing from a local cluster of Dask: its example, run against the S3 in memory."""

import sys
from typing import Any

import pytest
from dask import bag as dask_bag

from cluster_run import PREFIX, run
from fast_s3_in_memory import Rate
from memory_s3 import memory_s3
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.dask import publish_bag
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.template.routes import Route

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


@pytest.mark.parametrize(
    "wrong",
    [
        {"parts": 0},
        {"parts": -1},
        {"parts": "3"},
        {"workers": -1},
        {"release": "a/b"},
        {"routes": [Route("p/{id}", "p/{id}.json", version_field="revision")]},
    ],
)
def test_wrong_argument_is_refused_before_a_document_is_computed(wrong: dict[str, Any]) -> None:
    computed: list[int] = []
    bag = dask_bag.from_sequence([1]).map(computed.append)
    options = {"parts": 1, "release": "r", "scheduler": "synchronous", **wrong}
    with pytest.raises(ConfigError):
        publish_bag(bag, Destination("data"), **options)
    assert computed == []


def test_key_that_cannot_be_encoded_is_a_fault() -> None:
    with memory_s3() as s3:
        to = Destination("data", "eu-west-1", s3.url, credentials=Credentials("AKIA1", "s3cret"))
        bag = dask_bag.from_sequence([("\ud800.json", 1)])
        (result,) = publish_bag(bag, to, release="r", parts=1, scheduler="synchronous")
    assert result.invalid == 1


def test_missing_dask_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dask.bag", None)
    with pytest.raises(ReadModelError) as error:
        publish_bag(None, Destination("data"), parts=1)
    assert "readmodel-cfn[dask]" in str(error.value)
    assert "\n" not in str(error.value)
