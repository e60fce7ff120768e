"""View: the S3 proxies in a template, which are REST APIs whose methods read S3.

Values that the template does not contain, such as those of an import or an unknown condition, are
omitted.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from readmodel_cfn.analysis.apis import Api
from readmodel_cfn.analysis.body_operations import Place
from readmodel_cfn.analysis.integrations import read_methods, stage_variables
from readmodel_cfn.analysis.methods import INTEGRATION, Method
from readmodel_cfn.analysis.parts import Parts, read_parts
from readmodel_cfn.analysis.roles import Identity, S3Role, parse_identity, role_name
from readmodel_cfn.analysis.unchecked import Unchecked
from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.patterns import has_star
from readmodel_cfn.cloudformation.policies import Document, parse_branches
from readmodel_cfn.cloudformation.reader import TemplateSource, template_content
from readmodel_cfn.cloudformation.resources import Resource, api_paths
from readmodel_cfn.cloudformation.s3_uri import Objects, within
from readmodel_cfn.cloudformation.s3_url import bucket_hosts
from readmodel_cfn.cloudformation.values import (
    PartialText,
    Unknown,
    join_texts,
    reference_of,
    unknowns_in,
)

_API_GATEWAY = "AWS::ApiGateway::"


class View:
    """The APIs of a template that read S3, with their methods, roles and buckets."""

    def __init__(self, template: Mapping[str, Any]) -> None:
        self._template = template

    @cached_property
    def _parts(self) -> Parts:
        return read_parts(self._template, self._plain_evaluator)

    @property
    def resources(self) -> dict[str, Resource]:
        """All resources by logical ID, with those that an API defines in itself."""
        return self._parts.resources

    @property
    def places(self) -> Mapping[str, Place]:
        """The places of what an API defines in itself, such as the methods of its Body."""
        return self._parts.places

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
            for name, output in self._plain_evaluator.expand(outputs).items()
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
            values |= {bucket.id: name, f"{bucket.id}.Arn": arn, **bucket_hosts(bucket.id, name)}
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

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods of all APIs; one that has several forms, such as with Fn::If, in each."""
        return self._read_methods[0]

    @property
    def unchecked(self) -> tuple[Unchecked, ...]:
        """What may read S3, and is not among the methods."""
        found = [*self._parts.unchecked, *self._read_methods[1], *self._unknown_roles()]
        return tuple(dict.fromkeys(map(self.at_its_place, found)))

    def _unknown_roles(self) -> Iterator[Unchecked]:
        """The methods whose bucket the request names, with unknown permissions."""
        for method in self.methods:
            if method.signed and method.bucket_sources and method.has_role:
                role = self.role_of(method)
                if role is None or self.identity(role).has_unknown_permissions:
                    yield Unchecked(
                        method.id,
                        f"{INTEGRATION}/Credentials",
                        "the request names the bucket, and which buckets "
                        f"{role.id if role else method.credentials} may use is not in the template",
                    )

    @cached_property
    def _read_methods(self) -> tuple[tuple[Method, ...], list[Unchecked]]:
        methods: list[Method] = []
        unchecked: list[Unchecked] = []
        for resource in self.of(f"{_API_GATEWAY}Method"):
            if "Integration" not in resource.properties:
                continue
            stages = self._variables.get(self.text(resource.properties.get("RestApiId")), ())
            path = self.paths.get(self.text(resource.properties.get("ResourceId")), "")
            found = read_methods(resource, self.evaluator, stages, path, self.resources)
            methods += found[0]
            unchecked += found[1]
        return tuple(methods), unchecked

    def at_its_place(self, unchecked: Unchecked) -> Unchecked:
        """What was not looked at, at its place in an OpenAPI document if it is in one."""
        place = self.places.get(unchecked.resource)
        if place is None:
            return unchecked
        return Unchecked(place.resource, place.of(unchecked.path), unchecked.what)

    @cached_property
    def _variables(self) -> dict[PartialText, list[Mapping[str, PartialText]]]:
        """The variables of the stages of each API, each set once."""
        found: dict[PartialText, list[Mapping[str, PartialText]]] = {}
        for stage in (*self.of(f"{_API_GATEWAY}Stage"), *self.of(f"{_API_GATEWAY}Deployment")):
            api = found.setdefault(self.text(stage.properties.get("RestApiId")), [])
            new = (own for own in stage_variables([stage], self.evaluator) if own not in api)
            api += new
        return found

    @cached_property
    def reads(self) -> tuple[Method, ...]:
        """The methods that read objects of S3 with signed requests."""
        return tuple(method for method in self.methods if method.reads)

    @cached_property
    def requests(self) -> tuple[Method, ...]:
        """The methods that read objects of S3 or list them, with signed requests."""
        return tuple(m for m in self.methods if m.reads or (m.lists and m.signed))

    @cached_property
    def apis(self) -> dict[PartialText, Api]:
        """The APIs that read objects of S3 or list them, by their ID."""
        reading = (m for m in self.methods if m.reads or m.lists or m.reads_url)
        return {
            api_id: self._api(api_id) for api_id in dict.fromkeys(method.api for method in reading)
        }

    @cached_property
    def all_apis(self) -> list[Api]:
        """The REST APIs of this template."""
        return [self._api(self.text({"Ref": api.id})) for api in self.of(f"{_API_GATEWAY}RestApi")]

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
        return parse_identity(resource, self.resources, resource.existing(self.evaluator))

    @cached_property
    def s3_roles(self) -> list[S3Role]:
        """The roles of this template that methods use to read or to list S3."""
        return self._roles_of(self.requests)

    @cached_property
    def all_s3_roles(self) -> list[S3Role]:
        """The roles of this template that methods use for any request to S3."""
        return self._roles_of([method for method in self.methods if method.signed])

    def _roles_of(self, requests: Sequence[Method]) -> list[S3Role]:
        roles = {role.id: role for request in requests if (role := self.role_of(request))}
        return [self._s3_role(role, requests) for role in roles.values()]

    def role_of(self, method: Method) -> Resource | None:
        """The role of this template that API Gateway assumes for a method."""
        return self._roles_by_arn.get(method.credentials) or self._roles_by_name.get(
            role_name(method.credentials) or ""
        )

    @cached_property
    def _roles_by_arn(self) -> dict[PartialText, Resource]:
        roles = self.of("AWS::IAM::Role")
        return {self.text({"Fn::GetAtt": [role.id, "Arn"]}): role for role in roles}

    @cached_property
    def _roles_by_name(self) -> dict[PartialText, Resource]:
        roles = self.of("AWS::IAM::Role")
        named = {self.text(role.properties.get("RoleName")): role for role in roles}
        named |= {self.text({"Ref": role.id}): role for role in roles}
        return {name: role for name, role in named.items() if name}

    def _s3_role(self, role: Resource, requests: Sequence[Method]) -> S3Role:
        methods = [method for method in self.methods if self.role_of(method) is role]
        own = tuple(method for method in requests if self.role_of(method) is role)
        only_reads = not any(method.writes or not method.uri for method in methods)
        return S3Role(self.identity(role), own, only_reads)

    @cached_property
    def buckets(self) -> list[Resource]:
        """The buckets of this template that methods use, with signed requests.

        If the request names the bucket, they are all that the method's role may read.
        """
        objects = [method.objects for method in self.methods if method.signed and method.objects]
        names = {found.bucket for found in objects}
        by_request = any(has_star(name) for name in names)
        return [
            bucket
            for bucket in self.of("AWS::S3::Bucket")
            if (name := self.text({"Ref": bucket.id})) in names
            or (by_request and self._may_be_read(name))
        ]

    def _may_be_read(self, bucket: PartialText) -> bool:
        """Whether the role of a method whose bucket the request names may read the bucket."""
        return any(
            self.may_contain(wide, Objects(bucket, "*"))
            for role in self.s3_roles
            if any(has_star(objects.bucket) for objects in role.objects)
            for statement in role.granted
            if statement.may("s3:GetObject")
            for _, wide in statement.objects
        )

    def bucket_policies(self, bucket: Resource) -> list[Document]:
        """The policies of a bucket."""
        return [
            parse_branches(
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


def unchecked_parts(template: TemplateSource) -> tuple[Unchecked, ...]:
    """What may read S3, and what neither audit, graph nor openapi looks at.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.

    Raises:
        ConfigError: a file that cannot be read, or a text that is not a template.
    """
    return View(template_content(template)).unchecked
