"""References: a bucket or a role, made here or there already, as templates refer to it."""

import re
from dataclasses import dataclass
from typing import Any

from troposphere import AccountId, AWSHelperFn, AWSObject, GetAtt, Join, Partition, Ref, iam, s3

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.naming import IAM_NAME, IAM_NAME_IN_WORDS

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_BUCKET_IN_WORDS = "a bucket's name (3 to 63 of a-z 0-9 . -), a function, or the template's bucket"


@dataclass(frozen=True)
class Reference:
    """A bucket or a role: its name and its ARN, as texts or functions.

    `resource` is the troposphere object where it is one of the template.
    """

    name: Any
    arn: Any
    resource: Any = None


def to(resource: AWSObject) -> Reference:
    """A reference to a bucket or a role of the template."""
    return Reference(Ref(resource), GetAtt(resource, "Arn"), resource)


def to_bucket(given: s3.Bucket | AWSHelperFn | str) -> Reference:
    """A reference to a bucket of the template, or by its name to one that is there already.

    Raises:
        ConfigError: no bucket can have this name.
    """
    if isinstance(given, s3.Bucket):
        return to(given)
    _check(given, "data_store", _BUCKET, _BUCKET_IN_WORDS)
    return Reference(given, Join("", ["arn:", Partition, ":s3:::", given]))


def to_role(given: iam.Role | AWSHelperFn | str) -> Reference:
    """A reference to a role of the template, or by its name to one that is there already.

    By name it must have no path: an ARN holds the path, which a name does not tell.

    Raises:
        ConfigError: no role can have this name.
    """
    if isinstance(given, iam.Role):
        return to(given)
    _check(given, "gateway_role", IAM_NAME, f"a role's name ({IAM_NAME_IN_WORDS}), or the role")
    return Reference(given, Join("", ["arn:", Partition, ":iam::", AccountId, ":role/", given]))


def _check(given: object, where: str, pattern: str, allowed: str) -> None:
    named = isinstance(given, str) and re.fullmatch(pattern, given)
    if not named and not isinstance(given, AWSHelperFn):
        raise ConfigError(f"{given!r} is not allowed", where=where, hint=f"give {allowed}")
