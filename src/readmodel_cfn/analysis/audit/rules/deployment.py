"""The deployment is a snapshot of the whole API, and a stage serves it."""

from collections.abc import Iterator

from readmodel_cfn.analysis.apis import Api
from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.resources import Resource, references


def _not_included(view: View) -> Iterator[Violation]:
    for api in view.apis.values():
        for deployment in _live(view, api):
            dependencies = _dependencies(view, deployment)
            for resource in (*api.methods, *api.gateway_responses):
                own = resource.id in view.places  # it is created with the API
                if not own and resource.id not in dependencies:
                    kind = resource.type.rpartition("::")[2]
                    yield Violation(
                        deployment.id,
                        "DependsOn",
                        f"it does not depend on the {kind} {resource.id}",
                        "add it to DependsOn",
                    )


def _live(view: View, api: Api) -> list[Resource]:
    """The deployments that stages serve; all if no stage serves a deployment of this template."""
    served = {view.text(stage.properties.get("DeploymentId")) for stage in api.stages}
    live = [
        deployment for deployment in api.deployments if view.text({"Ref": deployment.id}) in served
    ]
    return live or list(api.deployments)


def _dependencies(view: View, deployment: Resource) -> set[str]:
    """The logical IDs of the resources that CloudFormation creates before the deployment."""
    dependencies: set[str] = set()
    left = [deployment]
    while left:
        resource = left.pop()
        referenced = {name.partition(".")[0] for name in references(resource.properties)}
        new = {*resource.depends_on, *referenced} & view.resources.keys() - dependencies
        dependencies |= new
        left += [view.resources[name] for name in new]
    return dependencies


def _no_stage(view: View) -> Iterator[Violation]:
    for api in view.apis.values():
        inline = any("StageName" in deployment.properties for deployment in api.deployments)
        if api.resource and not api.stages and not inline:
            yield Violation(
                api.resource.id,
                "Properties",
                "it has no stage",
                "add an AWS::ApiGateway::Deployment and an AWS::ApiGateway::Stage",
            )


def _inline_stage(view: View) -> Iterator[Violation]:
    for api in view.apis.values():
        for deployment in api.deployments:
            if "StageName" in deployment.properties and not api.stages:
                yield Violation(
                    deployment.id,
                    "Properties/StageName",
                    "it creates its own stage, which no other deployment can update",
                    "add an AWS::ApiGateway::Stage with a new name, and end the deployment's "
                    "logical ID with a hash of what the API serves",
                )


RULES = (
    Rule(
        "R33",
        "not-in-deployment",
        "high",
        "The deployment depends on every method and gateway response of its API",
        "The snapshot may be taken before the resource exists: its path returns 403.",
        _not_included,
    ),
    Rule(
        "R34",
        "no-stage",
        "high",
        "A stage serves the API",
        "The API has no URL.",
        _no_stage,
    ),
    Rule(
        "R35",
        "inline-stage",
        "medium",
        "The stage is a separate resource",
        "Changes of the API are never served: clients see the first deployment only.",
        _inline_stage,
    ),
)
