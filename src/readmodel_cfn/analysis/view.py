"""View: the S3 proxies in a template, which are REST APIs whose methods read S3.

Values that the template does not contain, such as those of an import or an unknown condition, are
omitted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from readmodel_cfn.analysis.methods import Method, parse_method
from readmodel_cfn.analysis.roles import Identity, S3Role, parse_identity
from readmodel_cfn.cloudformation.evaluate import Evaluator, Json, Unreadable
from readmodel_cfn.cloudformation.policies import Document, parse_policy
from readmodel_cfn.cloudformation.resources import Resource, api_paths, resources
from readmodel_cfn.cloudformation.s3_uri import Objects, within
from readmodel_cfn.cloudformation.values import (
    PartialText,
    Unknown,
    join_texts,
    reference_of,
    unknowns_in,
)

_API_GATEWAY = "AWS::ApiGateway::"


@dataclass(frozen=True)
class Api:
    """A REST API and its parts; `resource` is None if the API is not in the template."""

    id: PartialText
    resource: Resource | None
    methods: tuple[Resource, ...]
    deployments: tuple[Resource, ...]
    stages: tuple[Resource, ...]
    gateway_responses: tuple[Resource, ...]
    evaluator: Evaluator

    @property
    def binary_types(self) -> tuple[str, ...] | None:
        """The binary media types; None if they are unknown."""
        try:
            items = self.evaluator.items(self._properties.get("BinaryMediaTypes"))
        except Unreadable:
            return None
        types = tuple(self.evaluator.evaluate(media_type) for _, media_type in items)
        if self.resource is None or not all(isinstance(media_type, str) for media_type in types):
            return None
        return types

    @property
    def all_binary(self) -> bool:
        """Whether every response is binary, whatever its media type."""
        return any(media_type in ("*/*", "*~1*") for media_type in self.binary_types or ())

    @property
    def compression(self) -> Any:
        """The MinimumCompressionSize as written; None if it is not set."""
        return self._properties.get("MinimumCompressionSize")

    @property
    def has_cache(self) -> bool:
        """Whether a stage caches responses."""
        return any(_has_cache(stage, self.evaluator) for stage in self.stages)

    @property
    def _properties(self) -> Json:
        return self.resource.properties if self.resource else {}


class View:
    """The APIs of a template that read S3, with their methods, roles and buckets."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """All resources by logical ID."""
        return resources(self._template, self._plain_evaluator)

    def written(self, path: str) -> Any:
        """What the template has at a path, as written; None if there is nothing.

        `path` begins at the top, such as Resources/Bucket/Properties.
        """
        found: Any = self._template
        for step in path.split("/"):
            if isinstance(found, Mapping):
                found = found.get(step)
            elif isinstance(found, list) and step.isdecimal() and int(step) < len(found):
                found = found[int(step)]
            else:
                return None
        return found

    def cdk_path(self, logical_id: str) -> str | None:
        """The path of the construct that made a resource, if the CDK wrote the template.

        https://docs.aws.amazon.com/cdk/v2/guide/identifiers.html
        """
        metadata = self.written(f"Resources/{logical_id}/Metadata")
        path = metadata.get("aws:cdk:path") if isinstance(metadata, Mapping) else None
        return path if isinstance(path, str) else None

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type."""
        return [resource for resource in self.resources.values() if resource.type == kind]

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The outputs' values by name, not evaluated."""
        outputs = self._template.get("Outputs")
        if not isinstance(outputs, Mapping):
            return {}
        return {
            str(name): output.get("Value")
            for name, output in outputs.items()
            if isinstance(output, Mapping)
        }

    def text(self, value: Any) -> PartialText:
        """An expression as text; a bucket by its name if the template names it."""
        return self.evaluator.text(value)

    def plain_text(self, value: Any) -> PartialText:
        """An expression as text; a bucket by its logical ID."""
        return self._plain_evaluator.text(value)

    @cached_property
    def _plain_evaluator(self) -> Evaluator:
        return Evaluator(self._template)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates expressions; a bucket by its name if the template names it."""
        values: dict[str, Any] = {}
        for bucket in self.of("AWS::S3::Bucket"):
            name = self.plain_text(bucket.properties.get("BucketName")) or Unknown(bucket.id)
            arn = join_texts(["arn:", Unknown("AWS::Partition"), ":s3:::", name])
            values |= {bucket.id: name, f"{bucket.id}.Arn": arn}
        return Evaluator(self._template, values)

    def depends_on_template_only(self, text: PartialText) -> bool:
        """Whether the text contains no parameters or imports."""
        return all(part.logical_id in self.resources for part in unknowns_in(text))

    def may_contain(self, wide: Objects, narrow: Objects) -> bool:
        """Whether `wide` contains all objects of `narrow`; True if that is unknown."""
        same = wide.bucket == narrow.bucket
        certain = same or all(
            self.depends_on_template_only(objects.bucket) for objects in (wide, narrow)
        )
        return within(wide, narrow, certain)

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """The methods of all APIs, without those that have unknown parts."""
        return tuple(self._methods())

    def _methods(self) -> Iterator[Method]:
        for resource in self.of(f"{_API_GATEWAY}Method"):
            try:
                yield parse_method(resource, self.evaluator)
            except Unreadable:
                continue

    @cached_property
    def reads(self) -> tuple[Method, ...]:
        """The methods that read objects of S3."""
        return tuple(method for method in self.methods if method.reads)

    @cached_property
    def apis(self) -> dict[PartialText, Api]:
        """The APIs that read objects of S3, by their ID."""
        return {
            api_id: self._api(api_id) for api_id in dict.fromkeys(read.api for read in self.reads)
        }

    def _api(self, api_id: PartialText) -> Api:
        return Api(
            id=api_id,
            resource=self.resources.get(reference_of(api_id) or ""),
            methods=self._belonging_to(api_id, "Method"),
            deployments=self._belonging_to(api_id, "Deployment"),
            stages=self._belonging_to(api_id, "Stage"),
            gateway_responses=self._belonging_to(api_id, "GatewayResponse"),
            evaluator=self.evaluator,
        )

    def api_of(self, method: Method) -> Resource | None:
        """The API of a method; None if it is not in the template."""
        return self.resources.get(reference_of(method.api) or "")

    def _belonging_to(self, api_id: PartialText, kind: str) -> tuple[Resource, ...]:
        return tuple(
            resource
            for resource in self.of(_API_GATEWAY + kind)
            if self.text(resource.properties.get("RestApiId")) == api_id
        )

    @cached_property
    def paths(self) -> dict[PartialText, PartialText]:
        """The full path of each API resource, by the reference to it."""
        return api_paths(self.resources, self.evaluator)

    def identity(self, resource: Resource) -> Identity:
        """A role, user or group with its policies."""
        return parse_identity(resource, self.resources, self.evaluator)

    @cached_property
    def s3_roles(self) -> list[S3Role]:
        """The roles of this template that methods use to read S3."""
        arns = dict.fromkeys(read.credentials for read in self.reads)
        roles = {
            self.text({"Fn::GetAtt": [role.id, "Arn"]}): role for role in self.of("AWS::IAM::Role")
        }
        return [self._s3_role(arn, roles[arn]) for arn in arns if arn in roles]

    def _s3_role(self, arn: PartialText, role: Resource) -> S3Role:
        methods = [method for method in self.methods if method.credentials == arn]
        reads = tuple(method for method in methods if method.reads)
        return S3Role(self.identity(role), reads, only_reads=len(methods) == len(reads))

    @cached_property
    def buckets(self) -> list[Resource]:
        """The buckets of this template that methods read."""
        names = {read.objects.bucket for read in self.reads if read.objects}
        return [
            bucket
            for bucket in self.of("AWS::S3::Bucket")
            if self.text({"Ref": bucket.id}) in names
        ]

    def bucket_policies(self, bucket: Resource) -> list[Document]:
        """The policies of a bucket."""
        return [
            parse_policy(
                policy.properties.get("PolicyDocument"),
                policy.id,
                "Properties/PolicyDocument",
                self.evaluator,
            )
            for policy in self.bucket_policy_resources(bucket)
        ]

    def bucket_policy_resources(self, bucket: Resource) -> list[Resource]:
        """The AWS::S3::BucketPolicy resources of a bucket."""
        return [
            policy
            for policy in self.of("AWS::S3::BucketPolicy")
            if self.text(policy.properties.get("Bucket")) == self.text({"Ref": bucket.id})
        ]


def _has_cache(stage: Resource, evaluator: Evaluator) -> bool:
    if not _is_true(stage.properties.get("CacheClusterEnabled"), evaluator):
        return False
    try:
        items = evaluator.items(stage.properties.get("MethodSettings"))
        settings = [evaluator.fields(setting) for _, setting in items]
    except Unreadable:
        return False
    return any(_is_true(setting.get("CachingEnabled"), evaluator) for setting in settings)


def _is_true(value: Any, evaluator: Evaluator) -> bool:
    return str(evaluator.text(value)).lower() == "true"
