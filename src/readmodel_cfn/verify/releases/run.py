"""`verify --releases` on a deployed stack.

Each release has two test documents and, on the live stage, copies of all documents of the live
release, so readers of the API notice nothing. With a preview stage only that stage is switched. The
pointer is not changed; at the end the stage serves again what it served before, and the releases
are deleted.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice

from readmodel_cfn.consent import Confirm, Consent, require_consent
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.progress import Count, Note, OnProgress, Step
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.release.activate import Activation
from readmodel_cfn.publish.release.copy import Copied, Copier
from readmodel_cfn.publish.release.manifest import Entry
from readmodel_cfn.publish.release.names import METADATA
from readmodel_cfn.template.releases import PREVIEW_STAGE, release_key
from readmodel_cfn.verify.contract import CheckedStack, Contract, plan_probe
from readmodel_cfn.verify.probe import InterruptGuard
from readmodel_cfn.verify.race.body import SMALLEST, make
from readmodel_cfn.verify.releases.judge import judge
from readmodel_cfn.verify.releases.measure import Measured, measure
from readmodel_cfn.verify.releases.result import SwitchResult

COUNT = 50  # releases
NO_RELEASE = "publish one first: readmodel-cfn publish DIR --release"
_MAX_COPIES = 100  # documents of the live release that are copied to each release
_BATCH = 1000
_TEST_RELEASE = re.compile(r"verify-[0-9a-f]{8}-\d+")


def verify_releases(
    stack: CheckedStack,
    contract: Contract,
    activation: Activation,
    preview_url: str | None,
    *,
    route: str | None = None,
    readers: int = 4,
    count: int = COUNT,
    not_ours: bool = False,
    confirm: Confirm | None = None,
    on_progress: OnProgress,
) -> SwitchResult:
    """Activate `count` releases on the preview stage, or else on the live one, and read them.

    Raises:
        ConfigError: no route has a parameter, or the live release has too many documents.
        ReadModelError: no release is live, or the stack does not have the tag.
        ConsentRequired: `confirm` did not agree.
    """
    if not not_ours:
        stack.require_managed()
    token = secrets.token_hex(4)
    probe, another = (plan_probe(contract, route, f"{token}-{each}") for each in "ab")
    if probe.route.is_static:
        hint = "add a route with a {parameter}, or choose one with --route"
        raise ConfigError("needs a route with a parameter", where="--releases", hint=hint)
    stage = PREVIEW_STAGE if preview_url else activation.stages.live
    run = _Run(
        stack,
        Settings(contract.cache_control, contract.gzip_stored),
        activation,
        stage,
        release_before(activation, stage, str(stack.location)),
        f"verify-{token}",
        (probe.key, another.key),
    )
    entries = run.entries()
    url = preview_url or stack.api_url
    urls = (f"{url}/{probe.path}", f"{url}/{another.path}")
    requests = count * (len(entries) + 2)
    on_progress(Note(f"GET {urls[0]} and {urls[1]} with {readers} readers"))
    on_progress(Note(f"  {count} releases on stage {stage}: {requests:,} PUT and COPY requests"))
    target = stack.location.target
    text = f"activate {count} test releases on stage {stage} of {stack.location}"
    require_consent(Consent("race", stack.location.name, text, target=target), confirm)

    measured, left = run.measure(urls, entries, count, readers, on_progress)
    return SwitchResult(
        str(stack.location),
        stage,
        urls,
        count,
        readers,
        judge(measured.switches, measured.reads),
        measured.unseen,
        left,
        target,
    )


def release_before(activation: Activation, stage: str, where: str) -> str:
    """The release that the stage serves, and that it gets back at the end.

    For a preview stage without one it is that of the live stage; for a stage that serves a test
    release, since a run was killed, the one of the pointer.

    Raises:
        ReadModelError: no release is live, or that of the live stage is not complete.
    """
    serving, live = activation.stages.releases(), activation.stages.live
    found, store = serving.get(stage) or serving.get(live), activation.store
    if found and _TEST_RELEASE.fullmatch(found):
        pointer = store.pointer()
        found = pointer.release if pointer else None
    if not found:
        raise ReadModelError(f"stage {live} serves no release", where=where, hint=NO_RELEASE)
    if stage == live and store.header(found) is None:
        what = f"stage {stage} serves the release {found}, which is not complete"
        hint = "activate another one: readmodel-cfn release activate ID"
        raise ReadModelError(what, where=where, hint=hint)
    return found


@dataclass(frozen=True)
class _Run:
    """The releases of one run, and the stage that is switched to them from the release `before`."""

    stack: CheckedStack
    settings: Settings
    activation: Activation
    stage: str
    before: str
    name: str
    keys: tuple[str, str]

    @property
    def is_live(self) -> bool:
        """Whether the live stage is switched."""
        return self.stage == self.activation.stages.live

    def entries(self) -> list[Entry]:
        """The documents that each release must have, so that readers of the live stage get them.

        Raises:
            ConfigError: there are too many.
        """
        if not self.is_live:
            return []
        found = self.activation.store.manifest(self.before)
        if found is None:
            return []
        with closing(found):
            entries = list(islice(found, _MAX_COPIES + 1))
        if len(entries) > _MAX_COPIES:
            what = f"the live release has more than {_MAX_COPIES} documents to copy"
            hint = "set preview = true under [releases] and deploy: that stage is then used"
            raise ConfigError(what, where="--releases", hint=hint)
        return entries

    def release(self, number: int) -> str:
        """The ID of a release."""
        return f"{self.name}-{number}"

    def number_of(self, release: str) -> int | None:
        """The number of a release of this run."""
        number = release.removeprefix(f"{self.name}-")
        return int(number) if number != release and number.isdecimal() else None

    def put(self, number: int, entries: list[Entry]) -> None:
        """Store a release."""
        release, store = self.release(number), self.activation.store
        failed: list[str] = []

        def on_copied(copied: Copied) -> None:
            if copied.etag is None:
                failed.append(copied.key)

        copier = Copier(store.destination, self.before, release, self.settings)
        copier.copy(entries, on_copied)
        if failed:
            raise ReadModelError("it cannot be copied", where=failed[0], hint="run it again")
        for key in self.keys:
            store.s3.put_object(
                Bucket=store.bucket,
                Key=release_key(release, key),
                Body=self.settings.stored(make(number, SMALLEST)),
                Metadata={METADATA: release},
                **self.settings.headers,
            )

    def measure(
        self,
        urls: tuple[str, str],
        entries: list[Entry],
        count: int,
        readers: int,
        on_progress: OnProgress,
    ) -> tuple[Measured, tuple[str, ...]]:
        """Measure, and clean up, also after an error or an interruption."""

        def store(number: int) -> None:
            on_progress(Count("releases", number - 1, "activated", count))
            self.put(number, entries)

        def activate(number: int) -> None:
            self.activation.stages.set(self.stage, self.release(number))

        ca_bundle = self.stack.location.connection.ca_bundle
        with InterruptGuard() as guard:
            try:
                try:
                    on_progress(Step("Reading while releases are activated"))
                    calls = store, activate, self.number_of
                    authorize = self.stack.authorize
                    found = measure(
                        urls, *calls, count, readers, ca_bundle=ca_bundle, authorize=authorize
                    )
                finally:
                    guard.hold()
            finally:
                left = tuple(self._clean_up(count))
                for line in left:
                    on_progress(Note(f"Left: {line}"))
            return found, left

    def _clean_up(self, count: int) -> Iterator[str]:
        """Switch the stage back and delete the releases; what failed, one line each."""
        try:
            self._switch_back()
        except Exception as error:  # noqa: BLE001 - it is reported, after another error too
            yield f"stage {self.stage} still serves a test release: {error}"
            return
        store = self.activation.store
        for number in range(1, count + 1):
            try:
                keys = (key for key, _ in store.documents(self.release(number)))
                while batch := list(islice(keys, _BATCH)):
                    store.delete_many(batch)
            except Exception as error:  # noqa: BLE001 - the same
                yield f"release {self.release(number)} was not deleted: {error}"
                return

    def _switch_back(self) -> None:
        """Serve what was served before: on the live stage what the pointer names."""
        stages = self.activation.stages
        if self.number_of(stages.releases().get(self.stage) or "") is None:
            return  # another release was activated meanwhile
        pointer = self.activation.store.pointer() if self.is_live else None
        stages.set(self.stage, pointer.release if pointer else self.before)
