"""The Sceptre template handler."""

import sys
from types import ModuleType
from typing import Any

import pytest

from readmodel_cfn import ReadModel, Route, build_template, render
from readmodel_cfn.sceptre import sceptre_handler


def test_sceptre_user_data_are_the_tables_of_the_file() -> None:
    routes = [{"path": "products/{id}", "key": "products/{id}.json"}]
    model = ReadModel(routes=[Route("products/{id}", "products/{id}.json")])
    assert sceptre_handler({"routes": routes}) == render(build_template(model), "compact")


@pytest.mark.parametrize("data", [None, {}, {"api": {"cors_origin": "*"}}])
def test_sceptre_user_data_without_routes_deploy_no_example(
    data: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sceptre = ModuleType("sceptre.exceptions")
    monkeypatch.setattr(sceptre, "SceptreException", RuntimeError, raising=False)
    monkeypatch.setitem(sys.modules, "sceptre", sceptre)
    monkeypatch.setitem(sys.modules, "sceptre.exceptions", sceptre)
    with pytest.raises(RuntimeError, match="routes"):
        sceptre_handler(data)
