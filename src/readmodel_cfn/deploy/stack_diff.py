"""StackDiff: the difference between a deployed stack and its spec, value by value. No AWS calls."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, ClassVar, Literal

from readmodel_cfn.cloudformation.evaluate import function_of, show
from readmodel_cfn.cloudformation.reader import read_template
from readmodel_cfn.deploy.access import Access
from readmodel_cfn.deploy.exposure import exposure
from readmodel_cfn.deploy.plan import Action
from readmodel_cfn.deploy.replacement import Verdict, effect, verdicts
from readmodel_cfn.deploy.routes import removed_routes, routes_of
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import ChangeSet, ResourceChange, ResourceChangeDetail, Stack
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.plural import counted

ChangeKind = Literal["add", "modify", "replace", "may replace", "remove", "import"]
ABSENT = None  # the value of a property that does not exist; a template has no null
_CURRENT, _LATER = "(current value)", "(known after deploy)"
_LONGEST_VALUES = 2 * 72  # characters of two values in a line; as_dict() has all of them
_COMMON = 8  # characters of a common beginning that are shown before the difference
_KINDS: Mapping[str, ChangeKind] = {"Add": "add", "Remove": "remove", "Import": "import"}
_LOSING = ("replace", "may replace", "remove")
_STACK_KEYS = {"Tags": "tags", "TerminationProtection": "termination_protection"}
# The parts of a template besides its resources, and what an absent one equals.
_PARTS: Mapping[str, Any] = {
    "Description": ABSENT,
    "Parameters": {},
    "Conditions": {},
    "Mappings": {},
    "Transform": ABSENT,
    "Outputs": {},
}
# What is lost if a resource of this type is replaced or removed; see `ResourceDiff.loss`.
_CONSEQUENCES = {
    "AWS::S3::Bucket": "its documents are no longer served: publish all of them again",
    "AWS::ApiGateway::RestApi": "its URL changes",
    "AWS::ApiGateway::Stage": "its URL changes",
    "AWS::IAM::AccessKey": "publishers with the old key are refused: let them read the new one",
}
# Replacing or removing one of these needs a consent of its own.
_PROTECTED = ("AWS::S3::Bucket", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage")


@dataclass(frozen=True)
class SettingChange:
    """One key of readmodel.toml before and after; None if it has no value.

    `table` and `key` are those of the file, such as api and cors_origin. For a route that is added
    or removed, `table` is routes, `key` the path, and `before` or `after` the key of the document
    that it serves; for a changed one `key` is the path and the name of its setting, such as
    `samples throttle_rate`. `resources` are the logical IDs of the resources that this setting
    alone changes; of many changed routes, those of all together. `access` says whether it widens
    access.
    """

    table: str
    key: str
    before: Any
    after: Any
    resources: tuple[str, ...] = ()
    access: bool = False

    def __str__(self) -> str:
        count = f" ({counted(len(self.resources), 'resource')})" if self.resources else ""
        return f"{self._text}{count}"

    @property
    def _text(self) -> str:
        if self.table == "routes" and " " not in self.key:
            word = "added" if self.before is None else "removed"
            return f"[[routes]] {word} {self.key} -> {self.after or self.before}"
        return f"{self.name}: {' -> '.join(self.values())}"

    @property
    def name(self) -> str:
        """Table and key, such as `[api] cors_origin`."""
        table = "[[routes]]" if self.table == "routes" else f"[{self.table}]"
        return f"{table} {self.key}"

    def values(self, width: int = _LONGEST_VALUES) -> tuple[str, str]:
        """As of PropertyChange."""
        return _in_line(self.before, self.after, width)


@dataclass(frozen=True)
class PropertyChange:
    """One value before and after; None if it does not exist.

    `access` says whether the change widens access: somebody can read, write or decide more than in
    the deployed stack, or a protection is weaker. A value that is known only during the deploy is
    text in parentheses.
    """

    path: str
    before: Any
    after: Any
    access: bool = False

    def values(self, width: int = _LONGEST_VALUES) -> tuple[str, str]:
        """The value before and after, together at most `width` characters; `-` is no value.

        Functions are in the syntax of Fn::Sub: `${DataStore.Arn}/a.json`. Of long values the
        beginning that they have in common is left out.
        """
        return _in_line(self.before, self.after, width)

    def __str__(self) -> str:
        path = self.path.removeprefix("/").replace("/", ".").removeprefix("Properties.")
        return f"{path}: {' -> '.join(self.values())}"


@dataclass(frozen=True)
class ResourceDiff:
    """What happens to one resource.

    A resource that CloudFormation lists only because it refers to a changed one has no properties
    here, if what it refers to keeps its value. The kind is "may replace" if only AWS can decide
    whether the change replaces it. `replaced_by` are the properties whose change replaces it, or
    may do so.
    """

    kind: ChangeKind
    logical_id: str
    type: str
    physical_id: str = ""
    properties: tuple[PropertyChange, ...] = ()
    replaced_by: tuple[str, ...] = ()

    @property
    def access(self) -> bool:
        """Whether any change widens access."""
        return any(change.access for change in self.properties)

    @property
    def loss(self) -> str:
        """What is lost if the resource is replaced or removed; empty if nothing is."""
        return _CONSEQUENCES.get(self.type, "") if self.kind in _LOSING else ""

    @property
    def is_protected(self) -> bool:
        """Whether the change needs consent of its own: the bucket, the API or its URL are lost."""
        return self.kind in _LOSING and self.type in _PROTECTED


@dataclass(frozen=True)
class StackDiff:
    """What a deploy changes.

    `settings` are the changed keys of readmodel.toml; of a stack that an older version or another
    tool deployed only those of [stack] are known. `resources` are the changed resources, and
    `others` the other parts of the template, such as outputs, with tags and protection. `action` is
    the plan's. `removed_routes` are the paths that are no longer served, and `kept_routes` is the
    number of deployed ones that still are. `exposure` says for a new stack what becomes public and
    who may write.
    """

    kind: ClassVar[str] = "diff"

    resources: tuple[ResourceDiff, ...] = ()
    others: tuple[PropertyChange, ...] = ()
    action: Action = "nothing"
    settings: tuple[SettingChange, ...] = ()
    removed_routes: tuple[str, ...] = ()
    kept_routes: int = 0
    exposure: str = ""

    def __bool__(self) -> bool:
        return bool(self.resources or self.others)

    def __str__(self) -> str:
        if not self:
            return "no changes"
        kinds = Counter[str](resource.kind for resource in self.resources)
        if self.others:
            kinds["outside the resources"] = len(self.others)
        counts = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        return f"{counted(kinds.total(), 'change')}: {counts}"

    @property
    def up_to_date(self) -> bool:
        """Whether a deploy changes nothing."""
        return self.action == "nothing" and not self

    @property
    def lost(self) -> tuple[ResourceDiff, ...]:
        """The resources that are replaced or removed and need consent of their own."""
        return tuple(resource for resource in self.resources if resource.is_protected)

    @property
    def removes_all_routes(self) -> bool:
        """Whether none of the deployed routes is served afterwards."""
        return bool(self.removed_routes) and not self.kept_routes

    def as_dict(self) -> dict[str, Any]:
        """The object that the command prints with `--json`."""
        return {
            "action": self.action,
            "settings": [asdict(setting) for setting in self.settings],
            "resources": [
                asdict(resource) | {"access": resource.access} for resource in self.resources
            ],
            "others": [asdict(change) for change in self.others],
            "removed_routes": list(self.removed_routes),
            "kept_routes": self.kept_routes,
            "exposure": self.exposure,
        }


ChangedSetting = tuple[str, str, Any, Any, Mapping[str, Any], Mapping[str, Any]]
"""Table, key, value before and after, and two templates: without and with this change only."""

FindSettings = Callable[[Mapping[str, Any]], Iterable[ChangedSetting]]
"""Finds the changed settings of a deployed template."""


def no_settings(deployed: Mapping[str, Any]) -> Iterable[ChangedSetting]:  # noqa: ARG001
    """For a template whose settings are unknown."""
    return ()


def additions(spec: StackSpec) -> StackDiff:
    """The difference to no stack: every resource is added."""
    resources = spec.content["Resources"].items()
    added = (
        _whole("add", logical_id, resource["Type"], resource)
        for logical_id, resource in resources
        if isinstance(resource, Mapping)  # the value of Fn::ForEach is a list
    )
    return StackDiff(tuple(added), exposure=exposure(spec.content))


def from_change_set(
    found: ChangeSet,
    stack: Stack | None,
    before: Any,
    spec: StackSpec,
    find_settings: FindSettings = no_settings,
) -> StackDiff:
    """The changes of a change set; values that it does not have come from the templates.

    `before` is the deployed template, as text if it is in YAML.
    """
    if stack is None:
        return _created(found, spec)
    deployed = readable(before)
    access = Access(deployed, spec.content)
    decided = verdicts(found.changes, deployed.get("Resources", {}), spec.content["Resources"])
    resources = (
        _resource_diff(change, deployed, spec.content, decided, access) for change in found.changes
    )
    changes = others(stack, deployed, spec)
    removed = removed_routes(deployed, spec.content)
    return StackDiff(
        tuple(resources),
        changes,
        settings=(*_settings(find_settings(deployed)), *stack_settings(changes)),
        removed_routes=removed,
        kept_routes=len(routes_of(deployed)) - len(removed),
    )


def _created(found: ChangeSet, spec: StackSpec) -> StackDiff:
    """The changes of a change set that creates the stack."""
    resources = spec.content["Resources"]
    diffs = (
        _whole(
            _KINDS.get(change.action, "add"),
            change.logical_id,
            change.type,
            resources.get(change.logical_id, {}),
            change.physical_id,
        )
        for change in found.changes
    )
    return StackDiff(tuple(diffs), exposure=exposure(spec.content))


def readable(template: Any) -> Mapping[str, Any]:
    """The deployed template as a value; empty if it cannot be read."""
    if isinstance(template, str):
        try:
            template = read_template(template, "template")
        except ConfigError:
            return {}
    valid = isinstance(template, Mapping) and isinstance(template.get("Resources"), Mapping)
    return template if valid else {}


def _settings(found: Iterable[ChangedSetting]) -> Iterator[SettingChange]:
    """The settings that change something in the template; `publish` alone uses the others."""
    compared: dict[int, tuple[Any, tuple[str, ...], bool]] = {}  # routes may share a template
    for table, key, old, new, without, changed in found:
        if id(changed) not in compared:
            compared[id(changed)] = (changed, *_effect(without, changed))
        _, resources, widens = compared[id(changed)]
        if resources or without.get("Outputs") != changed.get("Outputs"):
            is_removed_route = table == "routes" and new is None
            widens = widens and not is_removed_route
            yield SettingChange(table, key, old, new, resources, widens)


def _effect(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """The resources that differ, and whether access widens."""
    old, new = before.get("Resources", {}), after.get("Resources", {})
    names = [name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name)]
    access = Access(before, after)
    return tuple(names), any(access.widened(name) for name in names)


def stack_settings(changes: Iterable[PropertyChange]) -> Iterator[SettingChange]:
    """The changed keys of [stack] among the changes outside the resources."""
    for change in changes:
        _, part, *rest = change.path.split("/", 2)
        if part in _STACK_KEYS:
            key = ".".join([_STACK_KEYS[part], *rest])
            yield SettingChange("stack", key, change.before, change.after)


def others(
    stack: Stack, deployed: Mapping[str, Any], spec: StackSpec
) -> tuple[PropertyChange, ...]:
    """All differences of the stack except its resources."""
    parts = {
        part: (deployed.get(part, absent), spec.content.get(part, absent))
        for part, absent in _PARTS.items()
    }
    pairs = {
        **parts,
        "ParameterValues": (dict(stack.parameters), dict(spec.parameters)),
        "Tags": (dict(stack.tags), spec.all_tags),
        "TerminationProtection": (stack.termination_protection, spec.termination_protection),
    }
    return tuple(
        PropertyChange(path, old, new)
        for part, pair in pairs.items()
        for path, old, new in leaves(*pair, f"/{part}")
    )


def leaves(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The smallest parts that differ: the path, the value before and the value after.

    The call of a function, such as Fn::Join, is one value.

    If the length of a list differs, its removed items have the path `-`, its added items `+`.
    """
    if before == after:
        return
    if function_of(before) or function_of(after):
        yield path, before, after
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in [*before, *(name for name in after if name not in before)]:
            yield from leaves(before.get(name), after.get(name), f"{path}/{name}")
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(before, after, path)
    else:
        yield path, before, after


def _items(before: list[Any], after: list[Any], path: str) -> Iterator[tuple[str, Any, Any]]:
    if len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from leaves(old, new, f"{path}/{number}")
        return
    added, removed = [*after], []
    for item in before:
        if item in added:
            added.remove(item)
        else:
            removed.append(item)
    yield from ((f"{path}/-", item, ABSENT) for item in removed)
    yield from ((f"{path}/+", ABSENT, item) for item in added)
    if not added and not removed:
        yield path, before, after


def _resource_diff(
    change: ResourceChange,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    decided: Mapping[str, Verdict],
    access: Access,
) -> ResourceDiff:
    verdict = decided.get(change.logical_id, Verdict())
    kind = _KINDS.get(change.action) or verdict.kind
    logical_id = change.logical_id
    old, new = (template.get("Resources", {}).get(logical_id) for template in (before, after))
    widened = access.widened(logical_id)
    if kind in ("add", "import", "remove"):
        whole = new or old or {}
        return _whole(kind, logical_id, change.type, whole, change.physical_id, widened)
    details = [
        detail
        for detail in change.details
        if not detail.cause or effect(detail.cause, decided, after["Resources"]) != "modify"
    ]
    properties = _properties(_rows(details, old, new or {}), widened)
    replaced_by = verdict.properties
    return ResourceDiff(kind, logical_id, change.type, change.physical_id, properties, replaced_by)


def _whole(
    kind: ChangeKind,
    logical_id: str,
    type_: str,
    resource: Mapping[str, Any],
    physical_id: str = "",
    widened: Sequence[str] = (),
) -> ResourceDiff:
    """A resource that is added, imported or removed with all of its properties."""
    removed = kind == "remove"
    rows = {
        f"/Properties/{name}": (value, ABSENT) if removed else (ABSENT, value)
        for name, value in (resource.get("Properties") or {}).items()
    }
    return ResourceDiff(kind, logical_id, type_, physical_id, _properties(rows, widened))


def _properties(
    rows: Mapping[str, tuple[Any, Any]], widened: Sequence[str]
) -> tuple[PropertyChange, ...]:
    """The changes, with those that widen access marked.

    Of a policy as a whole only what it adds is marked, unless it only loses something: a Deny.
    """
    marked = {path for path in rows if any(_within(path, wide) for wide in widened)}
    adding = {path for path in marked if rows[path][1] is not ABSENT}
    marked = adding or marked
    return tuple(PropertyChange(path, *values, path in marked) for path, values in rows.items())


def _within(path: str, wide: str) -> bool:
    """Whether one of two paths is a part of the other; items of lists are not compared."""
    steps = [step for step in path.split("/") if not (step.isdigit() or step in ("+", "-"))]
    return all(a == b for a, b in zip(steps, wide.split("/"), strict=False))


def _rows(
    details: Sequence[ResourceChangeDetail], old: Mapping[str, Any] | None, new: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Values by path: from CloudFormation if it returns them, otherwise from the templates.

    A property that changes because another one does has the same value in both templates.
    """
    rows = {
        path: (a, b)
        for detail in details
        if detail.before or detail.after
        for path, a, b in leaves(_parsed(detail.before), _parsed(detail.after), detail.path)
    }
    if rows:
        return rows
    rows = {path: (a, b) for path, a, b in leaves(old, new)} if old else {}
    for detail in details:
        if not any(path.startswith(detail.path) for path in rows):
            after = f"(depends on {detail.cause})" if detail.cause else _LATER
            rows[detail.path] = (_CURRENT, after)
    return rows


def _parsed(text: str) -> Any:
    """A value of a change set: JSON, except for a string."""
    if not text:
        return ABSENT
    try:
        return json.loads(text) if text[0] in "[{" else text
    except ValueError:
        return text


def _in_line(before: Any, after: Any, width: int) -> tuple[str, str]:
    texts = _text(before), _text(after)
    if len("".join(texts)) <= width:
        return texts
    equal = takewhile(lambda pair: pair[0] == pair[1], zip(*texts, strict=False))
    common = sum(1 for _ in equal) - _COMMON
    old, new = (f"...{text[common:]}" if common > len("...") else text for text in texts)
    old = _cut(old, max(width - len(new), width // 2))
    return old, _cut(new, width - len(old))


def _text(value: Any) -> str:
    """A value in one line."""
    shown = show(value)
    if shown is None:  # absent, or AWS::NoValue
        return "-"
    text = shown if isinstance(shown, str) and shown else json.dumps(shown, separators=(",", ":"))
    return " ".join(text.split())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."
