"""Which resources an update replaces, and because of which property.

A change set says `Conditional` when CloudFormation has not decided. The resource schemas that
cfn-lint ships decide it: a change of a create-only property replaces the resource, a change of any
other property does not. What neither the schemas nor the templates decide is left to AWS.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.resources import references
from readmodel_cfn.cloudformation.values import is_known
from readmodel_cfn.deploy.values import ResourceChange, ResourceChangeDetail

Kind = Literal["modify", "replace", "may replace"]
Resources = Mapping[str, Any]

# Attributes that keep their value until the resource is replaced. Others may change in place, such
# as the latest version of a launch template.
_STABLE = {
    "AWS::ApiGateway::RestApi": ("RestApiId", "RootResourceId"),
    "AWS::IAM::Role": ("Arn", "RoleId"),
    "AWS::IAM::User": ("Arn",),
    "AWS::S3::Bucket": ("Arn", "DomainName", "DualStackDomainName", "RegionalDomainName"),
    "AWS::SecretsManager::Secret": ("Id",),
}
_CUSTOM = ("Custom::", "AWS::CloudFormation::CustomResource")
_REGION = "us-east-1"  # it has every resource type


@dataclass(frozen=True)
class Verdict:
    """What an update does to a resource; `properties` are those that replace it, or may do so."""

    kind: Kind = "modify"
    properties: tuple[str, ...] = ()


_UNCHANGED = Verdict()


def verdicts(
    changes: Sequence[ResourceChange], before: Resources, after: Resources
) -> dict[str, Verdict]:
    """The verdict for each modified resource, by logical ID.

    `before` and `after` are the resources of the deployed and of the new template.
    """
    modified = [change for change in changes if change.action not in ("Add", "Remove", "Import")]
    found = {change.logical_id: _decided(change) for change in modified}
    new = {change.logical_id for change in changes if change.action in ("Add", "Remove", "Import")}
    open_ = [change for change in modified if change.replacement == "Conditional"]
    while open_:  # a replaced resource may replace those that refer to it
        resolved = {
            change.logical_id: _Resolver(change, before, after, found, new).verdict()
            for change in open_
        }
        if all(found[name] == verdict for name, verdict in resolved.items()):
            break
        found |= resolved
    return found


def _decided(change: ResourceChange) -> Verdict:
    """CloudFormation's own decision; one that is open counts as no replacement at first."""
    if change.replacement != "True":
        return _UNCHANGED
    names = [detail.name for detail in change.details if detail.recreation == "Always"]
    return Verdict("replace", tuple(dict.fromkeys(names)))


class _Resolver:
    """Decides one `Conditional`; `found` are the verdicts so far, `new` the added and removed."""

    def __init__(
        self,
        change: ResourceChange,
        before: Resources,
        after: Resources,
        found: Mapping[str, Verdict],
        new: Collection[str],
    ) -> None:
        self._change, self._after, self._found, self._new = change, after, found, new
        self._old = _properties(before, change.logical_id)
        self._current = _properties(after, change.logical_id)

    def verdict(self) -> Verdict:
        kinds = {name: self._kind(name, details) for name, details in self._by_property().items()}
        for kind in ("replace", "may replace"):
            names = tuple(name for name, found in kinds.items() if found == kind)
            if names:
                return Verdict(kind, names)
        return _UNCHANGED

    def _by_property(self) -> dict[str, list[ResourceChangeDetail]]:
        """The details of the properties whose change may replace the resource."""
        details = [detail for detail in self._change.details if detail.attribute == "Properties"]
        if not details:
            names = dict.fromkeys([*self._old, *self._current])
            return {name: [] for name in names if self._old.get(name) != self._current.get(name)}
        found: dict[str, list[ResourceChangeDetail]] = {detail.name: [] for detail in details}
        for detail in details:
            if detail.recreation != "Never":
                found[detail.name].append(detail)
        return {name: listed for name, listed in found.items() if listed}

    def _kind(self, name: str, details: Sequence[ResourceChangeDetail]) -> Kind:
        schema = create_only(self._change.type)
        if schema is None or name in schema.conditional:
            return "may replace"
        parts = schema.parts(name)
        if not parts:
            return "modify"
        pairs = [(_at(self._old, part), _at(self._current, part)) for part in parts]
        edited = [pair for pair in pairs if pair[0] != pair[1]]
        if any("*" in part for part in parts):
            return "may replace"
        kinds = [self._edited(old, new, details) for old, new in edited]
        if any(_at(self._current, part) is not None for part in parts):
            kinds += [self._caused(detail) for detail in details if detail.cause]
        edited_elsewhere = self._old.get(name) != self._current.get(name)
        if not edited and not edited_elsewhere and not any(detail.cause for detail in details):
            kinds.append("may replace")  # CloudFormation knows a change that no template shows
        return next((kind for kind in ("replace", "may replace") if kind in kinds), "modify")

    def _edited(self, old: Any, new: Any, details: Sequence[ResourceChangeDetail]) -> Kind:
        """The value in the template changed."""
        evaluator = Evaluator({})
        known = all(is_known(evaluator.evaluate(value)) for value in (old, new))
        if known or old is None or new is None:
            return "replace"
        shown = [(detail.before, detail.after) for detail in details if detail.before]
        if shown and all(after for _, after in shown):
            return "replace" if any(first != second for first, second in shown) else "modify"
        named = {name.partition(".")[0] for value in (old, new) for name in references(value)}
        replaced = {name for name in named if self._found.get(name, _UNCHANGED).kind == "replace"}
        return "replace" if replaced or named & set(self._new) else "may replace"

    def _caused(self, detail: ResourceChangeDetail) -> Kind:
        return effect(detail.cause, self._found, self._after)


def effect(cause: str, found: Mapping[str, Verdict], after: Resources) -> Kind:
    """What a change set's cause, such as `Role.Arn`, does to a create-only property.

    "modify" if the value stays the same: a Ref, or a stable attribute, of a resource that is not
    replaced.
    """
    name, _, attribute = cause.partition(".")
    if not isinstance(after.get(name), Mapping):
        return "may replace"  # a parameter, or a value that only AWS knows
    verdict = found.get(name, _UNCHANGED)
    if verdict.kind != "modify" or not attribute:
        return verdict.kind
    kind = after[name].get("Type", "")
    return "modify" if attribute in _STABLE.get(kind, ()) else "may replace"


@dataclass(frozen=True)
class CreateOnly:
    """The create-only properties of a type, as paths like `A/B`, and the conditional ones."""

    paths: tuple[str, ...]
    conditional: tuple[str, ...]

    def parts(self, name: str) -> list[str]:
        """The create-only paths of one property: itself, or parts of it."""
        return [path for path in self.paths if path == name or path.startswith(f"{name}/")]


@cache
def create_only(type_: str) -> CreateOnly | None:
    """From cfn-lint's schema of the type; None if nothing is known of it.

    A custom resource is replaced if its function returns another physical ID.
    """
    if type_.startswith(_CUSTOM):
        return None
    from cfnlint.schema import ResourceNotFoundError
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    try:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, type_).schema
    except (ResourceNotFoundError, KeyError):
        return None
    paths = tuple(_paths(schema.get("createOnlyProperties")))
    conditional = _paths(schema.get("conditionalCreateOnlyProperties"))
    return CreateOnly(paths, tuple(path.partition("/")[0] for path in conditional))


def _paths(pointers: Sequence[str] | None) -> Iterator[str]:
    for pointer in pointers or ():
        yield pointer.removeprefix("/properties/").replace("/properties/", "/")


def _properties(resources: Resources, logical_id: str) -> Mapping[str, Any]:
    resource = resources.get(logical_id)
    found = resource.get("Properties") if isinstance(resource, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def _at(properties: Any, path: str) -> Any:
    """The value at a path; None if there is none."""
    for step in path.split("/"):
        properties = properties.get(step) if isinstance(properties, Mapping) else None
    return properties
