"""The full paths of an API's resources."""

from collections.abc import Mapping

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.values import PartialText, join_texts, reference_of

_DEEPEST = 100  # segments of a path


def paths(
    resources: Mapping[str, Resource], evaluator: Evaluator
) -> dict[PartialText, PartialText]:
    """The full path of every API resource, by the text that refers to it.

    Resources whose path is not known are left out; the root has its GetAtt as the key.
    """
    found: dict[PartialText, PartialText] = {}
    for resource in resources.values():
        if resource.type == "AWS::ApiGateway::RestApi":
            found[evaluator.text({"Fn::GetAtt": [resource.id, "RootResourceId"]})] = "/"
        elif resource.type == "AWS::ApiGateway::Resource":
            path = _path(resource, resources, evaluator)
            if path is not None:
                found[evaluator.text({"Ref": resource.id})] = path
    return found


def _path(
    resource: Resource, resources: Mapping[str, Resource], evaluator: Evaluator
) -> PartialText | None:
    parts: list[PartialText] = []
    found: Resource | None = resource
    while found is not None and len(parts) < 2 * _DEEPEST:
        parts = ["/", evaluator.text(found.properties.get("PathPart")), *parts]
        parent = reference_of(evaluator.text(found.properties.get("ParentId"))) or ""
        if parent.endswith(".RootResourceId"):
            return join_texts(parts)
        above = resources.get(parent)
        found = above if above and above.type == "AWS::ApiGateway::Resource" else None
    return None
