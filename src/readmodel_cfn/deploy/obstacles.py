"""Obstacles: what CloudFormation starts and then fails on, seen from both templates. Pure.

It makes what is new before it deletes what is old, so whatever the two cannot have at once fails.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.values import reference_of
from readmodel_cfn.deploy.names import FIXED, Resources, name_of, properties_of, resources_of

_STAGE, _DEPLOYMENT = "AWS::ApiGateway::Stage", "AWS::ApiGateway::Deployment"
_RESOURCE = "AWS::ApiGateway::Resource"
_BESIDE = "deploy under another stack name, lead the readers to the new URL, then delete this stack"
Properties = Mapping[str, Any]


@dataclass(frozen=True)
class Obstacle:
    """Why an update would fail: the logical id, what is wrong, and the way out."""

    where: str
    what: str
    hint: str


def obstacles(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> list[Obstacle]:
    """All that is known to make an update from one template to the other fail half way.

    A resource with a condition is left out: whether it is there is not known here.
    """
    if before is None:
        return []
    old, new = resources_of(before), resources_of(after)
    parts = _parts(old), _parts(new)
    stages = [*_inline_stages(old, new), *_lost_stages(old, new)]
    return [*stages, *_path_parts(*parts), *_taken_names(old, new)]


def _inline_stages(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """Stages that a deployment has made, as the article's does, and a resource would make again."""
    made = [name for one in old.values() if one["Type"] == _DEPLOYMENT and (name := _stage(one))]
    for title, one in new.items():
        if one["Type"] == _STAGE and title not in old and _stage(one) in made:
            what = "the stage exists: the deployed stack's AWS::ApiGateway::Deployment made it"
            yield Obstacle(title, what, _BESIDE)


def _lost_stages(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """Stages that a deployment would lead on, and that go in the end with their own resource."""
    led = [name for one in new.values() if one["Type"] == _DEPLOYMENT and (name := _stage(one))]
    for title, one in old.items():
        if one["Type"] == _STAGE and title not in new and _stage(one) in led:
            what = "the stage would be deleted at the end, though the new Deployment names it"
            yield Obstacle(title, what, _BESIDE)


def _stage(resource: Mapping[str, Any]) -> tuple[Any, Any] | None:
    given = properties_of(resource)
    return (given.get("RestApiId"), given["StageName"]) if "StageName" in given else None


def _parts(resources: Resources) -> dict[str, Properties]:
    """The path parts of APIs."""
    return {
        title: properties_of(one) for title, one in resources.items() if one["Type"] == _RESOURCE
    }


def _path_parts(old: Mapping[str, Properties], new: Mapping[str, Properties]) -> Iterator[Obstacle]:
    """Path parts that are made while one is there that API Gateway cannot have beside them."""
    made = _made(old, new)
    for title, one in new.items():
        if title not in made or _parent(one) in made:  # below what is new there is nothing yet
            continue
        for other, was in old.items():
            if _place(was) == _place(one) and _clash(was, one):
                yield _path_obstacle(title, other, old, new, stays=other in new.keys() - made)


def _made(old: Mapping[str, Properties], new: Mapping[str, Properties]) -> set[str]:
    """What would be made: the new, the changed (an API's resource is replaced), what is below."""
    made = {title for title, one in new.items() if old.get(title) != one}
    while below := {title for title, one in new.items() if _parent(one) in made} - made:
        made |= below
    return made


def _parent(one: Properties) -> str | None:
    """The logical id of the resource above, or the root's attribute."""
    return reference_of(Evaluator({}).evaluate(one.get("ParentId")))


def _place(one: Properties) -> tuple[Any, Any]:
    return one.get("RestApiId"), one.get("ParentId")


def _clash(one: Properties, other: Properties) -> bool:
    """Are they the same, or both variable? API Gateway says: only one is allowed."""
    parts = one.get("PathPart"), other.get("PathPart")
    variable = [isinstance(part, str) and part.startswith("{") for part in parts]
    return parts[0] == parts[1] or all(variable)


def _path_obstacle(
    title: str,
    other: str,
    old: Mapping[str, Properties],
    new: Mapping[str, Properties],
    *,
    stays: bool,
) -> Obstacle:
    path, part, taken = _path(title, new), new[title].get("PathPart"), old[other].get("PathPart")
    if part == taken:
        what = f"{path} would be made while {other} still has it"
        rule = f"call it {other}"
    else:
        what = f"{path} would be made while {taken} is still there: API Gateway takes one variable"
        what += " at one place"
        rule = f"name it {taken}"
    if stays:
        return Obstacle(title, what, rule)
    without = f"deploy once without {path} and all below it, then once more with it"
    return Obstacle(title, what, f"{rule}, or {without}")


def _path(title: str, parts: Mapping[str, Properties]) -> str:
    """The path that a resource ends, as a route writes it."""
    path: list[str] = []
    at: Any = title
    while at in parts and len(path) < len(parts):
        path.insert(0, str(parts[at].get("PathPart")))
        at = _parent(parts[at])
    return "/".join(path)


def _taken_names(old: Resources, new: Resources) -> Iterator[Obstacle]:
    """Fixed names that what is new would have while what is old still has them.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
    """
    held = _named(old)
    for title, kind, name in _named(new):
        holder = next((other for other, *had in held if had == [kind, name]), None)
        if (title, kind, name) in held:
            yield from _replaced(title, old[title], new[title])
        elif holder:
            what = f"its {_shown(name)} is still {holder}'s when it is made"
            yield Obstacle(title, what, f"call it {holder}, or give it another name")


def _named(resources: Resources) -> list[tuple[str, str, Properties]]:
    """The resources with a fixed name: logical id, type, and the properties that name it."""
    return [
        (title, one["Type"], name) for title, one in resources.items() if (name := name_of(one))
    ]


def _replaced(title: str, was: Mapping[str, Any], one: Mapping[str, Any]) -> Iterator[Obstacle]:
    old, new = properties_of(was), properties_of(one)
    create_only = FIXED[one["Type"]].create_only
    changed = [name for name in create_only if old.get(name) != new.get(name)]
    if changed:
        properties, shown = " and ".join(changed), _shown(name_of(one) or {})
        what = (
            f"to change its {properties} it is made anew, while the old one still has its {shown}"
        )
        yield Obstacle(title, what, f"give it another name, or leave {properties} as before")


def _shown(name: Properties) -> str:
    *_, (property_, value) = name.items()
    return f"{property_} {value}" if isinstance(value, str) else property_
