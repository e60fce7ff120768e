"""The physical names of the resources in a template. Nothing here calls AWS."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import NO_VALUE, Evaluator, parameter_values

Resources = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Naming:
    """How a resource type is named.

    `names` are the properties that together make a name: a tuple for each way to name it, the name
    itself last. `others` are the other properties whose change replaces the resource.
    """

    names: tuple[tuple[str, ...], ...]
    others: tuple[str, ...] = ()

    @property
    def create_only(self) -> list[str]:
        """All properties whose change replaces the resource."""
        return [*dict.fromkeys(name for names in self.names for name in names), *self.others]


# The types that read models and the resources around them use. The properties that replace a
# resource are the "createOnlyProperties" of its schema in cfn-lint; a test compares them.
NAMINGS: Mapping[str, Naming] = {
    # The second is for the account regional namespace: S3 completes the name.
    "AWS::S3::Bucket": Naming((("BucketName",), ("BucketNamespace", "BucketNamePrefix"))),
    "AWS::IAM::Role": Naming((("RoleName",),), ("Path",)),
    "AWS::IAM::User": Naming((("UserName",),)),
    "AWS::IAM::Group": Naming((("GroupName",),)),
    "AWS::IAM::InstanceProfile": Naming((("InstanceProfileName",),), ("Path",)),
    "AWS::IAM::ManagedPolicy": Naming((("ManagedPolicyName",),), ("Description", "Path")),
    "AWS::SecretsManager::Secret": Naming((("Name",),)),
    "AWS::ApiGateway::Stage": Naming((("RestApiId", "StageName"),)),
    "AWS::ApiGateway::DomainName": Naming((("DomainName",),)),
    "AWS::CloudWatch::Alarm": Naming((("AlarmName",),)),
    "AWS::CloudWatch::Dashboard": Naming((("DashboardName",),)),
    "AWS::Logs::LogGroup": Naming((("LogGroupName",),)),
    "AWS::SNS::Topic": Naming((("TopicName",),), ("FifoTopic",)),
    "AWS::WAFv2::WebACL": Naming((("Scope", "Name"),)),
}


@dataclass(frozen=True)
class NamedResource:
    """A resource with a physical name; `literal` if the name is a plain string in the template."""

    logical_id: str
    type: str
    name: str
    literal: bool = True


def unconditional_resources(template: Mapping[str, Any]) -> Resources:
    """The resources that the template always creates: those without a condition."""
    return {
        logical_id: resource
        for logical_id, resource in template.get("Resources", {}).items()
        # the value of Fn::ForEach is a list
        if isinstance(resource, Mapping) and "Condition" not in resource
    }


def properties_of(resource: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that have a value."""
    properties = resource.get("Properties") or {}
    return {name: value for name, value in properties.items() if value != NO_VALUE}


def name_properties(resource: Mapping[str, Any]) -> dict[str, Any] | None:
    """The properties that name the resource; None if CloudFormation or a condition names it."""
    naming = NAMINGS.get(resource.get("Type", ""))
    properties = properties_of(resource)
    for names in naming.names if naming else ():
        if all(name in properties for name in names):
            found = {name: properties[name] for name in names}
            return None if "Fn::If" in str(found) else found
    return None


def named_resources(template: Mapping[str, Any], known: Mapping[str, str]) -> list[NamedResource]:
    """The resources whose physical names can be computed from the template.

    `known` are the values of parameters and pseudo parameters such as AWS::StackName. A name that
    depends on anything else, such as another resource, is not included.
    """
    evaluator = Evaluator(template, parameter_values(template, known))
    named = []
    for logical_id, resource in unconditional_resources(template).items():
        *_, (property_, value) = (name_properties(resource) or {"": None}).items()
        name = evaluator.evaluate(value)
        # S3 adds the account ID to a prefix, which is unknown here.
        if property_ != "BucketNamePrefix" and isinstance(name, str) and name:
            literal = name == value
            named.append(NamedResource(logical_id, resource["Type"], name, literal))
    return named
