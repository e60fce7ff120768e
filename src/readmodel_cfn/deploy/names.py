"""The physical names that a template fixes: of which types, by which properties. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import NO_VALUE, Evaluator, parameter_values

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
        title: resource
        for title, resource in template.get("Resources", {}).items()
        # a Fn::ForEach is a list
        if isinstance(resource, Mapping) and "Condition" not in resource
    }


def properties_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that have a value."""
    given = resource.get("Properties") or {}
    return {name: value for name, value in given.items() if value != NO_VALUE}


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
    """The names that the template gives, as far as they are known.

    `known` is what a Ref stands for, by name: the parameters that are given, and pseudo parameters
    such as AWS::StackName. What anything else makes, such as another resource, is left out.
    """
    evaluator = Evaluator(template, parameter_values(template, known))
    named = []
    for title, resource in resources_of(template).items():
        *_, (property_, value) = (name_of(resource) or {"": None}).items()
        name = evaluator.evaluate(value)
        # S3 completes a prefix by the account, which is not known here.
        if property_ != "BucketNamePrefix" and isinstance(name, str) and name:
            named.append(Named(title, resource["Type"], name, literal=name == value))
    return named
