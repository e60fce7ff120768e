"""StackDiff: what a deploy changes, as values: settings, resources, other parts and routes."""

import json
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import takewhile
from typing import Any, ClassVar, Literal

from readmodel_cfn.cloudformation.evaluate import show
from readmodel_cfn.deploy.plan import Action
from readmodel_cfn.plural import counted

ChangeKind = Literal["add", "modify", "replace", "may replace", "remove", "import"]
_LONGEST_VALUES = 2 * 72  # characters of two values in a line; as_dict() has all of them
_ARROW = " -> "
_LONGEST_ARROW = _LONGEST_VALUES + len(_ARROW)
_COMMON = 8  # characters of a common beginning that are shown before the difference
STACK_KEYS = {"Tags": "tags", "TerminationProtection": "termination_protection"}
"""The keys of [stack] by the part of `StackDiff.others` that they change."""
_LOSING = ("replace", "may replace", "remove")
_ACCESS_KEY = "AWS::IAM::AccessKey"
# What is lost if a resource of this type is replaced or removed; see `ResourceDiff.loss`.
_CONSEQUENCES = {
    "AWS::S3::Bucket": "its documents are no longer served: publish all of them again",
    "AWS::ApiGateway::RestApi": "its URL changes",
    "AWS::ApiGateway::Stage": "its URL changes",
    "AWS::ApiGateway::DomainName": "its URL no longer answers",
    "AWS::ApiGateway::BasePathMapping": "its URL no longer answers",
    "AWS::CloudFront::Distribution": "its URL no longer answers",
    _ACCESS_KEY: "publishers with the old key are refused",
}
# Replacing or removing one of these needs a consent of its own.
_PROTECTED = (
    *("AWS::S3::Bucket", "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage"),
    *("AWS::ApiGateway::DomainName", "AWS::ApiGateway::BasePathMapping"),
    "AWS::CloudFront::Distribution",
)


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
        return f"{self.name}: {self.arrow()}"

    @property
    def name(self) -> str:
        """Table and key, such as `[api] cors_origin`."""
        table = "[[routes]]" if self.table == "routes" else f"[{self.table}]"
        return f"{table} {self.key}"

    def values(self, width: int = _LONGEST_VALUES) -> tuple[str, str]:
        """As of PropertyChange."""
        return _in_line(self.before, self.after, width)

    def arrow(self, width: int = _LONGEST_ARROW) -> str:
        """`before -> after`, at most `width` characters."""
        return _ARROW.join(self.values(width - len(_ARROW)))


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
        """The value before and after, together at most `width` characters.

        Functions are in the syntax of Fn::Sub: `${DataStore.Arn}/a.json`. Of long values the
        beginning that they have in common is left out.
        """
        return _in_line(self.before, self.after, width)

    @property
    def sign(self) -> str:
        """`+` or `-` if an item is added to a list or removed from it; otherwise empty."""
        last = self.path.rpartition("/")[2]
        return last if last in ("+", "-") else ""

    def arrow(self, width: int = _LONGEST_ARROW) -> str:
        """`before -> after`, `+ item` or `- item`, at most `width` characters."""
        if not self.sign:
            return _ARROW.join(self.values(width - len(_ARROW)))
        item = _text(self.after if self.sign == "+" else self.before)
        return f"{self.sign} {_cut(item, width - len('+ '))}"

    def __str__(self) -> str:
        path = self.path.removesuffix(f"/{self.sign}") if self.sign else self.path
        path = path.removeprefix("/").replace("/", ".").removeprefix("Properties.")
        return f"{path}: {self.arrow()}"


@dataclass(frozen=True)
class ResourceDiff:
    """What happens to one resource.

    A resource that CloudFormation lists only because it refers to a changed one has no properties
    here, if what it refers to keeps its value. The kind is "may replace" if only AWS can decide
    whether the change replaces it. `replaced_by` are the properties whose change replaces it, or
    may do so. `retained` says whether a resource that is removed from the stack is not deleted.
    """

    kind: ChangeKind
    logical_id: str
    type: str
    physical_id: str = ""
    properties: tuple[PropertyChange, ...] = ()
    replaced_by: tuple[str, ...] = ()
    retained: bool = False

    @property
    def access(self) -> bool:
        """Whether any change widens access."""
        return any(change.access for change in self.properties)

    @property
    def loss(self) -> str:
        """What is lost if the resource is replaced or removed; empty if nothing is."""
        if self.kind not in _LOSING:
            return ""
        has_new_key = self.type == _ACCESS_KEY and self.kind != "remove"
        todo = ": let them read the new one" if has_new_key else ""
        return f"{_CONSEQUENCES.get(self.type, '')}{todo}"

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
    who may write, and for an update what is public before and after, if other readers may read.
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

    @property
    def parts(self) -> tuple[PropertyChange, ...]:
        """The changes of `others` that are not among `settings`, such as outputs."""
        return tuple(item for item in self.others if item.path.split("/")[1] not in STACK_KEYS)

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
        return "(not set)"
    text = shown if isinstance(shown, str) and shown else json.dumps(shown, separators=(",", ":"))
    return " ".join(text.split())


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: max(width - 3, 0)]}..."
