"""The stages that a stack should have, read from its template.

It works with any template that has an AWS::ApiGateway::Stage, or an AWS::ApiGateway::Deployment
with a StageName, as the article's template has.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable, parameter_values
from readmodel_cfn.cloudformation.resources import Resource, api_paths, resources
from readmodel_cfn.cloudformation.values import PartialText, join_texts, reference_of
from readmodel_cfn.deploy.live.values import (
    Expected,
    Facets,
    Method,
    Route,
    integration_facets,
    setting_facets,
    setting_key,
)

Names = Mapping[str, str]
_API_GATEWAY = "AWS::ApiGateway::"
# With one of these properties, an API's methods are not all resources of the template.
_BODY = ("Body", "BodyS3Location", "CloneFrom")


def expected(
    template: Mapping[str, Any], ids: Names, stack_id: str, parameters: Names
) -> list[Expected]:
    """The stages of a template, without those whose API or name is not known.

    `ids` are the physical IDs of the stack's resources by logical ID, `parameters` the values of
    its parameters.
    """
    found = _stages(_Reader.of_stack(template, ids, stack_id, parameters))
    return [stage for stage in found if stage is not None]


@dataclass(frozen=True)
class _Reader:
    """The template's resources that exist in the stack, with their physical `ids`.

    `by_name` evaluates expressions with the values of the parameters, `by_id` also with the
    physical IDs of the resources.
    """

    resources: Mapping[str, Resource]
    ids: Names
    by_name: Evaluator
    by_id: Evaluator

    @classmethod
    def of_stack(
        cls, template: Mapping[str, Any], ids: Names, stack_id: str, parameters: Names
    ) -> Self:
        """Resources without a physical ID are omitted: their condition is false."""
        given = _given_values(template, stack_id, parameters)
        by_name = Evaluator(template, given)
        declared = resources(template, by_name)
        created = {name: resource for name, resource in declared.items() if name in ids}
        by_id = Evaluator(template, given | _resource_values(created, ids, given))
        return cls(created, ids, by_name, by_id)

    def value(self, expression: Any) -> PartialText:
        """The value of an expression in the stack, with unknown parts if it is not known."""
        return self.by_id.text(expression)

    def name(self, expression: Any) -> PartialText:
        """The same with an unknown part for every resource, such as `${Api}`."""
        return self.by_name.text(expression)

    def of(self, kind: str) -> list[Resource]:
        """API Gateway's resources of a kind, such as Method."""
        return [
            resource for resource in self.resources.values() if resource.type == _API_GATEWAY + kind
        ]

    def has_all_methods_of(self, api: PartialText) -> bool:
        """Whether all methods of the API are resources of this template."""
        found = self.resources.get(reference_of(api) or "")
        no_body = found is not None and not any(name in found.properties for name in _BODY)
        return no_body and self.ids.keys() <= self.resources.keys()  # a transform adds resources


def _given_values(template: Mapping[str, Any], stack_id: str, parameters: Names) -> dict[str, Any]:
    """The values of the pseudo parameters, and of those parameters whose value AWS returns.

    It returns asterisks for a NoEcho parameter and the name of a Systems Manager parameter.
    """
    declared = template.get("Parameters") or {}
    given = {
        name: value for name, value in parameters.items() if _is_returned(declared.get(name) or {})
    }
    without_defaults = {name: {"Type": (declared.get(name) or {}).get("Type")} for name in given}
    values = parameter_values({"Parameters": without_defaults}, given)
    return values | _pseudo_parameters(stack_id)


def _is_returned(parameter: Mapping[str, Any]) -> bool:
    hidden = str(parameter.get("NoEcho")).lower() == "true"
    return not hidden and not str(parameter.get("Type")).startswith("AWS::SSM::")


def _pseudo_parameters(stack_id: str) -> dict[str, str]:
    """From the stack's ID: arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/NAME/..."""
    _, partition, _, region, account, rest = stack_id.split(":", 5)
    return {
        "AWS::AccountId": account,
        "AWS::Partition": partition,
        "AWS::Region": region,
        "AWS::StackId": stack_id,
        "AWS::StackName": rest.split("/")[1],
    }


def _resource_values(
    created: Mapping[str, Resource], ids: Names, given: Mapping[str, Any]
) -> dict[str, Any]:
    """The values of Ref for each resource, and of Fn::GetAtt for the ARN of a role or bucket."""
    found: dict[str, Any] = dict(ids)
    evaluator = Evaluator({}, given)
    for resource in created.values():
        if resource.type == "AWS::IAM::Role":
            path = evaluator.text(resource.properties.get("Path")) or "/"
            account = f"{given['AWS::Partition']}:iam::{given['AWS::AccountId']}"
            arn = join_texts([f"arn:{account}:role", path, ids[resource.id]])
            found[f"{resource.id}.Arn"] = arn
        elif resource.type == "AWS::S3::Bucket":
            arn = f"arn:{given['AWS::Partition']}:s3:::{ids[resource.id]}"
            found[f"{resource.id}.Arn"] = arn
    return found


def _stages(reader: _Reader) -> Iterator[Expected | None]:
    for stage in reader.of("Stage"):
        deployment_id = reader.value(stage.properties.get("DeploymentId"))
        yield _stage(reader, stage, stage.properties, reader.ids[stage.id], deployment_id)
    for deployment in reader.of("Deployment"):
        if name := reader.value(deployment.properties.get("StageName")):
            description = deployment.properties.get("StageDescription")
            yield _stage(reader, deployment, description, name, reader.ids[deployment.id])


def _stage(
    reader: _Reader,
    resource: Resource,
    description: Any,
    name: PartialText,
    deployment: PartialText,
) -> Expected | None:
    """The stage that `resource` creates, with the settings in `description`.

    None if its API or name is not known.
    """
    api_id = reader.value(resource.properties.get("RestApiId"))
    if not api_id or not isinstance(api_id, str) or not isinstance(name, str):
        return None
    api = reader.name(resource.properties.get("RestApiId"))
    methods, unread = _methods_of(api, reader)
    complete, settings = reader.has_all_methods_of(api), _settings(description, reader.by_id)
    known = {
        "routes that are not resources of the template": complete,
        "method settings of the template": settings is not None,
        **{f"{logical_id} of the template": False for logical_id in unread},
        **{
            f"integration of {http_method} {path}": method.integration is not None
            for (path, http_method), method in methods.items()
        },
    }
    has_canary = "CanarySetting" in (description or {})
    return Expected(
        api=api_id,
        stage=name,
        deployment=deployment if isinstance(deployment, str) else None,
        separate=resource.type.endswith("Stage"),
        canary=has_canary or "DeploymentCanarySettings" in resource.properties,
        settings=settings,
        methods=methods,
        complete=complete and not unread,
        unknown=tuple(part for part, is_known in known.items() if not is_known),
    )


def _settings(description: Any, evaluator: Evaluator) -> Mapping[str, Facets] | None:
    try:
        listed = evaluator.items(evaluator.fields(description).get("MethodSettings"))
        found = [evaluator.texts(setting) for _, setting in listed]
    except Unreadable:
        return None
    return {
        setting_key(
            str(setting.pop("ResourcePath", "")), str(setting.pop("HttpMethod", ""))
        ): setting_facets(setting)
        for setting in found
    }


def _methods_of(api: PartialText, reader: _Reader) -> tuple[Mapping[Route, Method], list[str]]:
    """The methods of an API by route, and the logical IDs of methods whose route is not known."""
    found: dict[Route, Method] = {}
    unread: list[str] = []
    path_of = api_paths(reader.resources, reader.by_name)
    methods = [
        method
        for method in reader.of("Method")
        if reader.name(method.properties.get("RestApiId")) == api
    ]
    for method in methods:
        path = path_of.get(reader.name(method.properties.get("ResourceId")))
        http_method = reader.value(method.properties.get("HttpMethod"))
        if isinstance(path, str) and isinstance(http_method, str):
            found[path, http_method.upper()] = _method(method, reader.by_id)
        else:
            unread.append(method.id)
    return found, unread


def _method(method: Resource, evaluator: Evaluator) -> Method:
    properties = method.properties
    access = {
        "authorizationType": evaluator.text(properties.get("AuthorizationType")) or "NONE",
        "apiKeyRequired": evaluator.text(properties.get("ApiKeyRequired")) or "false",
    }
    try:
        return Method(access, _integration(properties.get("Integration"), evaluator))
    except Unreadable:
        return Method(access, None)


def _integration(value: Any, evaluator: Evaluator) -> Facets:
    """The integration in the shape of an export."""
    integration, text = evaluator.fields(value), evaluator.text
    responses = [
        response for _, response in evaluator.items(integration.get("IntegrationResponses"))
    ]
    return integration_facets(
        {
            "type": evaluator.literal(integration.get("Type")),
            "httpMethod": text(integration.get("IntegrationHttpMethod")),
            "uri": text(integration.get("Uri")),
            "credentials": text(integration.get("Credentials")),
            "requestParameters": evaluator.texts(integration.get("RequestParameters")),
            "responses": dict(_response(response, evaluator) for response in responses),
        }
    )


def _response(value: Any, evaluator: Evaluator) -> tuple[str, dict[str, Any]]:
    """A response by its selection pattern, as in an export."""
    response = evaluator.fields(value)
    pattern = evaluator.literal(response.get("SelectionPattern")) or "default"
    sources = evaluator.texts(response.get("ResponseParameters"))
    status = evaluator.text(response.get("StatusCode"))
    return pattern, {"statusCode": status, "responseParameters": sources}
