"""Gateway role. The article: "a role - again for security using least privilege".

API Gateway assumes it to read the data store. The article's role may do every `s3:Get*` on every
key; here it may get the objects of the routes' keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from awacs.aws import PolicyDocument, Statement
from troposphere import GetAtt, Ref, iam, s3

from readmodel_cfn import policies
from readmodel_cfn.naming import BOUNDARY, IAM_NAME, IAM_NAME_IN_WORDS, Names, stack_named
from readmodel_cfn.options import check_options, given, option


@dataclass(frozen=True)
class GatewayRole:
    """The role that API Gateway assumes to read the payloads."""

    name: str | None = option(
        None,
        "Name of the role; without one CloudFormation makes a unique name.",
        pattern=IAM_NAME,
        allowed=IAM_NAME_IN_WORDS,
    )
    permissions_boundary: str | None = option(
        None,
        "ARN of a policy that bounds what the role may ever do.",
        pattern=BOUNDARY,
        allowed="the ARN of an IAM policy",
    )
    as_printed: bool = option(False, "The role as the article prints it.", config=False)

    def __post_init__(self) -> None:
        check_options(self, "gateway_role")


def role(options: GatewayRole, names: Names) -> iam.Role:
    """The role, which nobody but API Gateway may assume."""
    if options.as_printed:
        return iam.Role(
            names("ApiGatewayRole"),
            RoleName=stack_named("-api-gateway-role"),
            # The article gives no Version; AWS reads such a policy as of 2008-10-17.
            AssumeRolePolicyDocument=PolicyDocument(
                Statement=[policies.assumed_by_api_gateway("")]
            ),
        )
    return iam.Role(
        names("ApiGatewayRole"),
        AssumeRolePolicyDocument=policies.document([policies.assumed_by_api_gateway()]),
        **given(RoleName=options.name, PermissionsBoundary=options.permissions_boundary),
    )


def policy(
    options: GatewayRole,
    reader: iam.Role,
    store: s3.Bucket,
    keys: Sequence[str],
    kms_key: str | None,
    names: Names,
) -> iam.PolicyType:
    """The role's permission to get the objects that the routes' key patterns name."""
    bucket = GetAtt(store, "Arn")
    if options.as_printed:
        return iam.PolicyType(
            names("ApiGatewayDataStorePolicy"),
            PolicyName=stack_named("-data-store-read-only"),
            PolicyDocument=PolicyDocument(Statement=[policies.article_grant(bucket, "Get*")]),
            Roles=[Ref(reader)],
        )
    return iam.PolicyType(
        names("ApiGatewayDataStorePolicy"),
        PolicyName="data-store-read-only",
        PolicyDocument=policies.document(_grants(bucket, keys, kms_key)),
        Roles=[Ref(reader)],
    )


def _grants(bucket: GetAtt, keys: Sequence[str], kms_key: str | None) -> list[Statement]:
    read = policies.get(policies.object_arns(bucket, keys))
    return [read, policies.decrypt(kms_key)] if kms_key else [read]
