"""Which stage gets which release from a deploy, and a release that is activated meanwhile."""

from datetime import UTC, datetime
from typing import Any

import pytest

from readmodel_cfn.deploy.stage_release import (
    ApiStages,
    LiveRelease,
    ReleaseStatus,
    uses_releases,
)


class ApiGateway:
    """The stages of an API by name, with their variables; `on_update` is called after a change."""

    def __init__(self, **stages: str | None) -> None:
        self.stages = stages
        self.set: list[tuple[str, str]] = []
        self.on_update: Any = lambda: None

    def get_stages(self, **_: str) -> Any:
        items = [
            {"stageName": name} | ({"variables": {"release": release, "a": "b"}} if release else {})
            for name, release in self.stages.items()
        ]
        return {"item": items}

    def update_stage(self, *, stageName: str, patchOperations: Any, **_: str) -> Any:  # noqa: N803
        (patch,) = patchOperations
        assert (patch["op"], patch["path"]) == ("replace", "/variables/release")
        self.stages[stageName] = patch["value"]
        self.set.append((stageName, patch["value"]))
        self.on_update()
        return {"stageName": stageName, "variables": {"release": patch["value"]}}


def live(release: str) -> LiveRelease:
    return LiveRelease(release, datetime(2026, 3, 1, tzinfo=UTC), 2)


def set_missing(client: ApiGateway, release: str | None, **before: str) -> bool:
    found = live(release) if release else None
    return ApiStages(client, "api", "v1").set_missing(before, lambda: found)


@pytest.mark.parametrize(
    ("stages", "before", "expected"),
    [
        ({"v1": None}, {}, {"v1": "one"}),
        ({"v1": "two"}, {}, {"v1": "two"}),
        ({"v1": None}, {"v1": "old"}, {"v1": "one"}),
        ({"v1": "two", "preview": None}, {}, {"v1": "two", "preview": "one"}),
        ({"v1": None, "preview": None}, {"preview": "next"}, {"v1": "one", "preview": "next"}),
        ({"v1": "one", "of-others": None}, {}, {"v1": "one", "of-others": None}),
    ],
)
def test_stage_without_the_variable_gets_a_release(
    stages: dict[str, str | None], before: dict[str, str], expected: dict[str, str | None]
) -> None:
    client = ApiGateway(**stages)
    changed = set_missing(client, "one", **before)
    assert client.stages == expected
    assert changed == (stages != expected)


def test_without_a_live_release_no_stage_is_changed() -> None:
    client = ApiGateway(v1=None)
    assert not set_missing(client, None)
    assert client.set == []


def test_release_that_is_activated_meanwhile_stays_live() -> None:
    """Its pointer was written after the first read; its own UpdateStage may come first."""
    client, pointer = ApiGateway(v1=None), ["one"]

    def activated_meanwhile() -> None:
        pointer[0] = "two"

    client.on_update = activated_meanwhile
    ApiStages(client, "api", "v1").set_missing({}, lambda: live(pointer[0]))
    assert client.set == [("v1", "one"), ("v1", "two")]


@pytest.mark.parametrize(
    ("pointer", "stage", "differs"),
    [("one", "one", False), ("one", "two", True), ("one", None, True), (None, None, False)],
)
def test_pointer_and_stage_that_differ(
    pointer: str | None, stage: str | None, differs: bool
) -> None:
    found = ReleaseStatus(live(pointer) if pointer else None, {"v1": stage}, "v1")
    assert found.differs == differs
    assert found.as_dict()["differs"] == differs


@pytest.mark.parametrize(
    ("template", "uses"),
    [
        ({"Uri": {"Fn::Sub": "s3:path/${B}/releases/${!stageVariables.release}/k"}}, True),
        ('Uri: "s3:path/b/releases/${stageVariables.release}/k"', True),
        ({"ResponseParameters": {"method.response.header.X": "stageVariables.release"}}, False),
        ({"Uri": "s3:path/b/${stageVariables.releases}/k"}, False),
    ],
)
def test_template_uses_releases_if_a_uri_has_the_variable(template: object, uses: bool) -> None:
    assert uses_releases(template) == uses
