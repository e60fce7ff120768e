"""A bucket and the stages of an API: their state before and after a command, and how to restore it.

The clients bypass the proxy. The bucket is one in memory (memory_s3) or one of the sandbox.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from readmodel_cfn.template.releases import VARIABLE

# Times, and the ETags of objects that have them, differ between two runs with the same result.
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]*(Z|\+00:00)")
_MANIFEST = re.compile(r"releases/[^/]+\.json")
_HEADERS = ("ContentType", "CacheControl", "ContentEncoding", "Metadata")


@dataclass(frozen=True)
class Object:
    """An object as it was stored."""

    body: bytes
    etag: str
    headers: Mapping[str, Any] = field(compare=False)

    @property
    def content(self) -> tuple[bytes, Mapping[str, str]]:
        """The bytes without times, and the metadata."""
        return _TIME.sub(b"TIME", self.body), self.headers.get("Metadata", {})


@dataclass(frozen=True)
class State:
    """The current objects by their keys, and the release of each stage."""

    objects: Mapping[str, Object] = field(default_factory=dict)
    stages: Mapping[str, str] = field(default_factory=dict)

    @property
    def contents(self) -> Mapping[str, Any]:
        """What two runs with the same result have in common."""
        found: dict[str, Any] = {key: each.content for key, each in self.objects.items()}
        return {**found, **{f"stage {name}": value for name, value in self.stages.items()}}


@dataclass(frozen=True)
class Store:
    """A bucket, and the API whose stages serve it, if there is one."""

    bucket: str
    s3: Any
    api_gateway: Any = None
    api: str = ""

    def state(self) -> State:
        """The state now."""
        return State({key: self._object(key) for key in self._keys()}, self._stages())

    def restore(self, state: State) -> None:
        """Make the state what it was; versions of objects are not restored."""
        now = self.state()
        for key in now.objects.keys() - state.objects.keys():
            self.s3.delete_object(Bucket=self.bucket, Key=key)
        for key, kept in sorted(state.objects.items()):
            # All manifests, so that they keep their order in time.
            if now.objects.get(key) != kept or _MANIFEST.fullmatch(key):
                self.s3.put_object(Bucket=self.bucket, Key=key, Body=kept.body, **kept.headers)
        for stage in now.stages.keys() | state.stages.keys():
            if now.stages.get(stage) != state.stages.get(stage):
                self._set(stage, state.stages.get(stage))

    def _keys(self) -> list[str]:
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket)
        return [entry["Key"] for page in pages for entry in page.get("Contents", [])]

    def _object(self, key: str) -> Object:
        found = self.s3.get_object(Bucket=self.bucket, Key=key)
        headers = {name: found[name] for name in _HEADERS if found.get(name)}
        return Object(found["Body"].read(), found["ETag"], headers)

    def _stages(self) -> Mapping[str, str]:
        if not self.api:
            return {}
        stages = self.api_gateway.get_stages(restApiId=self.api)["item"]
        variables = {stage["stageName"]: stage.get("variables") or {} for stage in stages}
        return {name: found[VARIABLE] for name, found in variables.items() if found.get(VARIABLE)}

    def _set(self, stage: str, release: str | None) -> None:
        change = {"op": "replace", "path": f"/variables/{VARIABLE}", "value": release or ""}
        self.api_gateway.update_stage(restApiId=self.api, stageName=stage, patchOperations=[change])
