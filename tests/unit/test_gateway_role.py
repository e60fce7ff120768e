"""The gateway's role: only API Gateway may take it, and it may get the routes' keys."""

from typing import Any

import pytest
from rendered import objects, properties, statements

from readmodel_cfn import DataStore, GatewayRole, ReadModel, Route
from readmodel_cfn.options import OptionError
from strategies import BOUNDARY, KMS_KEY

ROUTES = (Route("samples", "payload.json"), Route("products/{id}", "products/{id}.json"))


def granted(model: ReadModel) -> list[tuple[list[str], list[Any]]]:
    return statements(properties(model, "ApiGatewayDataStorePolicy")["PolicyDocument"])


def test_it_may_get_the_routes_keys_and_a_static_one_exactly() -> None:
    read = (["s3:GetObject"], objects("payload.json", "products/*.json"))
    assert granted(ReadModel(routes=ROUTES)) == [read]


def test_it_may_decrypt_what_a_kms_key_encrypts_and_nothing_more() -> None:
    model = ReadModel(routes=ROUTES, data_store=DataStore(kms_key=KMS_KEY))
    assert granted(model)[1:] == [(["kms:Decrypt"], [KMS_KEY])]


def test_only_api_gateway_may_take_it_and_without_a_condition() -> None:
    """API Gateway sends neither aws:SourceAccount nor aws:SourceArn: every read would be a 500."""
    found = properties(ReadModel(), "ApiGatewayRole")
    assert found["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": ["sts:AssumeRole"],
        }
    ]


def test_the_policy_is_its_own_and_has_no_name_of_the_account() -> None:
    found = properties(ReadModel(), "ApiGatewayDataStorePolicy")
    assert found["Roles"] == [{"Ref": "ApiGatewayRole"}]


def test_it_has_a_name_and_a_boundary_only_when_given() -> None:
    assert properties(ReadModel(), "ApiGatewayRole").keys() == {"AssumeRolePolicyDocument"}
    model = ReadModel(gateway_role=GatewayRole(name="reader", permissions_boundary=BOUNDARY))
    found = properties(model, "ApiGatewayRole")
    assert found["RoleName"] == "reader"
    assert found["PermissionsBoundary"] == BOUNDARY


@pytest.mark.parametrize("options", [{"name": "a b"}, {"permissions_boundary": "reader"}])
def test_what_iam_refuses_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"gateway_role.{next(iter(options))}"):
        GatewayRole(**options)
