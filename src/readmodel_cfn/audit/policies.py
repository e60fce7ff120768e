"""Policy documents: their statements, as far as they are plainly written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readmodel_cfn.audit.globs import covers
from readmodel_cfn.audit.reading import Json, Text, Unreadable, fields, items, one_or_more
from readmodel_cfn.audit.s3 import Objects, objects_of


@dataclass(frozen=True)
class Statement:
    """One statement, and where it stands; `all_but` names what it says by exclusion."""

    resource: str
    path: str
    effect: str
    principals: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    all_but: tuple[str, ...]

    @property
    def allows(self) -> bool:
        """Does it grant something?"""
        return self.effect == "Allow"

    @property
    def objects(self) -> Iterator[tuple[str, Objects]]:
        """The resources that are S3's, as written and as read."""
        for arn in self.resources:
            if found := objects_of(arn):
                yield arn, found

    def may(self, action: str) -> bool:
        """Is the action, such as s3:GetObject, among those it names?"""
        return any(covers(one.lower(), action.lower()) for one in self.actions)

    @property
    def wildcards(self) -> list[str]:
        """The S3 actions that it names by pattern."""
        return [one for one in self.actions if is_s3(one) and ("*" in one or "?" in one)]


def is_s3(action: str) -> bool:
    """Is the action, or can it be, one of S3's?"""
    return action == "*" or action.lower().startswith("s3:")


@dataclass(frozen=True)
class Document:
    """A policy's statements; not `complete` where some of them cannot be read."""

    statements: tuple[Statement, ...]
    complete: bool


def document(value: Any, resource: str, path: str, text: Text) -> Document:
    """The policy document at `path` of `resource`."""
    found: list[Statement] = []
    complete = True
    try:
        listed = fields(value).get("Statement")
        numbered = items(listed) if isinstance(listed, list) else [(None, listed)]
    except Unreadable:
        return Document((), False)
    for index, one in numbered:
        place = f"{path}/Statement" if index is None else f"{path}/Statement/{index}"
        try:
            found.append(_statement(fields(one), resource, place, text))
        except Unreadable:
            complete = False
    return Document(tuple(found), complete)


def _statement(value: Json, resource: str, path: str, text: Text) -> Statement:
    return Statement(
        resource=resource,
        path=path,
        effect=text(value.get("Effect")),
        principals=tuple(_principals(value.get("Principal"), text)),
        actions=tuple(text(one) for one in one_or_more(value.get("Action"))),
        resources=tuple(text(one) for one in one_or_more(value.get("Resource"))),
        conditions=tuple(_conditions(value.get("Condition"), text)),
        all_but=tuple(one for one in ("NotPrincipal", "NotAction", "NotResource") if one in value),
    )


def _principals(value: Any, text: Text) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield "", value
        return
    for kind, names in fields(value).items():
        yield from ((kind, text(one)) for one in one_or_more(names))


def _conditions(value: Any, text: Text) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for operator, keys in fields(value).items():
        for key, values in fields(keys).items():
            yield operator, key, tuple(text(one) for one in one_or_more(values))
