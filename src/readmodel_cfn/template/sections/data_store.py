"""The options of the data store."""

from dataclasses import dataclass
from typing import Literal

from readmodel_cfn.template.naming import KMS_KEY
from readmodel_cfn.template.options import OptionError, check_options, option

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html. Dots are not allowed
# here: the certificate of *.s3.amazonaws.com does not match a bucket name with dots.
_RESERVED_BEGINNING = r"(?!xn--|sthree-|amzn-s3-demo-)"
_RESERVED_ENDING = r"(?<!-s3alias)(?<!--ol-s3)(?<!--x-s3)(?<!--table-s3)(?<!-an)"
_BUCKET_NAME = rf"{_RESERVED_BEGINNING}[a-z0-9][a-z0-9-]{{1,61}}[a-z0-9]{_RESERVED_ENDING}"
_BUCKET_NAME_IN_WORDS = "3 to 63 of a-z 0-9 and -, without S3's reserved beginnings and endings"
# S3 appends -<account>-<region>-an: 12 digits and a region of up to 14 characters.
_REGIONAL_NAME_LENGTH = 63 - len("-123456789012-ap-southeast-1-an")


@dataclass(frozen=True)
class DataStore:
    """The S3 bucket that stores the documents.

    Raises:
        OptionError: a value that S3 would refuse.
    """

    name: str | None = option(
        None,
        "Name of the bucket. By default CloudFormation generates a unique name.",
        pattern=_BUCKET_NAME,
        allowed=_BUCKET_NAME_IN_WORDS,
        example="shop-payloads",
        of_resource=True,
    )
    account_regional: bool = option(
        False,
        "Create the bucket in the account's regional namespace: its name is "
        "<name>-<account>-<region>-an.",
        of_resource=True,
    )
    kms_key: str | None = option(
        None,
        "ARN of the KMS key that encrypts the documents. By default S3 encrypts them with its own "
        "keys (SSE-S3). The key policy must allow access through IAM policies.",
        pattern=KMS_KEY,
        allowed="the ARN of a KMS key (not of an alias: policies do not follow aliases)",
        example="arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-0000-1111-2222-333344445555",
    )
    old_versions_days: int = option(
        30,
        "Days to keep noncurrent object versions, which `restore` needs (default 30).",
        minimum=1,
        maximum=36500,
        of_resource=True,
    )
    stored_encoding: Literal["none", "gzip"] = option(
        "none",
        "Encoding of the stored documents. none: API Gateway compresses responses for clients that "
        "accept it (default). gzip: documents take less storage, and every client gets gzip.",
    )
    max_age: int = option(
        0,
        "Seconds that browsers and caches may use a document before they revalidate it. 0: they "
        "revalidate it every time (default). `publish` sets it: publish again after a change.",
        minimum=0,
        maximum=31_536_000,
    )
    stale_while_revalidate: int = option(
        0,
        "Seconds after max_age in which they may use a stale document while they revalidate it "
        "(default 0).",
        minimum=0,
        maximum=31_536_000,
    )
    retain: bool = option(
        True,
        "Keep the bucket and its documents when the stack is deleted (default true).",
        of_resource=True,
    )
    access_logs: str | None = option(
        None,
        "Name of an existing bucket for S3 server access logs. By default there are none.",
        pattern=_BUCKET_NAME,
        allowed=_BUCKET_NAME_IN_WORDS,
        example="shop-access-logs",
        of_resource=True,
    )

    def __post_init__(self) -> None:
        check_options(self, "data_store")
        if self.account_regional:
            self._check_regional_name()
        elif self.access_logs and self.access_logs == self.name:
            # Its policy does not let the logging service write, and its ACLs are disabled:
            # https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
            raise OptionError("data_store.access_logs", self.access_logs, "another bucket")

    @property
    def gzip_stored(self) -> bool:
        """Whether documents are stored compressed."""
        return self.stored_encoding == "gzip"

    @property
    def cache_control(self) -> str:
        """The Cache-Control header of published documents; S3 stores it, the API passes it on.

        no-cache lets a client store a document, but it must revalidate it before each use
        (RFC 9111, 5.2.2.4), which costs a 304.
        """
        if not self.max_age and not self.stale_while_revalidate:
            return "no-cache"
        stale = f", stale-while-revalidate={self.stale_while_revalidate}"
        return f"max-age={self.max_age}" + (stale if self.stale_while_revalidate else "")

    def _check_regional_name(self) -> None:
        if not self.name:
            raise OptionError("data_store.account_regional", True, "data_store.name with it")
        if len(self.name) > _REGIONAL_NAME_LENGTH:
            most = f"at most {_REGIONAL_NAME_LENGTH} characters with account_regional"
            raise OptionError("data_store.name", self.name, most)
