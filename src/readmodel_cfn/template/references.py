"""References of a template to a bucket or a role, by object or by name."""

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
    Sub,
    Template,
    iam,
    s3,
)

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.template.naming import IAM_NAME, IAM_NAME_IN_WORDS

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
_BUCKET_IN_WORDS = "a bucket's name (3 to 63 of a-z 0-9 . -), a function, or the template's bucket"
# A Sub that contains only one name is the same as a Ref or a GetAtt.
_ONE_NAME = re.compile(r"\$\{([A-Za-z0-9:]+)(?:\.([A-Za-z0-9.]+))?\}")
Value = TypeVar("Value")


@dataclass(frozen=True)
class Reference:
    """A bucket or a role: its name and its ARN, as texts or functions.

    `resource` is the troposphere object, if the template has it.
    """

    name: Any
    arn: Any
    resource: Any = None


def reference_to(resource: AWSObject) -> Reference:
    """A reference to a bucket or a role of the template."""
    return Reference(Ref(resource), GetAtt(resource, "Arn"), resource)


def plain(value: Any) -> Any:
    """A value as in the template's JSON; equal Ref, GetAtt and Sub functions get the same form.

    A GetAtt becomes `{"Fn::GetAtt": [name, attribute]}`, however it is written.
    """
    content = value.to_dict() if isinstance(value, AWSHelperFn) else value
    text = content.get("Fn::Sub") if isinstance(content, dict) else None
    if isinstance(text, str) and (found := _ONE_NAME.fullmatch(text)):
        name, attribute = found.groups()
        return {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
    dotted = content.get("Fn::GetAtt") if isinstance(content, dict) else None
    return {"Fn::GetAtt": dotted.split(".", 1)} if isinstance(dotted, str) else content


def joined(*parts: Any) -> AWSHelperFn:
    """The parts as one text: one Fn::Sub, which is the shortest form, or Fn::Join.

    A part of Fn::Sub is a text, a Ref, a GetAtt, or itself a Sub.
    """
    texts = [_in_sub(part) for part in parts]
    if None in texts:
        return Join("", list(parts))
    return Sub("".join(text for text in texts if text is not None))


def _in_sub(part: Any) -> str | None:
    """The text of a Sub for this part; None if a Sub cannot contain it."""
    content = plain(part)
    if isinstance(content, str):
        return content.replace("${", "${!")
    for function, value in content.items() if isinstance(content, dict) else ():
        if function == "Ref":
            return f"${{{value}}}"
        if function == "Fn::GetAtt" and all(isinstance(name, str) for name in value):
            return f"${{{'.'.join(value)}}}"
        if function == "Fn::Sub" and isinstance(value, str):
            return value
    return None


def resolve(template: Template, value: Value) -> Value | AWSObject:
    """The bucket or the role of the template that a Ref names; any other value unchanged.

    The deployment's hash includes the properties that replace the resource; a Ref never changes.
    """
    content = plain(value) if isinstance(value, AWSHelperFn) else None
    title = content.get("Ref") if isinstance(content, dict) else None
    found = template.resources.get(title)
    return found if isinstance(found, (s3.Bucket, iam.Role)) else value


def bucket_reference(bucket: s3.Bucket | AWSHelperFn | str) -> Reference:
    """A reference to a bucket of the template, or to an existing one by its name.

    Raises:
        ConfigError: no bucket can have this name.
    """
    if isinstance(bucket, s3.Bucket):
        return reference_to(bucket)
    _check_name(bucket, "data_store", _BUCKET, _BUCKET_IN_WORDS)
    return Reference(bucket, joined("arn:", Partition, ":s3:::", bucket))


def role_reference(role: iam.Role | AWSHelperFn | str) -> Reference:
    """A reference to a role of the template, or to an existing one by its name.

    A role that is given by name must have the path /, because its ARN is built from the name.

    Raises:
        ConfigError: no role can have this name.
    """
    if isinstance(role, iam.Role):
        return reference_to(role)
    _check_name(role, "gateway_role", IAM_NAME, f"a role's name ({IAM_NAME_IN_WORDS}), or the role")
    return Reference(role, joined("arn:", Partition, ":iam::", AccountId, ":role/", role))


def _check_name(value: object, where: str, pattern: str, allowed: str) -> None:
    is_name = isinstance(value, str) and re.fullmatch(pattern, value)
    if is_name or (isinstance(value, AWSHelperFn) and not _is_arn(value)):
        return
    raise ConfigError(f"{_describe(value)} is not allowed", where=where, hint=f"use {allowed}")


def _is_arn(function: AWSHelperFn) -> bool:
    """Whether it is a GetAtt of a resource's ARN; a name is required instead."""
    content = plain(function)
    attribute = content.get("Fn::GetAtt", ()) if isinstance(content, dict) else ()
    return attribute[1:] == ["Arn"]


def _describe(value: object) -> str:
    if isinstance(value, AWSHelperFn):
        return repr(plain(value))
    title = getattr(value, "title", None)
    return f"the {type(value).__name__} {title}" if isinstance(title, str) else repr(value)
