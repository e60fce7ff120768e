"""What policies allow: who may do what with which keys of a bucket."""

from collections.abc import Iterator, Mapping, Sequence

from readmodel_cfn.analysis.graph.nodes import BUCKET, GROUP, IDENTITIES, ROLE, USER, named
from readmodel_cfn.analysis.graph.picture import Arrow, Node
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.patterns import has_star
from readmodel_cfn.cloudformation.policies import Statement, parse_policy
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText

ACCESS_KEY = "AWS::IAM::AccessKey"
POLICIES = (
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
)
_WRITING = ("s3:PutObject", "s3:DeleteObject")
_WHOSE = {
    "Roles": ROLE,
    "RoleName": ROLE,
    "Users": USER,
    "UserName": USER,
    "Groups": GROUP,
    "GroupName": GROUP,
}


def grants(view: View, nodes: Mapping[str, Node]) -> Iterator[Arrow]:
    """From an identity to its policies and keys; from whatever grants something to the bucket."""
    for one in view.resources.values():
        if one.type in IDENTITIES:
            yield from _granted(view, nodes[one.id], _inline(view, one))
        elif one.type in (*POLICIES, ACCESS_KEY):
            yield from (Arrow(who, nodes[one.id]) for who in _holders(view, one))
            written = parse_policy(one.properties.get("PolicyDocument"), one.id, "", view.evaluator)
            yield from _granted(view, nodes[one.id], written.statements)


def _inline(view: View, identity: Resource) -> list[Statement]:
    documents = view.identity(identity).policies
    return [one for found in documents for one in found.statements if one.resource == identity.id]


def _holders(view: View, one: Resource) -> Iterator[Node]:
    for name, kind in _WHOSE.items():
        texts = map(view.text, view.evaluator.one_or_more(one.properties.get(name)))
        yield from (named(view, kind, text) for text in texts)


def _granted(view: View, who: Node, statements: Sequence[Statement]) -> Iterator[Arrow]:
    """An arrow to each bucket that the statements name, not to those that patterns may mean."""
    told: dict[PartialText, list[Statement]] = {}
    for one in statements:
        for arn, found in one.objects:
            if one.allows and ":s3:::" in str(arn) and not has_star(found.bucket):
                told.setdefault(found.bucket, []).append(one)
    for bucket, allowed in told.items():
        yield _arrow(who, named(view, BUCKET, bucket), allowed)


def _arrow(who: Node, bucket: Node, allowed: Sequence[Statement]) -> Arrow:
    actions = dict.fromkeys(action for one in allowed for action in one.actions)
    keys = dict.fromkeys(str(found.key) for one in allowed for _, found in one.objects if found.key)
    writes = any(one.may(action) for one in allowed for action in _WRITING)
    return Arrow(who, bucket, " ".join(actions), tuple(keys), writes)
