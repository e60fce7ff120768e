"""The branches of Fn::If whose condition the template does not decide."""

from typing import Any

from readmodel_cfn.cloudformation.evaluate import Evaluator, function_of
from readmodel_cfn.cloudformation.values import PartialText, walk

MAX_BRANCHES = 32
"""More combinations of conditions are not tried; the conditions that are left stay unknown."""


def branches(value: Any, evaluator: Evaluator) -> list[Evaluator]:
    """An evaluator for each result of the undecided conditions within a value.

    Conditions that depend on each other never contradict each other.
    """
    names = _conditions(value)
    left, found = [evaluator], list[Evaluator]()
    while left:
        own = left.pop()
        name = next((name for name in names if own.condition(name) is None), None)
        if name is None or len(left) + len(found) >= MAX_BRANCHES:
            found.append(own)
        else:
            left += [own.assuming(name, False), own.assuming(name, True)]
    return found


def texts_of(value: Any, evaluator: Evaluator) -> list[PartialText]:
    """The texts that a value or a list of values may have, each once."""
    return list(
        dict.fromkeys(
            own.text(item) for own in branches(value, evaluator) for item in own.one_or_more(value)
        )
    )


def outer_branches(value: Any, evaluator: Evaluator) -> list[Evaluator]:
    """As `branches`, for the Fn::If that the value itself is; not for those within its parts."""
    if function_of(value) != "Fn::If" or not isinstance(value["Fn::If"], list):
        return [evaluator]
    name, *values = value["Fn::If"] or [None]
    if not isinstance(name, str) or len(values) != 2:
        return [evaluator]
    known = evaluator.condition(name)
    results = (True, False) if known is None else (known,)
    return [
        inner
        for result in results
        for inner in outer_branches(
            values[0 if result else 1],
            evaluator.assuming(name, result) if known is None else evaluator,
        )
    ]


def _conditions(value: Any) -> list[str]:
    """The names of the conditions in the Fn::If within a value, each once."""
    found = (part["Fn::If"] for _, part in walk(value) if function_of(part) == "Fn::If")
    names = (argument[0] for argument in found if isinstance(argument, list) and argument)
    return list(dict.fromkeys(name for name in names if isinstance(name, str)))
