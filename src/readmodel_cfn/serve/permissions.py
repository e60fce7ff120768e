"""What the roles of a template may read, from their policies in the template.

The role of an integration is the one that its Credentials name. Counted are its own Policies, the
template's policies attached to it, and nothing else: no bucket policy, no permissions boundary.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.gateway import S3Request
from readmodel_cfn.gateway.intrinsics import Scope, scope_of
from readmodel_cfn.serve.statements import Statement, compiled

_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")


@dataclass(frozen=True, slots=True)
class Role:
    """A role's statements; not `known` as a whole where it has policies from elsewhere."""

    statements: tuple[Statement, ...]
    known: bool

    def decides(self, action: str, names: tuple[str, ...], prefix: str | None) -> bool | None:
        """Allowed, denied, or not said; a denial wins."""
        found = {one.allow for one in self.statements if one.applies(action, names, prefix)}
        return None if not found else False not in found


@dataclass(frozen=True, slots=True)
class Permissions:
    """The template's roles by ARN, and its buckets' logical ids by the names they are given.

    Of a role that is not in the template, or not wholly, it is assumed that it may get what it is
    not denied, and may list nothing.
    """

    roles: Mapping[str, Role]
    buckets: Mapping[str, str]

    def may_get(self, request: S3Request) -> bool:
        """May the request's role get the object?"""
        role = self._role(request)
        names = tuple(f"{name}/{request.key}" for name in self._names(request))
        said = role.decides("s3:GetObject", names, None)
        return not role.known if said is None else said

    def may_list(self, request: S3Request) -> bool:
        """May the request's role list the bucket, and so learn that the object is missing?

        Asked with the key as the listing's prefix, so that a permission limited to prefixes counts
        for the keys below them (assumed).
        """
        names = self._names(request)
        return self._role(request).decides("s3:ListBucket", names, request.key) is True

    def _role(self, request: S3Request) -> Role:
        return self.roles.get(request.credentials or "", _UNKNOWN)

    def _names(self, request: S3Request) -> tuple[str, ...]:
        logical_id = self.buckets.get(request.bucket)
        return (request.bucket,) if logical_id is None else (request.bucket, logical_id)


_UNKNOWN = Role((), known=False)


def permissions_of(template: Mapping[str, Any], parameters: Mapping[str, str]) -> Permissions:
    """The permissions that a template gives.

    Raises:
        DefinitionError: a policy has a function that cannot be resolved.
    """
    scope = scope_of(template, parameters)
    return Permissions(
        roles={
            f"{logical_id}.Arn": _role(scope, logical_id, properties)
            for logical_id, properties in _of_type(scope, "AWS::IAM::Role")
        },
        buckets=dict(_buckets(scope)),
    )


def _role(scope: Scope, logical_id: str, properties: Mapping[str, Any]) -> Role:
    own = {
        name: scope.resolve(properties.get(name), logical_id)
        for name in ("RoleName", "Policies", "ManagedPolicyArns")
    }
    managed = own["ManagedPolicyArns"] or []
    documents = [one["PolicyDocument"] for one in own["Policies"] or []]
    documents += _attached(scope, {logical_id, own["RoleName"]}, managed)
    statements = tuple(one for document in documents for one in compiled(document))
    return Role(statements, known=scope.resources.keys() >= set(managed))


def _attached(
    scope: Scope, role: set[str | None], managed: Sequence[str]
) -> Iterator[Mapping[str, Any]]:
    """The documents of the template's policies that are attached to the role of these names."""
    for kind in _ATTACHED:
        for logical_id, properties in _of_type(scope, kind):
            roles = scope.resolve(properties.get("Roles") or [], logical_id)
            if logical_id in managed or not role.isdisjoint(roles):
                yield scope.resolve(properties["PolicyDocument"], logical_id)


def _buckets(scope: Scope) -> Iterator[tuple[str, str]]:
    for logical_id, properties in _of_type(scope, "AWS::S3::Bucket"):
        if name := properties.get("BucketName"):
            yield str(scope.resolve(name, logical_id)), logical_id


def _of_type(scope: Scope, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for logical_id, resource in scope.resources.items():
        if resource.get("Type") == kind:
            yield logical_id, resource.get("Properties") or {}
