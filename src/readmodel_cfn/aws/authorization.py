"""The headers that authorize a request to the API: a signature, an API key, or none."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from readmodel_cfn.aws.connection import Connection, credential_errors
from readmodel_cfn.aws.debug import hide
from readmodel_cfn.aws.errors import readable_errors, readable_responses
from readmodel_cfn.errors import ReadModelError

Authorize: TypeAlias = Callable[[str, str], Mapping[str, str]]
"""The headers for a request, by its method and its URL."""


def anonymous(method: str, url: str) -> Mapping[str, str]:  # noqa: ARG001 - those of Authorize
    """No headers: the API is public."""
    return {}


def signed(connection: Connection) -> Authorize:
    """Sign requests with the connection's credentials: Signature Version 4, for execute-api.

    The signature covers method, host and path, and is valid for five minutes:
    https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
    """

    def sign(method: str, url: str) -> Mapping[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest

        with readable_errors(), credential_errors():
            credentials = connection.frozen_credentials()
        if credentials is None:
            hint = "set AWS_PROFILE, or an access key in the environment"
            raise ReadModelError("no credentials to sign the request", where=url, hint=hint)
        hide(credentials.token)
        request = AWSRequest(method, url)
        SigV4Auth(credentials, "execute-api", connection.region_name or "").add_auth(request)
        return dict(request.headers.items())

    return sign


def with_api_key(connection: Connection, key_id: str) -> Authorize:
    """Send the value of an API key of the account, which is fetched once."""
    client = connection.client("apigateway")
    with readable_responses("get_api_key"):
        value = client.get_api_key(apiKey=key_id, includeValue=True)["value"]
    hide(value)
    return lambda method, url: {"x-api-key": value}  # noqa: ARG005 - those of Authorize
