"""The health response names the instance, which identifies this server."""

import json
import os
from typing import Any

from ministack import app


def register() -> None:
    """Add `instance` to the health response."""
    instance = os.environ["READMODEL_CFN_SANDBOX_INSTANCE"]
    answer = app._handle_health_request

    def named(path: str, request_id: str) -> Any:
        response = answer(path, request_id)
        if response is None:
            return None
        status, headers, body = response
        return status, headers, json.dumps(json.loads(body) | {"instance": instance}).encode()

    app._handle_health_request = named
