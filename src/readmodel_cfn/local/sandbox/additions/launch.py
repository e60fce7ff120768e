"""Starts ministack with the additions; run by the sandbox's own Python, isolated (`-I`).

The additions and the gateway are imported from this package's directory, without its site-packages
(whose botocore would hide the pinned one) and without the `__init__` of `readmodel_cfn` and
`readmodel_cfn.local.sandbox` (which import what is not installed here).
"""

import importlib
import importlib.metadata
import re
import sys
import types
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[3]
ADDITIONS = (
    "request_guard",
    "instance",
    "credentials",
    "secure_transport",
    "missing_object",
    "access_key",
    "content_handling",
    "conflicts",
    "secret_arn",
    "buckets",
    "s3_log",
    "data_plane",
    "exports",
)


def main() -> None:
    """Check ministack's version, register the additions, serve until a signal."""
    refuse_other_version()
    expose_package()
    for name in ADDITIONS:
        importlib.import_module(f"readmodel_cfn.local.sandbox.additions.{name}").register()
    sys.argv[1:] = []  # our instance; ministack reads its own options there
    importlib.import_module("ministack.app").main()


def refuse_other_version() -> None:
    """Exit with one line unless ministack is the pinned version, whose internals are used."""
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


if __name__ == "__main__":
    main()
