"""Checks before resources are added to a template: no name used twice, no quota exceeded.

Without them CloudFormation or API Gateway would fail later, during the deployment.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from troposphere import AWSObject, Output, Ref, Template
from troposphere import apigateway as ag
from troposphere.cloudfront import Distribution

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import (
    API_RESOURCES,
    FEWER_ROUTES,
    LOGICAL_ID_LENGTH,
    TEMPLATE_OUTPUTS,
    TEMPLATE_RESOURCES,
)
from readmodel_cfn.template.references import plain

_PHYSICAL_NAMES = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::Role": "RoleName",
    "AWS::ApiGateway::DomainName": "DomainName",
    "AWS::CloudFront::Distribution": "Aliases",
    "AWS::Logs::LogGroup": "LogGroupName",
}


def check_existing(template: Template, existing: Sequence[AWSObject]) -> None:
    """Check that the existing resources are in the template, under no condition.

    Raises:
        ConfigError: one is not in the template, or only under a condition.
    """
    for resource in existing:
        if template.resources.get(resource.title) is not resource:
            hint = "add it with add_resource first"
            raise ConfigError("it is not in the template", where=resource.title, hint=hint)
        if condition := getattr(resource, "Condition", None):
            what = f"it exists only under the condition {condition}"
            hint = "remove the condition, or give the name of the bucket or the role as an If"
            raise ConfigError(what, where=resource.title, hint=hint)


def check_not_deployed(template: Template, api: ag.RestApi) -> None:
    """Check that `deploy_api` has not been called for the API yet.

    Raises:
        ConfigError: it was called, so the deployment would not include what is added now.
    """
    made = re.compile(rf"{re.escape(api.title)}Deployment[0-9a-f]{{10}}")
    for title, resource in template.resources.items():
        if (
            isinstance(resource, ag.Deployment)
            and made.fullmatch(title)
            and belongs_to(resource, api)
        ):
            what = f"it is already deployed: {title} would not include what is added now"
            hint = "call add_read_model for every read model of the API, then deploy_api"
            raise ConfigError(what, where=api.title, hint=hint)


def check_additions(
    template: Template, added: Sequence[AWSObject], outputs: Sequence[Output]
) -> None:
    """Check that CloudFormation and API Gateway would accept the template with the additions.

    Raises:
        ConfigError: a logical ID, name, path or stage is already used, or a quota is exceeded.
    """
    _check_counts(template, added, outputs)
    _check_logical_ids(template, added, outputs)
    _check_names(template, added)
    existing = list(template.resources.values())
    _check_paths(existing, added)
    _check_stages(existing, added)
    _check_api_resources([*existing, *added])


def belongs_to(resource: AWSObject, api: ag.RestApi) -> bool:
    """Whether the resource belongs to the API, to which it may refer by Ref or Sub."""
    return bool(_api(resource) == Ref(api).to_dict())


def _check_counts(
    template: Template, added: Sequence[AWSObject], outputs: Sequence[Output]
) -> None:
    resources = [*template.resources.values(), *added]
    count = len(resources)
    if count > TEMPLATE_RESOURCES:
        segments = len(list(_api_resources(resources)))
        of_routes = segments + sum(isinstance(resource, ag.Method) for resource in resources)
        share = (TEMPLATE_RESOURCES - count + of_routes) / max(of_routes, 1)
        share = min(share, (API_RESOURCES - 1) / max(segments, 1))
        what = f"{count} resources are more than the {TEMPLATE_RESOURCES} of a stack"
        raise ConfigError(what + fitting(resources, share), where="routes", hint=FEWER_ROUTES)
    if (count := len(template.outputs) + len(outputs)) > TEMPLATE_OUTPUTS:
        what = f"{count} outputs are more than the {TEMPLATE_OUTPUTS} of a template"
        raise ConfigError(what, where="outputs", hint="use outputs=False")


def _check_logical_ids(
    template: Template, added: Sequence[AWSObject], outputs: Sequence[Output]
) -> None:
    """Resources and parameters share one namespace."""
    taken = {*template.resources, *template.parameters}
    duplicates = [resource.title for resource in added if resource.title in taken]
    duplicates += [output.title for output in outputs if output.title in template.outputs]
    if duplicates:
        what = "the template already has this logical ID"
        raise ConfigError(what, where=duplicates[0], hint="use another prefix")
    for item in (*added, *outputs):
        if len(item.title) > LOGICAL_ID_LENGTH:
            what = f"a logical ID has at most {LOGICAL_ID_LENGTH} characters"
            hint = "shorten the logical ID of the API, with which it begins"
            raise ConfigError(what, where=item.title, hint=hint)


def _check_names(template: Template, added: Sequence[AWSObject]) -> None:
    taken = {name for resource in template.resources.values() for name in _names(resource)}
    for resource in added:
        for kind, name in _names(resource):
            if (kind, name) in taken:
                what = f"the template already has an {kind} named {name!r}"
                hint = "omit the name, or change it"
                raise ConfigError(what, where=resource.title, hint=hint)
            taken.add((kind, name))


def _names(resource: AWSObject) -> Iterator[tuple[str, str]]:
    properties = resource.properties
    if isinstance(resource, Distribution):
        properties = getattr(properties.get("DistributionConfig"), "properties", {})
    name = properties.get(_PHYSICAL_NAMES.get(resource.resource_type, ""))
    names = name if isinstance(name, list) else [name]
    yield from ((resource.resource_type, each) for each in names if isinstance(each, str))


def _check_paths(existing: Iterable[AWSObject], added: Iterable[AWSObject]) -> None:
    """API Gateway allows each path part once below a resource, and only one {parameter}."""
    taken = {_position(resource): resource for resource in _api_resources(existing)}
    for resource in _api_resources(added) if taken else ():
        if other := taken.get(_position(resource)):
            what = f"the API already has /{other.PathPart}, and this adds /{resource.PathPart}"
            hint = f"start the routes with another segment, or remove {other.title}"
            raise ConfigError(what, where=resource.title, hint=hint)


def _check_stages(existing: Iterable[AWSObject], added: Iterable[AWSObject]) -> None:
    """A Deployment with a StageName creates that stage too."""
    kinds = (ag.Stage, ag.Deployment)
    taken = {_stage(resource): resource for resource in existing if isinstance(resource, kinds)}
    for resource in added:
        if isinstance(resource, ag.Stage) and (other := taken.get(_stage(resource))):
            what = f"the API already has the stage {resource.StageName}: {other.title}"
            hint = f"use another name, Deployment(stage=...), or remove {other.title}"
            raise ConfigError(what, where=resource.title, hint=hint)


def _check_api_resources(resources: Sequence[AWSObject]) -> None:
    counts = Counter(json.dumps(_api(resource)) for resource in _api_resources(resources))
    count = max(counts.values(), default=0)
    if count >= API_RESOURCES:  # the root is one of them
        most = API_RESOURCES - 1
        what = f"{count} path segments of one API are more than the {most} allowed"
        what += fitting(resources, most / count)
        raise ConfigError(what, where="routes", hint="use a {parameter}, or another API")


def fitting(resources: Iterable[AWSObject], share: float) -> str:
    """How many of the routes fit, as the end of an error; `share` is the part of all that fits.

    Each route has one GET method. Routes differ in size, so the number is not exact. It is left out
    if not even one fits, because then it is not the routes that are too many.
    """
    routes = sum(resource.properties.get("HttpMethod") == "GET" for resource in resources)
    fit = int(routes * share)
    return f": about {fit} of the {routes} routes fit" if fit > 0 else ""


def _api_resources(resources: Iterable[AWSObject]) -> Iterator[ag.Resource]:
    return (resource for resource in resources if isinstance(resource, ag.Resource))


def _api(resource: AWSObject) -> Any:
    return plain(resource.properties.get("RestApiId"))


def _position(resource: ag.Resource) -> str:
    part = plain(resource.properties.get("PathPart"))
    variable = isinstance(part, str) and part.startswith("{")
    parent = plain(resource.properties.get("ParentId"))
    return json.dumps([_api(resource), parent, "{}" if variable else part], sort_keys=True)


def _stage(resource: AWSObject) -> str:
    name = plain(resource.properties.get("StageName"))
    return json.dumps([_api(resource), name], sort_keys=True)
