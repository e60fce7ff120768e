"""Checks of a deploy for what is in front of the API: access logs, domain names, its own URL."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readmodel_cfn.aws.errors import aws_errors, error_code, readable_responses
from readmodel_cfn.cloudformation.resources import references
from readmodel_cfn.deploy.physical_names import Resources, properties_of, unconditional_resources
from readmodel_cfn.errors import ReadModelError

_STAGE, _ACCOUNT = "AWS::ApiGateway::Stage", "AWS::ApiGateway::Account"
_API = "AWS::ApiGateway::RestApi"
_TOPIC, _SUBSCRIPTION = "AWS::SNS::Topic", "AWS::SNS::Subscription"
_ALARM = "AWS::CloudWatch::Alarm"
_ARN = re.compile(r'"arn:[a-z-]+:[a-z0-9-]+:(?P<region>[a-z]{2}[a-z0-9-]+):')
_OF_REGION = {
    "AWS::ApiGateway::DomainName": ("RegionalCertificateArn", "certificate"),
    _ALARM: ("AlarmActions", "topic"),
    "AWS::Logs::LogGroup": ("KmsKeyId", "KMS key"),
    "AWS::S3::Bucket": ("BucketEncryption", "KMS key"),
    "AWS::WAFv2::WebACLAssociation": ("WebACLArn", "web ACL"),
}
"""What the resources of a type name by ARN, with the property."""
Template = Mapping[str, Any]
Clients = Callable[[str], Any]


def check_account_role(
    before: Template | None, after: Template, clients: Clients, region: str | None
) -> list[str]:
    """Check that API Gateway has a role for access logs, a setting of the account and region.

    A stage with access logs is refused without it; see template/logs.py. A template that sets the
    role itself replaces the present one, which is a note.

    Raises:
        ReadModelError: the stages of the template have access logs, and there is no role.
    """
    found = unconditional_resources(after)
    logging = [name for name, each in _of_type(found, _STAGE) if "AccessLogSetting" in each]
    if not logging:
        return []
    sets_role = any(_of_type(found, _ACCOUNT))
    if sets_role and before and any(_of_type(unconditional_resources(before), _ACCOUNT)):
        return []
    place = f"API Gateway in this account and {region}" if region else "API Gateway in this account"
    try:
        with readable_responses("get_account"):
            role = clients("apigateway").get_account().get("cloudwatchRoleArn")
    except aws_errors() as error:
        code = error_code(error) if getattr(error, "response", None) else type(error).__name__
        return [f"The CloudWatch role of API Gateway is not checked: {code}"]
    if sets_role:
        return [f"The CloudWatch role of {place} is replaced for all APIs: {role}"] if role else []
    if not role:
        what = f"access logs need a CloudWatch role, and {place} has none"
        hint = (
            "set one for the account (aws apigateway update-account), or set_account_role = true "
            "under [logs]"
        )
        raise ReadModelError(what, where=logging[0], hint=hint)
    return []


def check_regions(after: Template, region: str | None) -> None:
    """Check that what resources name by ARN is in the region of the stack, as AWS requires.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-specify-certificate-for-custom-domain-name.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/specifying-kms-encryption.html
    https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html
    For alarms and log groups it is *(assumed)*.

    Raises:
        ReadModelError: one is in another region.
    """
    if region is None:
        return
    resources = unconditional_resources(after)
    for kind, (property_, what) in _OF_REGION.items():
        for name, properties in _of_type(resources, kind):
            for arn in _ARN.finditer(json.dumps(properties.get(property_), default=str)):
                if (found := arn["region"]) != region:
                    problem = f"the {what} is in {found}, and the stack in {region}"
                    raise ReadModelError(problem, where=name, hint=f"use a {what} in {region}")


def new_topics(before: Template | None, after: Template) -> list[str]:
    """A note for each new topic of alarms to which the template subscribes nobody."""
    old, new = unconditional_resources(before or {}), unconditional_resources(after)
    notified = set(references([properties for _, properties in _of_type(new, _ALARM)]))
    subscribed = set(references([properties for _, properties in _of_type(new, _SUBSCRIPTION)]))
    outputs = {
        name: set(references(output.get("Value")))
        for name, output in (after.get("Outputs") or {}).items()
        if isinstance(output, Mapping)
    }
    notes = []
    for topic, properties in _of_type(new, _TOPIC):
        has_subscriber = "Subscription" in properties or topic in subscribed
        if topic in old or has_subscriber or topic not in notified:
            continue
        found = next((f", the output {name}" for name, ids in outputs.items() if topic in ids), "")
        notes.append(
            f"Nobody is subscribed to the new topic {topic}{found}: its alarms reach nobody until "
            "you subscribe (aws sns subscribe)"
        )
    return notes


def disabled_endpoints(before: Template | str | None, after: Template) -> list[str]:
    """The logical IDs of the APIs whose own URL an update disables; of a new stack none.

    A private API has another URL, in the VPC.
    """
    if not isinstance(before, Mapping):
        return []
    old, new = unconditional_resources(before), unconditional_resources(after)
    enabled = {name for name, each in _of_type(old, _API) if not _is_disabled(each)}
    return [name for name, each in _of_type(new, _API) if name in enabled and _is_disabled(each)]


def effect_on_readers(disabled: list[str], after: Template) -> str:
    """What readers of the disabled URLs get."""
    found = unconditional_resources(after)
    if all(_is_private(properties_of(found[name])) for name in disabled):
        return "only readers in a VPC of source_vpces reach the API"
    return "its readers get 403"


def _is_disabled(properties: Mapping[str, Any]) -> bool:
    disabled = str(properties.get("DisableExecuteApiEndpoint", False)).lower() == "true"
    return disabled or _is_private(properties)


def _is_private(properties: Mapping[str, Any]) -> bool:
    configuration = properties.get("EndpointConfiguration")
    return isinstance(configuration, Mapping) and configuration.get("Types") == ["PRIVATE"]


def _of_type(resources: Resources, type_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, resource in resources.items():
        if resource.get("Type") == type_:
            yield name, properties_of(resource)
