"""Data store. The article: "create an S3 bucket as a data store for our json payload".

The article names the bucket after the stack and leaves the rest to S3's defaults. Here
CloudFormation names it, unless a name is given, so that nothing collides and a replacement works;
and what a production bucket needs is said in the template.
"""

from dataclasses import dataclass
from typing import Literal

from troposphere import GetAtt, Ref, s3

from readmodel_cfn import policies
from readmodel_cfn.naming import Names, stack_named
from readmodel_cfn.options import OptionError, check_options, option

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; without dots, which
# would break TLS for bucket.s3.amazonaws.com.
_RESERVED_BEGINNING = r"(?!xn--|sthree-|amzn-s3-demo-)"
_RESERVED_ENDING = r"(?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)(?<!--table-s3)(?<!-an)"
_BUCKET_NAME = rf"{_RESERVED_BEGINNING}[a-z0-9][a-z0-9-]{{1,61}}[a-z0-9]{_RESERVED_ENDING}"
_BUCKET_NAME_IN_WORDS = "3 to 63 of a-z 0-9 and -, without S3's reserved beginnings and endings"
_KMS_KEY = r"arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,64}"
# S3 appends -<account>-<region>-an: 12 digits and a region of up to 14 characters.
_LONGEST_REGIONAL_NAME = 63 - len("-123456789012-ap-southeast-1-an")
_UNFINISHED_UPLOAD_DAYS = 7


@dataclass(frozen=True)
class DataStore:
    """The bucket that holds the payloads.

    Raises:
        OptionError: a value that S3 would refuse.
    """

    name: str | None = option(
        None,
        "Name of the bucket; without one CloudFormation makes a unique name.",
        pattern=_BUCKET_NAME,
        allowed=_BUCKET_NAME_IN_WORDS,
        example="shop-payloads",
    )
    account_regional: bool = option(
        False,
        "Name the bucket <name>-<account>-<region>-an, in the account's own name space.",
    )
    kms_key: str | None = option(
        None,
        "ARN of a KMS key that encrypts the payloads, in place of S3's own keys. The key's policy "
        "must leave access to IAM.",
        pattern=_KMS_KEY,
        allowed="the ARN of a KMS key (not of an alias: policies do not follow aliases)",
        example="arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555",
    )
    old_versions_days: int = option(
        30, "Days that a replaced payload can still be restored.", minimum=1, maximum=36500
    )
    stored_encoding: Literal["none", "gzip"] = option(
        "none",
        "Keep payloads as text, which API Gateway compresses as it answers, or compressed: less to "
        "store and to read, but every client gets gzip.",
    )
    max_age: int = option(
        0,
        "Seconds that browsers and caches may use a payload before they ask again; 0: always ask.",
        minimum=0,
        maximum=31_536_000,
    )
    stale_while_revalidate: int = option(
        0,
        "Seconds beyond max_age in which they may still use it while they ask.",
        minimum=0,
        maximum=31_536_000,
    )
    retain: bool = option(True, "Keep the bucket and its payloads when the stack is deleted.")
    access_logs: str | None = option(
        None,
        "Name of an existing bucket that receives S3's access logs.",
        pattern=_BUCKET_NAME,
        allowed=_BUCKET_NAME_IN_WORDS,
        example="shop-access-logs",
    )
    as_printed: bool = option(False, "The bucket as the article prints it.", config=False)

    def __post_init__(self) -> None:
        check_options(self, "data_store")
        if self.account_regional:
            self._check_regional_name()

    @property
    def gzip_stored(self) -> bool:
        """Are payloads kept compressed?"""
        return self.stored_encoding == "gzip"

    @property
    def cache_control(self) -> str:
        """The Cache-Control that payloads are published with; S3 keeps it, the API passes it on.

        no-cache lets a client keep a payload and asks it to revalidate, which a 304 answers
        (RFC 9111, 5.2.2.4).
        """
        if not self.max_age and not self.stale_while_revalidate:
            return "no-cache"
        stale = f", stale-while-revalidate={self.stale_while_revalidate}"
        return f"max-age={self.max_age}" + (stale if self.stale_while_revalidate else "")

    def _check_regional_name(self) -> None:
        if not self.name:
            raise OptionError("data_store.account_regional", True, "data_store.name with it")
        if len(self.name) > _LONGEST_REGIONAL_NAME:
            most = f"at most {_LONGEST_REGIONAL_NAME} characters with account_regional"
            raise OptionError("data_store.name", self.name, most)


def bucket(options: DataStore, names: Names) -> s3.Bucket:
    """The bucket."""
    if options.as_printed:
        return s3.Bucket(names("DataStore"), BucketName=stack_named("-data-store"))
    return s3.Bucket(
        names("DataStore"),
        # RetainExceptOnCreate: a first deploy that fails leaves no empty bucket behind.
        DeletionPolicy="RetainExceptOnCreate" if options.retain else "Delete",
        UpdateReplacePolicy="Retain" if options.retain else "Delete",
        **_physical_name(options),
        BucketEncryption=_encryption(options.kms_key),
        LifecycleConfiguration=_expiry(options.old_versions_days),
        **_access_logs(options.access_logs),
        OwnershipControls=s3.OwnershipControls(
            Rules=[s3.OwnershipControlsRule(ObjectOwnership="BucketOwnerEnforced")]
        ),
        PublicAccessBlockConfiguration=s3.PublicAccessBlockConfiguration(
            BlockPublicAcls=True,
            BlockPublicPolicy=True,
            IgnorePublicAcls=True,
            RestrictPublicBuckets=True,
        ),
        VersioningConfiguration=s3.VersioningConfiguration(Status="Enabled"),
    )


def bucket_policy(options: DataStore, store: s3.Bucket, names: Names) -> s3.BucketPolicy:
    """Nobody may speak to the bucket without TLS.

    A bucket's name that is given is written out: CloudFormation imports only what a template names
    literally, and a bucket that was kept has its policy already.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    name = None if options.account_regional else options.name
    refuse = policies.refuse_plain_http(GetAtt(store, "Arn"))
    return s3.BucketPolicy(
        names("DataStorePolicy"),
        # Kept and removed with its bucket: a retained bucket keeps its protection.
        DeletionPolicy=store.DeletionPolicy,
        UpdateReplacePolicy=store.UpdateReplacePolicy,
        Bucket=name or Ref(store),
        PolicyDocument=policies.document([refuse]),
    )


def _physical_name(options: DataStore) -> dict[str, str]:
    if options.account_regional and options.name:
        return {"BucketNamePrefix": options.name, "BucketNamespace": "account-regional"}
    return {"BucketName": options.name} if options.name else {}


def _encryption(kms_key: str | None) -> s3.BucketEncryption:
    default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    if kms_key:
        default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=kms_key)
    # A bucket key spares one call to KMS for each payload; S3's own keys have no use for it.
    with_key = {"BucketKeyEnabled": True} if kms_key else {}
    rule = s3.ServerSideEncryptionRule(ServerSideEncryptionByDefault=default, **with_key)
    return s3.BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def _expiry(days: int) -> s3.LifecycleConfiguration:
    rule = s3.LifecycleRule(
        Id="old-versions-and-unfinished-uploads",
        Status="Enabled",
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
            DaysAfterInitiation=_UNFINISHED_UPLOAD_DAYS
        ),
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
    )
    return s3.LifecycleConfiguration(Rules=[rule])


def _access_logs(bucket_name: str | None) -> dict[str, s3.LoggingConfiguration]:
    if bucket_name is None:
        return {}
    logs = s3.LoggingConfiguration(DestinationBucketName=bucket_name, LogFilePrefix="data-store/")
    return {"LoggingConfiguration": logs}
