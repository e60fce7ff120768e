"""Publishing many documents: check all, compare, ask, send, and delete what is missing."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.countdown import Countdown
from readmodel_cfn.cli.publish_telling import LeftOut, Telling
from readmodel_cfn.cli.publisher import Publisher, publisher
from readmodel_cfn.cli.slow import slow
from readmodel_cfn.cli.target import Target, consent
from readmodel_cfn.cli.untold import unfinished_if_untold
from readmodel_cfn.errors import ConfigError, LostRace, ReadModelError, Unfinished
from readmodel_cfn.publish.comparison import ENCRYPTED, NO_HEAD, NO_LIST, UNLIKE
from readmodel_cfn.publish.difference import Checked, Difference
from readmodel_cfn.publish.documents import Document, File, PassedOver, check, files, load
from readmodel_cfn.publish.faults import Fault
from readmodel_cfn.publish.listing import listing
from readmodel_cfn.publish.object_errors import Denied
from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.publish import Settings
from readmodel_cfn.publish.selection import Selection
from readmodel_cfn.publish.sending import RUN_AGAIN, Outcome, Sending, Sent, Tally
from readmodel_cfn.publish.spool import Spool

_BATCH = 1000  # keys of one DeleteObjects call, S3's limit


@dataclass(frozen=True)
class Wish:
    """What was asked for."""

    force: bool
    skip_invalid: bool
    create_only: bool
    delete_missing: bool
    yes: bool
    as_json: bool
    exclude: tuple[str, ...]

    @property
    def compares(self) -> bool:
        """Is what has not changed left alone?"""
        return not (self.force or self.create_only)


def settings_of(target: Target) -> Settings:
    """How the read model keeps its documents."""
    store = target.config.model.data_store
    return Settings(store.cache_control, store.gzip_stored)


def selection_of(target: Target, exclude: Sequence[str]) -> Selection:
    """What is published: what the routes serve, without what the file and the options exclude."""
    config = target.config
    return Selection(config.model.routes, (*config.publish.exclude, *exclude))


def publish_many(
    target: Target, paths: Sequence[Path], wish: Wish, bucket: str | None, as_writer: bool
) -> None:
    """Publish what is below the paths.

    Raises:
        ConfigError: something is invalid, or not granted; nothing was sent.
        LostRace: with `create_only`, some were there already.
        Unfinished: some were sent.
    """
    began, telling = time.monotonic(), Telling(wish.as_json)
    selection = selection_of(target, wish.exclude)
    with closing(Spool()) as checked, closing(Difference()) as found:
        with slow("Checking the documents"):
            left_out = _check(checked, paths, target, selection, wish, telling)
        run = Publication(target, publisher(target, bucket, as_writer), selection, wish, telling)
        with slow(f"Comparing them with what {run.bucket} has"):
            run.compare(checked, found)
        run.ask(found)
        with unfinished_if_untold("publish", RUN_AGAIN), run.unfinished_if_interrupted():
            tally = run.send(found)
            if not tally.faults and not tally.lost:
                run.delete(found)
            telling.result(tally, found.unchanged, run.deleted, left_out, time.monotonic() - began)
        _judge(tally, wish)


def _check(
    checked: Spool,
    paths: Sequence[Path],
    target: Target,
    selection: Selection,
    wish: Wish,
    telling: Telling,
) -> LeftOut:
    """Check all there is, print each fault, and return how many files are left out."""
    faults = passed_over = 0
    for found in check(files(paths, selection), settings_of(target).stored, selection):
        if isinstance(found, PassedOver):
            passed_over += 1
        elif isinstance(found, Fault):
            faults += 1
            telling.outcome(found)
        else:
            checked.add(found.key, found.source, found.md5)
    if not checked and not faults:
        what = f"no document; passed over: {passed_over:,}" if passed_over else "no document"
        hint = "publish a folder of .json files"
        raise ConfigError(what, where=", ".join(map(str, paths)), hint=hint)
    if faults and not wish.skip_invalid:
        hint = "correct them, or leave them out with --skip-invalid"
        raise ConfigError(f"faults: {faults:,}; nothing was sent", where="publish", hint=hint)
    return LeftOut(faults, passed_over)


def _judge(tally: Tally, wish: Wish) -> None:
    """Say at the end what is not as it should be."""
    if tally.faults and not wish.skip_invalid:
        what = f"{tally.faults:,} changed meanwhile and are invalid now"
        raise Unfinished(what, where="publish", hint="correct them and run it again")
    if tally.lost:
        what = f"{tally.lost:,} were there already and are as they were"
        raise LostRace(what, where="--create-only", hint="read those that were named")


class Publication:
    """One run: where to, what was asked for, and how it is told."""

    def __init__(
        self, target: Target, to: Publisher, selection: Selection, wish: Wish, telling: Telling
    ) -> None:
        self._target, self._to, self._wish, self._telling = target, to, wish, telling
        self._settings, self._objects = settings_of(target), Objects(to.destination)
        self._selection = selection
        self._sending = Sending(self._objects, self._settings, create_only=wish.create_only)
        self.deleted = self._deleting = 0
        if wish.delete_missing:
            to.require("--delete-missing", "list", "delete")

    @property
    def bucket(self) -> str:
        """Where to."""
        return self._to.bucket

    def compare(self, checked: Spool, found: Difference) -> None:
        """Find what is to be sent, and what is missing."""
        why = self._why_not() if self._wish.compares else None
        try:
            why = self._compare(checked, found, self._wish.compares and not why) or why
        except Denied:
            if self._wish.delete_missing:
                raise
            found.send_all(_rows(checked))
            why = NO_LIST
        if why:
            report.story(f"{why[0].upper()}{why[1:]}.")

    def _why_not(self) -> str | None:
        """Why nothing can be compared, as far as that is known."""
        if self._target.config.model.data_store.kms_key:
            return ENCRYPTED
        if "list" not in self._to.allowed:
            return NO_LIST
        return None if "compare" in self._to.allowed else NO_HEAD

    def _compare(self, checked: Spool, found: Difference, compares: bool) -> str | None:
        missing = self._wish.delete_missing
        if (not compares and not missing) or not checked.first or not checked.last:
            found.send_all(_rows(checked))
            return None
        first, last = ("", None) if missing else (checked.first[0], checked.last[0])
        listed = listing(self._objects, self._selection.prefixes, first, last, exactly=missing)
        found.find(_rows(checked), listed, self._selection.publishes if missing else None)
        if compares:
            return found.trust(self._objects, self._settings)
        found.send_all(_rows(checked))
        return None

    def ask(self, found: Difference) -> None:
        """Ask before anything is deleted, which comes last, and before anything is sent."""
        if not found.missing:
            return
        for (key,) in found.missing:
            report.story(f"missing  {key}")
        consent(f"Delete these {len(found.missing):,} from {self._to.bucket}?", self._wish.yes)

    def send(self, found: Difference) -> Tally:
        """Send what is to be sent; how far that came."""
        sending, tally, total = self._sending, self._sending.tally, len(found.send)
        with Countdown(self._to.bucket, total, self._wish.as_json) as progress:

            def tell(outcome: Outcome) -> None:
                progress(tally.sent + tally.lost + tally.faults)
                if not isinstance(outcome, Sent):
                    progress.aside()
                self._telling.outcome(outcome)

            sending.send(_rows(found.send), self._load, tell)
        if tally.unlike and self._why_not() is None:
            report.story(f"{UNLIKE[0].upper()}{UNLIKE[1:]}")
        return tally

    def _load(self, one: Checked) -> Document | Fault:
        return load(File(one.key, one.source), self._settings.stored, one.md5)

    def delete(self, found: Difference) -> None:
        """Delete what is missing.

        Raises:
            Unfinished: S3 refused it when something had changed.
        """
        keys = (key for (key,) in found.missing)
        try:
            while batch := list(islice(keys, _BATCH)):
                self._deleting = len(batch)
                self._objects.delete(batch)
                self.deleted, self._deleting = self.deleted + len(batch), 0
                self._telling.deleted(batch)
        except ReadModelError as error:
            if isinstance(error, Denied) and not (self._sending.tally.sent or self.deleted):
                raise
            self._deleting = 0
            raise Unfinished(f"{self._so_far()}, then {error}", hint=self._run_again) from error
        if self.deleted:
            undo = f"{self._target.command('history')} KEY tells the versions"
            report.story(
                f"Where the bucket keeps versions that can be undone: {undo}, restore brings one "
                "back."
            )

    @contextmanager
    def unfinished_if_interrupted(self) -> Iterator[None]:
        """Within, documents are sent and deleted: an interruption says how many were.

        Raises:
            Unfinished: it was interrupted.
        """
        try:
            yield
        except KeyboardInterrupt:
            raise Unfinished(f"interrupted: {self._so_far()}", hint=self._run_again) from None

    @property
    def _run_again(self) -> str:
        deletes = self._wish.delete_missing
        return "run it again: only the rest is sent and deleted" if deletes else RUN_AGAIN

    def _so_far(self) -> str:
        counts = [f"{self._sending.tally.sent:,} sent"]
        counts += [f"{self.deleted:,} deleted"] * self._wish.delete_missing
        counts += [f"{self._deleting:,} in progress"] * bool(self._deleting)
        return ", ".join(counts)


def _rows(spool: Spool) -> Iterator[Checked]:
    return map(Checked._make, spool)
