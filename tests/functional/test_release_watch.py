"""A release is watched after it went live: if an alarm fires, the one before is live again."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

import pytest

from memory_s3 import memory_s3
from readmodel_cfn.aws.alarms import AlarmState
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.errors import LostRace, ReadModelError, RolledBack, Stuck, Unfinished
from readmodel_cfn.publish.release.store import ReleaseStore
from readmodel_cfn.publish.release.watch import ReleaseWatch
from readmodel_cfn.template.releases import POINTER
from release_scene import LIVE, Scene, numbered

OK = AlarmState("ErrorsAlarm", "shop-ErrorsAlarm-1", "OK")
NO_DATA = AlarmState("LatencyAlarm", "shop-LatencyAlarm-1", "INSUFFICIENT_DATA")
FIRES = AlarmState("ErrorsAlarm", "shop-ErrorsAlarm-1", "ALARM", "2 > 1")


@dataclass
class FakeClock(Clock):
    """Time passes only by sleeping; `on_sleep` is called each time, before."""

    time: float = 0.0
    on_sleep: Callable[[], None] = lambda: None

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.on_sleep()
        self.time += seconds


@dataclass
class Alarms:
    """The states, of which each poll returns the next; the last one stays."""

    answers: list[list[AlarmState] | ReadModelError] = field(default_factory=lambda: [[OK]])
    polls: int = 0

    def __call__(self) -> list[AlarmState]:
        self.polls += 1
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(found, ReadModelError):
            raise found
        return found


@pytest.fixture
def scene() -> Iterator[Scene]:
    """Release `old` was live before `new`."""
    with memory_s3() as s3:
        made = Scene(s3)
        made.publish(numbered(1), release="old")
        made.publish(numbered(1, 2), release="new")
        yield made


def watch(scene: Scene, alarms: Alarms, clock: Clock | None = None) -> ReleaseWatch:
    activation, report = scene.activation, scene.reported.append
    return ReleaseWatch(activation, 5, alarms, nullcontext, report, clock or FakeClock())


def live(scene: Scene) -> tuple[object, object]:
    """The release of the pointer, and that of the stage."""
    return scene.pointer["release"], scene.stages.variables[LIVE]


def test_release_stays_live_if_no_alarm_fires(scene: Scene) -> None:
    clock, alarms = FakeClock(), Alarms([[OK, NO_DATA]])
    assert watch(scene, alarms, clock).watch("new")
    assert live(scene) == ("new", "new")
    assert clock.time == 5 * 60
    assert alarms.polls > 1


def test_release_before_is_live_again_if_an_alarm_fires(scene: Scene) -> None:
    clock = FakeClock()
    with pytest.raises(RolledBack) as error:
        watch(scene, Alarms([[OK], [OK], [FIRES]]), clock).watch("new")
    assert live(scene) == ("old", "old")
    assert error.value.exit_code == 4
    assert {"ErrorsAlarm", "old"} <= set(str(error.value).replace(",", " ").split())
    assert clock.time < 5 * 60


def test_alarm_that_fires_at_the_end_counts(scene: Scene) -> None:
    clock = FakeClock()
    states = Alarms()
    found = watch(scene, states, clock)

    def fires_late() -> None:
        if clock.time >= 285:
            states.answers = [[FIRES]]

    clock.on_sleep = fires_late
    with pytest.raises(RolledBack):
        found.watch("new")


def test_alarm_that_fires_before_prevents_the_activation(scene: Scene) -> None:
    with pytest.raises(ReadModelError) as error:
        watch(scene, Alarms([[FIRES]])).check()
    assert error.value.exit_code == 1
    watch(scene, Alarms([[OK, NO_DATA]])).check()


def test_states_are_asked_again_after_an_error(scene: Scene) -> None:
    denied = ReadModelError("no response", where="AWS")
    assert watch(scene, Alarms([denied, [OK]])).watch("new")
    with pytest.raises(RolledBack):
        watch(scene, Alarms([denied, [FIRES]])).watch("new")


def test_watch_is_unfinished_if_the_states_cannot_be_read(scene: Scene) -> None:
    with pytest.raises(Unfinished) as error:
        watch(scene, Alarms([ReadModelError("denied", where="AWS")])).watch("new")
    assert "denied" in str(error.value)
    assert live(scene) == ("new", "new")


def test_interrupted_watch_says_that_the_release_is_live(scene: Scene) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(Unfinished) as error:
        watch(scene, Alarms(), FakeClock(on_sleep=interrupt)).watch("new")
    assert error.value.exit_code == 9
    assert "rollback" in str(error.value.hint)
    assert live(scene) == ("new", "new")


def test_first_release_is_not_watched() -> None:
    with memory_s3() as s3:
        scene = Scene(s3)
        scene.publish(numbered(1), release="first")
        alarms = Alarms([[FIRES]])
        assert not watch(scene, alarms).watch("first")
        assert alarms.polls == 0


def test_release_that_was_activated_meanwhile_stays_live(scene: Scene) -> None:
    scene.publish(numbered(1, 3), release="third", live=False)
    states = Alarms()

    def activated() -> None:
        scene.activate("third")
        states.answers = [[FIRES]]

    with pytest.raises(LostRace) as error:
        watch(scene, states, FakeClock(on_sleep=activated)).watch("new")
    assert "third" in str(error.value)
    assert live(scene) == ("third", "third")


def test_release_that_is_gone_cannot_be_live_again(scene: Scene) -> None:
    for key in [key for key in scene.s3.objects if "old" in key and key != POINTER]:
        del scene.s3.objects[key]
    with pytest.raises(Stuck):
        watch(scene, Alarms([[FIRES]])).watch("new")
    assert live(scene) == ("new", "new")


def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    def pointer(_: ReleaseStore) -> None:
        raise ReadModelError("no response", where="S3")

    monkeypatch.setattr(ReleaseStore, "pointer", pointer)


def test_release_is_live_and_not_watched_if_the_pointer_cannot_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreadable(monkeypatch)
    with pytest.raises(Unfinished) as error:
        watch(scene, Alarms()).watch("new")
    assert "no response" in str(error.value)


def test_alarm_fires_and_the_pointer_cannot_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock(on_sleep=lambda: unreadable(monkeypatch))
    with pytest.raises(Stuck) as error:
        watch(scene, Alarms([[OK], [FIRES]]), clock).watch("new")
    assert "ErrorsAlarm" in str(error.value)
    assert scene.stages.variables[LIVE] == "new"
