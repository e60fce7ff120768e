"""The outputs of a template."""

from typing import Any

import pytest

from readmodel_cfn import Deployment, ReadModel, Route, Writer
from rendered import template
from strategies import ACCOUNT


def outputs(model: ReadModel) -> dict[str, Any]:
    return {name: output["Value"] for name, output in template(model)["Outputs"].items()}


ALWAYS = ["SamplesUrl", "ApiUrl", "S3BucketName"]


@pytest.mark.parametrize(
    ("writer", "more"),
    [
        (Writer(), ["DataStoreUser", "DataStoreSecretArn"]),
        (
            Writer(key_in="outputs"),
            ["DataStoreUser", "DataStoreAccessKeyId", "DataStoreSecretAccessKey"],
        ),
        (Writer(kind="role", principals=(ACCOUNT,)), ["DataStoreRoleArn"]),
        (Writer(kind="none"), []),
    ],
    ids=["secret", "outputs", "role", "none"],
)
def test_template_has_the_documented_outputs(writer: Writer, more: list[str]) -> None:
    assert list(outputs(ReadModel(writer=writer))) == ALWAYS + more


def test_url_output_is_the_first_route_in_any_region_and_partition() -> None:
    model = ReadModel(
        routes=[Route("products/{id}", "{id}"), Route("b", "b")],
        deployment=Deployment(stage="live"),
    )
    host = ["https://", {"Ref": "ApiGateway"}, ".execute-api.", {"Ref": "AWS::Region"}, "."]
    host.append({"Ref": "AWS::URLSuffix"})
    found = outputs(model)
    assert found["SamplesUrl"] == {"Fn::Join": ["", [*host, "/live/products/{id}"]]}
    assert found["ApiUrl"] == {"Fn::Join": ["", [*host, "/live"]]}


def test_outputs_have_names_and_arns_of_the_resources() -> None:
    found = outputs(ReadModel())
    assert found["S3BucketName"] == {"Ref": "DataStore"}
    assert found["DataStoreUser"] == {"Ref": "DataStoreWriter"}
    assert found["DataStoreSecretArn"] == {"Ref": "DataStoreWriterSecret"}
    role = outputs(ReadModel(writer=Writer(kind="role", principals=(ACCOUNT,))))
    assert role["DataStoreRoleArn"] == {"Fn::GetAtt": ["DataStoreWriterRole", "Arn"]}


def test_every_output_has_a_description() -> None:
    for model in (ReadModel(), ReadModel(writer=Writer(key_in="outputs"))):
        assert all(output["Description"] for output in template(model)["Outputs"].values())
