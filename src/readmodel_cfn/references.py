"""References: a bucket or a role, made here or there already, as templates refer to it."""

import re
from dataclasses import dataclass
from typing import Any, TypeVar

from troposphere import (
    AccountId,
    AWSHelperFn,
    AWSObject,
    GetAtt,
    Join,
    Partition,
    Ref,
    Template,
    iam,
    s3,
)

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.naming import IAM_NAME, IAM_NAME_IN_WORDS

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_BUCKET_IN_WORDS = "a bucket's name (3 to 63 of a-z 0-9 . -), a function, or the template's bucket"
# A Sub of nothing but one name: a Ref or a GetAtt in other words.
_ONE_NAME = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.]+))?\}")
Given = TypeVar("Given")


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


def plain(value: Any) -> Any:
    """A value as a template holds it, the same for each way to write one reference."""
    held = value.to_dict() if isinstance(value, AWSHelperFn) else value
    text = held.get("Fn::Sub") if isinstance(held, dict) else None
    if isinstance(text, str) and (found := _ONE_NAME.fullmatch(text)):
        name, attribute = found.groups()
        return {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
    dotted = held.get("Fn::GetAtt") if isinstance(held, dict) else None
    return {"Fn::GetAtt": dotted.split(".", 1)} if isinstance(dotted, str) else held


def meant(template: Template, given: Given) -> Given | AWSObject:
    """The bucket or the role of the template that a Ref leads to; anything else as it is.

    A name behind a Ref does not tell a deployment that its bucket or its role was replaced.
    """
    to_name = plain(given) if isinstance(given, AWSHelperFn) else None
    title = to_name.get("Ref") if isinstance(to_name, dict) else None
    found = template.resources.get(title)
    return found if isinstance(found, (s3.Bucket, iam.Role)) else given


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
    if named or (isinstance(given, AWSHelperFn) and not _is_arn(given)):
        return
    raise ConfigError(f"{_told(given)} is not allowed", where=where, hint=f"give {allowed}")


def _is_arn(given: AWSHelperFn) -> bool:
    """Is it a resource's ARN, where a name is wanted?"""
    held = plain(given)
    attribute = held.get("Fn::GetAtt", ()) if isinstance(held, dict) else ()
    return attribute[1:] == ["Arn"]


def _told(given: object) -> str:
    if isinstance(given, AWSHelperFn):
        return repr(plain(given))
    title = getattr(given, "title", None)
    return f"the {type(given).__name__} {title}" if isinstance(title, str) else repr(given)
