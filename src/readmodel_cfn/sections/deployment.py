"""Deployment. The article: "you need a deployment before it is available for use", as "v1".

A deployment is a snapshot of the API. CloudFormation makes a new one only under a new logical id,
so the article's API never changes again once it is deployed. Here the id carries a hash of all that
the snapshot serves, and a stage, a resource of its own, follows the newest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from troposphere import AWSObject, AWSProperty, Ref
from troposphere import apigateway as ag

from readmodel_cfn.options import check_options, given, option
from readmodel_cfn.routes import Route

# What a stage serves from its snapshot, or takes up at the next deployment, by resource type; None
# is all of it. An API's name, description and endpoint take effect when they are set; the rest does
# not: https://docs.aws.amazon.com/apigateway/latest/developerguide/updating-api.html. Of the bucket
# and the role it is what makes CloudFormation replace them ("createOnlyProperties" in their
# schemas): the snapshot holds the old one's name, the template only a Ref.
_SERVED: Mapping[str, Sequence[str] | None] = {
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
    # These only the API of an embedding stack may have.
    "AWS::ApiGateway::Authorizer": None,
    "AWS::ApiGateway::Model": None,
    "AWS::ApiGateway::RequestValidator": None,
    "AWS::S3::Bucket": ("BucketName", "BucketNamePrefix", "BucketNamespace"),
    "AWS::IAM::Role": ("RoleName", "Path"),
}


@dataclass(frozen=True)
class Deployment:
    """The stage that readers use, and when the API is deployed to it anew."""

    stage: str = option(
        "v1",
        "Name of the stage: the first part of every URL's path.",
        pattern=r"[A-Za-z0-9_-]{1,128}",
        allowed="1 to 128 of A-Z a-z 0-9 _ -",
    )
    serial: int = option(1, "Raise it to deploy the API once more, unchanged.", minimum=1)
    throttle_rate: int | None = option(
        None,
        "Requests a second that each method answers; the account's own limit without.",
        minimum=0,
        maximum=10_000,
        example=500,
    )
    throttle_burst: int | None = option(
        None, "Requests at once beyond that rate.", minimum=0, maximum=5_000, example=250
    )
    metrics: bool = option(
        False, "Metrics for each method in CloudWatch, which cost as custom metrics do."
    )
    as_printed: bool = option(False, "The deployment as the article prints it.", config=False)

    def __post_init__(self) -> None:
        check_options(self, "deployment")


def fingerprint(options: Deployment, resources: Mapping[str, Mapping[str, Any]]) -> str:
    """Ten hexadecimal digits that change with anything the snapshot serves or refers to.

    `resources` are, by logical id, the API, its resources, methods and gateway responses, and the
    bucket and role that its integrations name, rendered or as troposphere holds them. What is known
    only while CloudFormation runs (the id behind a Ref) does not change it.
    """
    served = {title: _served(one["Type"], one["Properties"]) for title, one in resources.items()}
    parts = json.dumps([options.serial, served], sort_keys=True, default=_plain)
    return hashlib.sha256(parts.encode()).hexdigest()[:10]


def _plain(value: Any) -> Any:
    """One level of a troposphere property or function; json asks again for what is below.

    Rendering the resources for the hash alone would cost as much as the template itself.
    """
    return value.resource if isinstance(value, AWSProperty) else value.data


def _served(kind: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    names = _SERVED[kind]
    return {name: properties[name] for name in properties if names is None or name in names}


def deployment(api: ag.RestApi, waits_for: Sequence[AWSObject], digest: str) -> ag.Deployment:
    """The snapshot of the API, taken once its methods and gateway responses are there."""
    return ag.Deployment(
        f"{api.title}Deployment{digest}", DependsOn=list(waits_for), RestApiId=Ref(api)
    )


def article_deployment(
    options: Deployment, api: ag.RestApi, waits_for: Sequence[AWSObject]
) -> ag.Deployment:
    """The article's: made once and never again, with its stage inside."""
    return ag.Deployment(
        f"{api.title}Deployment",
        DependsOn=list(waits_for),
        RestApiId=Ref(api),
        Description="Initial Deployment",
        StageName=options.stage,
    )


def stage(
    options: Deployment, routes: Sequence[Route], api: ag.RestApi, deployed: ag.Deployment
) -> ag.Stage:
    """The stage, which serves the newest deployment."""
    return ag.Stage(
        f"{api.title}Stage",
        RestApiId=Ref(api),
        DeploymentId=Ref(deployed),
        **given(MethodSettings=_settings(options, routes) or None),
        StageName=options.stage,
    )


def _settings(options: Deployment, routes: Sequence[Route]) -> list[ag.MethodSetting]:
    """The stage's limits, and those of the routes that have their own.

    A method's setting stands in place of the stage's, so that it repeats what it does not change.
    """
    every = _limits(options.throttle_rate, options.throttle_burst, options.metrics)
    settings = [ag.MethodSetting(ResourcePath="/*", HttpMethod="*", **every)] if every else []
    for route in routes:
        rate = options.throttle_rate if route.throttle_rate is None else route.throttle_rate
        burst = options.throttle_burst if route.throttle_burst is None else route.throttle_burst
        own = _limits(rate, burst, options.metrics)
        if own != every:
            settings += [
                ag.MethodSetting(ResourcePath=_setting_path(route.path), HttpMethod=verb, **own)
                for verb in ("GET", "HEAD")
            ]
    return settings


def _limits(rate: int | None, burst: int | None, metrics: bool) -> dict[str, Any]:
    measured = True if metrics else None
    return given(MetricsEnabled=measured, ThrottlingBurstLimit=burst, ThrottlingRateLimit=rate)


def _setting_path(path: str) -> str:
    """The path as a MethodSetting writes it, by its reference: /a/b is /~1a~1b."""
    return "/" + f"/{path}".replace("/", "~1")
