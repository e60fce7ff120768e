"""ReadModel: a value; it cannot be changed."""

from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from readmodel_cfn import Domain, ReadModel, Route
from readmodel_cfn.config.values import TABLES, Config
from readmodel_cfn.errors import ConfigError

REQUIRED: dict[type, Any] = {
    Domain: {"name": "data.example.com", "hosted_zone_id": "Z0123456789ABCDEFGHIJ"}
}


@pytest.mark.parametrize("cls", [*TABLES.values(), ReadModel, Config])
def test_options_and_models_are_frozen(cls: type) -> None:
    made = cls(**REQUIRED.get(cls, {}))
    for field in fields(made):
        with pytest.raises(FrozenInstanceError):
            setattr(made, field.name, None)


def test_later_changes_of_a_route_list_do_not_affect_the_model() -> None:
    routes = [Route("a", "1"), Route("b", "2")]
    model = ReadModel(routes=routes)
    routes.clear()
    assert model.routes == (Route("a", "1"), Route("b", "2"))


def test_models_of_equal_options_are_equal() -> None:
    assert ReadModel(routes=[Route()]) == ReadModel()


def test_routes_are_checked_against_each_other() -> None:
    with pytest.raises(ConfigError, match=Route().path):
        ReadModel(routes=[Route(), Route()])


ROUTE = {"path": "samples", "key": "payload.json"}


@pytest.mark.parametrize("routes", [[ROUTE], ROUTE, "samples", 3, None, Route(), [Route(), None]])
def test_routes_of_another_type_are_config_errors_that_name_the_type(routes: Any) -> None:
    with pytest.raises(ConfigError, match="Route") as refused:
        ReadModel(routes=routes)
    assert refused.value.where == "routes"


@pytest.mark.parametrize("section", ["data_store", "writer", "gateway_role", "api", "deployment"])
def test_sections_of_another_type_are_config_errors_that_name_the_section(section: str) -> None:
    options: dict[str, Any] = {section: {}}
    with pytest.raises(ConfigError) as refused:
        ReadModel(**options)
    assert refused.value.where == section
