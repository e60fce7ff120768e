"""[alarms] on the embedded AWS: deployed, shown, watched, and fed by `publish`."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from readmodel_cfn import Alarms, ReadModel, ReadModelStack, Releases, Route
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.deploy import client
from readmodel_cfn.errors import ConfigError, ReadModelError, RolledBack
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.progress import Note
from readmodel_cfn.publish.partitions import publish_partition
from readmodel_cfn.template.metrics import TRIGGERS

Clients = Callable[..., Any]
KEY = "products/1.json"
MODEL = ReadModel(
    routes=(Route("products/{id}", "products/{id}.json"),),
    releases=Releases(preview=True),
    alarms=Alarms(published_within_hours=24),
)


@pytest.fixture(scope="module")
def deployed(sandbox: Sandbox) -> Iterator[ReadModelStack]:
    name = f"alarmed-{secrets.token_hex(4)}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
        made = ReadModelStack(name, MODEL, region=sandbox.region, endpoint_url=sandbox.endpoint_url)
        made.deploy()
        for release in ("old", "new"):
            made.publish_release({KEY: release}, release=release)
        yield made
        made.delete(with_data=True, confirm=lambda _: True)


@pytest.fixture
def stack(
    deployed: ReadModelStack, sandbox: Sandbox, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ReadModelStack]:
    """The stack, with release `new` live and without an alarm that fires."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    deployed.activate("old")
    deployed.activate("new")
    yield deployed
    set_state(clients, deployed, "ErrorsAlarm", "OK")


def set_state(clients: Clients, stack: ReadModelStack, alarm: str, state: str) -> None:
    resources = {each.logical_id: each.physical_id for each in stack.status().resources}
    clients("cloudwatch").set_alarm_state(
        AlarmName=resources[alarm], StateValue=state, StateReason="2 > 1"
    )


def test_status_has_the_state_of_each_alarm(stack: ReadModelStack, clients: Clients) -> None:
    set_state(clients, stack, "ErrorsAlarm", "ALARM")
    found = stack.status()
    assert found.alarms
    assert {each.alarm for each in found.alarms.states} >= {*TRIGGERS, "DocumentsAlarm"}
    assert [each.alarm for each in found.alarms.firing] == ["ErrorsAlarm"]
    (fires,) = [each for each in found.as_dict()["alarms"]["states"] if each["state"] == "ALARM"]
    assert (fires["alarm"], fires["reason"]) == ("ErrorsAlarm", "2 > 1")


def test_dashboard_is_deployed(stack: ReadModelStack, clients: Clients) -> None:
    names = [
        each["DashboardName"]
        for each in clients("cloudwatch").list_dashboards()["DashboardEntries"]
    ]
    assert any(name.startswith(stack.name) for name in names)


def runs(stack: ReadModelStack, clients: Clients) -> float:
    """The number of runs that have written the metric."""
    now = datetime.now(UTC)
    found = clients("cloudwatch").get_metric_statistics(
        Namespace="readmodel-cfn",
        MetricName="PublishTime",
        Dimensions=[{"Name": "StackName", "Value": stack.name}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=3600,
        Statistics=["SampleCount"],
    )
    return float(sum(each["SampleCount"] for each in found["Datapoints"]))


def test_publish_writes_one_datum_for_each_run(stack: ReadModelStack, clients: Clients) -> None:
    before = runs(stack, clients)
    stack.publish_release({KEY: 1, "products/2.json": 2}, release=secrets.token_hex(4))
    assert runs(stack, clients) == before + 1
    stack.publish_release({KEY: 3}, release=secrets.token_hex(4), activate=False)
    assert runs(stack, clients) == before + 1  # nobody reads it yet


def test_commit_writes_one_datum_if_the_documents_are_live(
    stack: ReadModelStack, clients: Clients
) -> None:
    before = runs(stack, clients)
    for activate, written in ((False, 0), (True, 1)):
        options = stack.partition_options(secrets.token_hex(4))
        result = publish_partition([(KEY, "partition")], part=0, parts=1, **options)
        stack.commit([result], activate=activate)
        assert runs(stack, clients) == before + written


def updates(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The RollbackConfiguration of each update; None if it has none."""
    sent: list[Any] = []
    update = client.StackClient.update

    def noted(self: client.StackClient, spec: Any) -> bool:
        sent.append(client._arguments(spec).get("RollbackConfiguration"))
        return update(self, spec)

    monkeypatch.setattr(client.StackClient, "update", noted)
    return sent


def changed(stack: ReadModelStack, **alarms: Any) -> ReadModelStack:
    """The same stack with other options of the alarms."""
    model = replace(MODEL, alarms=Alarms(**alarms) if alarms else None)
    place = stack._requested
    return ReadModelStack(stack.name, model, region=place.region, endpoint_url=place.endpoint_url)


def test_update_is_watched_and_the_api_is_read_meanwhile(
    stack: ReadModelStack, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, seen = updates(monkeypatch), list[object]()
    set_state(clients, stack, "ErrorsAlarm", "ALARM")
    changed(stack, latency_ms=2000, watch=7).deploy(on_progress=seen.append)
    (rollback,) = sent
    assert rollback["MonitoringTimeInMinutes"] == 7
    assert len(rollback["RollbackTriggers"]) == len(TRIGGERS)
    notes = [value.text for value in seen if isinstance(value, Note)]
    assert any("ErrorsAlarm" in text and "--no-watch" in text for text in notes)
    assert any(text.startswith("Reads meanwhile") for text in notes)
    changed(stack, latency_ms=3000).deploy(watch=False)
    changed(stack).deploy()  # without [alarms]
    assert sent[1:] == [{"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}] * 2
    stack.deploy()


def test_release_is_switched_back_if_an_alarm_fires(
    stack: ReadModelStack, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.activate("old")
    monkeypatch.setattr(
        Clock, "sleep", lambda *_: set_state(clients, stack, "ErrorsAlarm", "ALARM")
    )
    with pytest.raises(RolledBack):
        stack.activate("new", watch=1)
    assert stack.read("products/1").json() == "old"
    with pytest.raises(ReadModelError, match="ErrorsAlarm"):  # it fires already
        stack.activate("new", watch=1)
    assert stack.read("products/1").json() == "old"


def test_release_that_is_published_is_switched_back(
    stack: ReadModelStack, clients: Clients, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Clock, "sleep", lambda *_: set_state(clients, stack, "ErrorsAlarm", "ALARM")
    )
    with pytest.raises(RolledBack):
        stack.publish_release({KEY: secrets.token_hex(4)}, watch=1)
    assert stack.read("products/1").json() == "new"


def test_release_stays_if_no_alarm_fires(
    stack: ReadModelStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed = [0.0]
    monkeypatch.setattr(Clock, "now", lambda _: passed[0])
    monkeypatch.setattr(Clock, "sleep", lambda _, seconds: passed.append(passed.pop() + seconds))
    stack.activate("old")
    assert stack.activate("new", watch=2).watched == 2
    assert passed == [120.0]


@pytest.mark.parametrize(
    "options", [{"watch": 0}, {"watch": 181}, {"watch": 5, "stage": "preview"}]
)
def test_wrong_watch_is_refused(stack: ReadModelStack, options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as error:
        stack.activate("old", **options)
    assert error.value.where == "--watch"
    assert stack.read("products/1").json() == "new"


def test_watch_needs_the_alarms(stack: ReadModelStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel_cfn.stack.reads.TRIGGERS", ())
    with pytest.raises(ConfigError):
        stack.activate("old", watch=5)
