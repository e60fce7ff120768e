"""The stage variable of releases on the embedded AWS: who sets it, and that nothing else does.

Gaps of the emulator: a stage without the variable answers 500 (what AWS answers is not known), a
switch is seen by all requests at once, and a change set that reverts drift is an ordinary one.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from readmodel_cfn import (
    Api,
    Deployment,
    ReadModel,
    Releases,
    Route,
    Writer,
    build_template,
    render,
)
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.releases import ReleaseCalls
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.stage_release import LiveRelease, set_stage_release, stage_releases
from readmodel_cfn.deploy.status import StackStatus, status
from readmodel_cfn.deploy.values import StackEvent
from readmodel_cfn.errors import RolledBack
from stacks import Answer, Stack

MODEL = ReadModel(writer=Writer(kind="none"), releases=Releases())
NOWHERE = "arn:aws:iam::000000000000:policy/none"
BROKEN = replace(MODEL, writer=Writer(permissions_boundary=NOWHERE))

Clients = Callable[..., Any]
Put = Callable[..., str]
Send = Callable[..., Answer]


def content(model: ReadModel) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(render(build_template(model), "compact"))
    return made


def api_id(outputs: Any) -> str:
    return str(outputs["ApiUrl"]).split("/")[2].partition(".")[0]


class Deployed:
    """A stack that `deploy` has created; `live` is what the pointer names."""

    def __init__(self, stack: Stack, connection: Connection, clients: Clients, put: Put) -> None:
        self.name, self.connection = stack.name, connection
        self.api_gateway, self.cloudformation = clients("apigateway"), clients("cloudformation")
        self.live: str | None = None
        self._put = put

    def deploy(self, model: ReadModel = MODEL, **options: Any) -> bool:
        """Deploy as ReadModelStack does; returns whether something was changed."""
        spec = StackSpec(self.name, render(build_template(model), "compact"))
        calls = ReleaseCalls(lambda _: self.live_release, lambda *_: None)
        done = deploy(
            spec,
            self.connection,
            lint=False,
            releases=calls,
            confirm=lambda _: True,
            **options,
        )
        return done.changed

    @property
    def live_release(self) -> LiveRelease | None:
        return LiveRelease(self.live, datetime.now(UTC), 1) if self.live else None

    @property
    def outputs(self) -> dict[str, str]:
        (found,) = self.cloudformation.describe_stacks(StackName=self.name)["Stacks"]
        return {each["OutputKey"]: each["OutputValue"] for each in found["Outputs"]}

    @property
    def api(self) -> str:
        return api_id(self.outputs)

    def publish(self, release: str) -> None:
        """The documents of a release, of which the only one is its ID."""
        key = f"releases/{release}/payload.json"
        self._put(self.outputs["S3BucketName"], key, json.dumps(release).encode())

    def activate(self, release: str, stage: str = "v1") -> None:
        set_stage_release(self.api_gateway, self.api, stage, release)

    def releases(self) -> dict[str, str | None]:
        return stage_releases(self.api_gateway, self.api)

    def status(self) -> StackStatus:
        where = StackLocation(self.name, self.connection)
        return status(where, live_release=lambda _: self.live_release)


@pytest.fixture
def deployed(stack: Stack, connection: Connection, clients: Clients, put: Put) -> Deployed:
    """A new stack whose stage serves the release `one`."""
    made = Deployed(stack, connection, clients, put)
    made.deploy()
    for release in ("one", "two"):
        made.publish(release)
    made.live = "one"
    made.activate("one")
    return made


def test_switch_needs_no_deployment(deployed: Deployed, send: Send) -> None:
    first = send(deployed.api, "/v1/samples")
    assert (json.loads(first.body), first.headers["x-release"]) == ("one", "one")
    deployed.activate("two")
    second = send(deployed.api, "/v1/samples")
    assert (json.loads(second.body), second.headers["x-release"]) == ("two", "two")


def test_every_answer_of_a_route_has_the_release(deployed: Deployed, send: Send) -> None:
    found = send(deployed.api, "/v1/samples")
    unchanged = send(deployed.api, "/v1/samples", If_None_Match=found.headers["etag"])
    assert (unchanged.status, unchanged.headers["x-release"]) == (304, "one")
    assert send(deployed.api, "/v1/samples", "HEAD").headers["x-release"] == "one"
    deployed.activate("none")
    missing = send(deployed.api, "/v1/samples")
    assert (missing.status, missing.headers["x-release"]) == (404, "none")


def test_stage_without_the_variable_serves_no_document(deployed: Deployed, send: Send) -> None:
    deployed.live = None
    deployed.deploy(replace(MODEL, deployment=Deployment(stage="other")))
    assert deployed.releases() == {"other": None}
    answer = send(deployed.api, "/other/samples")
    assert answer.status >= 400
    assert "x-release" not in answer.headers


@pytest.mark.parametrize(
    "model",
    [
        replace(MODEL, routes=(Route(), Route("more", "more.json"))),
        replace(MODEL, deployment=Deployment(serial=2)),
        replace(MODEL, deployment=Deployment(throttle_rate=100, throttle_burst=50)),
        replace(MODEL, api=Api(cors_origin="*")),
        replace(MODEL, releases=Releases(keep=9, preview=True)),
    ],
    ids=["route", "serial", "throttling", "cors", "preview"],
)
def test_update_keeps_the_variable(deployed: Deployed, model: ReadModel) -> None:
    deployed.activate("two")  # not what the pointer names
    assert deployed.deploy(model)
    assert deployed.releases()["v1"] == "two"


def test_failed_update_with_rollback_keeps_the_variable(deployed: Deployed) -> None:
    with pytest.raises(RolledBack):
        deployed.deploy(BROKEN)
    assert deployed.releases() == {"v1": "one"}


def test_release_activated_during_a_deploy_stays_live(deployed: Deployed) -> None:
    def on_progress(value: object) -> None:
        if isinstance(value, StackEvent):
            deployed.activate("two")

    deployed.deploy(replace(MODEL, deployment=Deployment(serial=2)), on_progress=on_progress)
    assert deployed.releases() == {"v1": "two"}


def test_release_activated_during_a_failing_deploy_stays_live(deployed: Deployed) -> None:
    def on_progress(value: object) -> None:
        if isinstance(value, StackEvent):
            deployed.activate("two")

    with pytest.raises(RolledBack):
        deployed.deploy(BROKEN, on_progress=on_progress)
    assert deployed.releases() == {"v1": "two"}


def test_revert_of_drift_keeps_the_variable(deployed: Deployed) -> None:
    deployed.activate("two")
    deployed.deploy(replace(MODEL, deployment=Deployment(serial=2)), revert_drift=True)
    assert deployed.releases() == {"v1": "two"}


def test_update_by_other_tools_keeps_the_variable(stack: Stack, clients: Clients) -> None:
    """As the AWS CLI deploys: CreateStack and UpdateStack with the printed template."""
    api = api_id(stack.deploy(content(MODEL)))
    client = clients("apigateway")
    assert stage_releases(client, api) == {"v1": None}
    set_stage_release(client, api, "v1", "one")
    stack.deploy(content(replace(MODEL, deployment=Deployment(serial=2))))
    assert stage_releases(client, api) == {"v1": "one"}
    stack.deploy(content(BROKEN), ends="ROLLBACK_COMPLETE")
    assert stage_releases(client, api) == {"v1": "one"}


@pytest.mark.parametrize(
    "model",
    [
        replace(MODEL, deployment=Deployment(stage="v2")),
        replace(MODEL, deployment=Deployment(stage="preview")),
        replace(MODEL, releases=Releases(preview=True)),
    ],
    ids=["replaced stage", "replaced by preview", "added stage"],
)
def test_new_stage_gets_the_live_release_before_the_deploy_ends(
    deployed: Deployed, model: ReadModel
) -> None:
    deployed.deploy(model)
    assert set(deployed.releases().values()) == {"one"}


def test_deploy_without_changes_sets_a_missing_variable(
    deployed: Deployed, clients: Clients
) -> None:
    client = clients("apigateway")
    deployment = client.get_stage(restApiId=deployed.api, stageName="v1")["deploymentId"]
    client.delete_stage(restApiId=deployed.api, stageName="v1")
    client.create_stage(restApiId=deployed.api, stageName="v1", deploymentId=deployment)
    assert deployed.deploy()
    assert deployed.releases() == {"v1": "one"}
    assert not deployed.deploy()


def test_preview_stage_serves_a_release_of_its_own(deployed: Deployed, send: Send) -> None:
    deployed.deploy(replace(MODEL, releases=Releases(preview=True)))
    deployed.activate("two", "preview")
    assert deployed.outputs["PreviewUrl"].endswith("/preview")
    assert json.loads(send(deployed.api, "/v1/samples").body) == "one"
    assert json.loads(send(deployed.api, "/preview/samples").body) == "two"
    deployed.deploy(replace(MODEL, releases=Releases(preview=True), api=Api(cors_origin="*")))
    assert deployed.releases() == {"v1": "one", "preview": "two"}


def test_status_has_the_live_release(deployed: Deployed) -> None:
    found = deployed.status()
    assert found.releases
    assert not found.live.findings
    assert (found.releases.stages, found.releases.differs) == ({"v1": "one"}, False)
    deployed.activate("two")
    shown = deployed.status().as_dict()["releases"]
    assert (shown["live"]["release"], shown["stages"]) == ("one", {"v1": "two"})
    assert shown["differs"]


def test_status_of_a_stage_without_release(deployed: Deployed) -> None:
    deployed.live = None
    deployed.deploy(replace(MODEL, deployment=Deployment(stage="v2")))
    shown = deployed.status().as_dict()["releases"]
    assert (shown["live"], shown["stages"], shown["differs"]) == (None, {"v2": None}, False)
