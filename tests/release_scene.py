"""A bucket in memory and the stages of an API, for tests of releases."""

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from memory_s3 import MemoryS3
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.progress import ignore
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.release.activate import Activation
from readmodel_cfn.publish.release.prune import Pruning, releases
from readmodel_cfn.publish.release.publish import plan_release, publish_release
from readmodel_cfn.publish.release.results import Activated, Pruned, Release, ReleaseResult
from readmodel_cfn.publish.release.store import ReleaseStore
from readmodel_cfn.publish.results import PublishPlan
from readmodel_cfn.template.releases import POINTER

KEY = Credentials("AKIA1", "s3cret")
LIVE, PREVIEW = "v1", "preview"


@dataclass
class FakeStages:
    """Two stages; `before_set` is called before a variable changes."""

    variables: dict[str, str | None] = field(default_factory=lambda: {LIVE: None, PREVIEW: None})
    before_set: Callable[[str], None] = lambda _: None
    live: str = LIVE

    def releases(self) -> Mapping[str, str | None]:
        return dict(self.variables)

    def set(self, stage: str, release: str) -> None:
        self.before_set(release)
        self.variables[stage] = release


@dataclass
class Scene:
    s3: MemoryS3
    allow: frozenset[str] | None = None
    settings: Settings = field(default_factory=Settings)
    stages: Any = field(default_factory=FakeStages)
    reported: list[Any] = field(default_factory=list)

    @property
    def destination(self) -> Destination:
        return Destination("data", "eu-west-1", self.s3.url, credentials=KEY, allow=self.allow)

    @property
    def store(self) -> ReleaseStore:
        return ReleaseStore(self.destination)

    @property
    def activation(self) -> Activation:
        return Activation(self.store, self.stages, ignore)

    def publish(
        self, documents: Any, *, live: bool = True, stage: str | None = None, **options: Any
    ) -> ReleaseResult:
        options.setdefault("on_progress", self.reported.append)

        return publish_release(
            documents,
            self.destination,
            self.settings,
            activation=(lambda: self.activation) if live else None,
            stage=stage,
            **options,
        )

    def plan(self, documents: Any) -> PublishPlan:
        return plan_release(documents, self.destination, self.settings)

    def activate(self, release: str, stage: str | None = None) -> Activated:
        return self.activation.activate(release, stage)

    def prune(self, keep: int = 3, **options: Any) -> Pruned:
        pruning = Pruning(self.store, self.stages, keep, self.reported.append)
        options.setdefault("confirm", lambda _: True)
        return pruning.prune(**options)

    def releases(self) -> list[Release]:
        return releases(self.store, self.stages)

    @property
    def pointer(self) -> Any:
        return json.loads(self.s3.body(POINTER)) if POINTER in self.s3.objects else None

    def served(self) -> dict[str, bytes]:
        """What the live stage serves, by key."""
        release = self.stages.variables[LIVE]
        return self.documents(release) if release else {}

    def documents(self, release: str) -> dict[str, bytes]:
        prefix = f"releases/{release}/"
        found = self.s3.objects
        return {key[len(prefix) :]: found[key].body for key in found if key.startswith(prefix)}

    def manifest(self, release: str) -> dict[str, str]:
        """The ETags in a manifest, by key."""
        found = self.store.manifest(release)
        assert found
        with closing(found):
            return {entry.key: entry.etag for entry in found}


def numbered(count: int, version: int = 1, changed: int | None = None) -> dict[str, object]:
    """So many documents, of which the first `changed` have the version (default: all)."""
    most = count if changed is None else changed
    return {f"p/{n:04}.json": {"n": n, "v": version if n < most else 1} for n in range(count)}


def stored(documents: Mapping[str, object]) -> dict[str, bytes]:
    """The documents as they are stored."""
    return {
        key: json.dumps(value, separators=(",", ":")).encode() for key, value in documents.items()
    }
