"""What CloudFormation does for the resources of a template: each action with its resources."""

from collections.abc import Mapping, Sequence

from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.policy.grants import ANY, Equals, Grants
from readmodel_cfn.policy.handlers import SERVES, needed
from readmodel_cfn.policy.names import ALARM, BUCKET, DASHBOARD, ROLE, SECRET, TOPIC, USER, Names

# The actions that could give a role or a user more than its permissions boundary, if IAM did not
# compare iam:PermissionsBoundary, which is that of the request or of the identity:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
_BOUNDED = {
    f"iam:{verb}{kind}{what}"
    for kind in ("Role", "User")
    for verb, what in (
        ("Create", ""),
        ("Put", "Policy"),
        ("Attach", "Policy"),
        ("Put", "PermissionsBoundary"),
    )
}
_OF_GROUP = ("iam:AddUserToGroup", "iam:RemoveUserFromGroup")
# The type of identity that an action of IAM is for, by a word in the action.
_TYPES = {"Role": ROLE, "User": USER, "AccessKey": USER, "LoginProfile": USER}
_DOMAINS = ("/domainnames", "/domainnames/*", "/tags/*")
_USAGE_PLANS = ("/usageplans", "/usageplans/*", "/tags/*")
# Where API Gateway keeps what is not below an API:
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
_API_GATEWAY = {
    "AWS::ApiGateway::Account": ("/account",),
    "AWS::ApiGateway::ApiKey": ("/apikeys", "/apikeys/*", "/tags/*"),
    "AWS::ApiGateway::BasePathMapping": _DOMAINS,
    "AWS::ApiGateway::DomainName": _DOMAINS,
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
_ROLE_OF_ACCOUNT = "CloudWatchRoleArn"
# CloudFormation may describe an alarm without its name *(assumed)*.
_WITHOUT_NAME = ("cloudwatch:DescribeAlarms", "secretsmanager:GetRandomPassword")
_ON_OBJECTS = ("s3:PutObjectAcl", "s3:DeleteObject")


def allow_handlers(
    grants: Grants, names: Names, handlers: Sequence[str], withheld: Sequence[str] = ()
) -> None:
    """Allow what these handlers need for the resources of the template, except `withheld`."""
    for resource in names.resources.values():
        described = {"Type": resource.type, "Properties": resource.properties}
        for action in needed(described, handlers):
            if action not in withheld:
                _allow(grants, names, resource, action)


def _allow(grants: Grants, names: Names, resource: Resource, action: str) -> None:
    if resource.type not in SERVES:
        grants.allow(action, [ANY])
    elif action == "iam:PassRole":
        service = "s3" if resource.type == BUCKET else "apigateway"
        passed = Equals("iam:PassedToService", f"{service}.amazonaws.com")
        grants.allow(action, _passed_roles(names, resource), passed)
    elif action.startswith("iam:"):
        for arn, boundary in _identities(names, resource, action).items():
            bounded = boundary if action in _BOUNDED else None
            condition = Equals("iam:PermissionsBoundary", bounded) if bounded else None
            grants.allow(action, [arn], condition)
    else:
        grants.allow(action, _arns(names, resource, action))


def _arns(names: Names, resource: Resource, action: str) -> list[str]:
    """The resources of an action that is not one of IAM."""
    service = action.partition(":")[0]
    if service == "apigateway":
        # API Gateway generates the IDs of APIs; tags are set at a path of their own *(assumed)*.
        paths = _API_GATEWAY.get(resource.type, ("/restapis", "/restapis/*", "/tags/*"))
        return [names.place.arn("apigateway", path, account=False) for path in paths]
    if resource.type == "AWS::S3::BucketPolicy":
        return names.referenced(resource.properties.get("Bucket"), BUCKET)
    if resource.type == BUCKET and service == "s3":
        own = names.own(resource)
        return [f"{own}/*" if action in _ON_OBJECTS else own]
    if service == "logs" and action not in _OF_ACCOUNT:
        return [f"{names.own(resource)}{end}" for end in ("", ":*")]
    if action in _OF_ZONE and (zone := names.zone_of(resource)):
        return [f"arn:{names.place.partition}:route53:::hostedzone/{zone}"]
    if service == "acm" and action != "acm:RequestCertificate":
        return [names.place.arn("acm", f"certificate/{ANY}")]
    if resource.type in (SECRET, ALARM, DASHBOARD, TOPIC) and action not in _WITHOUT_NAME:
        return [names.own(resource)]
    return [ANY]


def _identities(names: Names, resource: Resource, action: str) -> dict[str, str | None]:
    """The roles, users, groups or policies of an action, and the permissions boundary of each."""
    type_ = next((kind for word, kind in _TYPES.items() if word in action), None)
    if action in _OF_GROUP or (type_ is None and "Group" in action):
        return {names.iam("group/*"): None}
    if type_ is None or resource.type == type_:
        return {names.own(resource): names.given(resource, "PermissionsBoundary")}
    property_ = "Roles" if type_ == ROLE else "Users"
    given = (resource.properties.get(name) for name in (_ROLE_OF_ACCOUNT, "UserName", property_))
    value = next((each for each in given if each), None)
    bounds = {
        names.own(found): names.given(found, "PermissionsBoundary")
        for found in names.of_type(type_)
    }
    return {arn: bounds.get(arn) for arn in names.referenced(value, type_)}


def _passed_roles(names: Names, resource: Resource) -> list[str]:
    if _ROLE_OF_ACCOUNT in resource.properties:
        return names.referenced(resource.properties[_ROLE_OF_ACCOUNT], ROLE)
    integration = resource.properties.get("Integration")
    if isinstance(integration, Mapping) and "Credentials" in integration:
        return names.referenced(integration["Credentials"], ROLE)
    return [ANY]
