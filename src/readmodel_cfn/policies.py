"""Every permission of the stack, in one place, with the reason beside it.

Pure functions over ARNs. Statements say one thing each; documents put them together. No action has
a wildcard outside the article's own template (`article_*`).
"""

from collections.abc import Sequence
from typing import Any

from awacs import kms, s3, sts
from awacs.aws import (
    Action,
    Allow,
    Bool,
    Condition,
    Deny,
    PolicyDocument,
    Principal,
    SecureTransport,
    Statement,
    StringLike,
)
from troposphere import AWSHelperFn, Join, iam

from readmodel_cfn.errors import ConfigError

# awacs's types do not know troposphere's functions, which it renders all the same.
Arn = Any
_VERSION = "2012-10-17"

PUT, GET, DELETE = s3.PutObject, s3.GetObject, s3.DeleteObject


def document(statements: Sequence[Statement]) -> PolicyDocument:
    """A policy document in the current language version."""
    return PolicyDocument(Version=_VERSION, Statement=list(statements))


def object_arns(bucket: Arn, patterns: Sequence[str]) -> list[Arn]:
    """The ARNs of the objects that the key patterns name, below a bucket's ARN."""
    return [Join("", [bucket, f"/{pattern}"]) for pattern in dict.fromkeys(patterns)]


def use(actions: Sequence[Action], objects: Sequence[Arn]) -> Statement:
    """Do the actions to the payloads.

    PUT is all that a publisher needs. GET is all that serving needs; a writer needs it too to put
    with If-Match. DELETE removes what is no longer published; versions stay out of reach.
    """
    return Statement(Effect=Allow, Action=list(actions), Resource=list(objects))


def list_keys(bucket: Arn, patterns: Sequence[str]) -> Statement:
    """List the routes' keys only: s3:prefix must match one of them.

    A writer sees by it what is published. The gateway's role needs it for S3 to tell a missing
    object (404) from a forbidden one (403); that S3 then takes the object's key for the prefix is
    (assumed). A wildcard pattern is listed by the text before its `*`.
    """
    prefixes = [pattern.partition("*")[0] + "*" for pattern in patterns]
    return Statement(
        Effect=Allow,
        Action=[s3.ListBucket],
        Resource=[bucket],
        Condition=Condition(StringLike("s3:prefix", list(dict.fromkeys(prefixes)))),
    )


def encrypt(key: Arn) -> Statement:
    """S3 asks KMS for a data key in the writer's name when the bucket is encrypted with one."""
    return Statement(Effect=Allow, Action=[kms.GenerateDataKey], Resource=[key])


def decrypt(key: Arn) -> Statement:
    """S3 asks KMS to open the data key in the reader's name."""
    return Statement(Effect=Allow, Action=[kms.Decrypt], Resource=[key])


def refuse_plain_http(bucket: AWSHelperFn) -> Statement:
    """Refuse everybody who does not use TLS.

    S3's endpoints refuse TLS below 1.2 themselves, so no version is asked for here; a second
    condition in this statement would be an AND that never holds.
    """
    return Statement(
        Effect=Deny,
        Principal=Principal("*"),
        Action=[Action("s3", "*")],  # a denial: the wildcard takes away, it grants nothing
        Resource=[bucket, Join("", [bucket, "/*"])],
        Condition=Condition(Bool(SecureTransport, "false")),
    )


def assumed_by_api_gateway(sid: str | None = None) -> Statement:
    """API Gateway may take the role to call S3 with it.

    No aws:SourceAccount or aws:SourceArn condition: API Gateway does not send them, and every
    read would fail with 500.
    """
    named = {} if sid is None else {"Sid": sid}
    return Statement(
        **named,
        Effect=Allow,
        Principal=Principal("Service", "apigateway.amazonaws.com"),
        Action=[sts.AssumeRole],
    )


def assumed_by(principals: Sequence[str]) -> Statement:
    """The given AWS principals may take the writer's role."""
    return Statement(
        Effect=Allow, Principal=Principal("AWS", list(principals)), Action=[sts.AssumeRole]
    )


def article_grant(bucket: Arn, action: str) -> Statement:
    """The article's grants as printed: actions by wildcard, on every key of the bucket."""
    every_key = Join("", [bucket, "/*"])
    return Statement(Effect=Allow, Action=[Action("s3", action)], Resource=[every_key])


def beyond_inline(
    title: str, documents: Sequence[PolicyDocument], **attached: list[AWSHelperFn]
) -> list[iam.ManagedPolicy]:
    """Managed policies for what did not fit inline, numbered from 2; `attached` says to whom."""
    return [
        iam.ManagedPolicy(f"{title}{number}", PolicyDocument=one, **attached)
        for number, one in enumerate(documents, start=2)
    ]


# Characters of a policy, white space left out, that IAM allows: 2,048 inline for a user and 10,240
# for a role, 6,144 for a managed one:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
INLINE_OF_USER, INLINE_OF_ROLE, MANAGED = 2_048, 10_240, 6_144
_MOST_MANAGED = 10  # attached to one user or role
_FRAME = 700  # characters of a document beside its keys: version, effects, actions, a KMS key
_ARN = len('"arn:aws-us-gov:s3:::/",') + 63  # around a key in an object's ARN


def batches(patterns: Sequence[str], inline: int) -> list[list[str]]:
    """The key patterns in batches as IAM's limits allow: the first inline, the others managed.

    The first is empty where the first pattern is too long for it.

    Raises:
        ConfigError: too many for one user or role.
    """
    made: list[list[str]] = [[]]
    room = inline - _FRAME
    for pattern in dict.fromkeys(patterns):
        size = _ARN + 2 * len(pattern) + len('"*",')  # in an ARN, and perhaps in a prefix
        if size > room:
            made.append([])
            room = MANAGED - _FRAME
        made[-1].append(pattern)
        room -= size
    if len(made) > 1 + _MOST_MANAGED:
        hint = "serve several documents by one route with a {parameter} or a {greedy+} one"
        raise ConfigError("more keys than IAM policies can name", where="routes", hint=hint)
    return made
