"""What an API serves: each path with its methods, its file, and what a missing file answers."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.s3_uri import S3Uri, parse_path
from readmodel_cfn.gateway import Call, Gateway, Request
from readmodel_cfn.serve.folder import Folder


@dataclass(frozen=True)
class Route:
    """A path below the stage, with its parameters in braces, as in the key.

    `missing` is the status that a client gets where the payload is missing. `key` and `missing` are
    None for a path that reads nothing from S3.
    """

    path: str
    methods: tuple[str, ...]
    key: str | None
    missing: int | None


def routes_of(definition: Mapping[str, Any], gateway: Gateway, folder: Folder) -> Iterator[Route]:
    """The routes of an API's definition."""
    for resource in definition["resources"]:
        path, methods = resource["path"], resource.get("resourceMethods") or {}
        if methods:
            uri = _uri(methods)
            key = str(uri.key) if uri else None
            missing = _missing(path, gateway, folder) if uri else None
            yield Route(path, tuple(methods), key, missing)


def _uri(methods: Mapping[str, Any]) -> S3Uri | None:
    """The URI of the one method that reads, GET where there is one."""
    for name in ("GET", *methods):
        integration = (methods.get(name) or {}).get("methodIntegration") or {}
        if uri := parse_path(str(integration.get("uri"))):
            return uri
    return None


def _missing(path: str, gateway: Gateway, folder: Folder) -> int | None:
    """The status of a read where S3 has no such key, whatever the folder holds."""
    step = gateway.prepare(Request("GET", re.sub(r"\{[^}]*\}", "-", path)))
    return gateway.finish(step, folder.missing(step.s3)).status if isinstance(step, Call) else None
