"""Plain HTTP on the loopback counts as secure transport, unless that is switched off."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from readmodel_cfn.local.sandbox import Sandbox, start

BUCKET = "secure"


@pytest.fixture
def reader(
    client_of: Callable[..., Any], make_bucket: Callable[..., None]
) -> Callable[[Sandbox], Any]:
    """A user that may do anything in a bucket whose policy refuses insecure transport."""

    def make(sandbox: Sandbox) -> Any:
        arns = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
        make_bucket(client_of(sandbox, "s3"), BUCKET)
        condition = {"Bool": {"aws:SecureTransport": "false"}}
        deny = {"Effect": "Deny", "Principal": "*", "Condition": condition}
        client_of(sandbox, "s3").put_bucket_policy(Bucket=BUCKET, Policy=policy(deny, arns))
        iam = client_of(sandbox, "iam")
        iam.create_user(UserName=BUCKET)
        iam.put_user_policy(
            UserName=BUCKET, PolicyName="p", PolicyDocument=policy({"Effect": "Allow"}, arns)
        )
        key = iam.create_access_key(UserName=BUCKET)["AccessKey"]
        return client_of(sandbox, "s3", key["AccessKeyId"], key["SecretAccessKey"])

    return make


def policy(statement: dict[str, Any], arns: list[str]) -> str:
    statement = {**statement, "Action": "s3:*", "Resource": arns}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_http_counts_as_secure_by_default(
    sandbox: Sandbox, reader: Callable[[Sandbox], Any]
) -> None:
    assert sandbox.loopback_is_secure
    assert reader(sandbox).list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def test_http_is_refused_when_it_does_not_count_as_secure(
    home: Path, reader: Callable[[Sandbox], Any]
) -> None:
    strict = reader(start(home=home, loopback_is_secure=False))
    with pytest.raises(ClientError, match=r"AccessDenied.*deny in a resource-based policy"):
        strict.list_objects_v2(Bucket=BUCKET)
