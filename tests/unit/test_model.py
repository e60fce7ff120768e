"""ReadModel: a value; it cannot be changed."""

from dataclasses import FrozenInstanceError, fields

import pytest

from readmodel_cfn import ReadModel, Route
from readmodel_cfn.config.load import TABLES, Config
from readmodel_cfn.errors import ConfigError


@pytest.mark.parametrize("cls", [*TABLES.values(), ReadModel, Config])
def test_options_and_models_are_frozen(cls: type) -> None:
    made = cls()
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
