"""The bucket is not public, and blocks public access and plain HTTP."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.evaluate import Json, Unreadable
from readmodel_cfn.cloudformation.policies import Document, Statement, is_s3
from readmodel_cfn.cloudformation.resources import Resource

_BLOCK = "PublicAccessBlockConfiguration"
_PUBLIC_ACLS = ("PublicRead", "PublicReadWrite")
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _open(view: View) -> Iterator[Violation]:
    for bucket in view.buckets:
        try:
            block = view.evaluator.fields(bucket.properties.get(_BLOCK))
        except Unreadable:
            continue
        blocked = {name for name in _BLOCKS if _may_be_true(view, block, name)}
        acl = view.text(bucket.properties.get("AccessControl"))
        if acl in _PUBLIC_ACLS and blocked.isdisjoint(("BlockPublicAcls", "IgnorePublicAcls")):
            yield Violation(
                bucket.id,
                "Properties/AccessControl",
                f"the ACL {acl} gives everybody the objects, or their list",
                "remove AccessControl, and set the public access block",
            )
        if blocked.isdisjoint(("BlockPublicPolicy", "RestrictPublicBuckets")):
            yield from _open_by_policy(view, bucket)


def _open_by_policy(view: View, bucket: Resource) -> Iterator[Violation]:
    for document in view.bucket_policies(bucket):
        for statement in document.statements:
            actions = [action for action in statement.actions if is_s3(action)]
            actions += ["all actions except some"] if "NotAction" in statement.all_but else []
            if statement.allows and _is_for_everybody(statement) and actions:
                yield Violation(
                    statement.resource,
                    statement.place_of("Principal"),
                    f"everybody is allowed {join_words(actions)} in {bucket.id}",
                    "remove the statement: the API reads with its role",
                )


def _is_for_everybody(statement: Statement) -> bool:
    named = any(kind in ("", "AWS") and name == "*" for kind, name in statement.principals)
    return named and not statement.conditions


def _public(view: View) -> Iterator[Violation]:
    for bucket in view.buckets:
        try:
            block = view.evaluator.fields(bucket.properties.get(_BLOCK))
        except Unreadable:
            continue
        missing = [name for name in _BLOCKS if not _may_be_true(view, block, name)]
        if missing:
            yield Violation(
                bucket.id,
                f"Properties/{_BLOCK}",
                f"not set to true: {join_words(missing)}",
                "set all four to true",
            )


def _may_be_true(view: View, block: Json, name: str) -> bool:
    value = view.text(block.get(name, False))
    return not isinstance(value, str) or value.lower() == "true"


def _plain_http(view: View) -> Iterator[Violation]:
    for bucket in view.buckets:
        if all(map(_allows_http, view.bucket_policies(bucket))):
            resource, path = _policy_location(view, bucket)
            yield Violation(
                resource,
                path,
                f"plain HTTP to {bucket.id} is not denied",
                "deny s3:* to * on the bucket and its objects if aws:SecureTransport is false; use "
                "no other condition in that statement",
            )


def _policy_location(view: View, bucket: Resource) -> tuple[str, str]:
    for policy in view.bucket_policy_resources(bucket):
        return policy.id, "Properties/PolicyDocument"
    return bucket.id, "Properties"


def _allows_http(document: Document) -> bool:
    return document.complete and not any(map(_denies_http, document.statements))


def _denies_http(statement: Statement) -> bool:
    everybody = any(name == "*" for _, name in statement.principals)
    every_object = any(objects.key == "*" for _, objects in statement.objects)
    conditions = [(key.lower(), values) for _, key, values in statement.conditions]
    return (
        statement.effect == "Deny"
        and everybody
        and statement.may("s3:*")
        and every_object
        and conditions == [("aws:securetransport", ("false",))]
    )


RULES = (
    Rule(
        "R56",
        "public-bucket",
        "high",
        "No policy and no ACL gives everybody the bucket",
        "Clients need no API: what it refuses, they get from S3.",
        _open,
    ),
    Rule(
        "R46",
        "public-access",
        "medium",
        "The bucket blocks public access",
        "One wrong policy or ACL makes the documents public, without the API.",
        _public,
    ),
    Rule(
        "R47",
        "plain-http",
        "medium",
        "The bucket denies plain HTTP",
        "Documents, and the requests that write them, may be sent unencrypted.",
        _plain_http,
    ),
)
