"""`publish` writes a metric, in one call; a failure of it is a note."""

from typing import Any

import pytest
from functional_aws import Aws

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.progress import Note
from readmodel_cfn.publish import metric
from readmodel_cfn.publish.metric import PublishMetric

NOW = 1_700_000_000.0


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Aws:
    found = Aws()
    monkeypatch.setattr(Connection, "client", lambda _, service: found.client(service))
    monkeypatch.setattr("readmodel_cfn.publish.metric.time.time", lambda: NOW)
    return found


@pytest.mark.parametrize(
    ("prefix", "dimensions"),
    [
        ("", [{"Name": "StackName", "Value": "shop"}]),
        ("A", [{"Name": "StackName", "Value": "shop"}, {"Name": "Prefix", "Value": "A"}]),
    ],
)
def test_metric_has_the_time_and_the_stack(aws: Aws, prefix: str, dimensions: list[Any]) -> None:
    datum = {
        "MetricName": "PublishTime",
        "Dimensions": dimensions,
        "Value": NOW,
        "Unit": "Seconds",
    }
    aws.answers("cloudwatch", "put_metric_data", {}, Namespace="readmodel-cfn", MetricData=[datum])
    notes: list[object] = []
    PublishMetric("shop", prefix).write(Connection(), notes.append)
    assert notes == []
    assert aws.calls == ["PutMetricData"]


def test_failure_is_a_note(aws: Aws) -> None:
    aws.refuses("cloudwatch", "put_metric_data", "AccessDenied", "no", 403)
    notes: list[object] = []
    PublishMetric("shop").write(Connection(), notes.append)
    (note,) = notes
    assert isinstance(note, Note)
    assert "AccessDenied" in note.text


def test_call_that_does_not_return_is_a_note(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def stalled(seconds: float, _: object) -> None:
        raise TimeoutError(f"no response within {seconds:g} s")

    monkeypatch.setattr(metric, "call_within", stalled)
    notes: list[object] = []
    PublishMetric("shop").write(Connection(), notes.append)
    assert len(notes) == 1
    assert aws.calls == []


def test_client_that_cannot_be_made_is_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> None:
        raise ConfigError("no region", where="AWS")

    monkeypatch.setattr(Connection, "client", refused)
    notes: list[object] = []
    PublishMetric("shop").write(Connection(), notes.append)
    assert len(notes) == 1
