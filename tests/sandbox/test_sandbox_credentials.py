"""Who gets in: the root key, with its secret, and no one else."""

import http.client
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from readmodel_cfn.local.sandbox import Sandbox, start


@pytest.mark.parametrize(
    ("key", "secret", "code"),
    [
        ("", "wrong", "SignatureDoesNotMatch"),
        ("test", "test", "InvalidClientTokenId"),
        ("123456789012", "test", "InvalidClientTokenId"),
    ],
    ids=["a wrong secret", "ministack's own root key", "an account id as a key"],
)
def test_other_credentials_are_refused(
    clients: Callable[..., Any], key: str, secret: str, code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        clients("sts", key, secret).get_caller_identity()
    with pytest.raises(ClientError, match=r"\((SignatureDoesNotMatch|InvalidAccessKeyId)\)"):
        clients("s3", key, secret).list_buckets()


def test_each_sandbox_has_a_key_of_its_own(
    sandbox: Sandbox, home: Path, client_of: Callable[..., Any]
) -> None:
    client = client_of(start(home=home), "sts", sandbox.access_key_id, sandbox.secret_access_key)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client.get_caller_identity()


AUTHORIZATIONS = (None, "", "Bearer x", "Basic eDp5", "AWS :x", "AWS4-HMAC-SHA256", "x")
ANONYMOUS_QUERIES = ("", "?AWSAccessKeyId=", "?X-Amz-Credential=", "?X-Amz-Algorithm=")


@pytest.fixture
def anonymous(sandbox: Sandbox) -> Callable[..., int]:
    """Sends a request without a key and returns the status of the response."""

    def send(method: str, path: str, **headers: str | None) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", sandbox.port, timeout=10)
        named = {
            name.replace("_", "-"): value for name, value in headers.items() if value is not None
        }
        try:
            connection.request(method, path, headers=named)
            return connection.getresponse().status
        finally:
            connection.close()

    return send


@pytest.mark.parametrize("query", ANONYMOUS_QUERIES)
@pytest.mark.parametrize("authorization", AUTHORIZATIONS)
def test_buckets_are_not_made_or_listed_without_credentials(
    clients: Callable[..., Any],
    anonymous: Callable[..., int],
    authorization: str | None,
    query: str,
) -> None:
    given = {"Authorization": authorization}
    assert anonymous("GET", f"/{query}", **given) in (400, 403)
    assert anonymous("PUT", f"/anyones-bucket{query}", **given) in (400, 403)
    assert anonymous("PUT", f"/{query}", Host="anyones-bucket.localhost", **given) in (400, 403)
    assert anonymous("GET", f"/{query}", Host="s3.localhost", **given) in (400, 403)
    buckets = clients("s3").list_buckets()["Buckets"]
    assert "anyones-bucket" not in [bucket["Name"] for bucket in buckets]


@pytest.mark.parametrize("authorization", AUTHORIZATIONS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/?Action=ListUsers&Version=2010-05-08"),
        ("GET", "/?Action=DescribeStacks&Version=2010-05-15"),
        ("GET", "/restapis"),
        ("GET", "/v2/apis"),
        ("GET", "/clusters"),
        ("GET", "/2020-05-31/distribution"),
    ],
)
def test_services_are_not_called_without_credentials(
    anonymous: Callable[..., int], authorization: str | None, method: str, path: str
) -> None:
    assert 400 <= anonymous(method, path, Authorization=authorization) < 500


def test_a_bucket_that_its_owner_made_public_is_read_without_credentials(
    clients: Callable[..., Any], make_bucket: Callable[..., None], anonymous: Callable[..., int]
) -> None:
    s3 = clients("s3")
    make_bucket(s3, "public")
    s3.put_object(Bucket="public", Key="key", Body=b"{}")
    assert anonymous("GET", "/public/key") == 403
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement = {**allow, "Resource": "arn:aws:s3:::public/*"}
    open_to_all = {"RestrictPublicBuckets": False, "BlockPublicPolicy": False}
    s3.put_public_access_block(Bucket="public", PublicAccessBlockConfiguration=open_to_all)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    s3.put_bucket_policy(Bucket="public", Policy=policy)
    assert anonymous("GET", "/public/key") == 200
    assert anonymous("PUT", "/public/key") == 403
