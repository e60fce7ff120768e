"""The bucket: closed to the public, and to plain HTTP."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.analysis.audit.words import spoken
from readmodel_cfn.cloudformation.evaluate import Json, Unreadable
from readmodel_cfn.cloudformation.policies import Document, Statement
from readmodel_cfn.cloudformation.resources import Resource

_BLOCK = "PublicAccessBlockConfiguration"
_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


def _public(view: View) -> Iterator[Fault]:
    for bucket in view.buckets:
        try:
            block = view.evaluator.fields(bucket.properties.get(_BLOCK))
        except Unreadable:
            continue
        left = [name for name in _BLOCKS if not _may_be_true(view, block, name)]
        if left:
            yield Fault(
                bucket.id,
                f"Properties/{_BLOCK}",
                f"{spoken(left)} {'is' if len(left) == 1 else 'are'} not set",
                "set all four to true",
            )


def _may_be_true(view: View, block: Json, name: str) -> bool:
    value = view.text(block.get(name, False))
    return not isinstance(value, str) or value.lower() == "true"


def _plain_http(view: View) -> Iterator[Fault]:
    for bucket in view.buckets:
        documents = view.bucket_policies(bucket)
        if all(map(_leaves_http, documents)):
            resource, path = _place(view, bucket)
            yield Fault(
                resource,
                path,
                f"nothing refuses plain HTTP to {bucket.id}",
                "deny s3:* to * on the bucket and its objects where aws:SecureTransport is false; "
                "a second condition in that statement would make it never hold",
            )


def _place(view: View, bucket: Resource) -> tuple[str, str]:
    for one in view.of("AWS::S3::BucketPolicy"):
        if view.text(one.properties.get("Bucket")) == view.text({"Ref": bucket.id}):
            return one.id, "Properties/PolicyDocument"
    return bucket.id, "Properties"


def _leaves_http(document: Document) -> bool:
    return document.complete and not any(map(_refuses_http, document.statements))


def _refuses_http(one: Statement) -> bool:
    everybody = any(name == "*" for _, name in one.principals)
    every_object = any(found.key == "*" for _, found in one.objects)
    conditions = [(key.lower(), values) for _, key, values in one.conditions]
    return (
        one.effect == "Deny"
        and everybody
        and one.may("s3:*")
        and every_object
        and conditions == [("aws:securetransport", ("false",))]
    )


RULES = (
    Rule(
        "R46",
        "public-access",
        "The bucket says that it is closed to the public",
        "One wrong policy or ACL opens the payloads to everybody, past the API.",
        _public,
    ),
    Rule(
        "R47",
        "plain-http",
        "The bucket refuses plain HTTP",
        "Payloads, and the requests that write them, may travel unencrypted.",
        _plain_http,
    ),
)
