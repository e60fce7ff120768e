"""Who gets in: the root key, with its secret, and no one else."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from readmodel_cfn.sandbox import Sandbox, start


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


def test_each_sandbox_has_its_own_key(
    sandbox: Sandbox, home: Path, client_of: Callable[..., Any]
) -> None:
    client = client_of(start(home=home), "sts", sandbox.access_key_id, sandbox.secret_access_key)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        client.get_caller_identity()
