"""ReadModel: a value; it cannot be changed."""

from dataclasses import FrozenInstanceError, fields

import pytest

from readmodel_cfn import ReadModel, Route
from readmodel_cfn.config.load import TABLES, Config
from readmodel_cfn.errors import ConfigError


@pytest.mark.parametrize("cls", [*TABLES.values(), ReadModel, Config])
def test_a_checked_value_stays_as_it_was_checked(cls: type) -> None:
    made = cls()
    for one in fields(made):
        with pytest.raises(FrozenInstanceError):
            setattr(made, one.name, None)


def test_routes_given_as_a_list_are_kept_as_they_were_checked() -> None:
    routes = [Route("a", "1"), Route("b", "2")]
    model = ReadModel(routes=routes)
    routes.clear()
    assert model.routes == (Route("a", "1"), Route("b", "2"))


def test_models_of_equal_options_are_equal() -> None:
    assert ReadModel(routes=[Route()]) == ReadModel()


def test_routes_are_checked_against_each_other() -> None:
    with pytest.raises(ConfigError, match="each path once"):
        ReadModel(routes=[Route(), Route()])
