"""Publishes numbered documents as a release, as a process that can be killed.

python tests/release_process.py URL VERSION COUNT CHANGED
"""

import sys
from collections.abc import Mapping

from memory_s3 import MemoryS3
from release_scene import LIVE, Scene, numbered

STAGE = "stage"  # the object that takes the place of the stage's variable


class StoredStages:
    """The stage's variable as an object, so that it outlives the process."""

    live = LIVE

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def releases(self) -> Mapping[str, str | None]:
        store = self._scene.store
        found = store.s3.list_objects_v2(Bucket=store.bucket, Prefix=STAGE)
        if not found.get("Contents"):
            return {LIVE: None}
        body = store.s3.get_object(Bucket=store.bucket, Key=STAGE)["Body"].read()
        return {LIVE: body.decode()}

    def set(self, stage: str, release: str) -> None:
        store = self._scene.store
        store.s3.put_object(Bucket=store.bucket, Key=stage and STAGE, Body=release.encode())


def publish(url: str, version: int, count: int, changed: int) -> str:
    """Publish documents, of which the first `changed` have the version; returns the release."""
    scene = Scene(MemoryS3(url))
    scene.stages = StoredStages(scene)
    return scene.publish(numbered(count, version, changed)).release


if __name__ == "__main__":
    publish(sys.argv[1], *map(int, sys.argv[2:]))
