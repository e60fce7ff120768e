"""The nodes of a flowchart: resources, paths of APIs, and resources outside the template."""

import re
from dataclasses import dataclass

from readmodel_cfn.analysis.parts import REST_API
from readmodel_cfn.analysis.roles import GROUP, NAME_PROPERTIES, ROLE, USER, role_name
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText, Unknown, parts_of

BUCKET = "AWS::S3::Bucket"
DISTRIBUTION = "AWS::CloudFront::Distribution"
IDENTITIES = (ROLE, USER, GROUP)
ACCESS_KEY = "AWS::IAM::AccessKey"
METHOD = "AWS::ApiGateway::Method"
STAGE = "AWS::ApiGateway::Stage"
DEPLOYMENT = "AWS::ApiGateway::Deployment"
GATEWAY_RESPONSE = "AWS::ApiGateway::GatewayResponse"
_API_RESOURCE = "AWS::ApiGateway::Resource"
_NOTATION = re.compile(r"^Fn::|\$\{|\}")
_NAME_PROPERTIES = {BUCKET: "BucketName", **NAME_PROPERTIES}


@dataclass(frozen=True)
class Node:
    """A resource, the methods of a path, or a resource that is not in the template.

    `id` is the logical ID, empty if the resource is not in the template; `detail` is shown instead
    of the type.
    """

    type: str
    name: str
    id: str = ""
    detail: str = ""

    @property
    def kind(self) -> str:
        """The type in words, such as `S3 Bucket`, or the verbs of a path."""
        return self.detail or self.type.removeprefix("AWS::").replace("::", " ")


READERS = Node("", "readers", detail="readers")


def find_nodes(view: View) -> dict[str, Node]:
    """The node of each resource, by logical ID.

    The methods of a path share one; an API Gateway resource has its API's.
    """
    own = {
        resource.id: Node(resource.type, resource.id, resource.id)
        for resource in view.resources.values()
        if resource.type not in (METHOD, _API_RESOURCE)
    }
    apis = {resource.id: api_of(view, resource) for resource in view.of(_API_RESOURCE)}
    return own | {logical_id: api for logical_id, api in apis.items() if api} | _paths(view)


def _paths(view: View) -> dict[str, Node]:
    by_path: dict[tuple[PartialText, str], list[Resource]] = {}
    for method in view.of(METHOD):
        place = view.text(method.properties.get("RestApiId")), _path(view, method)
        by_path.setdefault(place, []).append(method)
    return {
        method.id: Node(METHOD, path, methods[0].id, _verbs(view, methods))
        for (_, path), methods in by_path.items()
        for method in methods
    }


def _path(view: View, method: Resource) -> str:
    """The path, or the reference to the API resource if the path is unknown."""
    name = view.text(method.properties.get("ResourceId"))
    return readable(view.paths.get(name) or name)


def _verbs(view: View, methods: list[Resource]) -> str:
    verbs = (str(view.text(method.properties.get("HttpMethod"))) for method in methods)
    return " ".join(dict.fromkeys(verbs))


def api_of(view: View, resource: Resource) -> Node | None:
    """The API that a resource belongs to."""
    text = view.text(resource.properties.get("RestApiId"))
    return node_named(view, REST_API, text) if text else None


def node_named(view: View, kind: str, text: PartialText) -> Node:
    """The node of a type by a name, reference or ARN, even if it is not in the template."""
    names = {text, role_name(text)} if kind == ROLE else {text}
    for resource in view.of(kind):
        name = view.text(resource.properties.get(_NAME_PROPERTIES.get(kind, "")))
        own = [{"Ref": resource.id}, {"Fn::GetAtt": [resource.id, "Arn"]}]
        if names & ({*map(view.text, own), *map(view.plain_text, own), name} - {""}):
            return Node(kind, resource.id, resource.id)
    name = readable(text)
    last = name.rpartition("/")[2] if kind in IDENTITIES else name  # an ARN's last part
    return Node(kind, last, detail=f"{Node(kind, '').kind}, elsewhere")


def readable(text: PartialText) -> str:
    """An expression as plain text: `${Bucket}` becomes Bucket, an import the export's name."""
    return "".join(
        _NOTATION.sub("", part.name) if isinstance(part, Unknown) else part
        for part in parts_of(text)
    )
