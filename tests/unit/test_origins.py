"""The table of readmodel.toml that each resource comes from."""

from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn import ReadModel, Route, Writer
from readmodel_cfn.config.origins import origins
from readmodel_cfn.config.values import TABLES
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.resources import build_resources
from strategies import read_models

PREFIXES = st.sampled_from(["", "Shop"])


@given(read_models, PREFIXES)
def test_every_resource_has_an_origin(model: ReadModel, prefix: str) -> None:
    made = {resource.title for resource in build_resources(model, Names(prefix))}
    found = origins(model, prefix)
    assert found.keys() == made
    assert {origin.partition("]")[0].strip("[") for origin in found.values()} <= set(TABLES)


def test_origin_of_a_resource_is_the_table_of_its_section() -> None:
    found = origins(ReadModel())
    assert found["DataStore"] == found["DataStorePolicy"] == "[data_store]"
    assert found["DataStoreWriter"] == found["DataStoreWriterSecret"] == "[writer]"
    assert found["ApiGatewayRole"] == found["ApiGatewayDataStorePolicy"] == "[gateway_role]"
    assert found["ApiGateway"] == found["ApiGatewayUnknownPath"] == "[api]"
    assert found["ApiGatewayStage"] == "[deployment]"


def test_origin_of_a_managed_policy_is_that_of_its_principal() -> None:
    routes = [Route(f"document-{number}", f"{number}{'x' * 200}.json") for number in range(40)]
    found = origins(ReadModel(routes=routes, writer=Writer()))
    assert found["DataStoreWriterPolicy2"] == "[writer]"
    assert found["ApiGatewayDataStorePolicy2"] == "[gateway_role]"


def test_only_the_current_deployment_has_an_origin() -> None:
    before = origins(ReadModel())
    now = origins(ReadModel(routes=(Route("products", "products.json"),)))
    (earlier,) = [name for name in before if name.startswith("ApiGatewayDeployment")]
    (deployment,) = [name for name in now if name.startswith("ApiGatewayDeployment")]
    assert now[deployment] == "[deployment]"
    assert earlier not in now


def test_origin_of_a_path_is_its_first_route() -> None:
    below = Route("products/{id}", "products/{id}.json")
    found = origins(ReadModel(routes=(below, Route("products", "products.json"))))
    names = Names()
    assert found[names.resource("products/{id}")] == '[[routes]] path = "products/{id}"'
    assert found[names.method("products/{id}", "GET")] == '[[routes]] path = "products/{id}"'
    assert found["ProductsResource"] == '[[routes]] path = "products/{id}"'
    assert found["ProductsGetMethod"] == '[[routes]] path = "products"'
    assert found["ProductsHeadMethod"] == '[[routes]] path = "products"'
