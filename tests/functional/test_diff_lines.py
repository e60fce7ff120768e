"""The printed difference: short, settings first, and no line longer than the terminal."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from change_sets import difference
from readmodel_cfn import Api, Cdn, DataStore, Deployment, Logs, ReadModel, Route, Writer
from readmodel_cfn.cli.diff import print_diff
from readmodel_cfn.deploy.stack_diff import StackDiff

ROUTES = [
    Route(f"products{number}/{{id}}", f"products{number}/{{id}}.json") for number in range(60)
]
MODEL = ReadModel(ROUTES, api=Api(cors_origin="https://a.example"))
CHANGED = {
    "cors_origin": {"api": Api(cors_origin="*")},
    "no cors": {"api": Api()},
    "compression": {"api": replace(MODEL.api, compress_from=5000)},
    "missing": {"api": replace(MODEL.api, missing="mask")},
    "old versions": {"data_store": DataStore(old_versions_days=5)},
    "bucket name": {"data_store": DataStore(name="shop-data")},
    "key": {"data_store": DataStore(kms_key="arn:aws:kms:eu-west-1:123456789012:key/k")},
    "throttling": {"deployment": Deployment(throttle_rate=5)},
    "stage": {"deployment": Deployment(stage="v2")},
    "writer": {"writer": Writer(allow=("put", "list", "delete"))},
    "role": {"writer": Writer(kind="role", principals=("123456789012",))},
    "one more route": {"routes": [*ROUTES, Route("a", "a.json")]},
    "one less route": {"routes": ROUTES[1:]},
    "thirty less routes": {"routes": ROUTES[30:]},
    "throttled routes": {"routes": [replace(route, throttle_rate=1) for route in ROUTES]},
    "several": {
        "api": Api(cors_origin="*", description="Prices"),
        "deployment": Deployment(throttle_rate=5, metrics=True),
    },
}
Lines = Callable[..., list[str]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Lines:
    def printed(diff: StackDiff, columns: int = 80, **options: Any) -> list[str]:
        monkeypatch.setenv("COLUMNS", str(columns))
        print_diff(diff, **options)
        return capsys.readouterr().out.splitlines()

    return printed


def test_added_and_removed_outputs_are_named(lines: Lines) -> None:
    cdn = replace(MODEL, cdn=Cdn())
    for pair, sign in ((MODEL, cdn), "+"), ((cdn, MODEL), "-"):
        (found,) = (line for line in lines(difference(*pair)) if "DistributionId" in line)
        assert f" {sign} " in found
        assert "DistributionUrl" in found


def test_new_output_with_a_key_is_marked(lines: Lines) -> None:
    shown = replace(MODEL, writer=Writer(key_in="outputs"))
    (found,) = (line for line in lines(difference(MODEL, shown)) if "Outputs: +" in line)
    assert found.startswith("!")


@pytest.mark.parametrize("full", [True, False])
def test_removed_resource_that_is_not_deleted_is_marked(full: bool, lines: Lines) -> None:
    logged = replace(MODEL, logs=Logs())
    removed = [
        line for line in lines(difference(logged, MODEL), full=full) if "Logs::LogGroup" in line
    ]
    assert [line.endswith("(kept)") for line in removed] == [True]
    added = [
        line for line in lines(difference(MODEL, logged), full=full) if "Logs::LogGroup" in line
    ]
    assert ["kept" in line for line in added] == [False]


@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
def test_a_change_of_60_routes_fits_40_lines_of_any_width(changed: Any, lines: Lines) -> None:
    diff = difference(MODEL, replace(MODEL, **changed), tags={"team": "shop"})
    for columns in (60, 80, 120):
        printed = lines(diff, columns)
        assert len(printed) <= 40
        assert max(map(len, printed)) <= columns
        assert printed[0].lstrip("! ").startswith("[")


def test_no_line_of_a_narrowing_change_is_marked(lines: Lines) -> None:
    wide = replace(MODEL, api=Api(cors_origin="*"))
    assert any(line.startswith("!") for line in lines(difference(MODEL, wide)))
    assert not any(line.startswith("!") for line in lines(difference(wide, MODEL)))


def test_a_changed_origin_replaces_nothing(lines: Lines) -> None:
    text = "\n".join(lines(difference(MODEL, replace(MODEL, api=Api(cors_origin="*")))))
    assert "replace" not in text
    assert "AWS decides" not in text


def test_a_replacement_names_its_property_and_what_is_lost(lines: Lines) -> None:
    printed = lines(difference(MODEL, replace(MODEL, data_store=DataStore(name="shop-data"))))
    at = next(number for number, line in enumerate(printed) if "replace (BucketName)" in line)
    assert "DataStore" in printed[at]
    assert "publish" in printed[at + 1]


def test_removed_routes_are_counted_and_named(lines: Lines) -> None:
    text = "\n".join(lines(difference(MODEL, replace(MODEL, routes=ROUTES[2:]))))
    assert "2 of 60 routes" in text
    assert "products0/{id}" in text
    assert "products1/{id}" in text


@pytest.mark.parametrize("options", [{}, {"full": True}])
def test_an_added_item_of_a_list_has_a_plus_and_no_arrow(
    lines: Lines, options: dict[str, bool]
) -> None:
    diff = difference(MODEL, replace(MODEL, routes=(*ROUTES, Route("prices", "prices.json"))))
    shown = lines(diff, **options)
    added = [line for line in shown if "Resource: " in line]
    assert added
    assert [line for line in added if "Resource: + " not in line or "->" in line] == []


def test_shortened_paths_of_different_properties_begin_with_their_names(lines: Lines) -> None:
    with_cors = replace(MODEL, api=Api(cors_origin="https://a.example"))
    printed = lines(difference(replace(MODEL, api=Api()), with_cors))
    paths = [line.lstrip("! ").partition(":")[0] for line in printed if line.startswith(" " * 6)]
    assert {"Integration", "MethodResponses"} <= {path.partition("...")[0] for path in paths}


def test_full_shows_every_resource(lines: Lines) -> None:
    diff = difference(MODEL, replace(MODEL, api=Api(cors_origin="*")))
    text = "\n".join(lines(diff, full=True))
    assert all(resource.logical_id in text for resource in diff.resources)
