"""Whether a role of the template may list the bucket and get a key.

The role is that of an integration's Credentials. Evaluated are its own Policies and the template's
policies attached to it, but no bucket policy and no permissions boundary; of a statement Action and
Resource with their wildcards, and the conditions StringLike and StringEquals on `s3:prefix` and
Bool on `aws:SecureTransport` (API Gateway calls S3 over TLS). A statement with any other condition,
with NotAction or NotResource does not apply.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from readmodel_cfn.local.gateway import S3Request
from readmodel_cfn.local.gateway.cloudformation import TemplateScope, template_scope
from readmodel_cfn.local.gateway.properties import IAM, typed

Properties = Mapping[str, Any]
Statement = Mapping[str, Any]

_ATTACHED = ("Policy", "ManagedPolicy")
_ARN = re.compile(r"arn:[^:]*:s3:::|([A-Za-z0-9]+)\.Arn(?=/|$)")


@dataclass(frozen=True, slots=True)
class Allowed:
    """What a role may do with a key: get it, and list it, which shows that it is missing."""

    get: bool
    list: bool


@dataclass(frozen=True, slots=True)
class Permissions:
    """The statements of the template's roles by ARN, and its buckets' logical IDs by their names.

    `complete` are the roles whose policies are all in the template. Any other role is assumed to
    have permission to get what is not denied, and to list nothing.
    """

    statements: Mapping[str, Sequence[Statement]]
    complete: frozenset[str]
    buckets: Mapping[str, str]

    def of(self, request: S3Request) -> Allowed:
        """What the request's role may do with the request's key.

        The key is used as the listing's prefix, so that a permission limited to prefixes is valid
        for the keys below them (assumed).
        """
        role = request.credentials or ""
        bucket, key = request.bucket, request.key
        names = [bucket, self.buckets[bucket]] if bucket in self.buckets else [bucket]
        keys = [f"{name}/{key}" for name in names]
        get = self._decision(role, "s3:GetObject", keys, None)
        listing = self._decision(role, "s3:ListBucket", names, key)
        return Allowed(role not in self.complete if get is None else get, listing is True)

    def _decision(
        self, role: str, action: str, names: Sequence[str], prefix: str | None
    ) -> bool | None:
        """Allowed, denied, or None where no statement applies; a denial wins."""
        effects = [
            statement.get("Effect") == "Allow"
            for statement in self.statements.get(role, ())
            if _applies(statement, action, names, prefix)
        ]
        return all(effects) if effects else None


def permissions_of(
    template: Mapping[str, Any], parameters: Mapping[str, str], roles: Collection[str] | None = None
) -> Permissions:
    """The permissions that a template gives to roles, by ARN; by default to all its roles.

    Raises:
        DefinitionError: a policy of these roles needs a value that is not known.
    """
    scope = template_scope(template, parameters)
    statements: dict[str, Sequence[Statement]] = {}
    complete: set[str] = set()
    for logical_id in _of_type(scope, "Role"):
        arn = f"{logical_id}.Arn"
        if roles is not None and arn not in roles:
            continue
        role = _resolved(scope, "Role", logical_id)
        statements[arn] = [
            statement
            for document in _documents(scope, logical_id, role)
            for statement in document.get("Statement", ())
        ]
        if scope.resources.keys() >= set(role.get("ManagedPolicyArns", ())):
            complete.add(arn)
    return Permissions(statements, frozenset(complete), dict(_buckets(scope)))


def _documents(scope: TemplateScope, role_id: str, role: Properties) -> Iterator[Properties]:
    """The documents of the role's own policies, and of those in the template attached to it."""
    for policy in role.get("Policies", ()):
        yield policy.get("PolicyDocument", {})
    names = {role_id, role.get("RoleName")}
    managed = role.get("ManagedPolicyArns", ())
    for kind in _ATTACHED:
        for logical_id in _of_type(scope, kind):
            roles = _resolved(scope, kind, logical_id, "Roles").get("Roles", ())
            if logical_id in managed or not names.isdisjoint(roles):
                policy = _resolved(scope, kind, logical_id, "PolicyDocument")
                yield policy.get("PolicyDocument", {})


def _of_type(scope: TemplateScope, kind: str) -> list[str]:
    """The logical IDs of IAM's resources of a kind."""
    found = scope.resources.items()
    return [name for name, resource in found if resource.get("Type") == f"AWS::IAM::{kind}"]


def _resolved(scope: TemplateScope, kind: str, logical_id: str, name: str = "") -> Properties:
    """The properties of one of IAM's resources, or only one of them, with functions evaluated."""
    properties = scope.resources[logical_id].get("Properties") or {}
    if name and isinstance(properties, Mapping):
        properties = {name: properties[name]} if name in properties else {}
    return typed(scope.resolve(properties, logical_id), IAM[kind], logical_id)


def _buckets(scope: TemplateScope) -> Iterator[tuple[str, str]]:
    for logical_id, resource in scope.resources.items():
        if resource.get("Type") == "AWS::S3::Bucket":
            name = str(scope.resolve({"Ref": logical_id}, logical_id))
            if name != logical_id:
                yield name, logical_id


def _applies(statement: Statement, action: str, names: Sequence[str], prefix: str | None) -> bool:
    """Is the statement about the action on the resource, which may have several names?"""
    actions = statement.get("Action", ())
    # The ARN of a bucket of the template is `LogicalId.Arn`, which counts as its logical ID.
    resources = [
        _ARN.sub(lambda arn: arn[1] or "", resource, count=1)
        for resource in statement.get("Resource", ())
    ]
    return (
        any(_like(pattern.lower(), action.lower()) for pattern in actions)
        and any(_like(pattern, name) for pattern in resources for name in names)
        and all(
            _holds(operator, key.lower(), values, prefix)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _holds(operator: str, key: str, values: Sequence[str], prefix: str | None) -> bool:
    match operator, key:
        case "StringLike", "s3:prefix":
            return prefix is not None and any(_like(value, prefix) for value in values)
        case "StringEquals", "s3:prefix":
            return prefix in values
        case "Bool", "aws:securetransport":
            return "true" in [value.lower() for value in values]
        case _:
            return False


def _like(pattern: str, text: str) -> bool:
    return _wildcards(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _wildcards(pattern: str) -> re.Pattern[str]:
    """A pattern with IAM's wildcards: `*` is any text, also with slashes, `?` one character."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)
