"""The deployment of the API and the stage that serves it.

The article: "you need a deployment before it is available for use", as "v1". A deployment is a
snapshot of the API. CloudFormation creates a new one only under a new logical ID, so the article's
API never changes after its first deployment. Here the logical ID ends with a hash of what the
snapshot contains, and a separate stage resource refers to the newest deployment.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from troposphere import AWSObject, AWSProperty, Ref, encode_to_dict
from troposphere import apigateway as ag

from readmodel_cfn.template.logs import LogsResources
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.routes import READ_METHODS, Route
from readmodel_cfn.template.sections.deployment import Deployment

# By resource type, the properties that need a new deployment to take effect; None means all.
# An API's name, description and endpoint take effect without one:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/updating-api.html. For the bucket
# and the role these are the properties whose change replaces them ("createOnlyProperties" in their
# schemas): the snapshot contains the old name, while the template contains a Ref.
_SNAPSHOT: Mapping[str, Sequence[str] | None] = {
    "AWS::ApiGateway::RestApi": (
        "ApiKeySourceType",
        "BinaryMediaTypes",
        "DisableExecuteApiEndpoint",
        "EndpointAccessMode",
        "MinimumCompressionSize",
        "Policy",
        "SecurityPolicy",
    ),
    "AWS::ApiGateway::Resource": None,
    "AWS::ApiGateway::Method": None,
    "AWS::ApiGateway::GatewayResponse": None,
    # These exist only on an existing API.
    "AWS::ApiGateway::Authorizer": None,
    "AWS::ApiGateway::Model": None,
    "AWS::ApiGateway::RequestValidator": None,
    "AWS::S3::Bucket": ("BucketName", "BucketNamePrefix", "BucketNamespace"),
    "AWS::IAM::Role": ("RoleName", "Path"),
}


API_PARTS = frozenset(kind for kind, names in _SNAPSHOT.items() if names is None)
"""The resource types that belong to an API and are part of a deployment."""


def build_deployment(
    options: Deployment,
    *,
    api: ag.RestApi,
    routes: Sequence[Route],
    parts: Sequence[AWSObject],
    named: Sequence[AWSObject],
    after: Sequence[AWSObject] = (),
    logs: LogsResources | None = None,
) -> tuple[ag.Deployment, ag.Stage]:
    """The deployment of the API with its `parts`, and the stage.

    `parts` are the API's resources of the types API_PARTS; `named` are the bucket and the role
    that integrations name. The deployment is created after the resources `after`.
    """
    snapshot = {part.title: part.resource for part in (api, *parts, *named)}
    waits_for = [part for part in parts if isinstance(part, (ag.Method, ag.GatewayResponse))]
    deployment = ag.Deployment(
        f"{api.title}Deployment{fingerprint(options, snapshot)}",
        DependsOn=[*waits_for, *after],
        RestApiId=Ref(api),
    )
    return deployment, build_stage(options, options.stage, api, deployment, routes, "Stage", logs)


def build_stage(
    options: Deployment,
    name: str,
    api: ag.RestApi,
    deployment: ag.Deployment,
    routes: Sequence[Route],
    title: str,
    logs: LogsResources | None = None,
) -> ag.Stage:
    """A stage of the deployment; its logical ID is that of the API with `title`.

    It names no variables: those of releases are set by UpdateStage only.
    """
    account = logs.account if logs else None
    return ag.Stage(
        f"{api.title}{title}",
        **without_none(DependsOn=account),  # the stage's logs need the account's role
        **without_none(AccessLogSetting=logs.setting if logs else None),
        RestApiId=Ref(api),
        DeploymentId=Ref(deployment),
        **without_none(MethodSettings=_method_settings(options, routes) or None),
        StageName=name,
    )


def fingerprint(options: Deployment, resources: Mapping[str, Mapping[str, Any]]) -> str:
    """Ten hexadecimal digits that change when any part of the snapshot changes.

    `resources` are by logical ID, in the template's JSON or as troposphere's `resource` dicts. A
    value that only CloudFormation knows, such as that of a Ref, does not change the digits.
    """
    snapshot = {
        title: _in_snapshot(resource["Type"], resource["Properties"])
        for title, resource in resources.items()
    }
    text = json.dumps([options.serial, snapshot], sort_keys=True, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()[:10]


def _plain(value: Any) -> Any:
    """One level of a troposphere value; json calls it again for the levels below.

    Rendering every resource for the hash would take as long as rendering the template.
    """
    if isinstance(value, AWSProperty):
        return value.resource
    return value.data if hasattr(value, "data") else encode_to_dict(value)


def _in_snapshot(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    names = _SNAPSHOT[kind]
    return {name: properties[name] for name in properties if names is None or name in names}


def _method_settings(options: Deployment, routes: Sequence[Route]) -> list[ag.MethodSetting]:
    """The stage's settings, and those of the routes that have their own.

    The settings of a method replace the stage's, so they repeat what they do not change.
    """
    stage = _limits(options.throttle_rate, options.throttle_burst, options.metrics)
    settings = [ag.MethodSetting(ResourcePath="/*", HttpMethod="*", **stage)] if stage else []
    for route in routes:
        rate = options.throttle_rate if route.throttle_rate is None else route.throttle_rate
        burst = options.throttle_burst if route.throttle_burst is None else route.throttle_burst
        own = _limits(rate, burst, options.metrics)
        if own != stage:
            settings += [
                ag.MethodSetting(ResourcePath=_setting_path(route.path), HttpMethod=verb, **own)
                for verb in READ_METHODS
            ]
    return settings


def _limits(rate: int | None, burst: int | None, metrics: bool) -> dict[str, Any]:
    measured = True if metrics else None
    return without_none(
        MetricsEnabled=measured, ThrottlingBurstLimit=burst, ThrottlingRateLimit=rate
    )


def _setting_path(path: str) -> str:
    """The path in the form that MethodSetting requires: /a/b is /~1a~1b."""
    return "/" + f"/{path}".replace("/", "~1")
