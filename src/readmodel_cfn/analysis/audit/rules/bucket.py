"""The bucket blocks public access and plain HTTP."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.analysis.words import join_words
from readmodel_cfn.cloudformation.evaluate import Json, Unreadable
from readmodel_cfn.cloudformation.policies import Document, Statement
from readmodel_cfn.cloudformation.resources import Resource

_BLOCK = "PublicAccessBlockConfiguration"
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


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
