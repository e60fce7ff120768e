"""Who a role is, who may take it, and what the template grants it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.policies import Document, parse_policy
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText, Text, Unknown, reference_of

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
    elsewhere: tuple[PartialText, ...]

    @property
    def complete(self) -> bool:
        """Is everything known that it is granted?"""
        return not self.elsewhere and all(one.complete for one in self.policies)


def identity(
    resource: Resource, resources: Mapping[str, Resource], evaluator: Evaluator
) -> Identity:
    """The identity that a resource describes."""
    trusted = resource.properties.get("AssumeRolePolicyDocument")
    attached = _managed(resource, evaluator)
    policies = [*_inline(resource, evaluator), *_granted(resource, attached, resources, evaluator)]
    return Identity(
        resource=resource,
        trust=parse_policy(trusted, resource.id, "Properties/AssumeRolePolicyDocument", evaluator),
        policies=tuple(policies),
        elsewhere=tuple(arn for arn in attached if reference_of(arn) not in resources),
    )


def _managed(resource: Resource, evaluator: Evaluator) -> list[PartialText]:
    try:
        listed = evaluator.items(resource.properties.get("ManagedPolicyArns"))
    except Unreadable:
        return [Text((Unknown("Fn::Policies"),))]
    return [evaluator.text(arn) for _, arn in listed]


def _inline(resource: Resource, evaluator: Evaluator) -> Iterator[Document]:
    try:
        listed = evaluator.items(resource.properties.get("Policies"))
    except Unreadable:
        yield Document((), False)
        return
    for index, policy in listed:
        try:
            value = evaluator.fields(policy)
        except Unreadable:
            yield Document((), False)
            continue
        path = f"Properties/Policies/{index}/PolicyDocument"
        yield parse_policy(value.get("PolicyDocument"), resource.id, path, evaluator)


def _granted(
    to: Resource,
    attached: list[PartialText],
    resources: Mapping[str, Resource],
    evaluator: Evaluator,
) -> Iterator[Document]:
    names = _NAMES.get(to.type, ("", ""))
    own = {evaluator.text({"Ref": to.id}), evaluator.text(to.properties.get(names[1]))} - {""}
    for policy in resources.values():
        listed = [name for name in _ATTACHED.get(policy.type, ()) if name in names]
        called = {
            evaluator.text(who)
            for name in listed
            for who in evaluator.one_or_more(policy.properties.get(name))
        }
        if called & own or (listed and evaluator.text({"Ref": policy.id}) in attached):
            value = policy.properties.get("PolicyDocument")
            yield parse_policy(value, policy.id, "Properties/PolicyDocument", evaluator)
