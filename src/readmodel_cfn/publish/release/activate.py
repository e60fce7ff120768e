"""Make a release live: write the pointer, then the stage's variable.

The pointer is written with If-Match, so that of two processes that activate different releases one
fails. The stage's variable has no condition; so the pointer is read again after each change of the
variable, and the variable changed again if the pointer differs. Whoever changes the variable last
has then read the pointer that it follows.

`prune` does not delete a release that is activated at the same time: it first marks the release as
being deleted and then reads the pointer and the variables, while activation writes them first and
then looks for the mark.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from readmodel_cfn.aws.errors import was_refused
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError, Unfinished
from readmodel_cfn.progress import Note, OnProgress, Step
from readmodel_cfn.publish.release.manifest import Header, utc_now
from readmodel_cfn.publish.release.names import check_id
from readmodel_cfn.publish.release.results import Activated
from readmodel_cfn.publish.release.store import Pointer, ReleaseStore
from readmodel_cfn.template.releases import POINTER

_ROUNDS = 20  # of other activations that follow each other without a pause
_LIST = "list them with: readmodel-cfn release list"


class Stages(Protocol):
    """The stages of the API, and the release that the variable of each names."""

    @property
    def live(self) -> str:
        """Name of the stage that follows the pointer."""

    def releases(self) -> Mapping[str, str | None]:
        """The release of each stage; None if its variable is not set."""

    def set(self, stage: str, release: str) -> None:
        """Set a stage's variable."""


@dataclass(frozen=True)
class Activation:
    """Activates releases of one bucket on the stages of one API."""

    store: ReleaseStore
    stages: Stages
    on_progress: OnProgress

    def activate(self, release: str, stage: str | None = None) -> Activated:
        """Make a release live, or serve it on another stage, which the pointer does not follow.

        Raises:
            ConfigError: there is no such complete release, or no such stage.
            LostRace: another release was activated at the same time.
            Unfinished: the pointer was written, but the stage could not be changed.
        """
        header = self._header(release)
        if self._is_live(stage):
            return self.make_live(header, self.store.pointer())
        return self._preview(header, stage or "")

    def activate_new(self, header: Header, pointer: Pointer | None, stage: str | None) -> Activated:
        """Activate a release that was just completed, if the pointer has not changed since.

        Raises:
            LostRace: another release was activated meanwhile.
            Unfinished: it is complete, but could not be activated.
        """
        try:
            if self._is_live(stage):
                return self.make_live(header, pointer)
            return self.activate(header.release, stage)
        except (ConfigError, LostRace, Unfinished):
            raise
        except (ReadModelError, KeyboardInterrupt) as error:
            what = f"it is complete, but not active: {str(error) or 'interrupted'}"
            where, hint = f"release {header.release}", "run it again to activate it"
            raise Unfinished(what, where=where, hint=hint) from error

    def _is_live(self, stage: str | None) -> bool:
        return stage is None or stage == self.stages.live

    def check_stage(self, stage: str | None) -> None:
        """Check that the API has the stage; None is the live one.

        Raises:
            ConfigError: it does not have it.
        """
        if stage is not None:
            self._of_stage(stage)

    def rollback(self) -> Activated:
        """Make the previous release live again; called again, it is undone.

        Raises:
            ReadModelError: no release was live before.
            LostRace: another release was activated at the same time.
        """
        return self.switch_back(self.store.pointer())

    def switch_back(self, pointer: Pointer | None) -> Activated:
        """Make the previous release live again, if the pointer is still this one.

        Raises:
            ReadModelError: no release was live before.
            LostRace: another release was activated meanwhile.
        """
        if pointer is None or pointer.previous is None:
            what, where = "no release was live before", f"{self.store.bucket}/{POINTER}"
            raise ReadModelError(what, where=where, hint=_LIST)
        return self.make_live(self._header(pointer.previous), pointer)

    def _header(self, release: str) -> Header:
        check_id(release, "release")
        header = self.store.header(release)
        if header is None or self.store.is_deleted(release):
            what = "there is no such complete release"
            raise ConfigError(what, where=f"release {release}", hint=_LIST)
        return header

    def make_live(self, header: Header, before: Pointer | None) -> Activated:
        """Make a release live, if the pointer is still the one before."""
        release = header.release
        self.on_progress(Step(f"Activating release {release}"))
        if before is None or before.release != release:
            self._point(header, before)
        self._follow_pointer(release)
        return self._activated(header, self.stages.live, before.release if before else None)

    def _point(self, header: Header, before: Pointer | None) -> None:
        release = header.release
        old = before.release if before else None
        try:
            pointer = Pointer(release, old, utc_now(), header.documents)
            written = self.store.put_pointer(pointer, before)
        except LostRace as error:
            now = self.store.pointer()
            if now and now.release == release:
                return
            meanwhile = f"release {now.release}" if now else "another release"
            hint = f"if {release} should be live: readmodel-cfn release activate {release}"
            what = f"{meanwhile} was activated meanwhile, so {release} is not live"
            raise LostRace(what, where=error.where, hint=hint) from error
        except KeyboardInterrupt as error:
            raise self._may_be_live(release, error) from error
        with self._unfinished(release):
            if self.store.is_usable(release):
                return
            if before:
                self.store.put_pointer(before, written)
            else:
                self.store.delete(POINTER)
        raise _pruned(release)

    def _follow_pointer(self, release: str) -> None:
        """Set the variable of the live stage until the pointer no longer changes."""
        stages, expected = self.stages, release
        for _ in range(_ROUNDS):
            with self._unfinished(expected):
                if self._of_stage(stages.live) != expected:
                    stages.set(stages.live, expected)
                now = self.store.pointer()
            if now is None or now.release == expected:
                break
            expected = now.release
        if expected != release:
            self.on_progress(Note(f"Release {expected} was activated after {release}"))

    @contextmanager
    def _unfinished(self, release: str) -> Iterator[None]:
        """Turn an error after the pointer was written into Unfinished."""
        try:
            yield
        except (ConfigError, LostRace):
            raise
        except (ReadModelError, KeyboardInterrupt) as error:
            raise self._may_be_live(release, error) from error

    def _may_be_live(self, release: str, error: BaseException) -> Unfinished:
        stage, reason = self.stages.live, str(error) or "interrupted"
        what = f"the pointer may name it, but stage {stage} may not serve it: {reason}"
        hint = f"run: readmodel-cfn release activate {release}"
        return Unfinished(what, where=f"release {release}", hint=hint)

    def _preview(self, header: Header, stage: str) -> Activated:
        release, old = header.release, self._of_stage(stage)
        self.on_progress(Step(f"Activating release {release} on stage {stage}"))
        is_set = False
        try:
            if old != release:
                self.stages.set(stage, release)
                is_set = True
            is_usable = self.store.is_usable(release)
            if old and not is_usable:
                self.stages.set(stage, old)
        except (ReadModelError, KeyboardInterrupt) as error:
            if was_refused(error) and not is_set:
                raise
            what = f"stage {stage} may serve it already: {str(error) or 'interrupted'}"
            hint = f"run: readmodel-cfn release activate {release} --stage {stage}"
            raise Unfinished(what, where=f"release {release}", hint=hint) from error
        if not is_usable:
            raise _pruned(release)
        return self._activated(header, stage, old)

    def _of_stage(self, stage: str) -> str | None:
        found = self.stages.releases()
        if stage not in found:
            hint = f"stages: {', '.join(sorted(found))}; add one with preview = true in [releases]"
            raise ConfigError(f"the API has no stage {stage!r}", where="--stage", hint=hint)
        return found[stage]

    def _activated(self, header: Header, stage: str, previous: str | None) -> Activated:
        bucket, target = self.store.bucket, self.store.destination.target
        return Activated(header.release, stage, previous, header.documents, bucket, target)


def _pruned(release: str) -> ReadModelError:
    what = "it was pruned at the same time, so it is not live"
    return ReadModelError(what, where=f"release {release}", hint="publish it again")
