"""IAM roles, users and groups with their policies, and the roles that methods use to read S3."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.cloudformation.branches import branches, texts_of
from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.policies import Document, Statement, parse_branches, parse_policy
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.s3_uri import Objects
from readmodel_cfn.cloudformation.values import (
    PartialText,
    Text,
    Unknown,
    match_text,
    reference_of,
)

ROLE, USER, GROUP = "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"
# The properties of policy resources that name identities: a list, or a single name.
POLICY_TYPES: Mapping[str, tuple[str, ...]] = {
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::RolePolicy": ("RoleName",),
    "AWS::IAM::UserPolicy": ("UserName",),
    "AWS::IAM::GroupPolicy": ("GroupName",),
}
IDENTITY_TYPES: Mapping[str, str] = {
    "Roles": ROLE,
    "RoleName": ROLE,
    "Users": USER,
    "UserName": USER,
    "Groups": GROUP,
    "GroupName": GROUP,
}
"""The type of identity that such a property names."""
NAME_PROPERTIES = {ROLE: "RoleName", USER: "UserName", GROUP: "GroupName"}
"""The property with an identity's own name."""


_ROLE_ARN = re.compile(r".*:role/(?:.*/)?(?P<name>[^/]+)", re.DOTALL)


def role_name(arn: PartialText) -> PartialText | None:
    """The name in a role's ARN, such as `arn:aws:iam::123456789012:role/path/name`."""
    found = match_text(_ROLE_ARN, arn)
    return found["name"] if found else None


@dataclass(frozen=True)
class Identity:
    """A role, user or group with its policies; `elsewhere` are ARNs outside the template."""

    resource: Resource
    trust: Document
    policies: tuple[Document, ...]
    elsewhere: tuple[PartialText, ...]

    @property
    def complete(self) -> bool:
        """Whether all permissions are known."""
        return not self.elsewhere and all(policy.complete for policy in self.policies)

    @property
    def has_unknown_permissions(self) -> bool:
        """Whether some permissions are unknown; the policies that AWS manages are known by name."""
        unknown = (arn for arn in self.elsewhere if ":iam::aws:policy/" not in str(arn))
        return any(True for _ in unknown) or not all(policy.complete for policy in self.policies)


@dataclass(frozen=True)
class S3Role:
    """A role, and the methods that use it for requests to S3: at least one.

    `only_reads` is true if no other integration uses the role.
    """

    identity: Identity
    methods: tuple[Method, ...]
    only_reads: bool

    @property
    def id(self) -> str:
        """The role's logical ID."""
        return self.identity.resource.id

    @property
    def granted(self) -> Iterator[Statement]:
        """The statements that allow something to the role."""
        for document in self.identity.policies:
            yield from (statement for statement in document.statements if statement.allows)

    def is_limited(self, actions: Iterable[str]) -> bool:
        """Whether a statement denies it all of these actions outside of some resources."""
        denying = [
            statement
            for document in self.identity.policies
            for statement in document.statements
            if statement.effect == "Deny"
            and "NotResource" in statement.all_but
            and not statement.conditions
        ]
        return all(any(statement.may(action) for statement in denying) for action in actions)

    @property
    def objects(self) -> list[Objects]:
        """The objects that its methods request, each once."""
        return list(dict.fromkeys(method.objects for method in self.methods if method.objects))

    @property
    def keys(self) -> list[PartialText]:
        """The keys that its methods request, as patterns; empty for a whole bucket."""
        return list(dict.fromkeys(objects.key or "" for objects in self.objects))


def parse_identity(
    resource: Resource, all_resources: Mapping[str, Resource], evaluator: Evaluator
) -> Identity:
    """The identity that a resource describes."""
    trust = resource.properties.get("AssumeRolePolicyDocument")
    managed = _managed_policies(resource, evaluator)
    policies = [
        *_inline_policies(resource, evaluator),
        *_attached_policies(resource, managed, all_resources, evaluator),
    ]
    return Identity(
        resource=resource,
        trust=parse_branches(trust, resource.id, "Properties/AssumeRolePolicyDocument", evaluator),
        policies=tuple(policies),
        elsewhere=tuple(arn for arn in managed if reference_of(arn) not in all_resources),
    )


def _managed_policies(resource: Resource, evaluator: Evaluator) -> list[PartialText]:
    value = resource.properties.get("ManagedPolicyArns")
    found: dict[PartialText, None] = {}
    for own in branches(value, evaluator):
        try:
            found |= {own.text(arn): None for _, arn in own.items(value)}
        except Unreadable:
            return [Text((Unknown("Fn::Policies"),))]
    return list(found)


def _inline_policies(resource: Resource, evaluator: Evaluator) -> Iterator[Document]:
    value = resource.properties.get("Policies")
    found: dict[Document, None] = {}
    for own in branches(value, evaluator):
        try:
            policies = [(index, own.fields(policy)) for index, policy in own.items(value)]
        except Unreadable:
            found[Document((), False)] = None
            continue
        for index, policy in policies:
            path = f"Properties/Policies/{index}/PolicyDocument"
            found[parse_policy(policy.get("PolicyDocument"), resource.id, path, own)] = None
    yield from found


def _attached_policies(
    identity: Resource,
    managed: list[PartialText],
    all_resources: Mapping[str, Resource],
    evaluator: Evaluator,
) -> Iterator[Document]:
    own_name = identity.properties.get(NAME_PROPERTIES.get(identity.type, ""))
    own_names = {evaluator.text({"Ref": identity.id}), evaluator.text(own_name)} - {""}
    for policy in all_resources.values():
        properties = [
            name
            for name in POLICY_TYPES.get(policy.type, ())
            if IDENTITY_TYPES[name] == identity.type
        ]
        named = {
            name
            for property_name in properties
            for name in texts_of(policy.properties.get(property_name), evaluator)
        }
        if named & own_names or (properties and evaluator.text({"Ref": policy.id}) in managed):
            value = policy.properties.get("PolicyDocument")
            own = policy.existing(evaluator)
            yield parse_branches(value, policy.id, "Properties/PolicyDocument", own)
