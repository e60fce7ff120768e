"""The types, as a client with the wheel sees them: mypy and pyright, both strict.

`tests/client/client.py` must pass, each line of `refused.py` that says so must be refused, and
every public name must have a known type. troposphere does not say that its source has types, so
mypy is asked to read them; where it is not, it must be content too.
"""

import ast
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from release.build import ROOT
from release.commands import run
from release.place import Place

_CLIENT, _REFUSED = "client.py", "refused.py"
_READ, _PASSED_OVER = "--follow-untyped-imports", "--disable-error-code=import-untyped"

Told = list[tuple[str, int, str]]
"""Errors: file, line, message."""


def faults(place: Place) -> Iterator[str]:
    """What a client's type checkers say and should not, or do not say."""
    for name in (_CLIENT, _REFUSED):
        shutil.copy(ROOT / "tests" / "client" / name, place.folder)
    text = (place.folder / _REFUSED).read_text(encoding="utf-8").splitlines()
    wrong = {number for number, line in enumerate(text, 1) if line.endswith("# refused")}
    yield from _judged("mypy", _mypy(place, _READ, _CLIENT, _REFUSED), wrong)
    yield from _judged("mypy without troposphere", _mypy(place, _PASSED_OVER, _CLIENT), set())
    yield from _judged("pyright", _pyright(place, _CLIENT, _REFUSED), wrong)
    yield from _unknown(place)


def _judged(checker: str, told: Told, wrong: set[int]) -> Iterator[str]:
    for file, line, message in told:
        if file != _REFUSED or line not in wrong:
            yield f"{checker}: {file}:{line}: {message}"
    for line in sorted(wrong - {line for _, line, _ in told}):
        yield f"{checker}: {_REFUSED}:{line} is not refused"


def _mypy(place: Place, untyped: str, *files: str) -> Told:
    mypy = [sys.executable, "-m", "mypy", "--config-file=", "--strict", untyped]
    how = [f"--python-executable={place.interpreter}", "--output=json", "--no-error-summary"]
    printed = run([*mypy, *how, *files], place.folder, place.variables, allowed=(0, 1))
    found = [json.loads(line) for line in printed.splitlines()]
    return [(one["file"], one["line"], one["message"]) for one in found if _is_error(one)]


def _pyright(place: Place, *arguments: str) -> Told:
    found = _pyright_says(place, *arguments)["generalDiagnostics"]
    return [
        (Path(one["file"]).name, one["range"]["start"]["line"] + 1, one["message"])
        for one in found
        if _is_error(one)
    ]


def _is_error(told: Any) -> bool:
    return bool(told["severity"] == "error")


def _pyright_says(place: Place, *arguments: str) -> Any:
    pyright = [sys.executable, "-m", "pyright", "--outputjson", *arguments]
    return json.loads(run(pyright, place.folder, place.variables, allowed=(0, 1)))


def _unknown(place: Place) -> Iterator[str]:
    """Names of the modules that a client imports whose type is not known, were troposphere's."""
    (package,) = place.environment.glob("lib/*/site-packages/troposphere")
    (package / "py.typed").touch()
    told = _pyright_says(place, "--verifytypes=readmodel_cfn", "--ignoreexternal")
    modules = set(_modules((place.folder / _CLIENT).read_text(encoding="utf-8")))
    for one in told["typeCompleteness"]["symbols"]:
        known = one["isTypeKnown"] and not one["isTypeAmbiguous"]
        if not known and one["name"].rpartition(".")[0] in modules:
            yield f"{one['name']} has no known type"


def _modules(program: str) -> Iterator[str]:
    """What a program imports, be it a module or a name in one."""
    for node in ast.walk(ast.parse(program)):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)
