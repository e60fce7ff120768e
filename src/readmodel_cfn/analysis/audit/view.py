"""View: what the rules see of a template. It only reads, and leaves out what it cannot read."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from readmodel_cfn.analysis.audit.api import Api
from readmodel_cfn.analysis.audit.method import Method, method
from readmodel_cfn.analysis.audit.reader import Reader
from readmodel_cfn.analysis.audit.role import Identity, identity
from readmodel_cfn.cloudformation.api_paths import paths
from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.policies import Document, parse_policy
from readmodel_cfn.cloudformation.resources import Resource, resources
from readmodel_cfn.cloudformation.s3_uri import Objects, within
from readmodel_cfn.cloudformation.values import (
    PartialText,
    Unknown,
    join_texts,
    reference_of,
    unknowns_in,
)

_AG = "AWS::ApiGateway::"


class View:
    """A template's APIs with S3 behind them, their methods, roles and buckets."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """All resources by logical id."""
        return resources(self._template, Evaluator(self._template))

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type."""
        return [resource for resource in self.resources.values() if resource.type == kind]

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The outputs' values by name, not evaluated."""
        found = self._template.get("Outputs")
        if not isinstance(found, Mapping):
            return {}
        return {
            str(name): output.get("Value")
            for name, output in found.items()
            if isinstance(output, Mapping)
        }

    def text(self, value: Any) -> PartialText:
        """An expression as text, a bucket by its name where the template gives it one."""
        return self.evaluator.text(value)

    def written(self, value: Any) -> PartialText:
        """An expression as text, a bucket by its logical id."""
        return self._written.text(value)

    @cached_property
    def _written(self) -> Evaluator:
        return Evaluator(self._template)

    @cached_property
    def evaluator(self) -> Evaluator:
        """Evaluates expressions, a bucket by its name where the template gives it one."""
        values: dict[str, Any] = {}
        for bucket in self.of("AWS::S3::Bucket"):
            name = self.written(bucket.properties.get("BucketName")) or Unknown(bucket.id)
            arn = join_texts(["arn:", Unknown("AWS::Partition"), ":s3:::", name])
            values |= {bucket.id: name, f"{bucket.id}.Arn": arn}
        return Evaluator(self._template, values)

    def certain(self, found: PartialText) -> bool:
        """Does the text depend on this template alone, not on a parameter or an import?"""
        return all(part.logical_id in self.resources for part in unknowns_in(found))

    def inside(self, wide: Objects, narrow: Objects) -> bool:
        """May all of `narrow` be in `wide`? What cannot be known may be so."""
        same = wide.bucket == narrow.bucket
        certain = same or (self.certain(wide.bucket) and self.certain(narrow.bucket))
        return within(wide, narrow, certain)

    @cached_property
    def methods(self) -> tuple[Method, ...]:
        """The methods that can be read, of all APIs."""
        return tuple(self._methods())

    def _methods(self) -> Iterator[Method]:
        for resource in self.of(f"{_AG}Method"):
            try:
                yield method(resource, self.evaluator)
            except Unreadable:
                continue

    @cached_property
    def reads(self) -> tuple[Method, ...]:
        """The methods that read objects of S3."""
        return tuple(one for one in self.methods if one.reads)

    @cached_property
    def apis(self) -> dict[PartialText, Api]:
        """The APIs that read objects of S3, by their id."""
        return {name: self._api(name) for name in dict.fromkeys(one.api for one in self.reads)}

    def _api(self, name: PartialText) -> Api:
        return Api(
            id=name,
            resource=self.resources.get(reference_of(name) or ""),
            methods=self._belonging(name, "Method"),
            deployments=self._belonging(name, "Deployment"),
            stages=self._belonging(name, "Stage"),
            gateway_responses=self._belonging(name, "GatewayResponse"),
            evaluator=self.evaluator,
        )

    def _belonging(self, api: PartialText, kind: str) -> tuple[Resource, ...]:
        return tuple(
            one for one in self.of(_AG + kind) if self.text(one.properties.get("RestApiId")) == api
        )

    @cached_property
    def paths(self) -> dict[PartialText, PartialText]:
        """The full paths of API resources, by what refers to them."""
        return paths(self.resources, self.evaluator)

    def identity(self, resource: Resource) -> Identity:
        """A role, user or group with its policies."""
        return identity(resource, self.resources, self.evaluator)

    @cached_property
    def readers(self) -> list[Reader]:
        """The roles of this template in which S3 is read."""
        arns = dict.fromkeys(one.credentials for one in self.reads)
        roles = {
            self.text({"Fn::GetAtt": [role.id, "Arn"]}): role for role in self.of("AWS::IAM::Role")
        }
        return [self._reader(arn, roles[arn]) for arn in arns if arn in roles]

    def _reader(self, arn: PartialText, role: Resource) -> Reader:
        users = [one for one in self.methods if one.credentials == arn]
        reading = tuple(one for one in users if one.reads)
        return Reader(self.identity(role), reading, only_reads=len(users) == len(reading))

    @cached_property
    def buckets(self) -> list[Resource]:
        """The buckets of this template that the methods read."""
        names = {one.objects.bucket for one in self.reads if one.objects}
        return [one for one in self.of("AWS::S3::Bucket") if self.text({"Ref": one.id}) in names]

    def bucket_policies(self, bucket: Resource) -> list[Document]:
        """The policies of a bucket."""
        return [
            parse_policy(
                one.properties.get("PolicyDocument"),
                one.id,
                "Properties/PolicyDocument",
                self.evaluator,
            )
            for one in self.of("AWS::S3::BucketPolicy")
            if self.text(one.properties.get("Bucket")) == self.text({"Ref": bucket.id})
        ]
