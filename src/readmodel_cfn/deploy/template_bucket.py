"""The S3 bucket for templates that are too long for a request to CloudFormation.

A given bucket must exist. Without one, a private bucket of the account is used, and created if it
does not exist. The settings of an existing bucket are not changed. Every call names the account
that must own the bucket, so that no template is sent to another account.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import quote

from readmodel_cfn.aws.errors import aws_errors, is_refusal, is_transient
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.deploy.preflight import bucket_region, short_code
from readmodel_cfn.deploy.spec import MANAGED_TAG, StackSpec
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.limits import TEMPLATE_BODY_BYTES
from readmodel_cfn.progress import Note, OnProgress, Step

_WAY_OUT = "use a bucket that exists: --template-bucket BUCKET"
_ATTEMPTS = 30
_PAUSE = 1.0  # seconds
_CLOCK = Clock()
# One rule cannot have both Days and ExpiredObjectDeleteMarker:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleExpiration.html
_LIFECYCLE = [
    {
        "ID": "templates",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": 1},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    },
    {
        "ID": "delete-markers",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"ExpiredObjectDeleteMarker": True},
    },
]


@dataclass(frozen=True)
class TemplateBucket:
    """A bucket for templates, and the account that must own it.

    `given` is whether the user named the bucket: then it must exist.
    """

    s3: Any
    name: str
    account: str
    given: bool

    @classmethod
    def of(cls, location: StackLocation, given: str | None) -> "TemplateBucket":
        """The given bucket, or the one of the stack's account and region.

        Only the account can create buckets in its account-regional namespace:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/gpbucketnamespaces.html

        Raises:
            ReadModelError: the account is unknown.
        """
        connection = location.connection
        account = location.account
        if not account:
            what = "the account that must own the template bucket is unknown"
            hint = "allow sts:GetCallerIdentity, then run it again"
            raise ReadModelError(what, where=str(location), hint=hint)
        s3 = connection.client("s3")
        name = given or f"readmodel-cfn-templates-{account}-{s3.meta.region_name}-an"
        return cls(s3, name, account, given is not None)

    def call(self, operation: str, **arguments: Any) -> Any:
        """Call S3 for this bucket; S3 refuses it if another account owns the bucket."""
        method = getattr(self.s3, operation)
        return method(Bucket=self.name, ExpectedBucketOwner=self.account, **arguments)


def check_template_bucket(bucket: TemplateBucket) -> list[str]:
    """Check that a given bucket is in the client's region; return a note if that is not possible.

    Raises:
        ReadModelError: it does not exist, or is in another region, which CloudFormation refuses.
    """
    where = f"--template-bucket {bucket.name}"
    try:
        region = bucket_region(bucket.s3, bucket.name, bucket.account)
    except aws_errors() as error:
        if short_code(error) != "404":  # s3:PutObject does not include s3:ListBucket
            return [f"Bucket {bucket.name} not checked: {short_code(error)}"]
        hint = "create it, or omit the option to use a bucket of this tool"
        raise ReadModelError("the bucket does not exist", where=where, hint=hint) from error
    if region != bucket.s3.meta.region_name:
        hint = f"choose a bucket in {bucket.s3.meta.region_name}"
        raise ReadModelError(f"the bucket is in {region}", where=where, hint=hint)
    return []


def prepare(
    bucket: TemplateBucket, require: Callable[[str], None], on_progress: OnProgress
) -> None:
    """Create the bucket if it was not given and does not exist; complete an interrupted creation.

    `require` gets a text before the bucket is created, and raises an error without consent.

    Raises:
        ReadModelError: AWS refuses to create the bucket.
    """
    if bucket.given:
        return
    try:
        exists = _exists(bucket)
    except aws_errors() as error:
        if short_code(error) != "403":  # s3:PutObject does not include s3:ListBucket
            raise
        on_progress(Note(f"Bucket {bucket.name} not checked: 403"))
        return
    tags = _tags(bucket) if exists else {}
    if tags is None or MANAGED_TAG.items() <= tags.items():
        return
    if not exists:
        what = f"templates of more than {TEMPLATE_BODY_BYTES:,} bytes"
        require(f"create the private bucket {bucket.name} for {what}")
    on_progress(Step(f"Creating the bucket {bucket.name}"))
    _create(bucket, tags, exists=exists)


def upload(bucket: TemplateBucket, spec: StackSpec) -> StackSpec:
    """Upload the template; return the spec with its URL, in which the key has the template's hash.

    In a bucket with versioning the URL has the version, so that CloudFormation reads exactly what
    was uploaded:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-template.html
    The URL is path-style at the client's endpoint: CloudFormation accepts it for a bucket of any
    region, and an emulator for its own.

    Raises:
        ReadModelError: S3 denies access, for example because another account owns the bucket.
    """
    body = spec.template.encode()
    key = f"readmodel-cfn/{hashlib.sha256(body).hexdigest()}.json"
    try:
        stored = bucket.call("put_object", Key=key, Body=body, ContentType="application/json")
    except aws_errors() as error:
        if short_code(error) not in ("AccessDenied", "403"):
            raise
        what = f"S3 denies PutObject: account {bucket.account} does not own it, or lacks permission"
        hint = "allow s3:PutObject, or choose a bucket of this account with --template-bucket"
        raise ReadModelError(what, where=f"bucket {bucket.name}", hint=hint) from error
    version = stored.get("VersionId", "null")  # null: the bucket has no versioning
    query = "" if version == "null" else f"?versionId={quote(version, safe='')}"
    return replace(spec, template_url=f"{bucket.s3.meta.endpoint_url}/{bucket.name}/{key}{query}")


def _exists(bucket: TemplateBucket) -> bool:
    try:
        bucket.call("head_bucket")
    except aws_errors() as error:
        if short_code(error) == "404":
            return False
        raise
    return True


def _tags(bucket: TemplateBucket) -> dict[str, str] | None:
    """The bucket's tags, or None if they cannot be read."""
    try:
        found = bucket.call("get_bucket_tagging")["TagSet"]
    except aws_errors() as error:
        return {} if short_code(error) == "NoSuchTagSet" else None
    return {tag["Key"]: tag["Value"] for tag in found}


def _create(bucket: TemplateBucket, tags: dict[str, str], *, exists: bool) -> None:
    """Create the bucket with its settings; another deploy may be doing the same."""
    try:
        if not exists:
            _retried(partial(_create_bucket, bucket))
        for operation, arguments in _settings(bucket, tags):
            _retried(partial(bucket.call, operation, **arguments))
    except aws_errors() as error:
        if not is_refusal(error) or is_transient(error):
            raise
        what = f"it cannot be created: {' '.join(str(error).split())}"
        denied = short_code(error) == "AccessDenied"
        hint = f"request this permission, or {_WAY_OUT}" if denied else _WAY_OUT
        raise ReadModelError(what, where=f"bucket {bucket.name}", hint=hint) from error


def _create_bucket(bucket: TemplateBucket) -> None:
    region = bucket.s3.meta.region_name
    place = {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        bucket.s3.create_bucket(
            Bucket=bucket.name,
            BucketNamespace="account-regional",
            **({} if region == "us-east-1" else place),  # S3 refuses us-east-1 there
        )
    except aws_errors() as error:
        if short_code(error) != "BucketAlreadyOwnedByYou":
            raise


def _settings(bucket: TemplateBucket, tags: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    """The calls that configure the bucket, which keeps its `tags`.

    This tool's tag is set last, so a bucket with it is complete.
    """
    encryption = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    arn = f"arn:{bucket.s3.meta.partition}:s3:::{bucket.name}"
    https_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [https_only]}
    blocked = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    all_tags = [{"Key": key, "Value": value} for key, value in (tags | MANAGED_TAG).items()]
    return [
        (
            "put_public_access_block",
            {"PublicAccessBlockConfiguration": dict.fromkeys(blocked, True)},
        ),
        (
            "put_bucket_encryption",
            {"ServerSideEncryptionConfiguration": {"Rules": [encryption]}},
        ),
        ("put_bucket_versioning", {"VersioningConfiguration": {"Status": "Enabled"}}),
        (
            "put_bucket_lifecycle_configuration",
            {"LifecycleConfiguration": {"Rules": _LIFECYCLE}},
        ),
        ("put_bucket_policy", {"Policy": json.dumps(policy)}),
        ("put_bucket_tagging", {"Tagging": {"TagSet": all_tags}}),
    ]


def _retried(call: Callable[[], Any]) -> None:
    """Repeat a call while another call changes the bucket, or the new bucket is not yet found."""
    for _ in range(_ATTEMPTS):
        try:
            call()
        except aws_errors() as error:
            if short_code(error) not in ("OperationAborted", "NoSuchBucket"):
                raise
            _CLOCK.sleep(_PAUSE)
        else:
            return
    call()
