"""The release that each stage serves: its stage variable, which only UpdateStage sets.

The variable is not in the template, so CloudFormation never changes it: it sends only the variables
that a template names. A new stage has none; `deploy` sets it before it ends. Which release that is
the caller knows: nothing here reads documents.

UpdateStage takes only `replace` for a variable, and adds one that does not exist.
https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateStage-Patch
It takes effect without a deployment, within about a second (assumed; `verify` shows it).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from readmodel_cfn.aws.errors import readable_errors, readable_responses
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.deploy.live.expected import expected
from readmodel_cfn.deploy.values import Stack
from readmodel_cfn.template.releases import PREVIEW_STAGE, VARIABLE, reads_releases

StageReleases = Mapping[str, str | None]
"""The release of each stage, by the stage's name; None if its variable is not set."""


@dataclass(frozen=True)
class LiveRelease:
    """The release that the pointer names, when it was activated, and its number of documents."""

    release: str
    activated: datetime
    documents: int

    def as_dict(self) -> dict[str, Any]:
        """The object that `status --json` has for it; `activated` is in ISO 8601."""
        return {**vars(self), "activated": self.activated.astimezone(UTC).isoformat()}


@dataclass(frozen=True)
class ReleaseStatus:
    """The live release, and the release of each stage.

    `live` is None if none was activated yet, or if the pointer cannot be read, for the reason
    `unknown`. `live_stage` is the stage that should serve the live release.
    """

    live: LiveRelease | None
    stages: StageReleases
    live_stage: str
    unknown: str = ""

    @property
    def differs(self) -> bool:
        """Whether the live stage serves another release than the live one."""
        return self.live is not None and self.stages.get(self.live_stage) != self.live.release

    def as_dict(self) -> dict[str, Any]:
        """The object that `status --json` has for it."""
        return {
            "live": self.live and self.live.as_dict(),
            "stages": dict(self.stages),
            "live_stage": self.live_stage,
            "differs": self.differs,
            "unknown": self.unknown,
        }


@readable_errors()
def stage_releases(client: Any, api_id: str) -> dict[str, str | None]:
    """The release of each stage of an API; `client` is boto3's client of API Gateway."""
    with readable_responses("get_stages"):
        stages = client.get_stages(restApiId=api_id)["item"]
        found = {stage["stageName"]: stage.get("variables") or {} for stage in stages}
    return {name: variables.get(VARIABLE) or None for name, variables in found.items()}


@readable_errors()
def set_stage_release(client: Any, api_id: str, stage: str, release: str) -> None:
    """Set the variable of a stage; every request is then served from that release.

    Raises:
        UnreadableResponse: the response, such as that of a proxy, does not have the variable.
    """
    patch = {"op": "replace", "path": f"/variables/{VARIABLE}", "value": release}
    with readable_responses("update_stage"):
        updated = client.update_stage(restApiId=api_id, stageName=stage, patchOperations=[patch])
        updated["variables"][VARIABLE]  # KeyError if API Gateway has not set it


@dataclass(frozen=True)
class ApiStages:
    """The stages of one API; `live` is the name of the one that serves the live release."""

    client: Any
    api_id: str
    live: str

    def releases(self) -> dict[str, str | None]:
        """The release of each stage."""
        return stage_releases(self.client, self.api_id)

    def set(self, stage: str, release: str) -> None:
        """Set the release of a stage."""
        set_stage_release(self.client, self.api_id, stage, release)

    def set_missing(
        self, before: StageReleases, live_release: Callable[[], LiveRelease | None]
    ) -> bool:
        """Set the variable of each stage that has none; whether one was set.

        The live stage gets the release of `live_release`; another stage the one that it had
        `before`, and without one the live release, too. The live release is read again after the
        variable was set: a release that was activated meanwhile must not be replaced.
        """
        changed = False
        for stage, release in self.releases().items():
            if release is None and stage in (self.live, PREVIEW_STAGE):
                kept = before.get(stage) if stage != self.live else None
                changed |= self._set_first(stage, kept, live_release)
        return changed

    def _set_first(
        self, stage: str, kept: str | None, live_release: Callable[[], LiveRelease | None]
    ) -> bool:
        """Set the variable of a stage that has none: to `kept`, or to the live release."""
        if kept:
            self.set(stage, kept)
            return True
        found = live_release()
        if found is None:
            return False
        while True:
            self.set(stage, found.release)
            now = live_release()
            if now is None or now.release == found.release:
                return True
            found = now


def uses_releases(template: Any) -> bool:
    """Whether an integration of a template reads the stage variable of releases."""
    return reads_releases(template if isinstance(template, str) else json.dumps(template))


def stages_of(client: StackClient, api_gateway: Any, stack: Stack) -> ApiStages | None:
    """The stages of a stack's API; None if the stack has no stage.

    `client` is that of CloudFormation, `api_gateway` boto3's client of API Gateway.
    """
    template = client.template(stack.id)
    if not isinstance(template, Mapping):
        return None
    resources = client.resources(stack.id)
    ids = {each.logical_id: each.physical_id for each in resources if each.physical_id}
    found = expected(template, ids, stack.id, stack.parameters)
    if not found:
        return None
    live = next((stage for stage in found if stage.stage != PREVIEW_STAGE), found[0])
    return ApiStages(api_gateway, live.api, live.stage)
