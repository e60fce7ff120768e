"""The nodes of a picture: a template's resources, the paths of its APIs, and what it only names."""

import re

from readmodel_cfn.analysis.graph.picture import Node
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText, Unknown, parts_of

BUCKET = "AWS::S3::Bucket"
ROLE, USER, GROUP = "AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"
IDENTITIES = (ROLE, USER, GROUP)
REST_API = "AWS::ApiGateway::RestApi"
METHOD = "AWS::ApiGateway::Method"
_SEGMENT = "AWS::ApiGateway::Resource"
_NOTATION = re.compile(r"^Fn::|\$\{|\}")
_NAMES = {BUCKET: "BucketName", ROLE: "RoleName", USER: "UserName", GROUP: "GroupName"}


def by_logical_id(view: View) -> dict[str, Node]:
    """The node of each resource; the methods of a path share one, an API resource is its API's."""
    own = {
        one.id: Node(one.type, one.id, one.id)
        for one in view.resources.values()
        if one.type not in (METHOD, _SEGMENT)
    }
    segments = {one.id: api_of(view, one) for one in view.of(_SEGMENT)}
    return own | {name: api for name, api in segments.items() if api} | _paths(view)


def _paths(view: View) -> dict[str, Node]:
    together: dict[tuple[PartialText, str], list[Resource]] = {}
    for one in view.of(METHOD):
        place = view.text(one.properties.get("RestApiId")), _path(view, one)
        together.setdefault(place, []).append(one)
    return {
        one.id: Node(METHOD, path, methods[0].id, _verbs(view, methods))
        for (_, path), methods in together.items()
        for one in methods
    }


def _path(view: View, method: Resource) -> str:
    """The path, or what the method calls its resource where the path cannot be known."""
    name = view.text(method.properties.get("ResourceId"))
    return shown(view.paths.get(name) or name)


def _verbs(view: View, methods: list[Resource]) -> str:
    return " ".join(str(view.text(one.properties.get("HttpMethod"))) for one in methods)


def api_of(view: View, part: Resource) -> Node | None:
    """The API that a resource is about, in this template or elsewhere."""
    text = view.text(part.properties.get("RestApiId"))
    return named(view, REST_API, text) if text else None


def named(view: View, kind: str, text: PartialText) -> Node:
    """The resource of that kind by its name, reference or ARN; what nobody here makes, too."""
    for one in view.of(kind):
        name = view.text(one.properties.get(_NAMES.get(kind, "")))
        own = [{"Ref": one.id}, {"Fn::GetAtt": [one.id, "Arn"]}]
        if text in {*map(view.text, own), *map(view.written, own), name} - {""}:
            return Node(kind, one.id, one.id)
    words = Node(kind, "").kind
    name = shown(text)
    last = name.rpartition("/")[2] if kind in IDENTITIES else name  # of an ARN
    return Node(kind, last, detail=f"{words}, elsewhere")


def shown(text: PartialText) -> str:
    """An expression's text for people: `${Bucket}` is Bucket, an import is its name."""
    return "".join(
        _NOTATION.sub("", part.name) if isinstance(part, Unknown) else part
        for part in parts_of(text)
    )
