"""The way of a request: readers, stage, API, path, and what answers it in whose name."""

from collections.abc import Iterator, Mapping

from readmodel_cfn.analysis.graph.nodes import BUCKET, METHOD, ROLE, api_of, named
from readmodel_cfn.analysis.graph.picture import READERS, Arrow, Node
from readmodel_cfn.analysis.methods import Method
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.patterns import has_star
from readmodel_cfn.cloudformation.references import references
from readmodel_cfn.cloudformation.resources import Resource

STAGE = "AWS::ApiGateway::Stage"
DEPLOYMENT = "AWS::ApiGateway::Deployment"
GATEWAY_RESPONSE = "AWS::ApiGateway::GatewayResponse"


def requests(view: View, nodes: Mapping[str, Node]) -> Iterator[Arrow]:
    """The arrows of all APIs."""
    for one in view.resources.values():
        if one.type in (STAGE, DEPLOYMENT):
            yield from _served(view, one, nodes)
        elif one.type in (METHOD, GATEWAY_RESPONSE):
            yield from _of_api(view, one, nodes)
    for method in view.methods:
        yield from _answered(view, method, nodes)


def _served(view: View, one: Resource, nodes: Mapping[str, Node]) -> Iterator[Arrow]:
    """A stage, or a deployment that makes its stage itself, is what readers ask."""
    stage, api = view.text(one.properties.get("StageName")), api_of(view, one)
    if stage and api:
        yield Arrow(READERS, nodes[one.id], f"/{stage}", flow=True)
        yield Arrow(nodes[one.id], api, flow=True)


def _of_api(view: View, one: Resource, nodes: Mapping[str, Node]) -> Iterator[Arrow]:
    """From the API to the path, and on to what the URI names, such as a function."""
    api = api_of(view, one)
    if api:
        yield Arrow(api, nodes[one.id], flow=one.type == METHOD)
    integration = one.properties.get("Integration")
    uri = integration.get("Uri") if isinstance(integration, Mapping) else None
    for name in references(uri):
        target = nodes.get(name.partition(".")[0])
        if target and target.type != BUCKET:
            yield Arrow(nodes[one.id], target, flow=True)


def _answered(view: View, method: Method, nodes: Mapping[str, Node]) -> Iterator[Arrow]:
    """To the bucket, by the keys that are read there, and to the role."""
    source, objects = nodes[method.id], method.objects
    if method.uri and objects:
        bucket = method.uri.bucket if has_star(objects.bucket) else objects.bucket
        yield Arrow(source, named(view, BUCKET, bucket), items=(str(method.uri.key),), flow=True)
    if method.credentials:
        yield Arrow(source, named(view, ROLE, method.credentials), "as")
