"""StackDiff: the difference between a deployed stack and its spec, value by value. No AWS calls."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, ClassVar, Literal

from readmodel_cfn.deploy.plan import Action
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.values import ChangeSet, ResourceChange, ResourceChangeDetail, Stack
from readmodel_cfn.plural import counted

ChangeKind = Literal["add", "modify", "replace", "may replace", "remove", "import"]
ABSENT = None  # the value of a property that does not exist; a template has no null
_CURRENT, _LATER = "(current value)", "(known after deploy)"
_LONGEST_VALUE = 72  # characters of a value in a line; as_dict() has all of them
_KINDS: Mapping[str, ChangeKind] = {"Add": "add", "Remove": "remove", "Import": "import"}
_REPLACEMENTS: Mapping[str, ChangeKind] = {"True": "replace", "Conditional": "may replace"}
# The parts of a template besides its resources, and what an absent one equals.
_PARTS: Mapping[str, Any] = {
    "Description": ABSENT,
    "Parameters": {},
    "Conditions": {},
    "Mappings": {},
    "Transform": ABSENT,
    "Outputs": {},
}
# In these types every property concerns access: identities and their policies.
_ACCESS_TYPES = (
    "AWS::IAM::*",
    "AWS::*::*Policy",
    "AWS::*::ResourcePolicy",
    "AWS::Lambda::Permission",
)
_ACCESS_PROPERTIES = {
    "AWS::S3::Bucket": (
        "AccessControl",
        "BucketEncryption",
        "CorsConfiguration",
        "OwnershipControls",
        "PublicAccessBlockConfiguration",
        "WebsiteConfiguration",
    ),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
    "AWS::ApiGateway::RestApi": ("EndpointConfiguration", "Policy", "SecurityPolicy"),
    "AWS::ApiGateway::Method": (
        "ApiKeyRequired",
        "AuthorizationScopes",
        "AuthorizationType",
        "AuthorizerId",
        "Integration/Credentials",
        "Integration/Uri",
    ),
}


@dataclass(frozen=True)
class PropertyChange:
    """One value before and after; None if it does not exist. `access` marks security properties.

    A value that is known only during the deploy is text in parentheses.
    """

    path: str
    before: Any
    after: Any
    access: bool = False

    def __str__(self) -> str:
        path = self.path.removeprefix("/").replace("/", ".").removeprefix("Properties.")
        return f"{path}: {_short(self.before)} -> {_short(self.after)}"


@dataclass(frozen=True)
class ResourceDiff:
    """What happens to one resource."""

    kind: ChangeKind
    logical_id: str
    type: str
    physical_id: str = ""
    properties: tuple[PropertyChange, ...] = ()

    @property
    def access(self) -> bool:
        """Whether any change concerns access."""
        return any(change.access for change in self.properties)


@dataclass(frozen=True)
class StackDiff:
    """What a deploy changes: `resources`, and `others` such as outputs, tags and protection.

    `action` is the plan's.
    """

    kind: ClassVar[str] = "diff"

    resources: tuple[ResourceDiff, ...] = ()
    others: tuple[PropertyChange, ...] = ()
    action: Action = "nothing"

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

    def as_dict(self) -> dict[str, Any]:
        """The object that the command prints with `--json`."""
        return {
            "action": self.action,
            "resources": [
                asdict(resource) | {"access": resource.access} for resource in self.resources
            ],
            "others": [asdict(change) for change in self.others],
        }


def additions(spec: StackSpec) -> StackDiff:
    """The difference to no stack: every resource is added."""
    resources = spec.content["Resources"].items()
    return StackDiff(
        tuple(
            _whole("add", logical_id, resource["Type"], resource)
            for logical_id, resource in resources
        )
    )


def from_change_set(
    found: ChangeSet, stack: Stack | None, before: Any, spec: StackSpec
) -> StackDiff:
    """The changes of a change set; values that it does not have come from the templates.

    `before` is the deployed template; text in YAML, from another tool, is not compared.
    """
    deployed: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
    resources = tuple(_resource_diff(change, deployed, spec.content) for change in found.changes)
    return StackDiff(resources, others(stack, before, spec) if stack else ())


def others(stack: Stack, before: Any, spec: StackSpec) -> tuple[PropertyChange, ...]:
    """All differences of the stack except its resources."""
    deployed: Mapping[str, Any] = before if isinstance(before, Mapping) else {}
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

    If the length of a list differs, its removed items have the path `-`, its added items `+`.
    """
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
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


def concerns_access(type_: str, path: str) -> bool:
    """Whether a property concerns access to a resource; `path` is like /Properties/Policies/0."""
    if any(fnmatchcase(type_, pattern) for pattern in _ACCESS_TYPES):
        return not path.startswith(("/Metadata", "/Properties/Tags"))
    below = path.removeprefix("/Properties/")
    return any(
        below == name or below.startswith(f"{name}/") or name.startswith(f"{below}/")
        for name in _ACCESS_PROPERTIES.get(type_, ())
    )


def _resource_diff(
    change: ResourceChange, before: Mapping[str, Any], after: Mapping[str, Any]
) -> ResourceDiff:
    kind = _KINDS.get(change.action) or _REPLACEMENTS.get(change.replacement, "modify")
    logical_id = change.logical_id
    old, new = (template.get("Resources", {}).get(logical_id) for template in (before, after))
    if kind in ("add", "import", "remove"):
        return _whole(kind, logical_id, change.type, new or old or {}, change.physical_id)
    rows = _rows(change.details, old, new or {})
    properties = (_marked(change.type, path, *values) for path, values in rows.items())
    return ResourceDiff(kind, logical_id, change.type, change.physical_id, tuple(properties))


def _whole(
    kind: ChangeKind,
    logical_id: str,
    type_: str,
    resource: Mapping[str, Any],
    physical_id: str = "",
) -> ResourceDiff:
    """A resource that is added, imported or removed with all of its properties."""
    removed = kind == "remove"
    properties = (
        _marked(type_, f"/Properties/{name}", *((value, ABSENT) if removed else (ABSENT, value)))
        for name, value in resource.get("Properties", {}).items()
    )
    return ResourceDiff(kind, logical_id, type_, physical_id, tuple(properties))


def _rows(
    details: tuple[ResourceChangeDetail, ...], old: Mapping[str, Any] | None, new: Mapping[str, Any]
) -> dict[str, tuple[Any, Any]]:
    """Values by path: from CloudFormation if it returns them, otherwise from the templates.

    A property that changes because another one does has the same value in both templates.
    """
    rows = {
        detail.path: (_parsed(detail.before), _parsed(detail.after))
        for detail in details
        if detail.before or detail.after
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


def _marked(type_: str, path: str, before: Any, after: Any) -> PropertyChange:
    return PropertyChange(path, before, after, concerns_access(type_, path))


def _short(value: Any) -> str:
    """A value in one line, with functions in the syntax of Fn::Sub: `${DataStore.Arn}/a.json`."""
    from readmodel_cfn.cloudformation.evaluate import show  # slow, and only needed to print

    shown = show(value)
    if shown is None:  # absent, or AWS::NoValue
        return "-"
    text = shown if isinstance(shown, str) else json.dumps(shown, separators=(",", ":"))
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."
