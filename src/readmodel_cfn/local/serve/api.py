"""The API of a template over a folder: its routes, and responses to requests."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from readmodel_cfn.cloudformation.s3_uri import S3Uri, parse_path
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.gateway import (
    Call,
    DefinitionError,
    Gateway,
    Request,
    Response,
    Snapshot,
    unsupported,
)
from readmodel_cfn.local.gateway.cloudformation import served
from readmodel_cfn.local.serve.folder import Folder
from readmodel_cfn.local.serve.permissions import permissions_of
from readmodel_cfn.publish.documents import DEFAULT, MAX_BYTES, Settings

NO_SUCH_STAGE = Response(
    403,
    {"Content-Type": "application/json", "x-amzn-ErrorType": "ForbiddenException"},
    b'{"message":"Forbidden"}',
)
"""What a stage answers that there is not, whatever gateway responses the API has (assumed)."""

# "Execution failed due to configuration error: Integration response of reported length 114540033 is
# larger than allowed maximum of 10485760 bytes", say execution logs. The gateway gives this type.
_TOO_LARGE: Any = "API_CONFIGURATION_ERROR"


_S3_PATH = ":s3:path/"


@dataclass(frozen=True)
class Source:
    """What an API is made of: a template, its parameters' values, and how publishing stores.

    `publishes` tells whether publishing sends a key: the files of others are missing.
    """

    template: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)
    settings: Settings = DEFAULT
    publishes: Callable[[str], bool] = lambda _: True


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


@dataclass(frozen=True)
class Api:
    """An API ready to answer; `findings` are what of its definition is not evaluated."""

    stage: str
    routes: tuple[Route, ...]
    findings: tuple[str, ...]
    gateway: Gateway
    folder: Folder
    tell: Callable[[str], None]

    def answer(self, request: Request) -> Response:
        """The response to a request below the stage.

        A file that cannot be read answers as S3 does that cannot be reached, a document larger
        than API Gateway takes as there.
        """
        step = self.gateway.prepare(request)
        if not isinstance(step, Call):
            return step
        try:
            answer = self.folder.answer(step.s3)
        except OSError as error:
            self.tell(f"{step.s3.key}: cannot be read: {error.strerror}")
            return self.gateway.failed(step, "INTEGRATION_FAILURE")
        if len(answer.body) > MAX_BYTES:
            return self.gateway.failed(step, _TOO_LARGE)
        return self.gateway.finish(step, answer)

    def below_stage(self, path: str) -> str | None:
        """The path that the gateway knows, or None for one of another stage."""
        stage, slash, rest = path.removeprefix("/").partition("/")
        return slash + rest or "/" if stage == self.stage else None


def api_of(source: Source, root: Path, tell: Callable[[str], None]) -> Api:
    """The API of a template over the folder `root`; `tell` gets a line for what people must know.

    Raises:
        ConfigError: a template that AWS would refuse, or that the gateway cannot read.
    """
    try:
        found = served(source.template, source.parameters)
        gateway = Gateway(Snapshot.from_definition(found.definition), found.stage, found.variables)
        permissions = permissions_of(source.template, source.parameters)
        folder = Folder(root, permissions, source.settings, tell, source.publishes)
        routes = tuple(_routes(found.definition, gateway, folder))
        findings = tuple(unsupported(found.definition))
    except DefinitionError as error:
        raise ConfigError(str(error), where="template") from error
    return Api(found.stage, routes, findings, gateway, folder, tell)


def _routes(definition: Mapping[str, Any], gateway: Gateway, folder: Folder) -> Iterator[Route]:
    """The routes of an API's definition."""
    for resource in definition["resources"]:
        path, methods = resource["path"], resource.get("resourceMethods") or {}
        if methods:
            uri = _uri(methods)
            key = str(uri.key) if uri else None
            missing = _missing(path, gateway, folder) if uri else None
            yield Route(path, tuple(methods), key, missing)


def _uri(methods: Mapping[str, Any]) -> S3Uri | None:
    """The URI of the method that reads: GET, else any other."""
    for name in ("GET", *methods):
        integration = (methods.get(name) or {}).get("methodIntegration") or {}
        if uri := parse_path(str(integration.get("uri"))):
            return uri
    return None


def _missing(path: str, gateway: Gateway, folder: Folder) -> int | None:
    """The status of a read where S3 has no such key, whatever the folder holds."""
    step = gateway.prepare(Request("GET", re.sub(r"\{[^}]*\}", "-", path)))
    return gateway.finish(step, folder.missing(step.s3)).status if isinstance(step, Call) else None
