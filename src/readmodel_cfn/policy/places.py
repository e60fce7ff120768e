"""The ARNs of the tool's own calls: those of the places in `calls.py`."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.policy.calls import Place
from readmodel_cfn.policy.grants import ANY
from readmodel_cfn.policy.names import ALARM, BUCKET, LOG_GROUP, ROLE, SECRET, USER, Names
from readmodel_cfn.template.metrics import NAMESPACE
from readmodel_cfn.template.releases import PREFIX as RELEASES
from readmodel_cfn.template.releases import reads_releases


@dataclass(frozen=True)
class Places:
    """The ARNs of each place in one stack.

    `keys` are the patterns of the documents' keys. `long_template`: the template is too long for a
    request, so the template bucket is used.
    """

    names: Names
    keys: Sequence[str]
    long_template: bool

    @property
    def has_releases(self) -> bool:
        """Whether an integration of the template reads the documents of releases."""
        methods = self.names.of_type("AWS::ApiGateway::Method")
        integrations = (method.properties.get("Integration") for method in methods)
        return any(reads_releases(json.dumps(each, default=str)) for each in integrations)

    @property
    def has_access_logs(self) -> bool:
        """Whether a stage of the template has access logs."""
        stages = self.names.of_type("AWS::ApiGateway::Stage")
        return any("AccessLogSetting" in stage.properties for stage in stages)

    @property
    def has_alarms(self) -> bool:
        """Whether the template has alarms."""
        return any(self.names.of_type(ALARM))

    def arns(self, place: Place) -> list[str]:
        """The ARNs; none if the template has nothing of the kind."""
        return list(_PLACES[place](self))

    def buckets(self) -> list[str]:
        """The ARNs of the template's buckets."""
        return [self.names.own(bucket) for bucket in self.names.of_type(BUCKET)]

    def named(self, type_: str, property_: str) -> Iterator[str]:
        """What the template gives a name: deploy looks first whether it exists."""
        named = (each for each in self.names.of_type(type_) if property_ in each.properties)
        yield from map(self.names.own, named)

    def template_bucket(self, objects: str = "") -> Iterator[str]:
        """The template bucket, or its objects."""
        if self.long_template:
            where = self.names.place
            name = f"readmodel-cfn-templates-{where.account}-{where.region}-an"
            yield where.arn("s3", name + objects, region=False, account=False)

    def writer_roles(self) -> Iterator[str]:
        """The roles that principals of an account may assume, as the writer's."""
        yield from (self.names.own(role) for role in self.names.of_type(ROLE) if _trusts(role))


def _trusts(role: Resource) -> bool:
    return '"AWS"' in json.dumps(role.properties.get("AssumeRolePolicyDocument"), default=str)


def _stages(places: Places) -> Iterator[str]:
    for path in ("/restapis/*/stages", "/restapis/*/stages/*"):
        yield places.names.place.arn("apigateway", path, account=False)


def _stack(places: Places) -> Iterator[str]:
    yield places.names.place.arn("cloudformation", f"stack/{places.names.stack}/*")


def _distributions(places: Places) -> Iterator[str]:
    for _ in places.names.of_type("AWS::CloudFront::Distribution"):
        # CloudFront generates the ID.
        yield places.names.place.arn("cloudfront", f"distribution/{ANY}", region=False)


def _apis(places: Places) -> Iterator[str]:
    yield places.names.place.arn("apigateway", "/restapis/*", account=False)


def _account(places: Places) -> Iterator[str]:
    yield places.names.place.arn("apigateway", "/account", account=False)


def _metrics(places: Places) -> Iterator[str]:
    """Every resource, if an alarm watches the metric of this tool: PutMetricData has no ARN."""
    alarms = places.names.of_type(ALARM)
    if any(alarm.properties.get("Namespace") == NAMESPACE for alarm in alarms):
        yield ANY


def _api_keys(places: Places) -> Iterator[str]:
    """API Gateway generates the IDs of API keys."""
    if any(places.names.of_type("AWS::ApiGateway::ApiKey")):
        yield places.names.place.arn("apigateway", "/apikeys/*", account=False)


def _reads(places: Places) -> Iterator[str]:
    """The stages of the API, if one of its methods has AWS_IAM."""
    methods = places.names.of_type("AWS::ApiGateway::Method")
    if any(method.properties.get("AuthorizationType") == "AWS_IAM" for method in methods):
        for stage in places.names.of_type("AWS::ApiGateway::Stage"):
            name = places.names.given(stage, "StageName") or ANY
            yield places.names.place.arn("execute-api", f"{ANY}/{name}/*")


_PLACES: Mapping[Place, Callable[[Places], Iterator[str]]] = {
    "account": _account,
    "any": lambda _: iter([ANY]),
    "api": _apis,
    "api-keys": _api_keys,
    "bucket": lambda places: iter(places.buckets()),
    "documents": lambda places: (
        f"{bucket}/{key}" for bucket in places.buckets() for key in places.keys
    ),
    "distribution": _distributions,
    "kms-key": lambda places: (
        key for bucket in places.names.of_type(BUCKET) for key in places.names.keys_of(bucket)
    ),
    "metrics": _metrics,
    "named-bucket": lambda places: places.named(BUCKET, "BucketName"),
    # DescribeLogGroups lists the names that begin with a text: it is for no single log group.
    "named-log-group": lambda places: (
        ANY for group in places.names.of_type(LOG_GROUP) if "LogGroupName" in group.properties
    ),
    "named-role": lambda places: places.named(ROLE, "RoleName"),
    "named-user": lambda places: places.named(USER, "UserName"),
    "objects": lambda places: (f"{bucket}/*" for bucket in places.buckets()),
    "reads": _reads,
    "releases": lambda places: (f"{bucket}/{RELEASES}*" for bucket in places.buckets()),
    "secret": lambda places: map(places.names.own, places.names.of_type(SECRET)),
    "stack": _stack,
    "stages": _stages,
    "template-bucket": lambda places: places.template_bucket(),
    "templates": lambda places: places.template_bucket("/readmodel-cfn/*"),
    "writer-role": lambda places: places.writer_roles(),
}
