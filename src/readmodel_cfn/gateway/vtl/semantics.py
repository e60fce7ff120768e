"""How API Gateway evaluates a template where airspeed differs, set on each parsed element.

airspeed would look into Python's objects (`$a.title` of a text is a Python method), print Python's
texts, and miss most of Java's methods. Here a reference reads maps and `$input`, `$util` only, a
call finds Java's methods only, and what is missing is an empty text, as on AWS (LocalStack's
code).
"""

from collections.abc import Callable, Iterator
from functools import partial
from types import MethodType, ModuleType
from typing import Any

from . import values
from .variables import OWN

Element = Any
"""An element of airspeed's; it has no types."""


def elements(root: Element, base: type) -> Iterator[Element]:
    """Every element of a parsed template, each once; `base` is the class of all of them."""
    seen: set[int] = set()
    waiting = [root]
    while waiting:
        found = waiting.pop()
        if isinstance(found, MethodType):  # a parenthesis keeps its expression's method only
            found = found.__self__
        if isinstance(found, base) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += vars(found).values()
        elif isinstance(found, list | tuple):
            waiting += found
        elif isinstance(found, dict):
            waiting += [*found, *found.values()]


def apply(element: Element, operators: ModuleType) -> None:
    """Replace what the element does, where API Gateway does something else."""
    match type(element).__name__:
        case "NameOrCall":
            element.calculate = partial(_reference, element, operators)
        case "SubExpression" if type(element.expression).__name__ == "ArrayIndex":
            element.calculate = partial(_subscript, element)
        case "FormalReference" if element.expression:
            element.evaluate_raw = partial(_write, element)
        case "ForeachDirective":
            element.value.calculate = partial(_iterated, element.value.calculate)
        case "BinaryOperator":
            element.apply_to = _OPERATORS.get(element.apply_to.__name__, element.apply_to)


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": values.equal,
    "ne": lambda left, right: not values.equal(left, right),
    "add": values.add,
}


def _reference(
    element: Element, operators: ModuleType, holder: Any, loader: Any, namespace: Any
) -> Any:
    value = _member(holder, element.name)
    if isinstance(value, operators._FunctionDefinition):
        return type(element).calculate(element, holder, loader, namespace)
    if element.parameters is not None:
        arguments = element.parameters.calculate(namespace, loader)
        value = (
            value(*arguments) if callable(value) else values.call(holder, element.name, arguments)
        )
    if element.index is not None:
        value = values.item(value, element.index.calculate(namespace, loader))
    return "" if value is None else value


def _member(holder: Any, name: str) -> Any:
    if isinstance(holder, dict):
        try:
            return holder[name]  # a namespace's own way up to its parents
        except KeyError:
            return None
    for kind, names in OWN.values():
        if isinstance(holder, kind) and name in names:
            return getattr(holder, name)
    return None


def _subscript(element: Element, holder: Any, loader: Any, namespace: Any) -> Any:
    value = values.item(holder, element.expression.calculate(namespace, loader))
    if element.subexpression:
        value = element.subexpression.calculate(value, loader, namespace)
    return "" if value is None else value


def _write(element: Element, stream: Any, namespace: Any, loader: Any) -> None:
    stream.write(values.text(element.expression.calculate(namespace, loader)))


def _iterated(calculate: Callable[[Any, Any], Any], namespace: Any, loader: Any) -> list[Any]:
    return values.iterated(calculate(namespace, loader))
