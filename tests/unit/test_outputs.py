"""Outputs: the URLs, the bucket, who publishes, and where its key is; never the key itself."""

from typing import Any

import pytest
from rendered import template

from readmodel_cfn import Deployment, ReadModel, Route, Writer
from strategies import ACCOUNT


def outputs(model: ReadModel) -> dict[str, Any]:
    return {name: one["Value"] for name, one in template(model)["Outputs"].items()}


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
def test_there_is_an_output_for_each_thing_that_a_person_needs(
    writer: Writer, more: list[str]
) -> None:
    assert list(outputs(ReadModel(writer=writer))) == ALWAYS + more


def test_the_url_is_the_first_routes_below_the_stage_in_any_region_and_partition() -> None:
    model = ReadModel(
        routes=[Route("products/{id}", "{id}"), Route("b", "b")],
        deployment=Deployment(stage="live"),
    )
    host = ["https://", {"Ref": "ApiGateway"}, ".execute-api.", {"Ref": "AWS::Region"}, "."]
    host.append({"Ref": "AWS::URLSuffix"})
    found = outputs(model)
    assert found["SamplesUrl"] == {"Fn::Join": ["", [*host, "/live/products/{id}"]]}
    assert found["ApiUrl"] == {"Fn::Join": ["", [*host, "/live"]]}


def test_names_and_arns_are_those_of_the_resources() -> None:
    found = outputs(ReadModel())
    assert found["S3BucketName"] == {"Ref": "DataStore"}
    assert found["DataStoreUser"] == {"Ref": "DataStoreWriter"}
    assert found["DataStoreSecretArn"] == {"Ref": "DataStoreWriterSecret"}
    role = outputs(ReadModel(writer=Writer(kind="role", principals=(ACCOUNT,))))
    assert role["DataStoreRoleArn"] == {"Fn::GetAtt": ["DataStoreWriter", "Arn"]}


def test_every_output_says_what_it_is() -> None:
    for model in (ReadModel(), ReadModel(writer=Writer(key_in="outputs"))):
        assert all(one["Description"] for one in template(model)["Outputs"].values())
