"""Whether a role of the template may list the bucket and get a key.

The role is the Credentials of an integration. The evaluation uses its inline policies and the
template's policies that are attached to it, but no bucket policy and no permissions boundary. It
supports Action and Resource with wildcards, StringLike and StringEquals on `s3:prefix`, and Bool on
`aws:SecureTransport` (API Gateway calls S3 over TLS). A statement with another condition, NotAction
or NotResource is ignored.
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
    """The permissions of a role on a key: `get` for GetObject, `list` for ListBucket."""

    get: bool
    list: bool


@dataclass(frozen=True, slots=True)
class Permissions:
    """The statements of the template's roles by ARN, and the logical IDs of its buckets by name.

    `complete` has the roles whose policies are all in the template. Any other role is assumed to be
    allowed to get what is not denied, and not to list.
    """

    statements: Mapping[str, Sequence[Statement]]
    complete: frozenset[str]
    buckets: Mapping[str, str]

    def of(self, request: S3Request) -> Allowed:
        """The permissions of the request's role on the request's key.

        The key is the value of s3:prefix, so that a permission for a prefix is valid for its keys
        (assumed).
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
        """Allowed, denied, or None if no statement applies; Deny has precedence."""
        effects = [
            statement.get("Effect") == "Allow"
            for statement in self.statements.get(role, ())
            if _applies(statement, action, names, prefix)
        ]
        return all(effects) if effects else None


def permissions_of(
    template: Mapping[str, Any], parameters: Mapping[str, str], roles: Collection[str] | None = None
) -> Permissions:
    """The permissions of a template's roles; `roles` are their ARNs, by default all.

    Raises:
        DefinitionError: a policy of these roles depends on an unknown value.
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
    """The documents of the role's inline policies and attached policies in the template."""
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
    """The logical IDs of the IAM resources of a kind."""
    found = scope.resources.items()
    return [name for name, resource in found if resource.get("Type") == f"AWS::IAM::{kind}"]


def _resolved(scope: TemplateScope, kind: str, logical_id: str, name: str = "") -> Properties:
    """The properties of an IAM resource, or only `name`, with functions evaluated."""
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
    """Whether the statement applies to the action on a resource, which may have several names."""
    actions = statement.get("Action", ())
    # A bucket of the template has the ARN `LogicalId.Arn` here; it is replaced by the logical ID.
    resources = [
        _ARN.sub(lambda arn: arn[1] or "", resource, count=1)
        for resource in statement.get("Resource", ())
    ]
    return (
        any(_matches(pattern.lower(), action.lower()) for pattern in actions)
        and any(_matches(pattern, name) for pattern in resources for name in names)
        and all(
            _condition_is_met(operator, key.lower(), values, prefix)
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
    )


def _condition_is_met(operator: str, key: str, values: Sequence[str], prefix: str | None) -> bool:
    match operator, key:
        case "StringLike", "s3:prefix":
            return prefix is not None and any(_matches(value, prefix) for value in values)
        case "StringEquals", "s3:prefix":
            return prefix in values
        case "Bool", "aws:securetransport":
            return "true" in [value.lower() for value in values]
        case _:
            return False


def _matches(pattern: str, text: str) -> bool:
    return _wildcards(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _wildcards(pattern: str) -> re.Pattern[str]:
    """A pattern with IAM's wildcards: `*` matches any text, also slashes, `?` one character."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.compile(escaped, re.DOTALL)
