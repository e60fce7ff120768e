"""The Sceptre template handler."""

from readmodel_cfn import ReadModel, Route, build_template, render
from readmodel_cfn.sceptre import sceptre_handler


def test_sceptre_user_data_are_the_tables_of_the_file() -> None:
    routes = [{"path": "products/{id}", "key": "products/{id}.json"}]
    model = ReadModel(routes=[Route("products/{id}", "products/{id}.json")])
    assert sceptre_handler({"routes": routes}) == render(build_template(model), "compact")


def test_sceptre_template_without_user_data_has_the_default_route() -> None:
    assert (
        sceptre_handler(None)
        == sceptre_handler({})
        == render(build_template(ReadModel()), "compact")
    )
