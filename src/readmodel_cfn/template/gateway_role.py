"""The gateway role: the IAM role that API Gateway assumes to read documents, and its policies.

The article: "a role - again for security using least privilege". Its role is allowed `s3:Get*` on
every key; here the role may get the keys of the routes only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from awacs.aws import Statement
from troposphere import Join, Select, Split, StackId, iam

from readmodel_cfn.template import policies
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.options import without_none
from readmodel_cfn.template.references import Reference, reference_to
from readmodel_cfn.template.sections.gateway_role import GatewayRole


@dataclass(frozen=True)
class GatewayRoleResources:
    """The created role, if any, and its read policies; `reference` is to the role in use."""

    reference: Reference
    role: iam.Role | None
    policies: tuple[iam.PolicyType | iam.ManagedPolicy, ...]


def build_gateway_role(
    options: GatewayRole,
    names: Names,
    *,
    existing: Reference | None,
    bucket: Reference,
    keys: Sequence[str],
    may_list: bool,
    kms_key: str | None,
    releases: bool = False,
) -> GatewayRoleResources:
    """The role and its permission to get the objects of the key patterns `keys`.

    There is one inline policy as in the article, and managed policies if IAM's quotas require them;
    an `existing` role gets them too. With `may_list` S3 returns 404 for a missing object; `kms_key`
    is the key that encrypts the bucket.

    The policy for releases has a logical ID and a name of its own. So an update that turns releases
    on or off creates it before it deletes the other one, in the cleanup after the stage's update:
    the role may read what each deployment reads.
    """
    role = None if existing else _role(options, names)
    reference = existing or reference_to(role)
    first, *others = (
        policies.document(_statements(bucket.arn, batch, may_list, kms_key))
        for batch in policies.batches(keys, iam.Role)
    )
    name = "releases-read-only" if releases else "data-store-read-only"
    inline = iam.PolicyType(
        names("ApiGatewayReleasesPolicy" if releases else "ApiGatewayDataStorePolicy"),
        PolicyName=_unique_name(names, name) if existing else name,
        PolicyDocument=first,
        Roles=[reference.name],
    )
    managed = policies.beyond_inline(inline.title, others, Roles=[reference.name])
    return GatewayRoleResources(reference, role, (inline, *managed))


def _role(options: GatewayRole, names: Names) -> iam.Role:
    """The role, which only API Gateway may assume."""
    return iam.Role(
        names("ApiGatewayRole"),
        AssumeRolePolicyDocument=policies.document([policies.assumed_by_api_gateway()]),
        **without_none(RoleName=options.name, PermissionsBoundary=options.permissions_boundary),
    )


def _unique_name(names: Names, name: str) -> Join:
    """A policy name that is unique on the role: a policy with the same name would be replaced.

    The stack's ID ends with a UUID; the stack's name can be longer than a policy name.
    """
    prefix = [names.prefix] if names.prefix else []
    return Join("-", [*prefix, Select(2, Split("/", StackId)), name])


def _statements(
    bucket: policies.Arn, keys: Sequence[str], may_list: bool, kms_key: str | None
) -> list[Statement]:
    statements = [policies.use([policies.GET], policies.object_arns(bucket, keys))]
    if may_list:
        statements.append(policies.list_keys(bucket, keys))
    if kms_key:
        statements.append(policies.decrypt(kms_key))
    return statements
