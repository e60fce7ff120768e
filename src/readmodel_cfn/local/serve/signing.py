"""Signatures of requests to an S3, with the access key that boto3 finds: environment or profile."""

from collections.abc import Mapping

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.errors import ConfigError


class Signer:
    """Signs requests with the access key of the environment or of the profile AWS_PROFILE.

    Raises:
        ConfigError: there is no access key.
        ReadModelError: the access key cannot be read.
    """

    def __init__(self, connection: Connection | None = None) -> None:
        self._connection = connection or Connection()
        if self._connection.frozen_credentials() is None:
            hint = "set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            raise ConfigError("no access key to sign with", where="--sign", hint=hint)

    def signed(
        self, method: str, url: str, region: str, headers: Mapping[str, str], body: bytes
    ) -> dict[str, str]:
        """The headers with the signature of the request, of version 4."""
        from botocore.auth import S3SigV4Auth
        from botocore.awsrequest import AWSRequest

        request = AWSRequest(method, url, headers=dict(headers), data=body)
        key = self._connection.frozen_credentials()
        S3SigV4Auth(key, "s3", region).add_auth(request)
        return dict(request.headers.items())
