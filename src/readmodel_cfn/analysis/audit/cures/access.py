"""Cures of access: roles, policies, the bucket, users, and secrets in outputs."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from readmodel_cfn.analysis.audit.cures.edit import (
    Cure,
    Edit,
    appended,
    expression,
    is_plain,
    method_of,
    new_id,
)
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.patterns import before_star, has_star
from readmodel_cfn.cloudformation.resources import references
from readmodel_cfn.cloudformation.s3_uri import Objects
from readmodel_cfn.cloudformation.values import Unknown, join_texts

_REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d"
_SERVICE = {"Service": "apigateway.amazonaws.com"}
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": _SERVICE, "Action": "sts:AssumeRole"}],
}


def _arns(objects: Iterable[Objects]) -> list[Any]:
    """The ARNs of objects, with * for each parameter; empty if one of them is unknown."""
    prefix = join_texts(["arn:", Unknown("AWS::Partition"), ":s3:::"])
    arns = [
        None
        if found.key is None or not found.key or has_star(found.bucket)
        else expression(prefix, found.bucket, "/", found.key)
        for found in objects
    ]
    return arns if all(arn is not None for arn in arns) else []


def _reading(arns: Sequence[Any]) -> dict[str, Any]:
    """An inline policy that allows reading these objects."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": list(arns)}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return {"PolicyName": "read-documents", "PolicyDocument": document}


def _new_role(view: View, resource: str, path: str) -> Iterator[Edit]:
    method = method_of(view, resource)
    arns = _arns([method.objects]) if method and method.objects else []
    if arns:
        name = new_id(view, f"{resource}Role")
        properties = {"AssumeRolePolicyDocument": _TRUST, "Policies": [_reading(arns)]}
        yield Edit(f"Resources/{name}", {"Type": "AWS::IAM::Role", "Properties": properties})
        yield Edit(f"Resources/{resource}/{path}", {"Fn::GetAtt": [name, "Arn"]})


def _api_gateway_only(view: View, resource: str, path: str) -> Iterator[Edit]:
    if view.written(f"Resources/{resource}/{path}") is not None:
        yield Edit(f"Resources/{resource}/{path}", _SERVICE)


def _trust(_: View, resource: str, path: str) -> Iterator[Edit]:
    yield Edit(f"Resources/{resource}/{path}", _TRUST)


def _no_condition(view: View, resource: str, path: str) -> Iterator[Edit]:
    """The statement without its condition, if the condition has only what is never sent."""
    place = f"Resources/{resource}/{path.removesuffix('/Condition')}"
    statement = view.written(place)
    condition = statement.get("Condition") if isinstance(statement, Mapping) else None
    if isinstance(condition, Mapping) and all(map(is_plain, condition.values())):
        keys = {key.lower() for operator in condition.values() for key in operator}
        if keys <= {"aws:sourcearn", "aws:sourceaccount"}:
            yield Edit(place, {k: v for k, v in statement.items() if k != "Condition"})


def _get_only(view: View, resource: str, path: str) -> Iterator[Edit]:
    """The one action of a role that only reads, in place of the actions that are written."""
    only_reads = all(
        role.only_reads
        for role in view.all_s3_roles
        for statement in role.granted
        if (statement.resource, f"{statement.path}/Action") == (resource, path)
    )
    is_action = path.endswith("/Action")  # not NotAction
    if is_action and only_reads and view.written(f"Resources/{resource}/{path}") is not None:
        yield Edit(f"Resources/{resource}/{path}", "s3:GetObject")


def _put_only(view: View, resource: str, path: str) -> Iterator[Edit]:
    if view.written(f"Resources/{resource}/{path}") is not None:
        yield Edit(f"Resources/{resource}/{path}", "s3:PutObject")


def _no_wide_policy(view: View, resource: str, path: str) -> Iterator[Edit]:
    """The keys of the integrations in place of a managed policy, if it is the only one."""
    written = view.written(f"Resources/{resource}/{path}")
    only_reads = all(role.only_reads for role in view.all_s3_roles if role.id == resource)
    if only_reads and isinstance(written, list) and len(written) == 1:
        policies = list(_may_read(view, resource, path))
        if policies:
            yield Edit(f"Resources/{resource}/{path}", [])
            yield from policies


def _may_read(view: View, resource: str, _: str) -> Iterator[Edit]:
    for role in view.s3_roles:
        arns = _arns(role.objects) if role.id == resource else []
        if arns:
            place = f"Resources/{resource}/Properties/Policies"
            yield from appended(view, place, [_reading(arns)])


def _keys_only(view: View, resource: str, path: str) -> Iterator[Edit]:
    for role in view.all_s3_roles:
        for statement in role.granted:
            if (statement.resource, f"{statement.path}/Resource") == (resource, path):
                arns = _arns(role.objects)
                of_objects = all(found.key is not None for _, found in statement.objects)
                if arns and of_objects:
                    yield Edit(f"Resources/{resource}/{path}", arns)
                return


def _listed_prefixes(view: View, resource: str, path: str) -> Iterator[Edit]:
    for role in view.s3_roles:
        for statement in role.granted:
            if (statement.resource, statement.path) == (resource, path):
                prefixes = [expression(before_star(key), "*") for key in role.keys]
                if None not in prefixes and not statement.conditions:
                    condition = {"StringLike": {"s3:prefix": prefixes}}
                    yield Edit(f"Resources/{resource}/{path}/Condition", condition)
                return


def _public_access(_: View, resource: str, path: str) -> Iterator[Edit]:
    yield Edit(f"Resources/{resource}/{path}", dict.fromkeys(_BLOCKS, True))


def _tls(view: View, resource: str, path: str) -> Iterator[Edit]:
    """A statement in the bucket's policy, which is new if the bucket has none."""
    is_bucket = path == "Properties"
    bucket = resource
    for found in view.buckets:
        if any(policy.id == resource for policy in view.bucket_policy_resources(found)):
            bucket = found.id
    refuse = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [{"Fn::GetAtt": [bucket, "Arn"]}, {"Fn::Sub": f"${{{bucket}.Arn}}/*"}],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    if is_bucket:
        properties = {
            "Bucket": {"Ref": bucket},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [refuse]},
        }
        yield Edit(
            f"Resources/{new_id(view, f'{bucket}Policy')}",
            {"Type": "AWS::S3::BucketPolicy", "Properties": properties},
        )
    else:
        yield from appended(view, f"Resources/{resource}/{path}/Statement", [refuse])


def _secret(view: View, _: str, path: str) -> Iterator[Edit]:
    """A secret with the key, whose ARN is the output."""
    for reference in references(view.written(f"Outputs/{path}")):
        key, _, attribute = reference.partition(".")
        if attribute == "SecretAccessKey" and key in view.resources:
            name = new_id(view, f"{key}Secret")
            properties = {"SecretString": {"Fn::GetAtt": [key, attribute]}}
            secret = {"Type": "AWS::SecretsManager::Secret", "Properties": properties}
            yield Edit(f"Resources/{name}", secret)
            yield Edit(f"Outputs/{path}", {"Ref": name})
            return


def _signed(_: View, resource: str, path: str) -> Iterator[Edit]:
    yield Edit(f"Resources/{resource}/{path}", "AWS_IAM")


def _pseudo_parameters(view: View, resource: str, path: str) -> Iterator[Edit]:
    """The text as Fn::Sub, with pseudo parameters in place of the literal region and partition."""
    place = f"Outputs/{path}" if resource == "Outputs" else f"Resources/{resource}/{path}"
    written = view.written(place)
    found = None if written is None else expression(view.plain_text(written))
    if found is None:
        return
    text = found.replace("${", "${!") if isinstance(found, str) else found["Fn::Sub"]
    text = re.sub(r"(?<![\w:-])arn:aws[a-z-]*:", "arn:${AWS::Partition}:", text)
    text = re.sub(rf"(?<=[:.]){_REGION}(?=[:.])", "${AWS::Region}", text)
    text = text.replace(".amazonaws.com", ".${AWS::URLSuffix}") if "://" in text else text
    yield Edit(place, {"Fn::Sub": text})


CURES: Mapping[str, Cure] = {
    "R36": _new_role,
    "R37": _api_gateway_only,
    "R38": _trust,
    "R39": _no_condition,
    "R40": _get_only,
    "R41": _no_wide_policy,
    "R42": _keys_only,
    "R43": _listed_prefixes,
    "R44": _may_read,
    "R45": _pseudo_parameters,
    "R46": _public_access,
    "R47": _tls,
    "R48": _secret,
    "R49": _put_only,
    "R54": _pseudo_parameters,
    "R55": _signed,
}
"""The cures by rule."""
