"""Who a role is, who may take it, and what the template grants it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.audit.policies import Document, document
from readmodel_cfn.audit.reading import Json, Text, Unreadable, fields, items, one_or_more
from readmodel_cfn.audit.resource import Resource

# The types whose policies are attached to identities: by a list of names, or by one name.
_ATTACHED = {
    "AWS::IAM::Policy": ("Roles", "Users", "Groups"),
    "AWS::IAM::ManagedPolicy": ("Roles", "Users", "Groups"),
    "AWS::IAM::RolePolicy": ("RoleName",),
    "AWS::IAM::UserPolicy": ("UserName",),
    "AWS::IAM::GroupPolicy": ("GroupName",),
}
_NAMES = {
    "AWS::IAM::Role": ("Roles", "RoleName"),
    "AWS::IAM::User": ("Users", "UserName"),
    "AWS::IAM::Group": ("Groups", "GroupName"),
}


@dataclass(frozen=True)
class Identity:
    """A role, user or group with its policies; `elsewhere` are ARNs of policies not in here."""

    resource: Resource
    trust: Document
    policies: tuple[Document, ...]
    elsewhere: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Is everything known that it is granted?"""
        return not self.elsewhere and all(one.complete for one in self.policies)


def identity(resource: Resource, resources: Mapping[str, Resource], text: Text) -> Identity:
    """The identity that a resource describes."""
    trusted = resource.properties.get("AssumeRolePolicyDocument")
    attached = _managed(resource, text)
    policies = [*_inline(resource, text), *_granted(resource, attached, resources, text)]
    return Identity(
        resource=resource,
        trust=document(trusted, resource.id, "Properties/AssumeRolePolicyDocument", text),
        policies=tuple(policies),
        elsewhere=tuple(one for one in attached if one[2:-1] not in resources),
    )


def _managed(resource: Resource, text: Text) -> list[str]:
    arns = resource.properties.get("ManagedPolicyArns")
    return [text(one) for one in one_or_more(arns)] if isinstance(arns, list) else _unknown(arns)


def _unknown(value: Any) -> list[str]:
    return [] if value is None else ["an unknown policy"]


def _inline(resource: Resource, text: Text) -> Iterator[Document]:
    try:
        listed = items(resource.properties.get("Policies"))
    except Unreadable:
        yield Document((), False)
        return
    for index, one in listed:
        try:
            value: Json = fields(one)
        except Unreadable:
            yield Document((), False)
            continue
        path = f"Properties/Policies/{index}/PolicyDocument"
        yield document(value.get("PolicyDocument"), resource.id, path, text)


def _granted(
    to: Resource, attached: list[str], resources: Mapping[str, Resource], text: Text
) -> Iterator[Document]:
    names = _NAMES.get(to.type, ("", ""))
    own = {f"${{{to.id}}}", text(to.properties.get(names[1]))} - {""}
    for one in resources.values():
        listed = [name for name in _ATTACHED.get(one.type, ()) if name in names]
        called = {text(who) for name in listed for who in one_or_more(one.properties.get(name))}
        if called & own or (listed and f"${{{one.id}}}" in attached):
            value = one.properties.get("PolicyDocument")
            yield document(value, one.id, "Properties/PolicyDocument", text)
