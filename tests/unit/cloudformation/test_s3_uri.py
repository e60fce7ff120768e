"""S3 integration URIs, and the objects that a URI or the resource of a statement names."""

from typing import Any

import pytest

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.s3_uri import (
    Objects,
    S3Action,
    S3Uri,
    objects_of,
    parse_path,
    parse_uri,
    within,
)
from readmodel_cfn.cloudformation.values import PartialText

SERVICE = "arn:${AWS::Partition}:apigateway:${AWS::Region}"


def text(value: Any) -> PartialText:
    return Evaluator({}).text(value)


def sub(value: str) -> PartialText:
    return text({"Fn::Sub": value})


def path(uri: PartialText) -> S3Uri:
    found = parse_path(uri)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("arn:aws:apigateway:eu-west-1:s3:path/b/k/{id}.json", "b", "k/{id}.json"),
        ("arn:aws:apigateway:eu-west-1:my.b.s3:path/k/l", "my.b", "k/l"),
        ("arn:aws:apigateway:eu-west-1:s3:path/b", "b", ""),
        ("arn:aws:apigateway:eu-west-1:s3:path/b/", "b", ""),
        ("arn:aws:apigateway:eu-west-1:s3:path/b//k", "b", "/k"),
        (sub(f"{SERVICE}:s3:path/${{B}}/k"), "${B}", "k"),
        (sub(f"{SERVICE}:s3:path/${{P}}-store/${{Dir}}/{{id}}"), "${P}-store", "${Dir}/{id}"),
        (sub(f"{SERVICE}:${{B}}.s3:path/k"), "${B}", "k"),
        (sub("${Service}:s3:path/b/k"), "b", "k"),
        ("arn:aws:apigateway:a:s3:path/${stageVariables.b}/k", "${stageVariables.b}", "k"),
        (sub("arn:aws:apigateway:a:s3:path/${!stageVariables.b}/k"), "${stageVariables.b}", "k"),
    ],
)
def test_a_path_uri_is_a_bucket_and_a_key(uri: PartialText, bucket: str, key: str) -> None:
    found = path(uri)
    assert (str(found.bucket), str(found.key)) == (bucket, key)


def test_a_uri_has_a_partition_a_region_and_a_query() -> None:
    found = path("arn:aws-cn:apigateway:cn-north-1:s3:path/b/k?versionId=1")
    assert (found.partition, found.region, found.key, found.query) == (
        "aws-cn",
        "cn-north-1",
        "k",
        "versionId=1",
    )
    assert str(path(sub(f"{SERVICE}:s3:path/b/k")).region) == "${AWS::Region}"


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://example.com",
        "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/f/invocations",
        "arn:aws:s3:::b/k",
        sub("${Whole}"),
        "arn:aws:apigateway:eu-west-1:s3:path/" + "x" * 100_000,
    ],
)
def test_other_uris_are_none(uri: PartialText) -> None:
    assert parse_uri(uri) is None


def test_an_action_is_not_a_path() -> None:
    uri = "arn:aws:apigateway:eu-west-1:s3:action/ListBuckets"
    assert parse_uri(uri) == S3Action("ListBuckets")
    assert parse_path(uri) is None


def test_parameters_are_those_in_braces_and_never_references() -> None:
    uri = path(sub(f"{SERVICE}:s3:path/${{B}}-{{tenant}}/{{kind}}/{{id}}.json"))
    assert uri.parameters == ["tenant", "kind", "id"]


def test_filling_in_may_move_the_end_of_the_bucket() -> None:
    uri = path("arn:aws:apigateway:eu-west-1:s3:path/{where}/k")
    assert uri.filled({"where": "b"}) == ("b", "k")
    assert uri.filled({"where": "b/c"}) == ("b", "c/k")
    assert uri.filled({}) == ("{where}", "k")
    in_host = path("arn:aws:apigateway:eu-west-1:b.s3:path/{id}")
    assert in_host.filled({"id": "a/b"}) == ("b", "a/b")


def test_a_parameter_without_a_fixed_value_is_any_text() -> None:
    uri = path(sub(f"{SERVICE}:s3:path/{{where}}/{{id}}.json"))
    assert uri.objects({}) == Objects("*", "*.json")
    assert uri.objects({"where": text({"Ref": "Store"})}) == Objects(sub("${Store}"), "*.json")


@pytest.mark.parametrize(
    ("arn", "expected"),
    [
        ("*", Objects("*", "*")),
        ("arn:aws:s3:::b", Objects("b", None)),
        ("arn:aws:s3:::b/k/*", Objects("b", "k/*")),
        ("arn:aws:s3:::b*", Objects("b*", "*")),
        (sub("arn:${AWS::Partition}:s3:::${B}/*"), Objects(sub("${B}"), "*")),
        (sub("${Bucket.Arn}/k"), Objects(sub("${Bucket.Arn}"), "k")),
        (sub("${Bucket.Arn}"), Objects(sub("${Bucket.Arn}"), None)),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/t", None),
        (sub("arn:aws:dynamodb:${AWS::Region}:x"), None),
    ],
)
def test_the_resource_of_a_statement_is_a_bucket_and_a_key(
    arn: PartialText, expected: Objects | None
) -> None:
    assert objects_of(arn) == expected


def test_objects_are_within_others() -> None:
    store, other = sub("${Store}"), sub("${Other}")
    assert within(Objects(store, "*"), Objects(store, "k/*"), certain=True)
    assert not within(Objects(store, "a/*"), Objects(store, "k"), certain=True)
    assert not within(Objects(store, "*"), Objects(other, "k"), certain=True)
    assert within(Objects(store, "*"), Objects(other, "k"), certain=False)
    assert not within(Objects(store, "*"), Objects("*", "k"), certain=False)
