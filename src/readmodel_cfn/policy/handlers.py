"""The permissions that CloudFormation needs for a resource: those of its type's handlers.

cfn-lint has the resource schemas of CloudFormation, in which each handler (create, read, update,
delete) lists its permissions. The lists are complete, not least: `SERVES` says which of them serve
properties, so that a resource without these properties is not granted them. That a handler needs
nothing for a property that is not set is *(assumed)*: only an account can show it.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from readmodel_cfn.cloudformation.evaluate import NO_VALUE, function_of

HANDLERS = ("create", "read", "update", "delete")
_REGION = "us-east-1"

# AWS::IAM::AccessKey is the only type of a read model without handlers in its schema.
_BY_HAND: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::IAM::AccessKey": {
        "create": ("iam:CreateAccessKey", "iam:UpdateAccessKey"),
        "read": ("iam:ListAccessKeys",),
        "update": ("iam:ListAccessKeys", "iam:UpdateAccessKey"),
        "delete": ("iam:DeleteAccessKey", "iam:ListAccessKeys"),
    }
}
# What handlers need besides the permissions in their schemas.
_BESIDES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    # CloudFront deletes only what is disabled; CloudFormation disables it first *(assumed)*:
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowToDeleteDistribution.html
    "AWS::CloudFront::Distribution": {"delete": ("cloudfront:UpdateDistribution",)},
    # The first domain name of an account creates API Gateway's service-linked role with the
    # caller's permissions: "Caller does not have permissions to create a Service Linked Role".
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    # https://github.com/amplify-education/serverless-domain-manager/issues/112
    "AWS::ApiGateway::DomainName": {"create": ("iam:CreateServiceLinkedRole",)},
}
_METADATA = ("MetadataConfiguration", "MetadataTableConfiguration")

# The actions of the services whose resources a web ACL can be for.
_PROTECTED = {
    "amplify": ("AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource"),
    "apigateway": ("SetWebACL",),
    "apprunner": ("AssociateWebAcl", "DescribeWebAclForService", "DisassociateWebAcl"),
    "appsync": ("AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource", "SetWebACL"),
    "bedrock-agentcore": (
        "GatewayAssociateWebACL",
        "GatewayDisassociateWebACL",
        "GatewayGetWebACLForResource",
    ),
    "cognito-idp": ("AssociateWebACL", "DisassociateWebACL", "GetWebACLForResource"),
    "ec2": (
        "AssociateVerifiedAccessInstanceWebAcl",
        "DescribeVerifiedAccessInstanceWebAclAssociations",
        "DisassociateVerifiedAccessInstanceWebAcl",
        "GetVerifiedAccessInstanceWebAcl",
    ),
    "elasticloadbalancing": (
        "CreateWebACLAssociation",
        "DeleteWebACLAssociation",
        "GetLoadBalancerWebACL",
        "SetWebACL",
    ),
}

# By type and action the properties that the action serves, as paths; it is granted if one of them
# is set. No property: it is never granted. After a colon: the service whose ARN the property is.
# An action that is not listed here is always granted. The actions of the handler that reads are all
# listed as needed, because it reads a resource as a whole.
SERVES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "AWS::S3::Bucket": {
        "s3:PutBucketAbac": ("AbacStatus",),
        "s3:PutAccelerateConfiguration": ("AccelerateConfiguration",),
        "s3:PutBucketAcl": ("AccessControl",),
        # Actions on objects; a new bucket has none. Which property they serve is (assumed).
        "s3:PutObjectAcl": ("AccessControl",),
        "s3:DeleteObject": ("AccessControl",),
        "s3:PutAnalyticsConfiguration": ("AnalyticsConfigurations",),
        "s3:DeleteBucketAnalyticsConfiguration": ("AnalyticsConfigurations",),
        "s3:PutEncryptionConfiguration": ("BucketEncryption",),
        "s3:DeleteBucketEncryption": ("BucketEncryption",),
        "s3:PutBucketCORS": ("CorsConfiguration",),
        "s3:DeleteBucketCors": ("CorsConfiguration",),
        "s3:PutIntelligentTieringConfiguration": ("IntelligentTieringConfigurations",),
        "s3:PutInventoryConfiguration": ("InventoryConfigurations",),
        "s3:PutLifecycleConfiguration": ("LifecycleConfiguration",),
        "s3:DeleteBucketLifecycle": ("LifecycleConfiguration",),
        "s3:PutBucketLogging": ("LoggingConfiguration",),
        "s3:CreateBucketMetadataTableConfiguration": _METADATA,
        "s3:DeleteBucketMetadataTableConfiguration": _METADATA,
        "s3:UpdateBucketMetadataAnnotationTableConfiguration": _METADATA,
        "s3:UpdateBucketMetadataInventoryTableConfiguration": _METADATA,
        "s3:UpdateBucketMetadataJournalTableConfiguration": _METADATA,
        "s3tables:CreateNamespace": _METADATA,
        "s3tables:CreateTable": _METADATA,
        "s3tables:CreateTableBucket": _METADATA,
        "s3tables:GetTable": _METADATA,
        "s3tables:GetTableMetadataLocation": _METADATA,
        "s3tables:PutTableBucketPolicy": _METADATA,
        "s3tables:PutTableEncryption": _METADATA,
        "s3tables:PutTablePolicy": _METADATA,
        "s3tables:UpdateTableMetadataLocation": _METADATA,
        "s3:PutMetricsConfiguration": ("MetricsConfigurations",),
        "s3:DeleteBucketMetricsConfiguration": ("MetricsConfigurations",),
        "s3:PutBucketNotification": ("NotificationConfiguration",),
        "s3:PutBucketObjectLockConfiguration": ("ObjectLockConfiguration", "ObjectLockEnabled"),
        "s3:PutObjectLockConfiguration": ("ObjectLockConfiguration", "ObjectLockEnabled"),
        "s3:PutBucketOwnershipControls": ("OwnershipControls",),
        "s3:PutBucketPublicAccessBlock": ("PublicAccessBlockConfiguration",),
        "s3:PutBucketReplication": ("ReplicationConfiguration",),
        "s3:PutReplicationConfiguration": ("ReplicationConfiguration",),
        "s3:DeleteBucketReplication": ("ReplicationConfiguration",),
        "iam:PassRole": ("ReplicationConfiguration",),
        "s3:PutBucketVersioning": ("VersioningConfiguration", "ReplicationConfiguration"),
        "s3:PutBucketWebsite": ("WebsiteConfiguration",),
        "s3:DeleteBucketWebsite": ("WebsiteConfiguration",),
    },
    "AWS::IAM::Role": {
        "iam:UpdateRole": ("Description", "MaxSessionDuration"),
        "iam:UpdateRoleDescription": ("Description",),
        "iam:AttachRolePolicy": ("ManagedPolicyArns",),
        "iam:DetachRolePolicy": ("ManagedPolicyArns",),
        "iam:PutRolePermissionsBoundary": ("PermissionsBoundary",),
        # Only to remove the boundary, which would lift the condition on it.
        "iam:DeleteRolePermissionsBoundary": (),
        "iam:PutRolePolicy": ("Policies",),
        "iam:DeleteRolePolicy": ("Policies",),
    },
    "AWS::IAM::User": {
        "iam:AddUserToGroup": ("Groups",),
        "iam:RemoveUserFromGroup": ("Groups",),
        "iam:CreateLoginProfile": ("LoginProfile",),
        "iam:DeleteLoginProfile": ("LoginProfile",),
        "iam:UpdateLoginProfile": ("LoginProfile",),
        "iam:AttachUserPolicy": ("ManagedPolicyArns",),
        "iam:DetachUserPolicy": ("ManagedPolicyArns",),
        "iam:UpdateUser": ("Path",),
        "iam:PutUserPermissionsBoundary": ("PermissionsBoundary",),
        "iam:DeleteUserPermissionsBoundary": (),
        "iam:PutUserPolicy": ("Policies",),
        "iam:DeleteUserPolicy": ("Policies",),
    },
    "AWS::IAM::Policy": {
        f"iam:{verb}{kind}Policy": (f"{kind}s",)
        for verb in ("Delete", "Get", "Put")
        for kind in ("Group", "Role", "User")
    },
    "AWS::IAM::ManagedPolicy": {
        f"iam:{verb}{kind}Policy": (f"{kind}s",)
        for verb in ("Attach", "Detach")
        for kind in ("Group", "Role", "User")
    },
    "AWS::SecretsManager::Secret": {
        "secretsmanager:GetRandomPassword": ("GenerateSecretString",),
        "secretsmanager:RemoveRegionsFromReplication": ("ReplicaRegions",),
        "secretsmanager:ReplicateSecretToRegions": ("ReplicaRegions",),
    },
    "AWS::ApiGateway::RestApi": {
        "apigateway:UpdateRestApiPolicy": ("Policy",),
        "iam:PassRole": ("Body", "BodyS3Location"),
        "s3:GetObject": ("BodyS3Location",),
    },
    "AWS::ApiGateway::Method": {"iam:PassRole": ("Integration/Credentials",)},
    "AWS::CertificateManager::Certificate": {
        "acm-pca:IssueCertificate": ("CertificateAuthorityArn",),
        "acm-pca:GetCertificate": ("CertificateAuthorityArn",),
        "acm:UpdateCertificateOptions": ("CertificateTransparencyLoggingPreference",),
        "route53:ChangeResourceRecordSets": ("DomainValidationOptions",),
    },
    "AWS::Logs::LogGroup": {
        "firehose:TagDeliveryStream": (),
        "logs:AssociateKmsKey": ("KmsKeyId",),
        "logs:CreateLogDelivery": (),
        "logs:DeleteDataProtectionPolicy": ("DataProtectionPolicy",),
        "logs:DeleteIndexPolicy": ("FieldIndexPolicies",),
        "logs:DeleteResourcePolicy": ("ResourcePolicyDocument",),
        "logs:PutBearerTokenAuthentication": ("BearerTokenAuthenticationEnabled",),
        "logs:PutDataProtectionPolicy": ("DataProtectionPolicy",),
        "logs:PutIndexPolicy": ("FieldIndexPolicies",),
        "logs:PutLogGroupDeletionProtection": ("DeletionProtectionEnabled",),
        "logs:PutResourcePolicy": ("ResourcePolicyDocument",),
        "logs:PutRetentionPolicy": ("RetentionInDays",),
        "s3:REST.PUT.OBJECT": (),
    },
    "AWS::SNS::Topic": {
        "sns:Subscribe": ("Subscription",),
        "sns:Unsubscribe": ("Subscription",),
        "sns:PutDataProtectionPolicy": ("DataProtectionPolicy",),
        "iam:GetRole": ("DeliveryStatusLogging",),
        "iam:PassRole": ("DeliveryStatusLogging",),
    },
    "AWS::CloudFront::Distribution": {
        "cloudfront:CreateConnectionGroup": ("DistributionConfig/ConnectionMode",),
        "cloudfront:GetConnectionGroup": ("DistributionConfig/ConnectionMode",),
        "cloudfront:GetVpcOrigin": ("DistributionConfig/Origins/VpcOriginConfig",),
        "cloudfront:UpdateDistributionWithStagingConfig": (
            "DistributionConfig/ContinuousDeploymentPolicyId",
            "DistributionConfig/Staging",
        ),
    },
    "AWS::WAFv2::WebACL": {"payments:GetConnectedAccount": ("MonetizationConfig",)},
    "AWS::WAFv2::WebACLAssociation": {
        # For the policy of a rule group that accounts share; an association has none *(assumed)*.
        "wafv2:GetPermissionPolicy": (),
        "wafv2:PutPermissionPolicy": (),
        # The permissions of the service whose resource the web ACL is for:
        # https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html
        **{
            f"{service}:{verb}": (f"ResourceArn:{service}",)
            for service, verbs in _PROTECTED.items()
            for verb in verbs
        },
    },
    # Nothing of these serves a single property.
    "AWS::CloudFront::CachePolicy": {},
    "AWS::CloudFront::Function": {},
    "AWS::CloudFront::OriginAccessControl": {},
    "AWS::CloudFront::ResponseHeadersPolicy": {},
    "AWS::ApiGateway::ApiKey": {},
    "AWS::ApiGateway::Account": {},
    "AWS::ApiGateway::BasePathMapping": {},
    "AWS::ApiGateway::DomainName": {},
    "AWS::Route53::RecordSet": {},
    "AWS::ApiGateway::Deployment": {},
    "AWS::ApiGateway::GatewayResponse": {},
    "AWS::ApiGateway::Resource": {},
    "AWS::ApiGateway::Stage": {},
    "AWS::ApiGateway::UsagePlan": {},
    "AWS::ApiGateway::UsagePlanKey": {},
    "AWS::CloudWatch::Alarm": {},
    "AWS::CloudWatch::Dashboard": {},
    "AWS::IAM::AccessKey": {},
    "AWS::S3::BucketPolicy": {},
}


@cache
def permissions(type_: str) -> Mapping[str, tuple[str, ...]]:
    """The permissions of a type's handlers, by handler; empty if its schema has none."""
    if type_ in _BY_HAND:
        return _BY_HAND[type_]
    from cfnlint.schema import ResourceNotFoundError
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, type_).schema
    except ResourceNotFoundError:
        return {}
    handlers: Mapping[str, Any] = schema.get("handlers", {})
    besides = _BESIDES.get(type_, {})
    return {
        name: (*handlers[name].get("permissions", ()), *besides.get(name, ()))
        for name in HANDLERS
        if name in handlers
    }


def needed(resource: Mapping[str, Any], handlers: Sequence[str]) -> Iterator[str]:
    """The permissions of these handlers that the resource's properties need.

    All of them for a type that is not in SERVES.
    """
    type_ = str(resource.get("Type"))
    serves, found = SERVES.get(type_, {}), permissions(type_)
    for action in dict.fromkeys(action for name in handlers for action in found.get(name, ())):
        if action not in serves or any(is_set(resource, path) for path in serves[action]):
            yield action


def is_set(resource: Mapping[str, Any], path: str) -> bool:
    """Whether the property may have a value: a function on the way to it counts as one."""
    steps, _, service = path.partition(":")
    return _has(resource.get("Properties") or {}, steps.split("/"), service)


def _has(value: Any, steps: Sequence[str], service: str) -> bool:
    if not steps:
        return not service or _may_be_of(service, value)
    if isinstance(value, list):
        return any(_has(each, steps, service) for each in value)
    if function_of(value) or not isinstance(value, Mapping) or "Fn::Transform" in value:
        return True
    below = value.get(steps[0])
    return below not in (None, NO_VALUE) and _has(below, steps[1:], service)


def _may_be_of(service: str, arn: Any) -> bool:
    """Whether an ARN, as a template has it, may be one of the service."""
    named = {each for each in _PROTECTED if f":{each}:" in json.dumps(arn, default=str)}
    return not named or service in named
