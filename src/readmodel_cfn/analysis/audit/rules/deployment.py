"""The deployment is a snapshot of the whole API, and a stage serves it."""

from collections.abc import Iterator

from readmodel_cfn.analysis.audit.api import Api
from readmodel_cfn.analysis.audit.rule import Fault, Rule
from readmodel_cfn.analysis.audit.view import View
from readmodel_cfn.cloudformation.references import references
from readmodel_cfn.cloudformation.resources import Resource


def _not_awaited(view: View) -> Iterator[Fault]:
    for api in view.apis.values():
        for deployment in _live(view, api):
            awaited = _awaited(view, deployment)
            for one in (*api.methods, *api.gateway_responses):
                if one.id not in awaited:
                    kind = one.type.rpartition("::")[2]
                    yield Fault(
                        deployment.id,
                        "DependsOn",
                        f"the {kind} {one.id} is not in it",
                        f"add {one.id} to DependsOn",
                    )


def _live(view: View, api: Api) -> list[Resource]:
    """The deployments that the stages name; all where no stage names one of this template."""
    named = {view.text(one.properties.get("DeploymentId")) for one in api.stages}
    found = [one for one in api.deployments if view.text({"Ref": one.id}) in named]
    return found or list(api.deployments)


def _awaited(view: View, deployment: Resource) -> set[str]:
    """What CloudFormation makes before the deployment: what it names, and what that names."""
    found: set[str] = set()
    left = [deployment]
    while left:
        one = left.pop()
        named = {*one.depends_on, *(name.partition(".")[0] for name in references(one.properties))}
        new = named & view.resources.keys() - found
        found |= new
        left += [view.resources[name] for name in new]
    return found


def _no_stage(view: View) -> Iterator[Fault]:
    for api in view.apis.values():
        inline = any("StageName" in one.properties for one in api.deployments)
        if api.resource and not api.stages and not inline:
            yield Fault(
                api.resource.id,
                "Properties",
                "no stage serves it",
                "add an AWS::ApiGateway::Deployment and an AWS::ApiGateway::Stage",
            )


def _inline_stage(view: View) -> Iterator[Fault]:
    for api in view.apis.values():
        for one in api.deployments:
            if "StageName" in one.properties and not api.stages:
                yield Fault(
                    one.id,
                    "Properties/StageName",
                    "the stage is made with the deployment, and follows no other",
                    "add an AWS::ApiGateway::Stage, and put a hash of what the API serves into "
                    "the deployment's logical id; the stage needs another name than the one "
                    "that is deployed",
                )


RULES = (
    Rule(
        "R33",
        "not-in-deployment",
        "The deployment depends on every method and gateway response of its API",
        "The snapshot may be taken before it exists: it is not live, and its path answers 403.",
        _not_awaited,
    ),
    Rule(
        "R34",
        "no-stage",
        "A stage serves the API",
        "There is no URL to read from.",
        _no_stage,
    ),
    Rule(
        "R35",
        "inline-stage",
        "The stage is a resource of its own",
        "A change of the API will never go live: the reader sees the first deployment for ever.",
        _inline_stage,
    ),
)
