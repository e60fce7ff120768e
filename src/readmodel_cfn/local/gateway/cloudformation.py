"""Converts the API of a CloudFormation template to the definition that the gateway evaluates.

The template is a value, as `cloudformation.reader` reads it. It is served as if it had just been
created and deployed, so the stage serves every method in it.

Nothing is created, so a resource has no physical ID: its `Ref` is its logical ID (a bucket's is its
BucketName, if that is known), and its attribute `Fn::GetAtt` is `LogicalId.Attribute`. Any other
unknown value is an error.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable, parameter_values
from readmodel_cfn.cloudformation.values import Unknown, fill
from readmodel_cfn.local.gateway.definition import DefinitionError, Json, section
from readmodel_cfn.local.gateway.properties import API_GATEWAY, anything, typed
from readmodel_cfn.local.gateway.template_access import (
    Resources,
    keys_without_value,
    request_validators,
    usage_plans,
)
from readmodel_cfn.local.gateway.template_refusals import check_creation
from readmodel_cfn.local.gateway.usage_plans import UsagePlans

PSEUDO_PARAMETERS: Mapping[str, str] = {
    "AWS::AccountId": "123456789012",
    "AWS::Partition": "aws",
    "AWS::Region": "us-east-1",
    "AWS::StackName": "read-model",
    "AWS::URLSuffix": "amazonaws.com",
}
"""The default values of the pseudo parameters."""

_TYPE = "AWS::ApiGateway::"
_PARTS = ("Resource", "Method", "GatewayResponse", "Stage", "Deployment")
# A RestApi with one of these properties is not defined by resources and methods.
_WHOLE = ("Body", "BodyS3Location", "CloneFrom")
# API Gateway's API uses CloudFormation's names with a lower-case first letter, except for this one.
_RENAMED = {"IntegrationHttpMethod": "httpMethod"}


@dataclass(frozen=True, slots=True)
class TemplateApi:
    """The API of a template, and a stage of it.

    `definition` is the argument of `Snapshot.from_definition`, `variables` are the stage's. `api`
    is the logical ID of the API. `context` has the values of `$context` that are the same for all
    requests, `keys` the API keys of the stage with their usage plans. `logical_ids` are the logical
    IDs of methods (`GET /things`) and gateway responses (`gateway response DEFAULT_4XX`).
    """

    definition: dict[str, Any]
    stage: str
    variables: Mapping[str, str]
    api: str
    logical_ids: Mapping[str, str]
    context: Mapping[str, str]
    keys: UsagePlans

    def path(self, place: str, keys: Sequence[str | int] = ()) -> tuple[str | int, ...]:
        """The path in the template to a property of a method, a gateway response or the API."""
        logical_id = self.logical_ids.get(place, self.api)
        return ("Resources", logical_id, *(("Properties", *keys) if keys else ()))


@dataclass(frozen=True)
class TemplateScope:
    """The resources of a template as written, with loops expanded, and their evaluator.

    Resources whose condition does not hold are left out.
    """

    evaluator: Evaluator
    resources: Mapping[str, Any]

    def resolve(self, value: object, logical_id: str) -> Any:
        """A part of the resource with every function evaluated.

        Raises:
            DefinitionError: a value that the part depends on is unknown.
        """
        return fill(self.evaluator.evaluate(value), lambda part: self._value(part, logical_id))

    def _value(self, part: Unknown, logical_id: str) -> str:
        if part.logical_id in self.resources:
            return self._bucket_name(part) or part.name
        if part.name.startswith("{{"):
            return str(part)
        if part.problem:
            raise DefinitionError.of_resource(logical_id, part.problem)
        if not part.is_reference:
            function = part.name.partition("=")[0]
            raise DefinitionError.of_resource(
                logical_id, f"{function} cannot be evaluated without a stack"
            )
        if part.logical_id != part.name:
            raise DefinitionError.of_resource(logical_id, f"there is no resource {part.logical_id}")
        hint = f"set it with --parameter {part.name}=VALUE"
        raise DefinitionError.of_resource(logical_id, f"{part.name} has no value", hint=hint)

    def _bucket_name(self, part: Unknown) -> str | None:
        resource = self.resources[part.logical_id]
        if part.name != part.logical_id or resource.get("Type") != "AWS::S3::Bucket":
            return None
        try:
            name = self.evaluator.fields(resource.get("Properties")).get("BucketName")
            return self.evaluator.literal(name) or None
        except Unreadable:
            return None


def read_api(
    template: Json, parameters: Mapping[str, str] | None = None, stage: str | None = None
) -> TemplateApi:
    """The only API of a template, and one of its stages, by default the first one.

    `parameters` has the values of parameters, pseudo parameters (`AWS::Region`) and resources (the
    physical ID of `Bucket`). If the template has no stage, any `stage` is accepted.

    Raises:
        DefinitionError: a value is missing, there is not exactly one API, or no such stage.
    """
    scope = template_scope(template, parameters or {})
    resources = _resources(scope)
    api = _only_api(resources)
    check_creation(resources)
    stage_name, variables, deployment = _stage(resources, api, stage)
    own = resources.get("GatewayResponse", {})
    responses: dict[str, str] = {}
    for name in own:
        kind = _required(own[name], "ResponseType", name)
        if kind in responses:
            what = f"{responses[kind]} has the type {kind}, too"
            raise DefinitionError.of_resource(name, what, "ResponseType")
        responses[kind] = name
    methods = list(_methods(resources, f"{api}.RootResourceId"))
    definition = {
        **_settings(resources["RestApi"][api], api),
        "keysWithoutValue": keys_without_value(resources, api, stage_name),
        "requestValidators": request_validators(resources, api),
        "resources": [resource for resource, _ in methods],
        "gatewayResponses": {kind: _camel_case(own[name]) for kind, name in responses.items()},
    }
    logical_ids = {f"gateway response {kind}": name for kind, name in responses.items()}
    for resource, by_method in methods:
        for name, logical_id in by_method.items():
            logical_ids[f"{name} {resource['path']}"] = logical_id
    account = str(scope.evaluator.evaluate({"Ref": "AWS::AccountId"}))
    context = {"accountId": account, "apiId": api, "deploymentId": deployment}
    keys = usage_plans(resources, api, stage_name)
    return TemplateApi(definition, stage_name, variables, api, logical_ids, context, keys)


def template_scope(template: Json, values: Mapping[str, str]) -> TemplateScope:
    """The scope of a template with the given values, and the defaults of other parameters.

    Raises:
        DefinitionError: its resources depend on an unknown value.
    """
    evaluator = Evaluator(template, parameter_values(template, {**PSEUDO_PARAMETERS, **values}))
    declared = template.get("Resources") or {}
    if not isinstance(declared, Mapping):
        raise DefinitionError("", f"Resources is {declared!r}, not an object", ("Resources",))
    resources: dict[str, Any] = {}
    for name, resource in evaluator.expand(declared).items():
        if isinstance(resource, Unknown):
            raise DefinitionError(name, resource.problem, ("Resources", name))
        if not isinstance(resource, Mapping):
            raise DefinitionError(name, f"{resource!r} is not a resource", ("Resources", name))
        if evaluator.condition(resource.get("Condition")) is not False:
            resources[name] = resource
    return TemplateScope(evaluator, resources)


def _resources(scope: TemplateScope) -> dict[str, Resources]:
    """The template's API Gateway resources with their functions evaluated, by short type."""
    by_type: dict[str, dict[str, Json]] = {}
    for logical_id, resource in scope.resources.items():
        full_type = str(resource.get("Type"))
        if full_type.startswith(_TYPE):
            condition = resource.get("Condition")
            if condition is not None and not scope.evaluator.condition(condition):
                raise DefinitionError.of_resource(
                    logical_id, f"its condition {condition} is unknown"
                )
            properties = scope.resolve(resource.get("Properties") or {}, logical_id)
            short_type = full_type.removeprefix(_TYPE)
            found = typed(properties, API_GATEWAY.get(short_type, anything), logical_id)
            by_type.setdefault(short_type, {})[logical_id] = found
    return {**by_type}


def _only_api(resources: Mapping[str, Resources]) -> str:
    apis = resources.get("RestApi", {})
    if len(apis) != 1:
        found = ", ".join(apis) or "none"
        raise DefinitionError(
            "", f"exactly one AWS::ApiGateway::RestApi is required, but found: {found}"
        )
    (api,) = apis
    for part in _WHOLE:
        if part in apis[api]:
            hint = "define the API by resources and methods"
            raise DefinitionError.of_resource(api, f"{part} is not evaluated", part, hint=hint)
    for short_type in _PARTS:
        for logical_id, own in resources.get(short_type, {}).items():
            if own.get("RestApiId") != api:
                raise DefinitionError.of_resource(
                    logical_id, f"its RestApiId is not {api}", "RestApiId"
                )
    return api


def _settings(properties: Json, api: str) -> dict[str, Any]:
    """The API's own settings; `~1` is CloudFormation's spelling of a slash in a media type."""
    name = "MinimumCompressionSize"
    try:
        compression = int(properties[name]) if name in properties else None
    except ValueError:
        raise DefinitionError.of_resource(
            api, f"{name} {properties[name]!r} is not a number", name
        ) from None
    types = properties.get("BinaryMediaTypes") or ()
    return {
        "binaryMediaTypes": [media_type.replace("~1", "/") for media_type in types],
        "minimumCompressionSize": compression,
        "apiKeySource": properties.get("ApiKeySourceType"),
        "policy": properties.get("Policy"),
    }


def _stage(
    resources: Mapping[str, Resources], api: str, name: str | None
) -> tuple[str, dict[str, str], str]:
    """The stage's name, its variables, and its deployment's logical ID.

    A deployment's own stage has its variables in StageDescription.
    """
    stages = {
        own["StageName"]: (_variables(own), str(own.get("DeploymentId", "")))
        for own in resources.get("Stage", {}).values()
        if own.get("StageName")
    }
    for logical_id, own in resources.get("Deployment", {}).items():
        if own.get("StageName"):
            description = section(own, "StageDescription")
            stages.setdefault(own["StageName"], (_variables(description), logical_id))
    if not stages and name:
        return name, {}, ""  # another template may create it
    if not stages:
        hint = "choose its name with --stage NAME"
        raise DefinitionError.of_resource(
            api, "no Stage, and no Deployment with a StageName", hint=hint
        )
    if name is None:
        name = next(iter(stages))
    if name not in stages:
        raise DefinitionError.of_resource(
            api, f"no stage {name}, its stages are: {', '.join(stages)}"
        )
    return name, *stages[name]


def _variables(stage: Json) -> dict[str, str]:
    return {**section(stage, "Variables")}


def _methods(
    resources: Mapping[str, Resources], root: str
) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Each resource of the API, the root first, and its methods' logical IDs by HTTP method."""
    own = resources.get("Resource", {})
    paths = {root: "/"} | {logical_id: _path(logical_id, own, root) for logical_id in own}
    ids: dict[str, dict[str, str]] = {resource: {} for resource in paths}
    methods: dict[str, dict[str, Any]] = {resource: {} for resource in paths}
    for logical_id, properties in resources.get("Method", {}).items():
        resource = _required(properties, "ResourceId", logical_id)
        name = _required(properties, "HttpMethod", logical_id)
        if resource not in paths:
            raise DefinitionError.of_resource(
                logical_id, f"there is no resource {resource}", "ResourceId"
            )
        if name in methods[resource]:
            what = f"Method already exists for this resource ({resource}, {name})"
            raise DefinitionError.of_resource(logical_id, what, "HttpMethod")
        ids[resource][name] = logical_id
        methods[resource][name] = _method(properties, logical_id)
    for resource, path in paths.items():
        yield {"id": resource, "path": path, "resourceMethods": methods[resource]}, ids[resource]


def _path(logical_id: str, own: Resources, root: str) -> str:
    """The resource's full path, from its parents up to the root."""
    parts: list[str] = []
    parent = logical_id
    while parent != root:
        if parent not in own or len(parts) > len(own):
            raise DefinitionError.of_resource(
                logical_id, f"its parents do not end at {root}", "ParentId"
            )
        parts.insert(0, _required(own[parent], "PathPart", parent))
        parent = _required(own[parent], "ParentId", parent)
    return "/" + "/".join(parts)


def _method(properties: Json, logical_id: str) -> dict[str, Any]:
    integration = properties.get("Integration")
    return _camel_case(properties) | {
        "methodResponses": _by_status(properties.get("MethodResponses"), logical_id),
        "methodIntegration": integration and _integration(integration, logical_id),
    }


def _integration(properties: Json, logical_id: str) -> dict[str, Any]:
    responses = _by_status(properties.get("IntegrationResponses"), logical_id)
    return _camel_case(properties) | {"integrationResponses": responses}


def _by_status(responses: Sequence[Json] | None, logical_id: str) -> Mapping[str, Any]:
    by_status: dict[str, Any] = {}
    for response in responses or ():
        status = str(response.get("StatusCode"))
        if status in by_status:
            raise DefinitionError.of_resource(logical_id, f"two responses with the status {status}")
        by_status[status] = _camel_case(response)
    return by_status


def _camel_case(properties: Json) -> dict[str, Any]:
    """The properties with the names of API Gateway's API; their values do not change."""
    return {
        _RENAMED.get(name, name[:1].lower() + name[1:]): value for name, value in properties.items()
    }


def _required(properties: Json, name: str, logical_id: str) -> str:
    """A required property of the resource, as text."""
    value = properties.get(name)
    if not value:
        raise DefinitionError.of_resource(logical_id, f"{name} is {value!r}, not a text", name)
    return str(value)
