"""The ARNs of a stack's resources, as far as they are known before it is deployed.

CloudFormation generates the names that the template does not give. `*` is in the place of what is
unknown: the random end of a name, and the account and the region if they are not configured.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, parameter_values
from readmodel_cfn.cloudformation.resources import Resource, resources
from readmodel_cfn.cloudformation.values import Unknown, as_text, fill
from readmodel_cfn.policy.grants import ANY

# The partitions of the regions with these beginnings (botocore: partitions.json).
_PARTITIONS = {
    "cn-": "aws-cn",
    "eu-isoe-": "aws-iso-e",
    "eusc-": "aws-eusc",
    "us-gov-": "aws-us-gov",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "us-isof-": "aws-iso-f",
}
# A generated name is the stack's name, the logical ID and random characters. If it is too long,
# both names are cut; this many characters of the stack's name stay, of buckets, too *(assumed)*.
_KEPT = 24
_RANDOM = 13  # characters at most
BUCKET, ROLE, USER = "AWS::S3::Bucket", "AWS::IAM::Role", "AWS::IAM::User"
POLICY, SECRET = "AWS::IAM::ManagedPolicy", "AWS::SecretsManager::Secret"
ALARM, DASHBOARD, TOPIC = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard", "AWS::SNS::Topic"
LOG_GROUP = "AWS::Logs::LogGroup"
FUNCTION, WEB_ACL = "AWS::CloudFront::Function", "AWS::WAFv2::WebACL"
_LENGTHS = {
    BUCKET: 63,
    ROLE: 64,
    USER: 64,
    POLICY: 128,
    ALARM: 255,
    DASHBOARD: 255,
    TOPIC: 256,
    LOG_GROUP: 512,
}
_IAM = {
    ROLE: ("role", "RoleName"),
    USER: ("user", "UserName"),
    POLICY: ("policy", "ManagedPolicyName"),
}
# The service, the beginning of the resource in the ARN, and the property with the name.
_NAMED = {
    ALARM: ("cloudwatch", "alarm:", "AlarmName"),
    DASHBOARD: ("cloudwatch", "dashboard/", "DashboardName"),
    TOPIC: ("sns", "", "TopicName"),
    LOG_GROUP: ("logs", "log-group:", "LogGroupName"),
    FUNCTION: ("cloudfront", "function/", "Name"),
}
_GLOBAL = (DASHBOARD, FUNCTION)  # their ARNs have no region


@dataclass(frozen=True)
class Place:
    """The region and the account of the stack; `*` if it may be any."""

    region: str = ANY
    account: str = ANY

    @property
    def partition(self) -> str:
        """The partition of the region."""
        found = (name for start, name in _PARTITIONS.items() if self.region.startswith(start))
        return next(found, "aws")

    def arn(self, service: str, resource: str, *, region: bool = True, account: bool = True) -> str:
        """An ARN here; some services leave the region or the account out."""
        where = f"{self.region if region else ''}:{self.account if account else ''}"
        return f"arn:{self.partition}:{service}:{where}:{resource}"


class Names:
    """The resources of a template, and their ARNs in the stack."""

    def __init__(
        self, template: Mapping[str, Any], stack: str, place: Place, parameters: Mapping[str, str]
    ) -> None:
        known = {
            "AWS::StackName": stack,
            "AWS::Partition": place.partition,
            "AWS::Region": place.region,
            "AWS::AccountId": place.account,
        }
        self.stack, self.place = stack, place
        values = parameter_values(template, {**known, **parameters})
        self._evaluator = Evaluator(template, values)
        self._given: dict[tuple[str, str], str | None] = {}  # evaluated once for many statements
        self.resources: Mapping[str, Resource] = resources(template, self._evaluator)

    def of_type(self, type_: str) -> Iterator[Resource]:
        """The resources of a type."""
        return (found for found in self.resources.values() if found.type == type_)

    def given(self, resource: Resource, name: str) -> str | None:
        """A property as text, with `*` for what is unknown; None if it is not set."""
        place = (resource.id, name)
        if place not in self._given:
            value = self._evaluator.evaluate(resource.properties.get(name))
            self._given[place] = None if value is None else self._text(value)
        return self._given[place]

    def own(self, resource: Resource) -> str:
        """The ARN of a bucket, an identity, a policy, a secret, a web ACL, or one of `_NAMED`."""
        if resource.type == BUCKET:
            return self.place.arn("s3", self._bucket(resource), region=False, account=False)
        if resource.type == SECRET:
            # CloudFormation's name has no stack name; Secrets Manager adds six characters to it.
            name = self.given(resource, "Name") or resource.id
            return self.place.arn("secretsmanager", f"secret:{name}-{ANY}")
        if resource.type in _NAMED:
            service, beginning, property_ = _NAMED[resource.type]
            name = self.given(resource, property_) or self._generated(resource)
            return self.place.arn(
                service, f"{beginning}{name}", region=resource.type not in _GLOBAL
            )
        if resource.type == WEB_ACL:
            # CloudFormation's name has the logical ID in it, maybe with the stack's *(assumed)*.
            name = self.given(resource, "Name") or f"{ANY}{resource.id}{ANY}"
            return self._of_waf(resource, f"webacl/{name}/{ANY}")
        kind, property_ = _IAM[resource.type]
        name = self.given(resource, property_) or self._generated(resource)
        return self.iam(f"{kind}{self.given(resource, 'Path') or '/'}{name}")

    def managed_rules(self, web_acl: Resource) -> str:
        """The ARN of the AWS managed rule groups, in the scope of a web ACL."""
        return self._of_waf(web_acl, f"managedruleset/{ANY}/{ANY}")

    def iam(self, resource: str) -> str:
        """The ARN of an IAM resource, such as role/shop."""
        return self.place.arn("iam", resource, region=False)

    def referenced(self, value: Any, type_: str) -> list[str]:
        """The ARNs of what a property refers to by name or ARN: one value or a list of them."""
        found = self._evaluator.evaluate(value)
        items = found if isinstance(found, list) else [found]
        return [self._referenced(item, type_) for item in items if item is not None]

    def keys_of(self, bucket: Resource) -> Iterator[str]:
        """The ARNs of the KMS keys that encrypt a bucket."""
        rules = self._evaluator.evaluate(bucket.properties.get("BucketEncryption"))
        for key in _values(rules, "KMSMasterKeyID"):
            text = self._text(key)
            yield text if text.startswith("arn:") else self.place.arn("kms", f"key/{ANY}")

    def domain_of(self, resource: Resource) -> str:
        """The domain name of a resource that gives it, or refers to one that does."""
        found = self._evaluator.evaluate(resource.properties.get("DomainName"))
        root = found.logical_id if isinstance(found, Unknown) else ""
        return self.given(self.resources.get(root, resource), "DomainName") or ANY

    def zone_of(self, resource: Resource) -> str | None:
        """The ID of the hosted zone of a record, or of a certificate; None if it is unknown."""
        options = resource.properties.get("DomainValidationOptions", ())
        given = [resource.properties.get("HostedZoneId"), *_values(options, "HostedZoneId")]
        zone = self._evaluator.evaluate(next((each for each in given if each), None))
        return zone if isinstance(zone, str) else None

    def _referenced(self, value: Any, type_: str) -> str:
        root = value.logical_id if isinstance(value, Unknown) else ""
        if root in self.resources and self.resources[root].type == type_:
            return self.own(self.resources[root])
        text = self._text(value)
        if text.startswith("arn:"):
            return text
        if type_ == WEB_ACL:
            return self.place.arn("wafv2", f"{ANY}/webacl/{ANY}/{ANY}")
        if type_ == BUCKET:
            return self.place.arn("s3", text, region=False, account=False)
        return self.iam(f"{_IAM[type_][0]}/{text}")

    def _of_waf(self, web_acl: Resource, resource: str) -> str:
        scope = "global" if self.given(web_acl, "Scope") == "CLOUDFRONT" else "regional"
        return self.place.arn("wafv2", f"{scope}/{resource}")

    def _bucket(self, resource: Resource) -> str:
        if beginning := self.given(resource, "BucketNamePrefix"):
            return f"{beginning}-{self.place.account}-{self.place.region}-an"
        return self.given(resource, "BucketName") or self._generated(resource).lower()

    def _generated(self, resource: Resource) -> str:
        whole = f"{self.stack}-{resource.id}-"
        fits = len(whole) + _RANDOM <= _LENGTHS[resource.type]
        return f"{whole if fits else self.stack[:_KEPT]}{ANY}"

    def _text(self, value: Any) -> str:
        """A text with `*` for each unknown part; a value that is not text is unknown."""
        return re.sub(r"\*+", ANY, str(fill(as_text(value), lambda _: ANY)))


def _values(value: Any, name: str) -> Iterator[Any]:
    """The values of a key, wherever it is."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            if key == name:
                yield below
            else:
                yield from _values(below, name)
    elif isinstance(value, Iterable) and not isinstance(value, str):
        for below in value:
            yield from _values(below, name)
