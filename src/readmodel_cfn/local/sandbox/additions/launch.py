"""Starts ministack with the additions; run by the sandbox's own Python, isolated (`-I`).

The additions and the gateway are imported from this package's directory, without its site-packages
(whose botocore would hide the pinned one) and without the `__init__` of `readmodel_cfn` and
`readmodel_cfn.local.sandbox` (which import packages that are not installed here).
"""

import importlib
import importlib.metadata
import json
import os
import re
import sys
import threading
import types
from pathlib import Path
from typing import Any

PACKAGE = Path(__file__).resolve().parents[3]
ADDITIONS = (
    "request_guard",
    "request_size",
    "credentials",
    "secure_transport",
    "missing_object",
    "access_key",
    "api_gateway_refusals",
    "api_gateway_resources",
    "secret_arn",
    "metric_alarms",
    "buckets",
    "s3_backend",
    "data_plane",
)


def main() -> None:
    """Check ministack's version, register the additions, serve until a signal."""
    threading.Thread(target=end_unless_recorded, args=[int(sys.argv[2])], daemon=True).start()
    refuse_other_version()
    expose_package()
    add_instance_to_health_response()
    for name in ADDITIONS:
        importlib.import_module(f"readmodel_cfn.local.sandbox.additions.{name}").register()
    sys.argv[1:] = []  # remove the instance and the pipe: ministack reads its own options here
    importlib.import_module("ministack.app").main()


def end_unless_recorded(starter: int) -> None:
    """End this process if the one that started it ended before it recorded this server."""
    with os.fdopen(starter, "rb") as pipe:
        if not pipe.read(1):
            os._exit(1)


def refuse_other_version() -> None:
    """Exit unless ministack has the pinned version, because the additions use its internals."""
    text = (PACKAGE / "local" / "sandbox" / "requirements.txt").read_text()
    (pinned,) = re.findall(r"^ministack==(\S+)", text, re.MULTILINE)
    try:
        found = importlib.metadata.version("ministack")
    except importlib.metadata.PackageNotFoundError:
        found = "none"
    if found != pinned:
        sys.exit(f"the sandbox needs ministack {pinned}, but its environment has {found}")


def expose_package() -> None:
    """Make the submodules of this package importable without running its `__init__` files."""
    for name, directory in (
        ("readmodel_cfn", PACKAGE),
        ("readmodel_cfn.local.sandbox", PACKAGE / "local" / "sandbox"),
    ):
        module = types.ModuleType(name)
        module.__path__ = [str(directory)]
        sys.modules[name] = module


def add_instance_to_health_response() -> None:
    """Add `instance` to the health response, to identify this server."""
    app = importlib.import_module("ministack.app")
    instance = os.environ["READMODEL_CFN_SANDBOX_INSTANCE"]
    health_response = app._handle_health_request

    def with_instance(path: str, request_id: str) -> Any:
        response = health_response(path, request_id)
        if response is None:
            return None
        status, headers, body = response
        return status, headers, json.dumps(json.loads(body) | {"instance": instance}).encode()

    app._handle_health_request = with_instance  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
