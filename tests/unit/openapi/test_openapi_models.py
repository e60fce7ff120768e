"""Every read model has an OpenAPI document that is valid and describes all of it."""

import re

from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_templates import of

from readmodel_cfn import ReadModel, Route
from readmodel_cfn.analysis.openapi import openapi as document
from strategies import read_models


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(read_models)
def test_every_read_model_has_a_valid_document_of_all_its_routes(model: ReadModel) -> None:
    found = document(of(model))
    assert [one.message for one in OpenAPIV31SpecValidator(found).iter_errors()] == []
    verbs = {"get", "head", *(["options"] if model.api.cors_origin else [])}
    paths = {"/" + route.path.replace("+}", "}") for route in model.routes}
    assert {path: item.keys() - {"parameters"} for path, item in found["paths"].items()} == (
        dict.fromkeys(paths, verbs)
    )
    names = [item[verb]["operationId"] for item in found["paths"].values() for verb in verbs]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"(get|head|options)\w+", name) for name in names)


def test_the_validator_would_see_it() -> None:
    found = document(of(ReadModel()))
    del found["paths"]["/samples"]["get"]["responses"]["404"]["description"]
    found["paths"]["/samples/{id}"] = found["paths"]["/samples"]
    messages = [one.message for one in OpenAPIV31SpecValidator(found).iter_errors()]
    assert any("'id'" in one for one in messages)
    assert len(messages) > 1


def test_paths_that_differ_only_in_signs_have_names_of_their_own() -> None:
    routes = [Route("a-b", "1.json"), Route("ab", "2.json"), Route("a_b", "3.json")]
    paths = document(of(ReadModel(routes=routes)))["paths"]
    names = [item["get"]["operationId"] for item in paths.values()]
    assert names[1] == "getAb"
    assert all(re.fullmatch("getAB_AB[0-9A-F]{8}GetMethod", one) for one in (names[0], names[2]))
    assert len(set(names)) == 3
