"""Every read model has a valid and complete OpenAPI document."""

import re

from hypothesis import given
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_templates import of

from readmodel_cfn import ReadModel, Route
from readmodel_cfn.analysis.openapi import openapi
from strategies import examples, read_models


@examples(0.15)
@given(read_models)
def test_read_models_have_a_valid_document_of_all_routes(model: ReadModel) -> None:
    found = openapi(of(model))
    assert [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()] == []
    verbs = {"get", "head", *(["options"] if model.api.cors_origin else [])}
    paths = {"/" + route.path.replace("+}", "}") for route in model.routes}
    assert {path: item.keys() - {"parameters"} for path, item in found["paths"].items()} == (
        dict.fromkeys(paths, verbs)
    )
    names = [item[verb]["operationId"] for item in found["paths"].values() for verb in verbs]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"(get|head|options)\w+", name) for name in names)


def test_validator_reports_a_missing_path_parameter() -> None:
    found = openapi(of(ReadModel()))
    del found["paths"]["/samples"]["get"]["responses"]["404"]["description"]
    found["paths"]["/samples/{id}"] = found["paths"]["/samples"]
    messages = [error.message for error in OpenAPIV31SpecValidator(found).iter_errors()]
    assert any("'id'" in message for message in messages)
    assert len(messages) > 1


def test_similar_paths_have_distinct_operation_ids() -> None:
    routes = [Route("a-b", "1.json"), Route("ab", "2.json"), Route("a_b", "3.json")]
    paths = openapi(of(ReadModel(routes=routes)))["paths"]
    names = [item["get"]["operationId"] for item in paths.values()]
    assert names[1] == "getAb"
    assert all(re.fullmatch("getAB_AB[0-9A-F]{8}GetMethod", name) for name in (names[0], names[2]))
    assert len(set(names)) == 3
