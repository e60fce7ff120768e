"""Watch alarms after a release went live, and switch back to the previous release if one fires."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from readmodel_cfn.aws.alarms import AlarmState
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.errors import LostRace, ReadModelError, RolledBack, Stuck, Unfinished
from readmodel_cfn.plural import counted
from readmodel_cfn.progress import Note, OnProgress, Step
from readmodel_cfn.publish.release.activate import Activation
from readmodel_cfn.publish.release.store import Pointer

LONGEST = 180
"""Minutes, as for an update of the stack."""
_PAUSE = 15.0  # seconds; CloudWatch evaluates an alarm every minute
_FIX = "to see why, run: readmodel-cfn status"


@dataclass(frozen=True)
class ReleaseWatch:
    """Watches the alarms of a live stage for some minutes.

    `reads` reads the API while its `with` block runs: without reads an alarm has nothing to
    measure.
    """

    activation: Activation
    minutes: int
    alarms: Callable[[], Sequence[AlarmState]]
    reads: Callable[[], AbstractContextManager[None]]
    on_progress: OnProgress
    clock: Clock = field(default_factory=Clock)

    def check(self) -> None:
        """Check, before a release goes live, that no alarm fires already.

        Raises:
            ReadModelError: one does, or the alarms cannot be read.
        """
        for state in self.alarms():
            if state.fires:
                what = f"{state.alarm} fires already, so nothing was activated: {state.reason}"
                hint = "fix that first, or activate without --watch"
                raise ReadModelError(what, where="--watch", hint=hint)

    def watch(self, release: str) -> bool:
        """Watch the release that is live now; False if none was live before.

        Raises:
            RolledBack: an alarm fired, and the previous release is live again.
            LostRace: an alarm fired, and another release was activated meanwhile.
            Stuck: an alarm fired, and the previous release cannot be made live.
            Unfinished: the release is live, but it was not watched to the end.
        """
        try:
            pointer = self._pointer(release)
            if pointer is None or pointer.release != release or pointer.previous is None:
                what = f"Release {release} is not watched: there is no release to switch back to"
                self.on_progress(Note(what))
                return False
            with self.reads():
                fired = self._wait(release, pointer.previous)
        except KeyboardInterrupt as interrupt:
            raise self._unwatched(release, "interrupted") from interrupt
        if fired:
            self._switch_back(release, fired)
        return True

    def _pointer(self, release: str) -> Pointer | None:
        try:
            return self.activation.store.pointer()
        except ReadModelError as error:
            raise self._unwatched(release, str(error)) from error

    def _wait(self, release: str, previous: str) -> AlarmState | None:
        """The first alarm that fires; None if none does until the end."""
        time = counted(self.minutes, "minute")
        self.on_progress(Step(f"Watching the alarms for {time}; {previous} was live before"))
        end, problem = self.clock.now() + self.minutes * 60, ""
        while True:
            try:
                states, problem = self.alarms(), ""
            except ReadModelError as error:
                states, problem = (), str(error)
            if fired := next((state for state in states if state.fires), None):
                return fired
            left = end - self.clock.now()
            if left <= 0:
                break
            self.clock.sleep(min(_PAUSE, left))
        if problem:
            raise self._unwatched(release, f"the alarms cannot be read: {problem}")
        return None

    def _switch_back(self, release: str, fired: AlarmState) -> None:
        where = f"release {release}"
        why = f"{fired.alarm} fires ({fired.reason})"
        try:
            now = self.activation.store.pointer()
            if now is None or now.release != release:
                live = f"release {now.release}" if now else "no release"
                what = f"{why}, but {live} was activated meanwhile, so nothing was switched back"
                raise LostRace(what, where=where, hint=_FIX)
            done = self.activation.switch_back(now)
        except (LostRace, Unfinished):
            raise
        except ReadModelError as error:
            what = f"{why}, but the release is still live: {error}"
            hint = "activate another one: readmodel-cfn release activate ID"
            raise Stuck(what, where=where, hint=hint) from error
        except KeyboardInterrupt as interrupt:
            what = f"{why}, and it was interrupted: the release may still be live"
            raise Unfinished(
                what, where=where, hint="run: readmodel-cfn release list"
            ) from interrupt
        raise RolledBack(f"{why}, so {done.release} is live again", where=where, hint=_FIX)

    def _unwatched(self, release: str, why: str) -> Unfinished:
        what = f"the release is live, and no longer watched: {why}"
        hint = "to switch back: readmodel-cfn release rollback"
        return Unfinished(what, where=f"release {release}", hint=hint)
