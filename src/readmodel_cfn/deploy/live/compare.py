"""What is live against what the template says. Pure.

A deployment never changes, so the same deployment with the same routes serves what the template
says. Bodies' templates, models and stage variables are not compared.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

from readmodel_cfn.cloudformation.values import PartialText, parts_of
from readmodel_cfn.deploy.live import todo
from readmodel_cfn.deploy.live.values import (
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


def compare(wanted: Expected, found: Snapshot | Gone) -> Comparison:
    """Everything that differs, the stage itself first, then its routes."""
    stage = _name(wanted)
    if isinstance(found, Gone):
        return Comparison(stage, (_gone(wanted, found),), (found.what,), ())
    findings = (*_of_the_stage(wanted, found), *_of_its_methods(wanted, found))
    compared = tuple(what for what, is_known in _parts(wanted, found).items() if is_known)
    return Comparison(stage, findings, compared, (*wanted.unknown, *found.unknown))


def together(found: Sequence[Comparison]) -> Live:
    """The comparisons of all stages as one."""
    return Live(
        findings=tuple(each for one in found for each in one.findings),
        compared={one.stage: one.compared for one in found if one.compared},
        unknown=tuple(
            f"stage {one.stage}: not compared: {what}" for one in found for what in one.unknown
        ),
    )


def _parts(wanted: Expected, found: Snapshot) -> Mapping[str, bool]:
    methods = (found.methods or {}).values()
    return {
        "deployment": None not in (wanted.deployment, found.deployment),
        "canary": found.canary is not None,
        "method settings": None not in (wanted.settings, found.settings),
        "routes": found.methods is not None,
        "authorization": any(one.access is not None for one in methods),
        "integrations": any(one.integration is not None for one in methods),
    }


def _finding(
    kind: Kind, wanted: Expected, detail: str, what_to_do: str, route: Route = _NO_ROUTE
) -> Finding:
    return Finding(kind, _name(wanted), *route, detail, what_to_do)


def _name(wanted: Expected) -> str:
    return f"{wanted.api}/{wanted.stage}"


def _gone(wanted: Expected, found: Gone) -> Finding:
    if found.what == "api":
        return _finding("gone", wanted, f"API {wanted.api} is gone", todo.MAKE_ALL_AGAIN)
    return _finding("gone", wanted, f"stage {wanted.stage} is gone", todo.make_stage(wanted))


def _of_the_stage(wanted: Expected, found: Snapshot) -> Iterator[Finding]:
    if _is_other_deployment(wanted, found):
        detail = (
            f"stage {wanted.stage} serves deployment {found.deployment}, not the stack's "
            f"{wanted.deployment}: somebody deployed by hand"
        )
        yield _finding("deployment", wanted, detail, todo.point_back(wanted))
    if found.canary and not wanted.canary:
        detail = f"{found.canary:g}% of the requests to stage {wanted.stage} go to a canary"
        yield _finding("canary", wanted, detail, todo.end_canary(wanted))
    yield from _of_its_settings(wanted, found)


def _is_other_deployment(wanted: Expected, found: Snapshot) -> bool:
    known = None not in (wanted.deployment, found.deployment)
    return known and wanted.deployment != found.deployment


def _of_its_settings(wanted: Expected, found: Snapshot) -> Iterator[Finding]:
    """API Gateway fills in what a setting leaves out, so only what the template says counts."""
    if wanted.settings is None or found.settings is None:
        return
    for name, own in wanted.settings.items():
        live = found.settings.get(name, {})
        differing = _differences(own, {one: live[one] for one in own if one in live})
        if differing:
            detail = f"settings for {name}: {', '.join(differing)}"
            yield _finding("settings", wanted, detail, todo.MEND_SETTINGS)
    for name in sorted(found.settings.keys() - wanted.settings.keys()):
        detail = f"settings for {name} were made by hand"
        yield _finding("settings", wanted, detail, todo.MEND_SETTINGS)


def _of_its_methods(wanted: Expected, found: Snapshot) -> Iterator[Finding]:
    if found.methods is None:
        return
    other = _is_other_deployment(wanted, found)
    what_to_do = todo.BACK_FIRST if other else todo.deploy_anew(wanted)
    for route in sorted(wanted.methods.keys() | found.methods.keys()):
        kind, detail = _of_method(wanted.methods.get(route), found.methods.get(route))
        if kind and (kind != "extra" or wanted.complete):
            yield _finding(kind, wanted, detail, what_to_do, route)


def _of_method(wanted: Method | None, live: Method | None) -> tuple[Kind | None, str]:
    if wanted is None:
        return "extra", "is served, but not in the template"
    if live is None:
        return "missing", "is in the template, but not served"
    differing = [
        *_differences(wanted.access, live.access),
        *_differences(wanted.integration, live.integration),
    ]
    return ("differs" if differing else None), ", ".join(differing)


def _differences(wanted: Facets | None, live: Facets | None) -> list[str]:
    if wanted is None or live is None:
        return []
    names = dict.fromkeys((*wanted, *live))
    return [
        f"{name} is {live.get(name, 'not set')}, in the template {wanted.get(name, 'not set')}"
        for name in names
        if not _fits(wanted.get(name, ""), live.get(name, ""))
    ]


def _fits(wanted: PartialText, live: PartialText) -> bool:
    """An unknown part of the template stands for anything."""
    pattern = (re.escape(part) if isinstance(part, str) else ".*" for part in parts_of(wanted))
    return re.fullmatch("".join(pattern), str(live), re.DOTALL) is not None
