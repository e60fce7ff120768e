"""The outputs of one read model among those of a stack."""

import pytest

from readmodel_cfn import Route
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.deploy.outputs import ModelOutputs
from readmodel_cfn.errors import ReadModelError

LOCATION = StackLocation("shop", Connection("eu-west-1"))
ROUTES = [Route("samples", "payload.json"), Route("products/{id}", "products/{id}.json")]


def outputs(values: dict[str, str], prefix: str = "") -> ModelOutputs:
    return ModelOutputs.of(values, prefix, LOCATION)


def test_outputs_of_other_read_models_are_left_out() -> None:
    found = outputs({"AApiUrl": "https://a", "BApiUrl": "https://b"}, "A")
    assert found.url("samples") == "https://a/samples"
    assert found.api_urls() == {"AApiUrl": "https://a"}


def test_missing_output_is_named_with_its_prefix() -> None:
    with pytest.raises(ReadModelError, match="ShopS3BucketName"):
        outputs({"S3BucketName": "another"}, "Shop").required("S3BucketName")


def test_api_of_the_articles_stack_is_that_of_its_route() -> None:
    found = outputs({"SamplesUrl": "https://a/v1/samples"})
    assert found.url() == "https://a/v1"
    assert found.api_urls() == {"SamplesUrl": "https://a/v1"}


def test_stack_without_an_api_has_no_urls() -> None:
    found = outputs({"S3BucketName": "shop"})
    assert found.route_urls(ROUTES) == {}
    assert found.document_url("payload.json", ROUTES) is None


def test_document_has_the_url_of_the_route_that_serves_it() -> None:
    found = outputs({"ApiUrl": "https://a"})
    assert found.document_url("products/1.json", ROUTES) == "https://a/products/1"
    assert found.document_url("other.json", ROUTES) is None


def test_default_endpoint_takes_the_place_of_a_domain_name() -> None:
    default = "https://a1.execute-api.eu-west-1.amazonaws.com/v1"
    values = {
        "ApiUrl": "https://data.example.com/v2",
        "SamplesUrl": "https://data.example.com/v2/products/{id}",
        "DefaultEndpointUrl": default,
    }
    found = outputs(values)
    assert found.url("products/1") == "https://data.example.com/v2/products/1"
    assert found.at_default_endpoint().url("products/1") == f"{default}/products/1"
    assert found.at_default_endpoint().required("SamplesUrl") == f"{default}/products/{{id}}"
    plain = outputs({"ApiUrl": default})
    assert plain.at_default_endpoint() == plain
    assert (found.has_domain, plain.has_domain) == (True, False)


def test_readers_get_the_url_of_the_distribution() -> None:
    values = {"ApiUrl": "https://a/v1", "DistributionUrl": "https://d"}
    found = outputs(values)
    assert (found.url(), found.url("/samples")) == ("https://d", "https://d/samples")
    assert found.route_urls(ROUTES)["samples"] == "https://d/samples"
    assert found.document_url("products/1.json", ROUTES) == "https://d/products/1"
    assert found.api_url("samples") == "https://a/v1/samples"


def test_emulator_serves_no_distribution() -> None:
    values = {"ApiUrl": "https://a/v1", "DistributionUrl": "https://d"}
    local = StackLocation("shop", Connection("eu-west-1", endpoint_url="http://127.0.0.1:1"))
    assert ModelOutputs.of(values, "", local).url("samples") == "https://a/v1/samples"
