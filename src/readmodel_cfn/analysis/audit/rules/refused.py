"""API Gateway creates what the template describes.

Only what the template's own resources say is judged: a value that is known only to a stack, and
what an OpenAPI document or SAM makes, is not.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readmodel_cfn.analysis.audit.rule import Rule, Violation
from readmodel_cfn.analysis.view import View
from readmodel_cfn.cloudformation.json_pointer import escaped
from readmodel_cfn.cloudformation.resources import Resource
from readmodel_cfn.cloudformation.rest_api import refusals
from readmodel_cfn.cloudformation.values import PartialText

_API_GATEWAY = "AWS::ApiGateway::"
_CHECKS: Mapping[str, Callable[[refusals.Json], Iterator[refusals.Refusal]]] = {
    "Stage": refusals.stage_refusals,
    "Deployment": refusals.deployment_refusals,
    "GatewayResponse": refusals.gateway_response_refusals,
    "ApiKey": refusals.api_key_refusals,
    "Model": refusals.model_refusals,
}


def _refused(view: View) -> Iterator[Violation]:
    yield from _path_parts(view)
    models = _models(view)
    for resource in _of(view, "Method"):
        yield from _method(view, resource, models)
    for resource in _of(view, "RestApi"):
        if view.text({"Ref": resource.id}) not in view.apis:  # else R30 reports it
            yield from _violations(resource, refusals.api_refusals(_properties(view, resource)))
    for kind, check in _CHECKS.items():
        for resource in _of(view, kind):
            yield from _violations(resource, check(_properties(view, resource)))


def _of(view: View, kind: str) -> Iterator[Resource]:
    """The resources with readable properties; other IDs than logical ones are not written there."""
    for resource in view.of(f"{_API_GATEWAY}{kind}"):
        if resource.id.isalnum() and resource.properties:
            yield resource


def _method(view: View, resource: Resource, models: set[str] | None) -> Iterator[Violation]:
    properties = _properties(view, resource)
    api = view.text(resource.properties.get("RestApiId"))
    own = any(api == view.text({"Ref": found.id}) for found in _of(view, "RestApi"))
    yield from _violations(resource, refusals.method_refusals(properties, models if own else None))
    if api not in view.apis:
        # R08 and R15 report these for the APIs that read S3.
        yield from _violations(resource, refusals.undeclared(properties))
    if "Integration" not in resource.properties:
        yield _violation(resource, (), "No integration defined for method")


def _path_parts(view: View) -> Iterator[Violation]:
    listed = list(_of(view, "Resource"))
    above = {view.text({"Ref": resource.id}): resource for resource in listed}
    earlier: dict[tuple[PartialText, PartialText], list[tuple[str, str | None]]] = {}
    for resource in listed:
        part = view.text(resource.properties.get("PathPart"))
        parent = view.text(resource.properties.get("ParentId"))
        if not isinstance(part, str) or not part:
            continue
        api = view.text(resource.properties.get("RestApiId"))
        siblings = earlier.setdefault((api, parent), [])
        together = [name for name, when in siblings if when in (None, resource.condition)]
        siblings.append((part, resource.condition))
        reason = refusals.path_part_refusal(part) or refusals.sibling_refusal(part, together)
        if parent in above:
            upper = view.text(above[parent].properties.get("PathPart"))
            reason = reason or refusals.child_refusal(str(upper))
        if reason:
            yield _violation(resource, ("PathPart",), reason)


def _models(view: View) -> set[str] | None:
    """The models of the template; None if the name of one is unknown."""
    found: set[str] = set()
    for model in _of(view, "Model"):
        name = view.text(model.properties.get("Name"))
        if not isinstance(name, str):
            return None
        found |= {model.id, name}
    return found


def _properties(view: View, resource: Resource) -> dict[str, Any]:
    return {name: view.evaluator.evaluate(value) for name, value in resource.properties.items()}


def _violations(resource: Resource, found: Iterator[refusals.Refusal]) -> Iterator[Violation]:
    for keys, reason in found:
        yield _violation(resource, keys, reason)


def _violation(resource: Resource, keys: refusals.Keys, reason: str) -> Violation:
    path = "/".join(("Properties", *(escaped(str(key)) for key in keys)))
    return Violation(resource.id, path, f"API Gateway refuses it: {reason}", "correct the property")


RULES = (
    Rule(
        "R59",
        "refused",
        "high",
        "API Gateway accepts every resource of the API",
        "The deployment fails, with this reason.",
        _refused,
    ),
)
