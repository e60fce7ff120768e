"""The API of a CloudFormation template, as the definition that the gateway evaluates.

The template is a value, as `cloudformation.reader` reads it. It is served as if it had just been
created and deployed, so the stage serves every method in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .control_plane import plane, required, resources
from .definition import DefinitionError, Json, section
from .intrinsics import Scope, scope_of

_TYPE = "AWS::ApiGateway::"
_PARTS = ("Resource", "Method", "GatewayResponse", "Stage", "Deployment")
# An API that is made of these is not made of resources and methods.
_WHOLE = ("Body", "BodyS3Location", "CloneFrom")


@dataclass(frozen=True, slots=True)
class Served:
    """An API and a stage of it: `definition` is what `Snapshot.from_definition` takes.

    `variables` are the stage's.

    `api` is the logical id of the API; the bucket of an integration's URI is a logical id too
    where the template refers to it with `Ref`.
    """

    definition: dict[str, Any]
    stage: str
    variables: Mapping[str, str]
    api: str


@dataclass(frozen=True)
class _Template:
    """A template's API Gateway resources with their functions evaluated, by short type."""

    by_type: Mapping[str, Mapping[str, Json]]

    def of(self, short_type: str) -> Mapping[str, Json]:
        return self.by_type.get(short_type, {})


def served(template: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> Served:
    """The one API of `template` and its stage; with several stages, the first one.

    `parameters` gives values to parameters and pseudo parameters (`AWS::Region`). Raises
    `DefinitionError`, naming the resource, for what cannot be resolved, and for a template with
    no API, more than one, or no stage.
    """
    resolved = _resolve(scope_of(template, parameters or {}))
    api = _only_api(resolved)
    definition = {
        **_settings(resolved.of("RestApi")[api], api),
        "resources": list(
            resources(resolved.of("Resource"), resolved.of("Method"), f"{api}.RootResourceId")
        ),
        "gatewayResponses": {
            required(own, "ResponseType", logical_id): plane(own)
            for logical_id, own in resolved.of("GatewayResponse").items()
        },
    }
    return Served(definition, *_stage(resolved, api), api)


def _resolve(scope: Scope) -> _Template:
    by_type: dict[str, dict[str, Json]] = {}
    for logical_id, resource in scope.resources.items():
        full_type = str(resource.get("Type"))
        if full_type.startswith(_TYPE):
            if "Condition" in resource and not scope.evaluator.condition(resource["Condition"]):
                what = f"whether its condition {resource['Condition']} holds is not known"
                raise DefinitionError(f"{logical_id}: {what}")
            properties = scope.resolve(resource.get("Properties") or {}, logical_id)
            by_type.setdefault(full_type.removeprefix(_TYPE), {})[logical_id] = properties
    return _Template(by_type)


def _only_api(template: _Template) -> str:
    apis = list(template.of("RestApi"))
    if len(apis) != 1:
        found = ", ".join(apis) or "none"
        raise DefinitionError(f"one AWS::ApiGateway::RestApi is needed, and there is: {found}")
    (api,) = apis
    for part in _WHOLE:
        if part in template.of("RestApi")[api]:
            raise DefinitionError(f"{api}: {part} is not read; resources and methods are")
    for short_type in _PARTS:
        for logical_id, own in template.of(short_type).items():
            if own.get("RestApiId") != api:
                raise DefinitionError(f"{logical_id}: its RestApiId is not {api}")
    return api


def _settings(properties: Json, api: str) -> dict[str, Any]:
    """The API's own settings; `~1` is CloudFormation's spelling of a slash in a media type."""
    size = properties.get("MinimumCompressionSize")
    try:
        compression = None if size is None else int(size)
    except (TypeError, ValueError):
        raise DefinitionError(f"{api}: MinimumCompressionSize {size!r} is no number") from None
    types = properties.get("BinaryMediaTypes") or ()
    return {
        "binaryMediaTypes": [media_type.replace("~1", "/") for media_type in types],
        "minimumCompressionSize": compression,
        "policy": properties.get("Policy"),
    }


def _stage(template: _Template, api: str) -> tuple[str, dict[str, str]]:
    """The stage's name and variables; a deployment's own stage has them in StageDescription."""
    for own in template.of("Stage").values():
        if name := own.get("StageName"):
            return str(name), _variables(own)
    for own in template.of("Deployment").values():
        if name := own.get("StageName"):
            return str(name), _variables(section(own, "StageDescription"))
    raise DefinitionError(f"{api}: no Stage, and no Deployment with a StageName")


def _variables(stage: Json) -> dict[str, str]:
    return {name: str(value) for name, value in section(stage, "Variables").items()}
