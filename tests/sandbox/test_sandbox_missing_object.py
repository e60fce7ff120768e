"""A missing object: 404 to whoever may list the bucket, else 403."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

BUCKET = "missing"


@pytest.fixture
def reader(
    clients: Callable[..., Any], make_bucket: Callable[..., None]
) -> Iterator[Callable[..., Any]]:
    """A user with the given permissions on a bucket."""
    make_bucket(clients("s3"), BUCKET)
    iam = clients("iam")
    iam.create_user(UserName=BUCKET)
    key = iam.create_access_key(UserName=BUCKET)["AccessKey"]

    def make(*actions: str) -> Any:
        arns = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
        statement = {"Effect": "Allow", "Action": actions, "Resource": arns}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=BUCKET, PolicyName="p", PolicyDocument=document)
        return clients("s3", key["AccessKeyId"], key["SecretAccessKey"])

    yield make
    iam.delete_user_policy(UserName=BUCKET, PolicyName="p")
    iam.delete_access_key(UserName=BUCKET, AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName=BUCKET)
    clients("s3").delete_bucket(Bucket=BUCKET)


def answer(operation: Any, **arguments: str) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        operation(**{"Bucket": BUCKET, "Key": "k", **arguments})
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_missing_object_without_list_bucket_is_403(reader: Callable[..., Any]) -> None:
    s3 = reader("s3:GetObject")
    assert answer(s3.get_object) == (403, "AccessDenied")
    assert answer(s3.head_object) == (403, "403")


def test_missing_object_with_list_bucket_is_404(reader: Callable[..., Any]) -> None:
    s3 = reader("s3:GetObject", "s3:ListBucket")
    assert answer(s3.get_object) == (404, "NoSuchKey")
    assert answer(s3.head_object) == (404, "404")


def test_missing_object_is_404_for_root(
    clients: Callable[..., Any], reader: Callable[..., Any]
) -> None:
    reader("s3:GetObject")
    assert answer(clients("s3").get_object) == (404, "NoSuchKey")


def test_missing_bucket_is_404(clients: Callable[..., Any]) -> None:
    assert answer(clients("s3").get_object, Bucket="nowhere") == (404, "NoSuchBucket")
    assert answer(clients("s3").head_object, Bucket="nowhere") == (404, "404")
