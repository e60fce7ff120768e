"""IAM policy documents and their statements, which may have unknown parts.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from readmodel_cfn.cloudformation.branches import branches
from readmodel_cfn.cloudformation.evaluate import Evaluator, Unreadable
from readmodel_cfn.cloudformation.patterns import covers
from readmodel_cfn.cloudformation.s3_uri import Objects, objects_of
from readmodel_cfn.cloudformation.values import PartialText

_BY_EXCLUSION = ("NotPrincipal", "NotAction", "NotResource")


@dataclass(frozen=True)
class Statement:
    """One statement, with its place: a logical ID and a path below it.

    `principals` are pairs of a kind (AWS, Service ..., empty for `*`) and a name; `conditions` are
    operator, key and values. `all_but` lists which of NotPrincipal, NotAction and NotResource it
    uses.
    """

    resource: str
    path: str
    effect: str
    principals: tuple[tuple[str, PartialText], ...]
    actions: tuple[str, ...]
    resources: tuple[PartialText, ...]
    conditions: tuple[tuple[str, str, tuple[PartialText, ...]], ...]
    all_but: tuple[str, ...]

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        return self.effect == "Allow"

    @cached_property
    def objects(self) -> tuple[tuple[PartialText, Objects], ...]:
        """Its S3 resources: each ARN with the objects that it names."""
        return tuple((arn, found) for arn in self.resources if (found := objects_of(arn)))

    def place_of(self, element: str) -> str:
        """The path of Action, Resource or Principal, or of NotAction and so on, if it has that."""
        return f"{self.path}/{'Not' if f'Not{element}' in self.all_but else ''}{element}"

    def may(self, action: str) -> bool:
        """Whether its actions include this one, such as s3:GetObject; case is ignored."""
        return any(covers(pattern.lower(), action.lower()) for pattern in self.actions)

    def grants(self, action: str) -> bool:
        """Whether it allows this action, by Action or by NotAction."""
        if "NotAction" in self.all_but:
            return self.allows
        return self.allows and self.may(action)

    @property
    def wildcards(self) -> list[str]:
        """Its S3 actions that have a wildcard."""
        return [name for name in self.actions if is_s3(name) and ("*" in name or "?" in name)]


@dataclass(frozen=True)
class Document:
    """A policy's statements; not `complete` if some of them are unknown."""

    statements: tuple[Statement, ...]
    complete: bool


def is_s3(action: str) -> bool:
    """Whether the action is an S3 action, or a pattern that matches one."""
    return action == "*" or action.lower().startswith("s3:")


def parse_policy(value: Any, resource: str, path: str, evaluator: Evaluator) -> Document:
    """The policy document at `path` of `resource`."""
    found: list[Statement] = []
    complete = True
    try:
        listed = evaluator.fields(value).get("Statement")
        is_list = isinstance(listed, list)
        numbered = evaluator.items(listed if is_list else [listed])
    except Unreadable:
        return Document((), False)
    for index, statement in numbered:
        place = f"{path}/Statement/{index}" if is_list else f"{path}/Statement"
        try:
            found.append(_statement(evaluator.fields(statement), resource, place, evaluator))
        except Unreadable:
            complete = False
    return Document(tuple(found), complete)


def parse_branches(value: Any, resource: str, path: str, evaluator: Evaluator) -> Document:
    """As `parse_policy`, with the statements of every branch of an undecided Fn::If."""
    documents = [parse_policy(value, resource, path, own) for own in branches(value, evaluator)]
    statements = (statement for document in documents for statement in document.statements)
    return Document(
        tuple(dict.fromkeys(statements)), all(document.complete for document in documents)
    )


def _statement(
    value: Mapping[str, Any], resource: str, path: str, evaluator: Evaluator
) -> Statement:
    return Statement(
        resource=resource,
        path=path,
        effect=str(evaluator.text(value.get("Effect"))),
        principals=tuple(_principals(value.get("Principal"), evaluator)),
        actions=tuple(map(str, _texts(value.get("Action"), evaluator))),
        resources=_texts(value.get("Resource"), evaluator),
        conditions=tuple(_conditions(value.get("Condition"), evaluator)),
        all_but=tuple(name for name in _BY_EXCLUSION if name in value),
    )


def _texts(value: Any, evaluator: Evaluator) -> tuple[PartialText, ...]:
    return tuple(evaluator.text(item) for item in evaluator.one_or_more(value))


def _principals(value: Any, evaluator: Evaluator) -> Iterator[tuple[str, PartialText]]:
    if isinstance(value, str):
        yield "", value
        return
    for kind, names in evaluator.fields(value).items():
        yield from ((kind, name) for name in _texts(names, evaluator))


def _conditions(
    value: Any, evaluator: Evaluator
) -> Iterator[tuple[str, str, tuple[PartialText, ...]]]:
    for operator, keys in evaluator.fields(value).items():
        for key, values in evaluator.fields(keys).items():
            yield operator, key, _texts(values, evaluator)
