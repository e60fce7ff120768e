"""The changed settings of a deployed template, and what each of them changes."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from change_sets import difference
from readmodel_cfn import (
    Access,
    Alarms,
    Api,
    Cdn,
    DataStore,
    Deployment,
    ReadModel,
    Route,
    Writer,
    build_article,
)
from readmodel_cfn.config.changes import changed_settings
from readmodel_cfn.config.file import read_model
from readmodel_cfn.deploy.stack_diff import StackDiff
from readmodel_cfn.template.settings import metadata, settings_in
from rendered import template

ROUTES = (Route("a", "a.json"), Route("b/{id}", "b/{id}.json"))
MODEL = ReadModel(ROUTES, api=Api(cors_origin="https://a.example"))
ROLE = Writer(kind="role", principals=("123456789012",), allow=("put", "list"))


def settings(diff: StackDiff) -> dict[tuple[str, str], tuple[Any, Any]]:
    return {(s.table, s.key): (s.before, s.after) for s in diff.settings}


@pytest.mark.parametrize(
    "model",
    [
        ReadModel(),
        MODEL,
        ReadModel(ROUTES, writer=ROLE, deployment=Deployment(throttle_rate=0)),
        ReadModel((Route("a", "a", 5, 7),), data_store=DataStore(name="shop-data", retain=False)),
    ],
)
def test_a_model_is_read_back_from_the_metadata_of_its_template(model: ReadModel) -> None:
    stored = settings_in(json.loads(json.dumps(template(model))))
    assert read_model(stored[""], "Metadata") == model


def test_metadata_has_only_what_differs_from_the_defaults() -> None:
    found = metadata(MODEL)["readmodel-cfn"][""]
    assert found["api"] == {"cors_origin": "https://a.example"}
    assert set(found) == {"routes", "api"}


def test_the_articles_template_has_no_metadata() -> None:
    assert "Metadata" not in build_article().to_dict()


def test_a_changed_setting_names_the_resources_that_it_changes() -> None:
    diff = difference(MODEL, replace(MODEL, api=replace(MODEL.api, cors_origin="*")))
    (setting,) = diff.settings
    assert str(setting).startswith("[api] cors_origin: https://a.example -> * (")
    assert set(setting.resources) == {resource.logical_id for resource in diff.resources}
    assert setting.access


def test_a_key_in_the_outputs_widens_access() -> None:
    """Everybody who may describe the stack can read it."""
    in_outputs = replace(MODEL, writer=Writer(key_in="outputs"))
    shown, hidden = difference(MODEL, in_outputs), difference(in_outputs, MODEL)
    assert [setting.access for setting in shown.settings] == [True]
    assert any(change.access for change in shown.others)
    assert not any(setting.access for setting in hidden.settings)
    assert not any(change.access for change in hidden.others)


def test_each_setting_names_its_own_resources() -> None:
    store = DataStore(old_versions_days=3)
    diff = difference(MODEL, replace(MODEL, data_store=store, deployment=Deployment(metrics=True)))
    assert [(s.key, s.resources, s.access) for s in diff.settings] == [
        ("old_versions_days", ("DataStore",), False),
        ("metrics", ("ApiGatewayStage",), False),
    ]


def test_settings_that_are_valid_only_together_are_all_shown() -> None:
    diff = difference(MODEL, replace(MODEL, writer=ROLE))
    assert {key for _, key in settings(diff)} == {"kind", "principals", "allow"}
    assert all(setting.resources for setting in diff.settings)


def test_tables_that_are_valid_only_together_are_all_shown() -> None:
    """`invalidate` requires [cdn], and [cdn] refuses a private API."""
    cdn = replace(MODEL, cdn=Cdn(), writer=Writer(allow=("put", "invalidate")))
    private = replace(MODEL, access=Access(private=True, source_vpces=("vpce-0123456789abcdef0",)))
    off = set(settings(difference(cdn, MODEL)))
    assert off == {("cdn", "origin"), ("writer", "allow")}
    assert off == set(settings(difference(MODEL, cdn)))
    shown = set(settings(difference(cdn, private)))
    assert shown >= {("cdn", "origin"), ("access", "private"), ("access", "source_vpces")}


@pytest.mark.parametrize(
    ("tables", "shown"),
    [
        ({"alarms": Alarms()}, [("alarms", "errors_percent")]),
        ({"cdn": Cdn()}, [("cdn", "origin")]),
        ({"access": Access(source_ips=("192.0.2.0/24",))}, [("access", "source_ips")]),
    ],
)
def test_a_table_is_shown_by_what_is_set_in_it_or_by_one_default(
    tables: dict[str, Any], shown: list[tuple[str, str]]
) -> None:
    model = replace(MODEL, **tables)
    assert list(settings(difference(MODEL, model))) == shown
    assert list(settings(difference(model, MODEL))) == shown


def test_a_new_api_key_for_an_open_api_does_not_widen_access() -> None:
    model = ReadModel(ROUTES)
    key = replace(model, access=Access("api-key"))
    on, off = difference(model, key), difference(key, model)
    assert not any(setting.access for setting in on.settings)
    assert not any(resource.access for resource in on.resources)
    assert any(setting.access for setting in off.settings)


def test_another_api_key_widens_access() -> None:
    keys = [replace(MODEL, access=Access("api-key", keys=names)) for names in (("a",), ("a", "b"))]
    assert any(setting.access for setting in difference(*keys).settings)


def test_an_api_key_for_a_route_that_was_not_served_widens_access() -> None:
    more = replace(MODEL, routes=(*ROUTES, Route("c", "c.json")), access=Access("api-key"))
    assert any(resource.access for resource in difference(MODEL, more).resources)


def test_routes_are_settings() -> None:
    new = (Route("a", "other.json", throttle_rate=5), Route("c", "c.json"))
    assert settings(difference(MODEL, replace(MODEL, routes=new))) == {
        ("routes", "a key"): ("a.json", "other.json"),
        ("routes", "a throttle_rate"): (None, 5),
        ("routes", "b/{id}"): ("b/{id}.json", None),
        ("routes", "c"): (None, "c.json"),
    }


@pytest.mark.parametrize(
    ("path", "key"), [("b/{sku}", "b/{sku}"), ("b/{id+}", "b/{id}"), ("b/{sku}/c", "c/{sku}")]
)
def test_a_route_that_is_valid_only_without_a_removed_one_is_shown(path: str, key: str) -> None:
    renamed = replace(MODEL, routes=(ROUTES[0], Route(path, key)))
    assert settings(difference(MODEL, renamed)) == {
        ("routes", "b/{id}"): ("b/{id}.json", None),
        ("routes", path): (None, key),
    }


def test_removed_routes_widen_no_access() -> None:
    diff = difference(MODEL, replace(MODEL, routes=(Route("c", "c.json"),)))
    assert {setting.key: setting.access for setting in diff.settings} == {
        "a": False,
        "b/{id}": False,
        "c": True,
    }


def test_a_removed_limit_of_a_route_widens_access() -> None:
    limited = replace(MODEL, routes=(Route("a", "a.json", throttle_rate=5), ROUTES[1]))
    (setting,) = difference(limited, MODEL).settings
    assert (setting.key, setting.access) == ("a throttle_rate", True)
    (setting,) = difference(MODEL, limited).settings
    assert not setting.access


def test_a_setting_that_changes_nothing_in_the_stack_is_left_out() -> None:
    slower = DataStore(max_age=5)  # a header of the documents, which publish sets
    diff = difference(MODEL, replace(MODEL, data_store=slower, deployment=Deployment(serial=2)))
    assert list(settings(diff)) == [("deployment", "serial")]


def test_a_changed_prefix_is_a_setting() -> None:
    (found,) = (change[:4] for change in changed_settings(template(MODEL), MODEL, "Shop") if change)
    assert found == ("stack", "prefix", "", "Shop")


@pytest.mark.parametrize(
    "stored",
    [
        None,
        "text",
        {},
        {"": "text"},
        {"": {"routes": [], "future": {}}},
        {"": {"api": {"future": 1}}},
        {"": {"routes": [["a", "b"]]}},
    ],
)
def test_metadata_of_another_version_has_no_settings(stored: Any) -> None:
    deployed = {**template(MODEL), "Metadata": {"readmodel-cfn": stored}}
    assert list(changed_settings(deployed, ReadModel())) == []
    assert list(changed_settings({**deployed, "Metadata": stored}, ReadModel())) == []


PATHS = st.lists(st.sampled_from("abcdef"), min_size=1, unique=True)


@given(PATHS, PATHS)
def test_added_and_removed_routes_are_those_that_differ(old: list[str], new: list[str]) -> None:
    before, after = (ReadModel([Route(path, path) for path in paths]) for paths in (old, new))
    found = [change[1:4] for change in changed_settings(template(before), after)]
    assert {key for key, was, _ in found if was is None} == set(new) - set(old)
    assert {key for key, _, becomes in found if becomes is None} == set(old) - set(new)


def test_every_section_is_compared() -> None:
    assert {found.name for found in fields(ReadModel)} == {
        "routes",
        "data_store",
        "writer",
        "gateway_role",
        "api",
        "deployment",
        "releases",
        "access",
        "domain",
        "logs",
        "alarms",
        "cdn",
        "waf",
    }


@pytest.mark.parametrize(
    "access",
    [
        Access("api-key"),
        Access("iam"),
        Access(source_ips=("192.0.2.0/24",)),
        Access(private=True, source_vpces=("vpce-0123456789abcdef0",)),
    ],
)
def test_a_diff_says_what_is_public_before_and_after_a_change_of_readers(access: Access) -> None:
    limited = replace(MODEL, access=access)
    closed, opened = difference(MODEL, limited).exposure, difference(limited, MODEL).exposure
    before, after = closed.rstrip(".").removeprefix("Public: ").split(" -> ")
    assert "by anyone" in before
    assert before != after
    assert opened == f"Public: {after} -> {before}."


def test_a_diff_of_the_same_readers_does_not_say_what_is_public() -> None:
    more = replace(MODEL, routes=(*ROUTES, Route("c", "c.json")), cdn=Cdn())
    assert difference(MODEL, more).exposure == ""
    key = replace(MODEL, access=Access("api-key"))
    assert difference(key, replace(MODEL, access=Access("iam"))).exposure == ""
