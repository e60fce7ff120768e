"""The deployment and the stage."""

from typing import Any

import pytest

from readmodel_cfn import Api, DataStore, Deployment, GatewayRole, ReadModel, Route, Writer
from readmodel_cfn.template.options import OptionError
from rendered import one_of_type, properties, template
from strategies import BOUNDARY, KMS_KEY


def deployment_id(model: ReadModel) -> str:
    (found,) = (
        name
        for name, resource in template(model)["Resources"].items()
        if resource["Type"] == "AWS::ApiGateway::Deployment"
    )
    return str(found)


BEFORE = deployment_id(ReadModel())

SERVED: list[dict[str, Any]] = [
    {"routes": [Route("samples", "other.json")]},
    {"routes": [Route("other", "payload.json")]},
    {"routes": [Route(), Route("more", "more.json")]},
    {"api": Api(security_policy="SecurityPolicy_TLS13_1_3_2025_09")},
    {"deployment": Deployment(serial=2)},
    # The snapshot holds the old one's name, while the template's Ref stays what it was:
    {"data_store": DataStore(name="shop-data")},
    {"data_store": DataStore(name="shop-data", account_regional=True)},
    {"gateway_role": GatewayRole(name="reader")},
]


@pytest.mark.parametrize("changed", SERVED, ids=str)
def test_change_of_what_the_stage_serves_makes_a_new_deployment(
    changed: dict[str, Any],
) -> None:
    assert deployment_id(ReadModel(**changed)) != BEFORE


NOT_SERVED: list[dict[str, Any]] = [
    {"data_store": DataStore(old_versions_days=3, retain=False, access_logs="logs")},
    {"data_store": DataStore(kms_key=KMS_KEY)},
    {"writer": Writer(kind="none")},
    {"writer": Writer(serial=2, allow=("put", "list"), name="pub")},
    {"gateway_role": GatewayRole(permissions_boundary=BOUNDARY)},
    {"api": Api(description="other")},
    {"deployment": Deployment(stage="live")},
]


@pytest.mark.parametrize("changed", NOT_SERVED, ids=str)
def test_other_changes_make_no_new_deployment(changed: dict[str, Any]) -> None:
    assert deployment_id(ReadModel(**changed)) == BEFORE


def test_each_name_change_makes_another_deployment() -> None:
    ids = {deployment_id(ReadModel(**changed)) for changed in SERVED}
    assert len(ids) == len(SERVED)


def test_deployment_depends_on_all_methods_and_gateway_responses() -> None:
    model = ReadModel(routes=[Route("a", "a"), Route("b", "b")])
    found = one_of_type(model, "AWS::ApiGateway::Deployment")
    methods = ["AGetMethod", "BGetMethod", "AHeadMethod", "BHeadMethod"]
    assert found["DependsOn"] == [*methods, "ApiGatewayUnknownPath"]
    assert found["Properties"] == {"RestApiId": {"Ref": "ApiGateway"}}


def test_stage_is_a_resource_that_refers_to_the_deployment() -> None:
    model = ReadModel(deployment=Deployment(stage="live"))
    assert properties(model, "ApiGatewayStage") == {
        "RestApiId": {"Ref": "ApiGateway"},
        "DeploymentId": {"Ref": deployment_id(model)},
        "StageName": "live",
    }


@pytest.mark.parametrize("stage", ["", "v 1", "v/1", "v.1", "é", "s" * 129])
def test_invalid_stage_name_is_refused(stage: str) -> None:
    with pytest.raises(OptionError, match=r"deployment\.stage"):
        Deployment(stage=stage)
