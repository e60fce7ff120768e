"""The differences between a stage and the template that it was deployed from.

A deployment is immutable, so a stage with the stack's own deployment and the same routes serves
what the template says. Mapping templates, models and stage variables are not compared.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from readmodel_cfn.cloudformation.values import PartialText, parts_of
from readmodel_cfn.deploy.live.values import (
    STATUS_FOR,
    Comparison,
    Expected,
    Facets,
    Finding,
    Gone,
    Kind,
    Live,
    Method,
    Route,
    Snapshot,
)

_NO_ROUTE = ("", "")


def compare(expected: Expected, live: Snapshot | Gone) -> Comparison:
    """All differences of a stage: those of the stage itself first, then those of its methods."""
    stage = _name(expected)
    if isinstance(live, Gone):
        return Comparison(stage, (_gone(expected, live),), (live.what,), ())
    findings = (*_stage_findings(expected, live), *_method_findings(expected, live))
    compared = tuple(part for part, is_known in _parts(expected, live).items() if is_known)
    return Comparison(stage, findings, compared, (*expected.unknown, *live.unknown))


def together(comparisons: Sequence[Comparison]) -> Live:
    """The comparisons of all stages in one value."""
    return Live(
        findings=tuple(finding for comparison in comparisons for finding in comparison.findings),
        compared={found.stage: found.compared for found in comparisons if found.compared},
        unknown=tuple(
            f"stage {comparison.stage}: not compared: {part}"
            for comparison in comparisons
            for part in comparison.unknown
        ),
    )


def _parts(expected: Expected, live: Snapshot) -> Mapping[str, bool]:
    methods = (live.methods or {}).values()
    return {
        "deployment": None not in (expected.deployment, live.deployment),
        "canary": live.canary is not None,
        "method settings": None not in (expected.settings, live.settings),
        "routes": live.methods is not None,
        "authorization": any(method.access is not None for method in methods),
        "integrations": any(method.integration is not None for method in methods),
    }


def _finding(
    kind: Kind, expected: Expected, detail: str, todo: str, route: Route = _NO_ROUTE
) -> Finding:
    return Finding(kind, _name(expected), *route, detail, todo)


def _name(expected: Expected) -> str:
    return f"{expected.api}/{expected.stage}"


def _gone(expected: Expected, live: Gone) -> Finding:
    if live.what == "api":
        detail = f"API {expected.api} does not exist"
        return _finding("gone", expected, detail, _RECREATE_STACK)
    detail = f"stage {expected.stage} does not exist"
    return _finding("gone", expected, detail, _create_stage(expected))


def _stage_findings(expected: Expected, live: Snapshot) -> Iterator[Finding]:
    if _has_other_deployment(expected, live):
        detail = (
            f"stage {expected.stage} serves deployment {live.deployment}, created outside the "
            f"stack, instead of {expected.deployment}"
        )
        yield _finding("deployment", expected, detail, _restore_deployment(expected))
    if live.canary and not expected.canary:
        detail = f"stage {expected.stage} sends {live.canary:g}% of its requests to a canary"
        yield _finding("canary", expected, detail, _remove_canary(expected))
    yield from _setting_findings(expected, live)


def _has_other_deployment(expected: Expected, live: Snapshot) -> bool:
    known = None not in (expected.deployment, live.deployment)
    return known and expected.deployment != live.deployment


def _setting_findings(expected: Expected, live: Snapshot) -> Iterator[Finding]:
    """API Gateway adds defaults to settings, so only those of the template are compared."""
    if expected.settings is None or live.settings is None:
        return
    for method, settings in expected.settings.items():
        found = live.settings.get(method, {})
        differences = _differences(
            settings, {name: found[name] for name in settings if name in found}
        )
        if differences:
            detail = f"settings for {method}: {', '.join(differences)}"
            yield _finding("settings", expected, detail, _RESTORE_SETTINGS)
    for method in sorted(live.settings.keys() - expected.settings.keys()):
        detail = f"settings for {method} are not in the template"
        yield _finding("settings", expected, detail, _RESTORE_SETTINGS)


def _method_findings(expected: Expected, live: Snapshot) -> Iterator[Finding]:
    if live.methods is None:
        return
    todo = _new_deployment(expected)
    if _has_other_deployment(expected, live):
        todo = "fix the stage's deployment first"
    for route in sorted(expected.methods.keys() | live.methods.keys()):
        kind, detail = _method_difference(expected.methods.get(route), live.methods.get(route))
        if kind and (kind != "extra" or expected.complete):
            yield _finding(kind, expected, detail, todo, route)


def _method_difference(expected: Method | None, live: Method | None) -> tuple[Kind | None, str]:
    if expected is None:
        return "extra", "is served, but not in the template"
    if live is None:
        return "missing", "is in the template, but not served"
    differences = [
        *_differences(expected.access, live.access),
        *_differences(expected.integration, live.integration),
    ]
    return ("differs" if differences else None), ", ".join(differences)


def _differences(expected: Facets | None, live: Facets | None) -> list[str]:
    """Each in words; of a response that only one side has, the status and not the headers."""
    if expected is None or live is None:
        return []
    responses = {name for name in {*expected} ^ {*live} if name.startswith(STATUS_FOR)}
    parts = tuple(name.removeprefix(STATUS_FOR) for name in responses)
    names = [
        name
        for name in dict.fromkeys((*expected, *live))
        if name in responses or not name.endswith(tuple(f" for {part}" for part in parts))
    ]
    return [
        f"{name} is {live.get(name, 'not set')}, in the template {expected.get(name, 'not set')}"
        for name in names
        if not _matches(expected.get(name, ""), live.get(name, ""))
    ]


def _matches(expected: PartialText, live: PartialText) -> bool:
    """An unknown part of the template matches any text."""
    pattern = (re.escape(part) if isinstance(part, str) else ".*" for part in parts_of(expected))
    return re.fullmatch("".join(pattern), str(live), re.DOTALL) is not None


# How to fix each difference, with commands of the AWS CLI if a deploy does not fix it.
_RECREATE_STACK = "run: readmodel-cfn delete, then deploy and publish again"
_RESTORE_SETTINGS = (
    "change them back in API Gateway, or set them under [deployment] or [[routes]] and run: "
    "readmodel-cfn deploy"
)


def _create_stage(expected: Expected) -> str:
    """CloudFormation does not know that the stage was deleted, so a deploy does not create it."""
    if expected.deployment is None:
        return "create it again in API Gateway"
    ids = f"{_ids(expected)} --deployment-id {expected.deployment}"
    return f"run: aws apigateway create-stage {ids}"


def _restore_deployment(expected: Expected) -> str:
    """The stack's own deployment still exists, and it is immutable."""
    patch = f"op=replace,path=/deploymentId,value={expected.deployment}"
    return f"run: {_update_stage(expected)} {patch}"


def _remove_canary(expected: Expected) -> str:
    return f"run: {_update_stage(expected)} op=remove,path=/canarySettings"


def _new_deployment(expected: Expected) -> str:
    """CloudFormation creates a new deployment only for a new logical ID."""
    if expected.separate:
        return "increase serial under [deployment] and run: readmodel-cfn deploy"
    return "change the logical ID of the AWS::ApiGateway::Deployment and deploy again"


def _update_stage(expected: Expected) -> str:
    return f"aws apigateway update-stage {_ids(expected)} --patch-operations"


def _ids(expected: Expected) -> str:
    return f"--rest-api-id {expected.api} --stage-name {expected.stage}"
