"""The messages of the package's errors, read from its source without running it.

A value in a message is `...`. What a message takes from elsewhere, such as the text of AWS, is not
found here.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src" / "readmodel_cfn"
_BASE = "ReadModelError"
# Other values that become errors: the positions of what is wrong and of what to do.
_VALUES = {"Fault": (1, 2), "Obstacle": (1, 2), "Plan": (1, 2)}
# Their first argument is not what is wrong.
_OTHERS = {"OptionError", "UnreadableResponse", "InvalidDocuments", "ConsentRequired"}
# These answer requests: their errors are responses.
_NOT_OF_THE_TOOL = ("local/gateway/", "local/sandbox/additions/")
_ANY = "..."


@dataclass(frozen=True)
class Message:
    """An error in a module, such as deploy/inspection.py: what is wrong, and what to do."""

    module: str
    what: str
    hint: str


def messages() -> list[Message]:
    """Every message with at least two words of its own, once for each module."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _modules()}
    classes = _error_classes(trees.values())
    found: dict[tuple[str, str], Message] = {}
    for path, tree in trees.items():
        for message in _messages(path.relative_to(SOURCE).as_posix(), tree, classes):
            found.setdefault((message.module, message.what), message)
    return sorted(found.values(), key=lambda message: (message.module, message.what))


def _modules() -> list[Path]:
    paths = sorted(SOURCE.rglob("*.py"))
    return [
        path
        for path in paths
        if not path.relative_to(SOURCE).as_posix().startswith(_NOT_OF_THE_TOOL)
    ]


def _error_classes(trees: Iterable[ast.Module]) -> set[str]:
    """The names of the classes that are ReadModelErrors."""
    bases = {
        node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    found, before = {_BASE}, set[str]()
    while found != before:
        before = set(found)
        found |= {name for name, above in bases.items() if above & found}
    return found - _OTHERS


def _messages(module: str, tree: ast.Module, classes: set[str]) -> Iterator[Message]:
    outside = _assigned(tree.body)
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        inside, before = _assigned(ast.walk(function)), 0
        calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
        for call in sorted(calls, key=lambda call: call.lineno):
            if parts := _parts(call, classes):
                what, hint = parts
                values = outside | _between(inside, before, call.lineno)
                before = call.lineno
                for text in filter(_has_words, _texts(what, values)):
                    yield Message(module, text, _hint(hint, values))


def _between(values: dict[str, list[ast.expr]], first: int, last: int) -> dict[str, list[ast.expr]]:
    """The values from after the first line to the last; those before it if there are none."""
    found = {}
    for name, every in values.items():
        before = [value for value in every if value.lineno <= last]
        found[name] = [value for value in before if value.lineno > first] or before
    return found


def _hint(node: ast.expr | None, values: dict[str, list[ast.expr]]) -> str:
    """The first text of a hint; that of a variable is its last value before."""
    if isinstance(node, ast.Name):
        before = [value for value in values.get(node.id, ()) if value.lineno <= node.lineno]
        node = max(before, key=lambda value: value.lineno, default=None)
    return next(_texts(node, values), "") if node else ""


def _parts(call: ast.Call, classes: set[str]) -> tuple[ast.expr, ast.expr | None] | None:
    """What is wrong, and what to do, of a call that makes an error; None for any other call."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    named = {keyword.arg: keyword.value for keyword in call.keywords}
    is_init = isinstance(call.func, ast.Attribute) and call.func.attr == "__init__"
    if (name in classes or (is_init and "where" in named)) and call.args:
        return call.args[0], named.get("hint")
    if name in _VALUES:
        what, hint = _VALUES[name]
        if name == "Plan" and not (
            isinstance(call.args[0], ast.Constant) and call.args[0].value == "refuse"
        ):
            return None
        if len(call.args) > what:
            return call.args[what], call.args[hint] if len(call.args) > hint else None
    return None


def _assigned(nodes: Iterable[ast.AST]) -> dict[str, list[ast.expr]]:
    """The values of each variable."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=False))
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(value)
    return found


def _texts(node: ast.expr, values: dict[str, list[ast.expr]], depth: int = 3) -> Iterator[str]:
    """The texts that an expression can have."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            text = "".join(
                str(part.value) if isinstance(part, ast.Constant) else _ANY for part in parts
            )
            yield re.sub(r"(\.\.\.){2,}", _ANY, text)
        case ast.Name(id=name) if depth:
            for value in values.get(name, ()):
                yield from _texts(value, values, depth - 1)
        case ast.IfExp(body=body, orelse=other):
            yield from _texts(body, values, depth)
            yield from _texts(other, values, depth)
        case ast.BinOp(left=left, op=ast.Add()):
            yield from (f"{text}{_ANY}" for text in _texts(left, values, depth))
        case ast.Call(func=ast.Attribute(value=inner, attr="rstrip")):
            yield from _texts(inner, values, depth)


def _has_words(text: str) -> bool:
    return len(re.findall(r"[A-Za-z]{2,}", text)) > 1 or text == "cancelled"
