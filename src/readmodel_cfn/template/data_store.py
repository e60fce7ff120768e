"""The data store: the S3 bucket that stores the documents, and its bucket policy.

The article: "create an S3 bucket as a data store for our json payload". It names the bucket after
the stack and relies on S3's defaults. Here CloudFormation generates the name unless one is
configured, so that names do not collide and the bucket can be replaced; encryption, versions and
access are set in the template.
"""

from collections.abc import Sequence

from troposphere import GetAtt, Ref, s3

from readmodel_cfn.template import policies
from readmodel_cfn.template.naming import Names
from readmodel_cfn.template.routes import READ_METHODS
from readmodel_cfn.template.sections.data_store import DataStore

_UNFINISHED_UPLOAD_DAYS = 7


def build_data_store(
    options: DataStore,
    names: Names,
    origins: Sequence[str] = (),
    *,
    releases: bool = False,
    distribution: policies.Arn = None,
) -> tuple[s3.Bucket, s3.BucketPolicy]:
    """The bucket and its policy; several `origins` are compared by the bucket's CORS rules.

    `distribution` is the ARN of the one that may read.
    """
    bucket = _bucket(options, names, origins, releases)
    return bucket, _policy(options, bucket, names, distribution)


def _bucket(options: DataStore, names: Names, origins: Sequence[str], releases: bool) -> s3.Bucket:
    return s3.Bucket(
        names("DataStore"),
        # RetainExceptOnCreate: a failed first deploy leaves no empty bucket behind.
        DeletionPolicy="RetainExceptOnCreate" if options.retain else "Delete",
        UpdateReplacePolicy="Retain" if options.retain else "Delete",
        **_physical_name(options),
        BucketEncryption=_encryption(options.kms_key),
        **_cors(origins),
        LifecycleConfiguration=_lifecycle(options.old_versions_days, releases),
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


def _policy(
    options: DataStore, bucket: s3.Bucket, names: Names, distribution: policies.Arn
) -> s3.BucketPolicy:
    """Refuse requests without TLS, and let the distribution read if there is one.

    A configured bucket name is used literally, not as a Ref: CloudFormation imports an
    existing policy only by a literal name, and a retained bucket still has its policy.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
    """
    name = None if options.account_regional else options.name
    arn = GetAtt(bucket, "Arn")
    statements = [policies.refuse_plain_http(arn)]
    if distribution is not None:
        statements += policies.read_by_cdn(arn, distribution)
    return s3.BucketPolicy(
        names("DataStorePolicy"),
        # Retained or deleted together with its bucket: a retained bucket stays protected.
        DeletionPolicy=bucket.DeletionPolicy,
        UpdateReplacePolicy=bucket.UpdateReplacePolicy,
        Bucket=name or Ref(bucket),
        PolicyDocument=policies.document(statements),
    )


def _physical_name(options: DataStore) -> dict[str, str]:
    if options.account_regional and options.name:
        return {"BucketNamePrefix": options.name, "BucketNamespace": "account-regional"}
    return {"BucketName": options.name} if options.name else {}


def _encryption(kms_key: str | None) -> s3.BucketEncryption:
    default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="AES256")
    if kms_key:
        default = s3.ServerSideEncryptionByDefault(SSEAlgorithm="aws:kms", KMSMasterKeyID=kms_key)
    # An S3 Bucket Key saves a KMS request for each document; SSE-S3 does not use it.
    with_key = {"BucketKeyEnabled": True} if kms_key else {}
    rule = s3.ServerSideEncryptionRule(ServerSideEncryptionByDefault=default, **with_key)
    return s3.BucketEncryption(ServerSideEncryptionConfiguration=[rule])


def _cors(origins: Sequence[str]) -> dict[str, s3.CorsConfiguration]:
    """The CORS rules for several origins. One origin is a fixed header of the API's responses.

    S3 has the headers in responses to requests with Origin; the API answers preflights itself.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html
    """
    if len(origins) < 2:
        return {}
    rule = s3.CorsRules(AllowedMethods=list(READ_METHODS), AllowedOrigins=list(origins))
    return {"CorsConfiguration": s3.CorsConfiguration(CorsRules=[rule])}


def _lifecycle(days: int, releases: bool) -> s3.LifecycleConfiguration:
    """The bucket's lifecycle rule.

    `release prune` leaves a delete marker for each document; S3 removes those without versions only
    if the rule says so.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-expire-general-considerations.html
    """
    rule = s3.LifecycleRule(
        Id="old-versions-and-unfinished-uploads",
        Status="Enabled",
        AbortIncompleteMultipartUpload=s3.AbortIncompleteMultipartUpload(
            DaysAfterInitiation=_UNFINISHED_UPLOAD_DAYS
        ),
        NoncurrentVersionExpiration=s3.NoncurrentVersionExpiration(NoncurrentDays=days),
        **({"ExpiredObjectDeleteMarker": True} if releases else {}),
    )
    return s3.LifecycleConfiguration(Rules=[rule])


def _access_logs(bucket_name: str | None) -> dict[str, s3.LoggingConfiguration]:
    if bucket_name is None:
        return {}
    logs = s3.LoggingConfiguration(DestinationBucketName=bucket_name, LogFilePrefix="data-store/")
    return {"LoggingConfiguration": logs}
