"""The stack's own writer key, from where the stack keeps it."""

import json
from collections.abc import Mapping
from typing import Any

from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.errors import ReadModelError


def writer_credentials(outputs: Mapping[str, str], secrets_manager: Any) -> Credentials:
    """The key of the user that publishes, from the secret that the outputs name, or the outputs.

    Raises:
        ReadModelError: the stack has no such user, or its secret holds no key.
    """
    if "DataStoreSecretArn" in outputs:
        return _from_secret(outputs["DataStoreSecretArn"], secrets_manager)
    if "DataStoreSecretAccessKey" in outputs:
        return Credentials(outputs["DataStoreAccessKeyId"], outputs["DataStoreSecretAccessKey"])
    raise ReadModelError(
        "the stack has no user with a key",
        where="--as-writer",
        hint="set kind = 'user' under [writer], or publish with your own credentials",
    )


def _from_secret(arn: str, secrets_manager: Any) -> Credentials:
    secret = secrets_manager.get_secret_value(SecretId=arn)
    try:
        key = json.loads(secret["SecretString"])
        return Credentials(key["access_key_id"], key["secret_access_key"])
    except (ValueError, KeyError, TypeError) as error:  # somebody has put another value there
        hint = "raise serial under [writer] and deploy: that makes a new key"
        raise ReadModelError("it holds no writer's key", where=arn, hint=hint) from error
