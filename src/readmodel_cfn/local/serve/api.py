"""The API of a template, with documents from a folder or an S3: its routes and responses."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from readmodel_cfn.cloudformation.s3_uri import S3Uri, parse_path
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import API_PAYLOAD_BYTES
from readmodel_cfn.local.gateway import (
    Call,
    DefinitionError,
    Gateway,
    Request,
    Response,
    S3Request,
    S3Response,
    Snapshot,
    unsupported,
)
from readmodel_cfn.local.gateway.cloudformation import TemplateApi, read_api
from readmodel_cfn.local.gateway.definition import methods
from readmodel_cfn.local.serve.bucket_cors import cors_rules
from readmodel_cfn.local.serve.folder import FOLDER_RELEASE, Folder
from readmodel_cfn.local.serve.permissions import permissions_of
from readmodel_cfn.local.serve.source import Source
from readmodel_cfn.template.releases import VARIABLE, integration_key


class S3(Protocol):
    """The source of the documents: a folder, or an S3 at a URL."""

    @property
    def is_remote(self) -> bool:
        """Whether `answer` may take long, because it calls another server."""

    def answer(self, request: S3Request) -> S3Response:
        """S3's response.

        Raises:
            OSError: no response.
        """

    def missing(self, request: S3Request) -> S3Response | None:
        """S3's response for a key without an object, or None if it is unknown."""


@dataclass(frozen=True)
class Route:
    """A path below the stage, and the key that it reads, with the same parameters in braces.

    `missing` is the status that a client gets if the document does not exist. Both are None for a
    path that does not read from S3. `missing` is also None if only S3 can determine it.
    """

    path: str
    methods: tuple[str, ...]
    key: str | None
    missing: int | None


@dataclass(frozen=True)
class Api:
    """An API that is ready to answer; `findings` are its unsupported features, a line each."""

    stage: str
    routes: tuple[Route, ...]
    findings: tuple[str, ...]
    gateway: Gateway
    s3: S3
    note: Callable[[str], None]

    def answer(self, request: Request) -> Response:
        """The response to a request below the stage.

        If a file cannot be read, the response is the same as if S3 cannot be reached.
        """
        step = self.gateway.prepare(request)
        if not isinstance(step, Call):
            return step
        try:
            response = self.s3.answer(step.s3)
        except OSError as error:
            self.note(f"{step.s3.key}: cannot be read: {error.strerror or error}")
            is_late = isinstance(error, TimeoutError)
            return self.gateway.failed(
                step, "INTEGRATION_TIMEOUT" if is_late else "INTEGRATION_FAILURE"
            )
        if len(response.body) > API_PAYLOAD_BYTES:
            # "Execution failed due to configuration error: Integration response of reported length
            # 114540033 is larger than allowed maximum of 10485760 bytes", say execution logs.
            return self.gateway.failed(step, "API_CONFIGURATION_ERROR")
        return self.gateway.finish(step, response)

    @property
    def answers_preflights(self) -> bool:
        """Whether a path has a method for CORS preflights."""
        return any("OPTIONS" in route.methods for route in self.routes)

    def below_stage(self, path: str) -> str | None:
        """The path below the stage, or None for a path of another stage.

        Slashes in front of the stage do not count (recorded on AWS by LocalStack).
        """
        stage, slash, rest = path.lstrip("/").partition("/")
        return slash + rest or "/" if stage == self.stage else None


def api_of(source: Source, documents: Path | S3, note: Callable[[str], None]) -> Api:
    """The API of a template in front of a folder or an S3; `note` gets messages, a line each.

    Raises:
        ConfigError: AWS would reject the template, or the gateway cannot read it.
    """
    found: TemplateApi | None = None
    try:
        found = read_api(source.template, source.parameters, source.stage)
        in_folder = isinstance(documents, Path) and _reads_releases(found)
        gateway = Gateway(
            Snapshot.from_definition(found.definition),
            found.stage,
            {**({VARIABLE: FOLDER_RELEASE} if in_folder else {}), **found.variables},
            context=found.context,
            keys=found.keys,
        )
        s3 = _folder(source, documents, note, found) if isinstance(documents, Path) else documents
        routes = tuple(_routes(found.definition, gateway, s3))
        features = unsupported(found.definition)
    except DefinitionError as error:
        raise _config_error(error, source, found) from error
    findings = tuple(
        f"{source.where(found.path(feature.place, feature.keys))}: {feature}"
        for feature in features
    )
    return Api(found.stage, routes, findings, gateway, s3, note)


def _reads_releases(found: TemplateApi) -> bool:
    """Whether the API reads the documents of the stage's release."""
    integrations = (
        method.get("methodIntegration") or {} for _, method in methods(found.definition)
    )
    return any(f"/{integration_key('')}" in str(each.get("uri")) for each in integrations)


def _folder(source: Source, root: Path, note: Callable[[str], None], found: TemplateApi) -> Folder:
    integrations = [method.get("methodIntegration") for _, method in methods(found.definition)]
    roles = {integration.get("credentials") for integration in integrations if integration}
    permissions = permissions_of(source.template, source.parameters, roles)
    forward_origin = any(
        name.lower() == "integration.request.header.origin"
        for integration in integrations
        for name in (integration or {}).get("requestParameters") or ()
    )
    rules = cors_rules(source.template, source.parameters) if forward_origin else {}
    return Folder(root, permissions, source.storage, note, rules)


def _config_error(error: DefinitionError, source: Source, found: TemplateApi | None) -> ConfigError:
    if error.path:
        return ConfigError(error.what, where=source.where(error.path), hint=error.hint)
    if found and error.place in found.logical_ids:
        return ConfigError(str(error), where=source.where(found.path(error.place)))
    return ConfigError(str(error), where=source.name, hint=error.hint)


def _routes(definition: Mapping[str, Any], gateway: Gateway, s3: S3) -> Iterator[Route]:
    """The routes of an API's definition."""
    for resource in definition["resources"]:
        path, methods = resource["path"], resource.get("resourceMethods") or {}
        if methods:
            uri = _uri(methods)
            key = str(uri.key).removeprefix(integration_key("")) if uri else None
            missing = _missing(path, gateway, s3) if uri else None
            yield Route(path, tuple(methods), key, missing)


def _uri(methods: Mapping[str, Any]) -> S3Uri | None:
    """The S3 URI of GET, else of another method."""
    for name in ("GET", *methods):
        integration = (methods.get(name) or {}).get("methodIntegration") or {}
        if uri := parse_path(str(integration.get("uri"))):
            return uri
    return None


def _missing(path: str, gateway: Gateway, s3: S3) -> int | None:
    """The status for a key without an object."""
    step = gateway.prepare(Request("GET", re.sub(r"\{[^}]*\}", "-", path)))
    if not isinstance(step, Call) or (response := s3.missing(step.s3)) is None:
        return None
    return gateway.finish(step, response).status
