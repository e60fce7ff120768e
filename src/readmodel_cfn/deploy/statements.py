"""Whether a changed IAM policy grants more than before: a new grant, or a missing Deny."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator
from readmodel_cfn.cloudformation.patterns import covers
from readmodel_cfn.cloudformation.policies import Document, Statement, parse_policy
from readmodel_cfn.cloudformation.values import PartialText

Principal = tuple[str, PartialText] | None


def widened_policy(
    logical_id: str, values: tuple[Any, Any], evaluators: tuple[Evaluator, Evaluator]
) -> bool:
    """Whether the second value grants what the first does not.

    A value is a policy document, a list of inline policies, or None. A policy that is not fully
    known counts as wider.
    """
    documents = [
        list(_documents(value, logical_id, evaluator))
        for value, evaluator in zip(values, evaluators, strict=True)
    ]
    if not all(document.complete for found in documents for document in found):
        return True
    old, new = (
        [replace(statement, path="") for document in found for statement in document.statements]
        for found in documents
    )
    granted = [statement for statement in new if statement.allows]
    refused = [statement for statement in old if not statement.allows]
    return not (
        all(_is_covered(grant, [item for item in old if item.allows]) for grant in granted)
        and all(_is_covered(deny, [item for item in new if not item.allows]) for deny in refused)
    )


def allows_named(logical_id: str, value: Any, evaluator: Evaluator) -> bool:
    """Whether a policy allows something to principals by name; also if it is not fully known."""
    document = parse_policy(value, logical_id, "", evaluator)
    return not document.complete or any(
        name != "*"
        for statement in document.statements
        if statement.allows
        for _, name in statement.principals
    )


def _documents(value: Any, logical_id: str, evaluator: Evaluator) -> Iterator[Document]:
    if isinstance(value, list):
        for policy in filter(_is_object, value):
            yield from _documents(policy.get("PolicyDocument"), logical_id, evaluator)
    elif value is not None:
        yield parse_policy(value, logical_id, "", evaluator)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _is_covered(narrow: Statement, wide: Sequence[Statement]) -> bool:
    """Whether the statements together match all that `narrow` matches."""
    if narrow in wide:
        return True
    if narrow.all_but:
        return False
    usable = [item for item in wide if not item.all_but and _no_stricter(item, narrow)]
    return all(
        any(_matches(item, principal, action, resource) for item in usable)
        for principal in narrow.principals or (None,)
        for action in narrow.actions
        for resource in narrow.resources or ("",)
    )


def _matches(wide: Statement, principal: Principal, action: str, resource: PartialText) -> bool:
    return (
        any(covers(pattern.lower(), action.lower()) for pattern in wide.actions)
        and any(covers(pattern, resource) for pattern in wide.resources or ("",))
        and (
            principal is None
            or any(
                found == principal or (found[1] == "*" and found[0] in ("", principal[0]))
                for found in wide.principals
            )
        )
    )


def _no_stricter(wide: Statement, narrow: Statement) -> bool:
    """Whether each condition of `wide` is one of `narrow` too, with as many values or fewer."""
    own = {(operator, key): values for operator, key, values in narrow.conditions}
    for operator, key, values in wide.conditions:
        found = own.get((operator, key))
        if found is None:
            return False
        fewer, more = (values, found) if "Not" in operator else (found, values)
        if not set(fewer) <= set(more):
            return False
    return True
