"""The names of a release: its ID, and the keys of its objects.

releases/ID/KEY              a document
releases/ID.building.json    the start, written before the first document
releases/ID.json             the manifest, written when all documents are stored
releases/ID.deleting.json    written before its objects are deleted; it cannot be activated
releases/ID.parts/...        the lists of its partitions, if several workers have published it
releases/live.json           the pointer: which release is live
"""

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Literal

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.releases import POINTER, PREFIX, release_key

Kind = Literal["manifest", "start", "deletion"]
LIVE = "live"  # its manifest's key would be that of the pointer
METADATA = "release"  # the user-defined metadata of each document, with the ID
_JSON = ".json"
_PARTS = ".parts"
_SUFFIXES: Mapping[str, "Kind"] = {".building": "start", ".deleting": "deletion"}
# A stage variable's value may also have ~:/?#&=, but not be empty; limited here to what keys and
# URLs carry unchanged. https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ALLOWED = "1 to 64 of A-Z a-z 0-9 . _ -, beginning with a letter or digit"


def new_id(now: datetime | None = None) -> str:
    """A new ID: the time in UTC, so that IDs sort by it, and six random digits."""
    return f"{now or datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def check_id(release: str, where: str = "--release") -> str:
    """The ID, if it may be one.

    Raises:
        ConfigError: it may not.
    """
    if not isinstance(release, str) or not _ID.fullmatch(release):
        raise ConfigError(f"{release!r} is not allowed", where=where, hint=f"allowed: {_ALLOWED}")
    if release == LIVE or release.endswith((*_SUFFIXES, _PARTS)):
        what = f"{release!r} is the name of another object"
        raise ConfigError(what, where=where, hint="choose another ID")
    return release


def prefix_of(release: str) -> str:
    """The prefix of the keys of a release's documents."""
    return release_key(release, "")


def manifest_key(release: str) -> str:
    """The key of a release's manifest."""
    return f"{PREFIX}{release}{_JSON}"


def start_key(release: str) -> str:
    """The key of the object that a release is started with."""
    return f"{PREFIX}{release}.building{_JSON}"


def deletion_key(release: str) -> str:
    """The key of the object that the deletion of a release is started with."""
    return f"{PREFIX}{release}.deleting{_JSON}"


def parts_prefix(release: str) -> str:
    """The prefix of the keys of the lists of a release's partitions."""
    return f"{PREFIX}{release}{_PARTS}/"


def list_key(release: str, part: int, parts: int, digest: str) -> str:
    """The key of the list of a partition; other documents have another digest."""
    return f"{parts_prefix(release)}{part:05}-of-{parts:05}-{digest[:16]}.txt"


def release_of_parts(name: str) -> str | None:
    """The release whose partitions' lists are in `releases/NAME/`; None if it has documents."""
    return name.removesuffix(_PARTS) if name.endswith(_PARTS) else None


def parse_key(key: str) -> tuple[str, Kind] | None:
    """The release that an object is about, and the kind of the object."""
    if key == POINTER or not (key.startswith(PREFIX) and key.endswith(_JSON)):
        return None
    name = key.removeprefix(PREFIX).removesuffix(_JSON)
    for suffix, kind in _SUFFIXES.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix), kind
    return name, "manifest"
