"""Gateway role. The article: "a role - again for security using least privilege".

API Gateway assumes it to read the data store. The article's role may do every `s3:Get*` on every
key; here it may get the objects of the routes' keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from awacs.aws import PolicyDocument, Statement
from troposphere import AWSHelperFn, Join, Select, Split, StackId, iam

from readmodel_cfn import policies
from readmodel_cfn.naming import BOUNDARY, IAM_NAME, IAM_NAME_IN_WORDS, Names, stack_named
from readmodel_cfn.options import check_options, given, option
from readmodel_cfn.references import Reference


@dataclass(frozen=True)
class GatewayRole:
    """The role that API Gateway assumes to read the payloads."""

    name: str | None = option(
        None,
        "Name of the role; without one CloudFormation makes a unique name.",
        pattern=IAM_NAME,
        allowed=IAM_NAME_IN_WORDS,
        example="shop-api",
    )
    permissions_boundary: str | None = option(
        None,
        "ARN of a policy that bounds what the role may ever do.",
        pattern=BOUNDARY,
        allowed="the ARN of an IAM policy",
        example="arn:aws:iam::123456789012:policy/boundary",
    )
    as_printed: bool = option(False, "The role as the article prints it.", config=False)

    def __post_init__(self) -> None:
        check_options(self, "gateway_role")


@dataclass(frozen=True)
class Reading:
    """What the role needs to get objects: `may_list` lets S3 say 404, `kms_key` opens them.

    `shared` says that the role is a host's, so that others may add policies to it too.
    """

    may_list: bool
    kms_key: str | None
    shared: bool


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


def read_policies(
    options: GatewayRole,
    reader: Reference,
    store: Reference,
    keys: Sequence[str],
    reading: Reading,
    names: Names,
) -> list[iam.PolicyType | iam.ManagedPolicy]:
    """The role's permission to get the objects that the routes' key patterns name.

    One policy as in the article, and more where IAM's limits ask for it.
    """
    bucket = store.arn
    if options.as_printed:
        granted = PolicyDocument(Statement=[policies.article_grant(bucket, "Get*")])
        name = stack_named("-data-store-read-only")
        return [_inline(granted, name, reader, names)]
    documents = [
        policies.document(_grants(bucket, batch, reading))
        for batch in policies.batches(keys, policies.INLINE_OF_ROLE)
    ]
    first, *more = documents
    name = _name_among_others(names) if reading.shared else "data-store-read-only"
    inline = _inline(first, name, reader, names)
    return [inline, *policies.beyond_inline(inline.title, more, Roles=[reader.name])]


def _name_among_others(names: Names) -> Join:
    """One for each read model and stack: on a role, a policy replaces another of its name.

    The stack's id ends with a UUID; its name could be longer than a policy's name may be.
    """
    prefix = [names.prefix] if names.prefix else []
    return Join("-", [*prefix, Select(2, Split("/", StackId)), "data-store-read-only"])


def _inline(
    granted: PolicyDocument, name: AWSHelperFn | str, reader: Reference, names: Names
) -> iam.PolicyType:
    return iam.PolicyType(
        names("ApiGatewayDataStorePolicy"),
        PolicyName=name,
        PolicyDocument=granted,
        Roles=[reader.name],
    )


def _grants(bucket: policies.Arn, keys: Sequence[str], reading: Reading) -> list[Statement]:
    granted = [policies.use([policies.GET], policies.object_arns(bucket, keys))]
    if reading.may_list:
        granted.append(policies.list_keys(bucket, keys))
    if reading.kms_key:
        granted.append(policies.decrypt(reading.kms_key))
    return granted
