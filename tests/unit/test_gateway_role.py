"""The gateway role: who may assume it, and what it may read."""

from typing import Any

import pytest

from readmodel_cfn import Api, DataStore, GatewayRole, ReadModel, Route
from readmodel_cfn.template.options import OptionError
from rendered import STORE_ARN, objects, policy_length, properties, statements, template
from strategies import BOUNDARY, KMS_KEY

ROUTES = (Route("samples", "payload.json"), Route("products/{id}", "products/{id}.json"))


def granted(model: ReadModel) -> list[tuple[list[str], list[Any]]]:
    return statements(properties(model, "ApiGatewayDataStorePolicy")["PolicyDocument"])


def test_role_may_get_the_keys_of_the_routes() -> None:
    read = (["s3:GetObject"], objects("payload.json", "products/*.json"))
    assert granted(ReadModel(routes=ROUTES, api=Api(missing="mask"))) == [read]


def test_role_may_list_only_the_keys_of_the_routes() -> None:
    assert granted(ReadModel(routes=ROUTES))[1] == (["s3:ListBucket"], [STORE_ARN])
    document = properties(ReadModel(routes=ROUTES), "ApiGatewayDataStorePolicy")["PolicyDocument"]
    prefixes = {"s3:prefix": ["payload.json*", "products/*"]}
    assert document["Statement"][1]["Condition"] == {"StringLike": prefixes}


def test_long_policy_is_split_without_loss() -> None:
    """IAM allows 10,240 characters inline and 6,144 in each of ten managed policies."""
    routes = [Route(f"documents-{n:03}", f"documents-{n:03}.json") for n in range(150)]
    made = template(ReadModel(routes=routes))["Resources"]
    found = {
        name: policy for name, policy in made.items() if name.startswith("ApiGatewayDataStore")
    }
    kinds = [policy["Type"] for policy in found.values()]
    assert kinds[0] == "AWS::IAM::Policy"
    assert set(kinds[1:]) == {"AWS::IAM::ManagedPolicy"}
    documents = [policy["Properties"]["PolicyDocument"] for policy in found.values()]
    for document, most in zip(documents, [10_240] + [6_144] * 9, strict=False):
        assert policy_length(document) <= most
    keys = [key for document in documents for key in document["Statement"][0]["Resource"]]
    assert keys == objects(*(route.key for route in routes))


def test_role_may_only_decrypt_with_the_kms_key() -> None:
    model = ReadModel(routes=ROUTES, data_store=DataStore(kms_key=KMS_KEY))
    assert granted(model)[2:] == [(["kms:Decrypt"], [KMS_KEY])]


def test_role_is_assumed_by_api_gateway_only() -> None:
    """API Gateway sends neither aws:SourceAccount nor aws:SourceArn: every read would be a 500."""
    found = properties(ReadModel(), "ApiGatewayRole")
    assert found["AssumeRolePolicyDocument"]["Statement"] == [
        {
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": ["sts:AssumeRole"],
        }
    ]


def test_policy_is_a_separate_resource_without_account_wide_name() -> None:
    found = properties(ReadModel(), "ApiGatewayDataStorePolicy")
    assert found["Roles"] == [{"Ref": "ApiGatewayRole"}]


def test_role_has_name_and_boundary_only_if_given() -> None:
    assert properties(ReadModel(), "ApiGatewayRole").keys() == {"AssumeRolePolicyDocument"}
    model = ReadModel(gateway_role=GatewayRole(name="reader", permissions_boundary=BOUNDARY))
    found = properties(model, "ApiGatewayRole")
    assert found["RoleName"] == "reader"
    assert found["PermissionsBoundary"] == BOUNDARY


@pytest.mark.parametrize("options", [{"name": "a b"}, {"permissions_boundary": "reader"}])
def test_invalid_role_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match=f"gateway_role.{next(iter(options))}"):
        GatewayRole(**options)
