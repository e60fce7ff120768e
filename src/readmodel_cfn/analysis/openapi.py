"""The read API of a template as an OpenAPI 3.1 document, without AWS.

The document has what the template declares: methods, request parameters, method responses and the
bodies from templates. Methods whose values the template does not contain, such as imports, are
omitted; the document's description names them.

OpenAPI cannot express a greedy parameter: `{proxy+}` becomes `{proxy}` with a description. The
template does not say what a document contains, so its content has a schema only if the caller gives
one for its route. Headers that only browsers use, such as those of CORS, are omitted.
"""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from readmodel_cfn.analysis.apis import Api
from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.openapi_operation import ERROR_SCHEMA, operation
from readmodel_cfn.analysis.openapi_security import Schemes, security
from readmodel_cfn.analysis.openapi_servers import servers, stage_names
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.evaluate import Json
from readmodel_cfn.cloudformation.reader import TemplateSource, template_content
from readmodel_cfn.cloudformation.resources import references
from readmodel_cfn.cloudformation.values import PartialText, fill, reference_of
from readmodel_cfn.errors import ConfigError

_VERBS = ("GET", "HEAD", "OPTIONS", "PUT", "POST", "DELETE", "PATCH")
_PARAMETER = re.compile(r"\{([^{}+]+)(\+?)\}")
_HASH = re.compile(r"[0-9A-Fa-f]{8,}$")
_GREEDY = "The rest of the path, with slashes. OpenAPI has no such parameters."

_Place = tuple[str, str]
"""A path as OpenAPI writes it, and a verb."""


def openapi(
    template: TemplateSource,
    api: str | None = None,
    *,
    stack_name: str | None = None,
    region: str | None = None,
    schemas: Mapping[str, str] | None = None,
    urls: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """The OpenAPI document, as plain values.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.
        api: The logical ID of the API, if several APIs of the template read S3.
        stack_name: Name of the stack, for texts that contain AWS::StackName or a parameter
            StackName.
        region: AWS region of the stack, the default in the document's URL.
        schemas: The file with the JSON Schema of a route's documents, by the route's path; by
            default those of a ReadModel. They require the extra `schema`.
        urls: The URL of a deployed API, by the name of the output that has it.

    Raises:
        ConfigError: a file that cannot be read, a text that is not a template, no such API, or a
            file that is not a JSON Schema.
    """
    view = View(template_content(template))
    deployed = {id_: url for name, url in (urls or {}).items() for id_ in _apis_of(view, name)}
    where = str(template) if isinstance(template, Path) else "template"
    chosen = _choose_api(view, api, where, deployed)
    if schemas is None:
        schemas = {r.path: r.schema for r in getattr(template, "routes", ()) if r.schema}
    paths, missing = _paths(view, chosen)
    schemes = _security_schemes(view, chosen)
    names = {"AWS::StackName": stack_name, "StackName": stack_name, "AWS::Region": region}
    values = {name: value for name, value in names.items() if value}
    of_routes, components = _components(schemas, paths)
    for path, name in of_routes.items():
        _set_schema(paths[path], {"$ref": f"#/components/schemas/{name}"})
    return {
        "openapi": "3.1.0",
        "info": _info(view, chosen, missing, values),
        "servers": servers(
            view,
            chosen,
            lambda text: _filled(text, values),
            values.get("AWS::Region"),
            deployed.get(reference_of(chosen.id) or ""),
        ),
        "paths": paths,
        "components": {
            "schemas": components,
            **({"securitySchemes": schemes} if schemes else {}),
        },
    }


def _components(
    schemas: Mapping[str, str], paths: Mapping[str, Any]
) -> tuple[dict[str, str], dict[str, Any]]:
    """The name of the schema of each path that has one, and all schemas by name."""
    written = {"/" + path.replace("+}", "}"): file for path, file in schemas.items()}
    own = {path: file for path, file in written.items() if path in paths}
    if not own:
        return {}, {"Error": ERROR_SCHEMA}
    from readmodel_cfn.analysis.openapi_schemas import components

    return components(own, {"Error": ERROR_SCHEMA})


def _set_schema(item: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Set the schema of the document that a GET of a path returns."""
    responses = item.get("get", {}).get("responses", {})
    for content in responses.get("200", {}).get("content", {}).values():
        content["schema"] = schema


def _apis_of(view: View, output: str) -> set[str]:
    """The logical IDs that an output refers to."""
    return set(references(view.outputs.get(output)))


def _choose_api(
    view: View, logical_id: str | None, where: str, deployed: Collection[str] = ()
) -> Api:
    apis = {api.resource.id: api for api in view.apis.values() if api.resource}
    if not apis:
        hint = "use a template with a REST API whose methods read S3"
        if view.unchecked:
            hint += f"; this was not looked at: {view.unchecked[0]}"
        raise ConfigError("no API in it reads S3", where=where, hint=hint)
    own = [id_ for id_ in apis if id_ in deployed]
    if logical_id is None and len(own) == 1:
        return apis[own[0]]
    if logical_id is None and len(apis) > 1:
        what = f"several APIs read S3: {join_words(apis)}"
        raise ConfigError(what, where="--api", hint="choose one of them")
    chosen = logical_id or next(iter(apis))
    if chosen not in apis:
        what, hint = f"{chosen!r} is not an API that reads S3", f"choose {join_words(apis)}"
        raise ConfigError(what, where="--api", hint=hint)
    return apis[chosen]


def _info(
    view: View, api: Api, missing: Sequence[str], values: Mapping[str, str]
) -> dict[str, Any]:
    """Title, version and description.

    The title is the API's name, or its logical ID. The version is the hash at the end of the
    served deployment's logical ID, which changes with the API; or the stage's name, or `unknown`.
    """
    properties: Json = api.resource.properties if api.resource else {}
    sentences = [_filled(view.text(properties.get("Description")), values)]
    if missing:
        sentences.append(f"Missing, because the template computes them: {join_words(missing)}.")
    description = "\n\n".join(filter(None, sentences))
    return {
        "title": _filled(view.text(properties.get("Name")), values) or reference_of(api.id),
        **({"description": description} if description else {}),
        "version": _version(view, api),
    }


def _security_schemes(view: View, api: Api) -> Schemes:
    own = {method.id for method in api.methods}
    return {
        name: scheme
        for method in view.methods
        if method.id in own
        for name, scheme in security(view, method)[1].items()
    }


def _version(view: View, api: Api) -> str:
    served = [reference_of(view.text(stage.properties.get("DeploymentId"))) for stage in api.stages]
    hashes = [match[0] for name in served if (match := _HASH.search(name or ""))]
    return next(iter([*hashes, *stage_names(view, api)]), "unknown")


def _filled(text: PartialText, values: Mapping[str, str]) -> str:
    return str(fill(text, lambda part: values.get(part.name, part)))


def _paths(view: View, api: Api) -> tuple[dict[str, Any], list[str]]:
    """The paths, and the logical IDs of the methods that are omitted."""
    methods = reversed(view.methods)  # of a method with several forms, the first counts
    known = {method.id: method for method in methods if method.resource in view.paths}
    placed = _by_place(view, [known[own.id] for own in api.methods if own.id in known])
    ids = _operation_ids(placed)
    paths: dict[str, Any] = {}
    for (path, verb), method in placed.items():
        item = paths.setdefault(path, _path_parameters(str(view.paths[method.resource])))
        item[verb.lower()] = operation(view, api, method, verb, ids[path, verb])
    return paths, [own.id for own in api.methods if own.id not in known]


def _by_place(view: View, methods: Sequence[Method]) -> dict[_Place, Method]:
    """The method for each verb of each path: the verb's own, otherwise the path's ANY method."""
    placed: dict[_Place, Method] = {}
    for method in sorted(methods, key=lambda method: method.verb == "ANY"):
        path = _PARAMETER.sub(r"{\1}", str(view.paths[method.resource]))
        for verb in _VERBS if method.verb == "ANY" else (method.verb,):
            if verb in _VERBS:
                placed.setdefault((path, verb), method)
    return placed


def _path_parameters(path: str) -> dict[str, Any]:
    parameters = [
        {
            "name": name,
            "in": "path",
            "required": True,
            **({"description": _GREEDY} if greedy else {}),
            "schema": {"type": "string"},
        }
        for name, greedy in _PARAMETER.findall(path)
    ]
    return {"parameters": parameters} if parameters else {}


def _operation_ids(methods: Mapping[_Place, Method]) -> dict[_Place, str]:
    """An ID for each operation, such as getProductsId; duplicates get the logical ID at the end."""
    ids = {place: _operation_id(*place) for place in methods}
    count = Counter(ids.values())
    return {
        place: name if count[name] == 1 else f"{name}_{methods[place].id}"
        for place, name in ids.items()
    }


def _operation_id(path: str, verb: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", path)
    return verb.lower() + ("".join(word[0].upper() + word[1:] for word in words) or "Root")
