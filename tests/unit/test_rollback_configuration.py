"""The alarms that roll back an update: which are triggers, and when the list is sent."""

from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import pytest

from readmodel_cfn import Alarms, ReadModel, build_template, render
from readmodel_cfn.deploy.client import _arguments
from readmodel_cfn.deploy.rollback import AlarmWatch, Rollback, with_rollback
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import StackResource
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.progress import Note
from readmodel_cfn.template.metrics import TRIGGERS

STACK_ID = "arn:aws-cn:cloudformation:cn-north-1:123456789012:stack/shop/1"
DELETED = "deleted"  # by somebody, while the stack's resources still have it
PLAIN, ALARMED = ReadModel(), ReadModel(alarms=Alarms())


def template(model: ReadModel) -> str:
    return render(build_template(model), "compact")


def resource(name: str, status: str = "CREATE_COMPLETE") -> StackResource:
    return StackResource(name, f"shop-{name}-1", "AWS::CloudWatch::Alarm", status)


class CloudWatch:
    """Answers DescribeAlarms; `states` by the alarm's name."""

    def __init__(self, states: Mapping[str, str], *, denied: bool = False) -> None:
        self.states, self.denied = states, denied

    def describe_alarms(self, **asked: Any) -> Any:
        if self.denied:
            raise ReadModelError("denied", where="AWS DescribeAlarms")
        names = asked["AlarmNames"]
        states = {name: self.states.get(name, "OK") for name in names}
        found = {name: state for name, state in states.items() if state != DELETED}
        return {
            "MetricAlarms": [
                {"AlarmName": name, "StateValue": state, "StateReason": "why"}
                for name, state in found.items()
            ]
        }


@dataclass(frozen=True)
class _Context:
    spec: StackSpec
    client: Any
    location: Any
    watch: AlarmWatch
    on_progress: Any


class Scene:
    """One deploy: the deployed template, the new one, and the alarms of the stack."""

    def __init__(
        self,
        before: ReadModel | None,
        after: ReadModel,
        minutes: int | None = 10,
        resources: tuple[StackResource, ...] = tuple(map(resource, TRIGGERS)),
        cloudwatch: CloudWatch | None = None,
    ) -> None:
        self.notes: list[str] = []
        asked = cloudwatch or CloudWatch({})
        client = SimpleNamespace(resources=lambda _: resources)
        connection = SimpleNamespace(client=lambda _: asked)
        self.spec = StackSpec("shop", template(after))
        context = _Context(
            spec=self.spec,
            client=client,
            location=SimpleNamespace(connection=connection),
            watch=AlarmWatch(TRIGGERS, minutes, lambda _: nullcontext()),
            on_progress=self._report,
        )
        stack = None if before is None else SimpleNamespace(id=STACK_ID)
        deployed = None if before is None else StackSpec("shop", template(before)).content
        action = "create" if before is None else "update"
        inspection: Any = SimpleNamespace(
            stack=stack, template=deployed, plan=SimpleNamespace(action=action)
        )
        found: Any = with_rollback(context, inspection)  # type: ignore[arg-type]
        self.sent: StackSpec = found.spec

    def _report(self, value: object) -> None:
        assert isinstance(value, Note)
        self.notes.append(value.text)


def arn(name: str) -> str:
    return f"arn:aws-cn:cloudwatch:cn-north-1:123456789012:alarm:shop-{name}-1"


def test_first_operation_has_no_triggers() -> None:
    """An alarm that the same create makes cannot guard it."""
    assert Scene(None, ALARMED).sent.rollback is None


def test_update_that_adds_the_alarms_sends_an_empty_list() -> None:
    assert Scene(PLAIN, ALARMED).sent.rollback == Rollback()


def test_next_update_has_the_triggers_and_the_minutes() -> None:
    found = Scene(ALARMED, ALARMED).sent.rollback
    assert found == Rollback(tuple(map(arn, TRIGGERS)), 10)
    assert (
        len(TRIGGERS) <= 5
    )  # https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_RollbackConfiguration.html


@pytest.mark.parametrize("after", [PLAIN, ALARMED])
def test_empty_list_is_sent_without_watching(after: ReadModel) -> None:
    """Otherwise CloudFormation would use the triggers of the last update."""
    sent = _arguments(Scene(ALARMED, after, None).sent)
    expected = {"RollbackTriggers": [], "MonitoringTimeInMinutes": 0}
    assert sent["RollbackConfiguration"] == expected


def test_stack_without_alarms_keeps_its_own_triggers() -> None:
    assert "RollbackConfiguration" not in _arguments(Scene(PLAIN, PLAIN).sent)


def test_deleted_alarm_is_no_trigger() -> None:
    resources = (resource("ErrorsAlarm"), resource("LatencyAlarm", "DELETE_COMPLETE"))
    found = Scene(ALARMED, ALARMED, resources=resources).sent.rollback
    assert found == Rollback((arn("ErrorsAlarm"),), 10)


def test_no_minutes_still_have_triggers() -> None:
    found = Scene(ALARMED, ALARMED, 0).sent.rollback
    assert found == Rollback(tuple(map(arn, TRIGGERS)), 0)


def test_alarm_that_fires_already_is_named() -> None:
    scene = Scene(ALARMED, ALARMED, cloudwatch=CloudWatch({"shop-LatencyAlarm-1": "ALARM"}))
    (warning,) = [note for note in scene.notes if "--no-watch" in note]
    assert "LatencyAlarm" in warning
    assert "ErrorsAlarm" not in warning


def test_alarm_that_somebody_has_deleted_is_no_trigger() -> None:
    """CloudFormation would fail the whole update."""
    scene = Scene(ALARMED, ALARMED, cloudwatch=CloudWatch({"shop-LatencyAlarm-1": DELETED}))
    rollback = scene.sent.rollback
    assert rollback
    assert rollback.triggers == tuple(map(arn, ("ErrorsAlarm", "ThrottlesAlarm")))
    assert any("LatencyAlarm" in note and "Warning" in note for note in scene.notes)


def test_states_that_cannot_be_read_do_not_prevent_the_update() -> None:
    scene = Scene(ALARMED, ALARMED, cloudwatch=CloudWatch({}, denied=True))
    assert any("denied" in note for note in scene.notes)
    assert scene.sent.rollback


def test_argument_has_the_type_of_each_trigger() -> None:
    spec = replace(StackSpec("shop", template(ALARMED)), rollback=Rollback(("a",), 7))
    assert _arguments(spec)["RollbackConfiguration"] == {
        "RollbackTriggers": [{"Arn": "a", "Type": "AWS::CloudWatch::Alarm"}],
        "MonitoringTimeInMinutes": 7,
    }
