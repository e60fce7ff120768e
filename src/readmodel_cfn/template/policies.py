"""The IAM policy statements of the stack, and why each is needed.

Each function takes ARNs and returns one statement; `document` combines statements. No allowed
action has a wildcard.
"""

from collections.abc import Sequence
from typing import Any

from awacs import cloudfront, cloudwatch, kms, logs, s3, sts
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
    StringEquals,
    StringLike,
)
from troposphere import AccountId, AWSHelperFn, Join, Partition, Region, iam

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.limits import (
    FEWER_ROUTES,
    MANAGED_POLICIES,
    MANAGED_POLICY_LENGTH,
    ROLE_POLICY_LENGTH,
    USER_POLICY_LENGTH,
)
from readmodel_cfn.template.metrics import NAMESPACE
from readmodel_cfn.template.oidc import Issuer, issuers_of, subjects_of
from readmodel_cfn.template.references import joined
from readmodel_cfn.template.sections.writer import LAMBDA

# awacs' type hints do not include troposphere's functions, but awacs renders them.
Arn = Any
_VERSION = "2012-10-17"

PUT, GET, DELETE = s3.PutObject, s3.GetObject, s3.DeleteObject


def document(statements: Sequence[Statement]) -> PolicyDocument:
    """A policy document in the current language version."""
    return PolicyDocument(Version=_VERSION, Statement=list(statements))


def object_arns(bucket: Arn, patterns: Sequence[str]) -> list[Arn]:
    """The ARNs of the objects in a bucket whose keys match the patterns."""
    return [joined(bucket, f"/{pattern}") for pattern in dict.fromkeys(patterns)]


def use(actions: Sequence[Action], objects: Sequence[Arn]) -> Statement:
    """Allow actions on documents.

    A publisher needs only PUT, and API Gateway only GET; a writer also needs GET for
    a PUT with If-Match and for a deletion with the listed ETag, for which S3 requires it
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html). DELETE removes
    documents that are no longer published, but no earlier versions.

    With a `version_field` a writer needs GET to read the version of the stored document, which is
    metadata, by HeadObject (https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html).

    With releases, PUT is for documents and manifests, whose If-None-Match needs no more; GET is
    for copies of unchanged documents, for manifests and for the pointer, which is put with
    If-Match; DELETE is for `release prune` only.
    """
    return Statement(Effect=Allow, Action=list(actions), Resource=list(objects))


def list_keys(bucket: Arn, patterns: Sequence[str]) -> Statement:
    """Allow listing of the routes' keys only: s3:prefix must match one of them.

    A writer needs it to list what is published, and the gateway role so that S3 returns 404 for a
    missing object instead of 403; that S3 then compares the object's key with the prefix is
    (assumed). For a pattern with a wildcard the prefix is the text before its `*`.
    """
    prefixes = [pattern.partition("*")[0] + "*" for pattern in patterns]
    return Statement(
        Effect=Allow,
        Action=[s3.ListBucket],
        Resource=[bucket],
        Condition=Condition(StringLike("s3:prefix", list(dict.fromkeys(prefixes)))),
    )


def encrypt(key: Arn) -> Statement:
    """Allow S3 to request a data key from KMS for the writer, if a KMS key encrypts the bucket."""
    return Statement(Effect=Allow, Action=[kms.GenerateDataKey], Resource=[key])


def decrypt(key: Arn) -> Statement:
    """Allow S3 to decrypt the data key with KMS for the reader."""
    return Statement(Effect=Allow, Action=[kms.Decrypt], Resource=[key])


def put_metric() -> Statement:
    """Allow a writer to write the metric of `publish`, in this tool's namespace only.

    The action has no resource; the condition limits it:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/iam-cw-condition-keys-namespace.html
    """
    return Statement(
        Effect=Allow,
        Action=[cloudwatch.PutMetricData],
        Resource=["*"],
        Condition=Condition(StringEquals("cloudwatch:namespace", NAMESPACE)),
    )


def read_by_cdn(bucket: AWSHelperFn, distribution: Arn) -> list[Statement]:
    """Allow one distribution to read documents, and to list, so that a missing one is 404.

    https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
    """
    return [
        Statement(
            Effect=Allow,
            Principal=Principal("Service", "cloudfront.amazonaws.com"),
            Action=[action],
            Resource=[resource],
            Condition=Condition(StringEquals("AWS:SourceArn", distribution)),
        )
        for action, resource in ((GET, Join("", [bucket, "/*"])), (s3.ListBucket, bucket))
    ]


def invalidate(distribution: Arn) -> Statement:
    """Allow `publish --invalidate`."""
    return Statement(Effect=Allow, Action=[cloudfront.CreateInvalidation], Resource=[distribution])


def refuse_plain_http(bucket: AWSHelperFn) -> Statement:
    """Deny every request without TLS.

    S3's endpoints refuse TLS below 1.2 themselves, so the statement has no condition on the
    version; a second condition would limit the statement to requests that meet both.
    """
    return Statement(
        Effect=Deny,
        Principal=Principal("*"),
        Action=[Action("s3", "*")],  # in a Deny the wildcard grants nothing
        Resource=[bucket, Join("", [bucket, "/*"])],
        Condition=Condition(Bool(SecureTransport, "false")),
    )


def assumed_by_api_gateway() -> Statement:
    """Allow API Gateway to assume the role to call S3.

    No aws:SourceAccount or aws:SourceArn condition: API Gateway does not send them, and every
    read would fail with 500.
    """
    return Statement(
        Effect=Allow,
        Principal=Principal("Service", "apigateway.amazonaws.com"),
        Action=[sts.AssumeRole],
    )


def assumed_by(principals: Sequence[str]) -> list[Statement]:
    """Allow AWS principals, jobs with an OIDC token, and Lambda to assume the writer's role.

    Lambda assumes it for functions of the same account only: whoever gives the role to a function
    needs iam:PassRole.
    https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html
    """
    jobs = {issuer: subjects_of(issuer, principals) for issuer in issuers_of(principals)}
    subjects = [subject for found in jobs.values() for subject in found]
    others = [name for name in principals if name not in (*subjects, LAMBDA)]
    trusted = [Principal("AWS", others)] if others else []
    trusted += [Principal("Service", LAMBDA)] if LAMBDA in principals else []
    return [
        *(Statement(Effect=Allow, Principal=each, Action=[sts.AssumeRole]) for each in trusted),
        *(_assumed_by_jobs(issuer, found) for issuer, found in jobs.items()),
    ]


def write_logs() -> Statement:
    """Allow functions to write their logs, to the log groups that Lambda names by default.

    The actions are those of AWSLambdaBasicExecutionRole, which allows them on every log group.
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html
    """
    groups = ":log-group:/aws/lambda/*"
    return Statement(
        Effect=Allow,
        Action=[logs.CreateLogGroup, logs.CreateLogStream, logs.PutLogEvents],
        Resource=[joined("arn:", Partition, ":logs:", Region, ":", AccountId, groups)],
    )


def _assumed_by_jobs(issuer: Issuer, subjects: Sequence[str]) -> Statement:
    """Allow the jobs with one of the subjects, exactly, in a token that was made for AWS.

    Without a condition on the subject every job of every repository could assume the role.
    """
    arn = joined("arn:", Partition, ":iam::", AccountId, f":oidc-provider/{issuer.host}")
    claims = {f"{issuer.host}:aud": issuer.audience, f"{issuer.host}:sub": list(subjects)}
    return Statement(
        Effect=Allow,
        Principal=Principal("Federated", arn),
        Action=[sts.AssumeRoleWithWebIdentity],
        Condition=Condition(StringEquals(claims)),
    )


def beyond_inline(
    title: str, documents: Sequence[PolicyDocument], **attached: list[AWSHelperFn]
) -> list[iam.ManagedPolicy]:
    """Managed policies for documents that do not fit inline, numbered from 2.

    `attached` are the users or roles: `Users=[...]` or `Roles=[...]`.
    """
    return [
        iam.ManagedPolicy(f"{title}{number}", PolicyDocument=document, **attached)
        for number, document in enumerate(documents, start=2)
    ]


LOGS_LENGTH = 300
"""Characters of a policy with `write_logs`, at most."""
_FRAME = 700  # characters of a document without its keys: version, effects, actions, a KMS key
_ARN = len('"arn:aws-us-gov:s3:::/",') + 63  # around a key in an object's ARN


METRIC_LENGTH = 150
"""Characters of the statement of `put_metric`, at most."""
INVALIDATE_LENGTH = 150
"""Characters of the statement of `invalidate`, at most."""


def batches(
    patterns: Sequence[str], attached_to: type[iam.User | iam.Role], reserved: int = 0
) -> list[list[str]]:
    """Divide key patterns by IAM's quotas: the first batch is for the inline policy.

    Each other batch fits into one managed policy. The first is empty if the first pattern is too
    long. `reserved` are the characters of other statements and inline policies, which share its
    quota.

    Raises:
        ConfigError: too many patterns for the policies of one user or role.
    """
    found: list[list[str]] = [[]]
    inline = ROLE_POLICY_LENGTH if attached_to is iam.Role else USER_POLICY_LENGTH
    left = inline - _FRAME - reserved
    for pattern in dict.fromkeys(patterns):
        size = _ARN + 2 * len(pattern) + len('"*",')  # in an ARN, and possibly in a prefix
        if size > left:
            found.append([])
            left = MANAGED_POLICY_LENGTH - _FRAME
        found[-1].append(pattern)
        left -= size
    if len(found) > 1 + MANAGED_POLICIES:
        what = "the keys exceed the size quotas of IAM policies"
        raise ConfigError(what, where="routes", hint=FEWER_ROUTES)
    return found
