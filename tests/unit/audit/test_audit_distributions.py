"""What anybody can reach through a distribution."""

from typing import Any

import pytest

from readmodel_cfn import Cdn, ReadModel
from readmodel_cfn.analysis.audit import PublicDistribution, audit_report


def found(*behaviors: dict[str, Any], **config: Any) -> list[PublicDistribution]:
    """Those of a distribution with these cache behaviors; the default one is the first."""
    default, *others = behaviors
    origins = [{"Id": "a", "DomainName": "a.example.com", "OriginPath": "/live"}]
    content = {
        "Origins": origins,
        "DefaultCacheBehavior": {"TargetOriginId": "a", **default},
        "CacheBehaviors": [{"TargetOriginId": "a", **other} for other in others],
        **config,
    }
    properties = {"DistributionConfig": content}
    cdn = {"Type": "AWS::CloudFront::Distribution", "Properties": properties}
    return [*audit_report({"Resources": {"Cdn": cdn}}).distributions]


def test_distribution_of_a_read_model_is_public() -> None:
    (of_bucket,) = audit_report(ReadModel(cdn=Cdn())).distributions
    assert (of_bucket.resource, of_bucket.verbs) == ("Distribution", ("GET", "HEAD"))
    assert of_bucket.origin.startswith("${DataStore}.s3.")
    assert of_bucket.has_function
    (of_api,) = audit_report(ReadModel(cdn=Cdn("api"))).distributions
    assert of_api.origin.startswith("${ApiGateway}.execute-api.")
    assert of_api.origin.endswith("/${ApiGatewayStage}")
    assert audit_report(ReadModel()).distributions == ()


def test_each_behavior_has_its_paths_verbs_and_origin() -> None:
    other = {"PathPattern": "/a/*", "AllowedMethods": ["GET", "HEAD", "OPTIONS"]}
    assert found({}, other) == [
        PublicDistribution(
            "Cdn", ("GET", "HEAD", "OPTIONS"), "/a/*", "a.example.com/live", has_function=False
        ),
        PublicDistribution("Cdn", ("GET", "HEAD"), "/*", "a.example.com/live", has_function=False),
    ]


@pytest.mark.parametrize("name", ["TrustedKeyGroups", "TrustedSigners"])
def test_behavior_with_signed_urls_is_not_public(name: str) -> None:
    assert found({name: ["123456789012"]}) == []


def test_disabled_distribution_is_not_public() -> None:
    assert found({}, Enabled=False) == []
    assert found({}, Enabled="false") == []


@pytest.mark.parametrize("unknown", [{"Fn::If": ["Sometimes", 1, 2]}, {"Fn::Transform": {}}, "x"])
def test_unknown_parts_are_public_with_an_unknown_origin(unknown: Any) -> None:
    (paths,) = found({}, Origins=unknown)
    assert (paths.path, paths.origin) == ("/*", "")
