"""View: what the rules see of a template. It only reads, and leaves out what it cannot read."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from readmodel_cfn.audit.api import Api, paths
from readmodel_cfn.audit.expressions import TOKEN, text
from readmodel_cfn.audit.method import Method, method
from readmodel_cfn.audit.policies import Document, document
from readmodel_cfn.audit.reader import Reader
from readmodel_cfn.audit.reading import Unreadable
from readmodel_cfn.audit.resource import Resource, resources
from readmodel_cfn.audit.role import Identity, identity
from readmodel_cfn.audit.s3 import Objects, within

_AG = "AWS::ApiGateway::"


class View:
    """A template's APIs with S3 behind them, their methods, roles and buckets."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template

    @cached_property
    def resources(self) -> dict[str, Resource]:
        """All resources by logical id."""
        return resources(self._template)

    def of(self, kind: str) -> list[Resource]:
        """The resources of a type."""
        return [one for one in self.resources.values() if one.type == kind]

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The outputs' values by name."""
        found = self._template.get("Outputs")
        if not isinstance(found, Mapping):
            return {}
        return {
            str(name): one.get("Value") for name, one in found.items() if isinstance(one, Mapping)
        }

    def text(self, value: Any) -> str:
        """An expression as text, a bucket by its name where the template gives it one."""
        return text(value, self._known)

    @cached_property
    def _known(self) -> dict[str, str]:
        known: dict[str, str] = {}
        for one in self.of("AWS::S3::Bucket"):
            name = text(one.properties.get("BucketName"), {}) or f"${{{one.id}}}"
            known |= {one.id: name, f"{one.id}.Arn": f"arn:${{AWS::Partition}}:s3:::{name}"}
        return known

    def certain(self, found: str) -> bool:
        """Does the text depend on this template alone, not on a parameter or an import?"""
        return all(name.partition(".")[0] in self.resources for name in TOKEN.findall(found))

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
        for one in self.of(f"{_AG}Method"):
            try:
                yield method(one, self.text)
            except Unreadable:
                continue

    @cached_property
    def reads(self) -> tuple[Method, ...]:
        """The methods that read objects of S3."""
        return tuple(one for one in self.methods if one.reads)

    @cached_property
    def apis(self) -> dict[str, Api]:
        """The APIs that read objects of S3, by the text of their id."""
        return {name: self._api(name) for name in dict.fromkeys(one.api for one in self.reads)}

    def _api(self, name: str) -> Api:
        return Api(
            id=name,
            resource=self.resources.get(name[2:-1]),
            methods=self._belonging(name, "Method"),
            deployments=self._belonging(name, "Deployment"),
            stages=self._belonging(name, "Stage"),
            gateway_responses=self._belonging(name, "GatewayResponse"),
        )

    def _belonging(self, api: str, kind: str) -> tuple[Resource, ...]:
        return tuple(
            one for one in self.of(_AG + kind) if self.text(one.properties.get("RestApiId")) == api
        )

    @cached_property
    def paths(self) -> dict[str, str]:
        """The full paths of API resources, by the text that refers to them."""
        return paths(self.resources, self.text)

    def identity(self, resource: Resource) -> Identity:
        """A role, user or group with its policies."""
        return identity(resource, self.resources, self.text)

    @cached_property
    def readers(self) -> list[Reader]:
        """The roles of this template in which S3 is read."""
        arns = dict.fromkeys(one.credentials for one in self.reads)
        found = [(arn, self.resources.get(arn[2:-5])) for arn in arns]
        return [
            self._reader(arn, role)
            for arn, role in found
            if role and role.type == "AWS::IAM::Role" and arn == f"${{{role.id}.Arn}}"
        ]

    def _reader(self, arn: str, role: Resource) -> Reader:
        users = [one for one in self.methods if one.credentials == arn]
        reading = tuple(one for one in users if one.reads)
        return Reader(self.identity(role), reading, only_reads=len(users) == len(reading))

    @cached_property
    def buckets(self) -> list[Resource]:
        """The buckets of this template that the methods read."""
        names = {one.objects.bucket for one in self.reads if one.objects}
        return [one for one in self.of("AWS::S3::Bucket") if self._known[one.id] in names]

    def bucket_policies(self, bucket: Resource) -> list[Document]:
        """The policies of a bucket."""
        return [
            document(
                one.properties.get("PolicyDocument"), one.id, "Properties/PolicyDocument", self.text
            )
            for one in self.of("AWS::S3::BucketPolicy")
            if self.text(one.properties.get("Bucket")) == self._known[bucket.id]
        ]
