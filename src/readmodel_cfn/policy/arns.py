"""The ARNs of the resources that an action of a handler is called for, except those of IAM."""

from collections.abc import Callable, Mapping

from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.policy.grants import ANY
from readmodel_cfn.policy.names import BUCKET, FUNCTION, WEB_ACL, Names

_OF_DOMAIN = ("AWS::ApiGateway::BasePathMapping", "AWS::ApiGateway::DomainName")
_USAGE_PLANS = ("/usageplans", "/usageplans/*", "/tags/*")
# Where API Gateway keeps what is not below an API:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
_API_GATEWAY = {
    "AWS::ApiGateway::Account": ("/account",),
    "AWS::ApiGateway::ApiKey": ("/apikeys", "/apikeys/*", "/tags/*"),
    "AWS::ApiGateway::UsagePlan": _USAGE_PLANS,
    "AWS::ApiGateway::UsagePlanKey": _USAGE_PLANS,
}
# IAM has no narrower resource for these than all log groups:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
_OF_ACCOUNT = (
    *("logs:DescribeIndexPolicies", "logs:DescribeLogGroups"),
    "logs:DescribeResourcePolicies",
)
_OF_ZONE = (
    *("route53:ChangeResourceRecordSets", "route53:GetHostedZone"),
    "route53:ListResourceRecordSets",
)
# What CloudFront generates the IDs of:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudfront.html
_CLOUDFRONT = {
    "AWS::CloudFront::CachePolicy": "cache-policy",
    "AWS::CloudFront::Distribution": "distribution",
    "AWS::CloudFront::OriginAccessControl": "origin-access-control",
    "AWS::CloudFront::ResponseHeadersPolicy": "response-headers-policy",
}
# An origin in a VPC is a resource of its own, and so is what tenants connect to.
_BESIDE_DISTRIBUTION = {"ConnectionGroup": "connection-group", "VpcOrigin": "vpcorigin"}
_ASSOCIATION = "AWS::WAFv2::WebACLAssociation"
_WITH_RULES = ("wafv2:CreateWebACL", "wafv2:UpdateWebACL")
_ON_OBJECTS = ("s3:PutObjectAcl", "s3:DeleteObject")


def arns_of(names: Names, resource: Resource, action: str) -> list[str]:
    """The resources of an action that is not one of IAM."""
    service = action.partition(":")[0]
    if resource.type == _ASSOCIATION:
        return _of_association(names, resource, service)
    found = _SERVICES.get(service)
    return found(names, resource, action) if found else [ANY]


def _of_api_gateway(names: Names, resource: Resource, _: str) -> list[str]:
    """API Gateway generates the IDs of APIs; tags are set at a path of their own *(assumed)*."""
    paths = _API_GATEWAY.get(resource.type, ("/restapis", "/restapis/*", "/tags/*"))
    if resource.type in _OF_DOMAIN:
        own = f"/domainnames/{names.domain_of(resource)}"
        paths = ("/domainnames", own, f"{own}/*", "/tags/*")
    return [names.place.arn("apigateway", path, account=False) for path in paths]


def _of_certificates(names: Names, _: Resource, action: str) -> list[str]:
    made = action == "acm:RequestCertificate"
    return [ANY if made else names.place.arn("acm", f"certificate/{ANY}")]


def _of_cloudfront(names: Names, resource: Resource, action: str) -> list[str]:
    if resource.type == FUNCTION:
        return [names.own(resource)]
    beside = (kind for word, kind in _BESIDE_DISTRIBUTION.items() if word in action)
    kind = next(beside, _CLOUDFRONT[resource.type])
    return [names.place.arn("cloudfront", f"{kind}/{ANY}", region=False)]


def _of_cloudwatch(names: Names, resource: Resource, action: str) -> list[str]:
    """CloudFormation may describe an alarm without its name *(assumed)*."""
    return [ANY if action == "cloudwatch:DescribeAlarms" else names.own(resource)]


def _of_logs(names: Names, resource: Resource, action: str) -> list[str]:
    if action in _OF_ACCOUNT:
        return [ANY]
    return [f"{names.own(resource)}{end}" for end in ("", ":*")]


def _of_route_53(names: Names, resource: Resource, action: str) -> list[str]:
    zone = names.zone_of(resource) if action in _OF_ZONE else None
    return [f"arn:{names.place.partition}:route53:::hostedzone/{zone}" if zone else ANY]


def _of_s3(names: Names, resource: Resource, action: str) -> list[str]:
    if resource.type == "AWS::S3::BucketPolicy":
        return names.referenced(resource.properties.get("Bucket"), BUCKET)
    if resource.type != BUCKET:
        return [ANY]
    own = names.own(resource)
    return [f"{own}/*" if action in _ON_OBJECTS else own]


def _of_secrets(names: Names, resource: Resource, action: str) -> list[str]:
    return [ANY if action == "secretsmanager:GetRandomPassword" else names.own(resource)]


def _of_waf(names: Names, resource: Resource, action: str) -> list[str]:
    """The use of an AWS managed rule group needs the permission on it, too.

    https://docs.aws.amazon.com/waf/latest/developerguide/waf-api-permissions-ref.html
    """
    rules = [names.managed_rules(resource)] if action in _WITH_RULES else []
    return [names.own(resource), *rules]


def _of_association(names: Names, resource: Resource, service: str) -> list[str]:
    """The web ACL and what it is for: AWS WAF compares both, the other service its own."""
    protected = names.given(resource, "ResourceArn") or ANY
    if service != "wafv2":
        return [protected]
    return [*names.referenced(resource.properties.get("WebACLArn"), WEB_ACL), protected]


_SERVICES: Mapping[str, Callable[[Names, Resource, str], list[str]]] = {
    "acm": _of_certificates,
    "apigateway": _of_api_gateway,
    "cloudfront": _of_cloudfront,
    "cloudwatch": _of_cloudwatch,
    "logs": _of_logs,
    "route53": _of_route_53,
    "s3": _of_s3,
    "secretsmanager": _of_secrets,
    "sns": lambda names, resource, _: [names.own(resource)],
    "wafv2": _of_waf,
}
