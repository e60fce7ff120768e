"""The physical names that a template fixes: of which types, by which properties. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Resources = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Fixed:
    """How resources of a type are named.

    `names` are the properties that together make a name, one tuple a way to name it, the name
    itself last; `others` are the properties beside them whose change makes a new resource.
    """

    names: tuple[tuple[str, ...], ...]
    others: tuple[str, ...] = ()

    @property
    def create_only(self) -> list[str]:
        """All properties whose change makes a new resource."""
        return [*dict.fromkeys(name for names in self.names for name in names), *self.others]


# Of the types that read models and what is around them are made of. What makes a new resource are
# the "createOnlyProperties" of their schemas, which cfn-lint carries; a test compares them.
FIXED: Mapping[str, Fixed] = {
    # The second is the account's own name space, where S3 completes the name.
    "AWS::S3::Bucket": Fixed((("BucketName",), ("BucketNamespace", "BucketNamePrefix"))),
    "AWS::IAM::Role": Fixed((("RoleName",),), ("Path",)),
    "AWS::IAM::User": Fixed((("UserName",),)),
    "AWS::IAM::Group": Fixed((("GroupName",),)),
    "AWS::IAM::InstanceProfile": Fixed((("InstanceProfileName",),), ("Path",)),
    "AWS::IAM::ManagedPolicy": Fixed((("ManagedPolicyName",),), ("Description", "Path")),
    "AWS::SecretsManager::Secret": Fixed((("Name",),)),
    "AWS::ApiGateway::Stage": Fixed((("RestApiId", "StageName"),)),
    "AWS::ApiGateway::DomainName": Fixed((("DomainName",),)),
    "AWS::CloudWatch::Alarm": Fixed((("AlarmName",),)),
    "AWS::CloudWatch::Dashboard": Fixed((("DashboardName",),)),
    "AWS::Logs::LogGroup": Fixed((("LogGroupName",),)),
    "AWS::SNS::Topic": Fixed((("TopicName",),), ("FifoTopic",)),
    "AWS::WAFv2::WebACL": Fixed((("Scope", "Name"),)),
}
_NO_VALUE = {"Ref": "AWS::NoValue"}
_VARIABLE = re.compile(r"\$\{([^!}][^}]*)\}")  # of Fn::Sub; ${!x} stands for ${x} itself


@dataclass(frozen=True)
class Named:
    """A resource with a fixed name; `literal` where the template says it as it is."""

    logical_id: str
    type: str
    name: str
    literal: bool = True


def resources_of(template: Mapping[str, Any]) -> Resources:
    """The resources that the template makes in any case: about the others a condition decides."""
    return {
        title: one
        for title, one in template.get("Resources", {}).items()
        if isinstance(one, Mapping) and "Condition" not in one  # a Fn::ForEach is a list
    }


def properties_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that have a value."""
    given = resource.get("Properties", {}).items()
    return {name: value for name, value in given if value != _NO_VALUE}


def name_of(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The properties that name the resource, or None where CloudFormation or a condition does."""
    fixed = FIXED.get(resource.get("Type", ""))
    given = properties_of(resource)
    for names in fixed.names if fixed else ():
        if all(name in given for name in names):
            found = {name: given[name] for name in names}
            return None if "Fn::If" in str(found) else found
    return None


def fixed_names(template: Mapping[str, Any], known: Mapping[str, str]) -> list[Named]:
    """The names that the template gives, as far as they can be told.

    `known` is what a Ref stands for, by name: the parameters that are given, and pseudo parameters
    such as AWS::StackName. What anything else makes, such as another resource, is left out.
    """
    values = _values(template, known)
    named = []
    for title, one in resources_of(template).items():
        *_, (property_, value) = (name_of(one) or {"": None}).items()
        # S3 completes a prefix by the account, which is not known here.
        name = None if property_ == "BucketNamePrefix" else _resolved(value, values)
        if name:
            named.append(Named(title, one["Type"], name, literal=name == value))
    return named


def _values(template: Mapping[str, Any], known: Mapping[str, str]) -> Mapping[str, str]:
    declared = template.get("Parameters", {})
    defaults = {name: str(one["Default"]) for name, one in declared.items() if "Default" in one}
    # The value of such a parameter only says where the name is kept.
    kept = {name for name, one in declared.items() if one["Type"].startswith("AWS::SSM::")}
    return {name: value for name, value in {**defaults, **known}.items() if name not in kept}


def _resolved(value: Any, known: Mapping[str, str]) -> str | None:
    if isinstance(value, str):
        return None if "{{resolve:" in value else value
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((function, argument),) = value.items()
    if function == "Ref":
        return known.get(argument)
    if function == "Fn::Join":
        return _joined(argument, known)
    return _substituted(argument, known) if function == "Fn::Sub" else None


def _joined(argument: Any, known: Mapping[str, str]) -> str | None:
    separator, parts = argument
    if not isinstance(parts, list):  # a function makes the list
        return None
    resolved = [_resolved(part, known) for part in parts]
    return None if None in resolved else str(separator).join(map(str, resolved))


def _substituted(argument: Any, known: Mapping[str, str]) -> str | None:
    text, own = (argument, {}) if isinstance(argument, str) else argument
    values = {**known, **{name: _resolved(value, known) for name, value in own.items()}}
    resolved = {name: values.get(name) for name in _VARIABLE.findall(text)}
    if None in resolved.values():
        return None
    return _VARIABLE.sub(lambda found: str(resolved[found[1]]), text).replace("${!", "${")
