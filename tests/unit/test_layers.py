"""Imports run one way, and `template` loads nothing that only other commands need."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import readmodel_cfn

ROOT = Path(readmodel_cfn.__file__).parent
PACKAGE = "readmodel_cfn"

BASE = {"errors", "limits", "naming", "options", "routes", "version"}
# Each room, and the rooms of ours that it may import. `X.*` is a package's modules.
MAY_IMPORT = {
    "version": set[str](),
    "errors": set[str](),
    "limits": set[str](),
    "options": {"errors"},
    "naming": set[str](),
    "routes": {"limits", "options"},
    "policies": {"errors", "limits"},
    "responses": {"options"},
    "references": {"errors", "naming"},
    "sections.*": {
        "limits",
        "options",
        "naming",
        "references",
        "routes",
        "policies",
        "responses",
    },
    "model": {"routes", "sections.*"},
    "resources": {"errors", "limits", "model", "naming", "options", "references", "sections.*"},
    "origins": {"model", "naming", "resources"},
    "conflicts": {"errors", "limits", "references"},
    "compose": {
        "conflicts",
        "errors",
        "model",
        "naming",
        "references",
        "resources",
        "sections.*",
    },
    "template": {"compose", "errors", "limits", "model", "naming", "resources"},
    "config": {"errors", "limits", "naming", "options", "routes", "model", "sections.*"},
    "schema": {"config", "options"},
    "sceptre": {"config", "errors", "template"},
    "starter": {"config", "options", "routes"},
    "cloudformation.*": {"errors", "cloudformation.*"},
    "lint": {"errors"},
    "lint_cache": {"lint", "version"},
    "aws": {"errors"},
    "stacks.*": {"aws", "cloudformation.*", "errors", "limits", "stacks.*"},
    "store.*": {"aws", "errors", "limits", "store.*"},
    "gateway.*": {"cloudformation.*", "gateway.*"},
    "sandbox.*": {"errors", "gateway.*", "sandbox.*"},
    "serve.*": {"cloudformation.*", "errors", "gateway.*", "serve.*", "store.*"},
    "audit.*": {"audit.*", "cloudformation.*", "errors", "limits"},
    "graph.*": {"audit.*", "cloudformation.*", "graph.*"},
    "openapi.*": {"audit.*", "cloudformation.*", "errors", "openapi.*"},
    "live.*": {"audit.*", "aws", "cloudformation.*", "live.*"},
    "verify.*": {"aws", "errors", "limits", "live.*", "store.*", "verify.*"},
    "race.*": {"errors", "limits", "race.*"},
    "report": {"lint", "live.*", "stacks.*", "store.*"},
}
# These know them all.
COMPOSE = {"cli.*", "__init__", "__main__"}
# What only the rooms on the left side of the template may know.
TEMPLATE_MAKERS = {
    "naming",
    "routes",
    "policies",
    "responses",
    "references",
    "sections.*",
    "model",
    "resources",
    "origins",
    "conflicts",
    "compose",
    "template",
}


def modules() -> Iterator[tuple[str, set[str]]]:
    """Each module of the package by its dotted name below it, and all that it imports."""
    for file in sorted(ROOT.rglob("*.py")):
        parts = file.relative_to(ROOT).with_suffix("").parts
        tree = ast.parse(file.read_text(encoding="utf-8"))
        yield ".".join(parts), set(imported(tree, [PACKAGE, *parts]))


def imported(tree: ast.Module, own: list[str]) -> Iterator[str]:
    """What a module imports anywhere, by whole dotted names; `own` is its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = own[: -node.level] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            yield from (f"{source}.{alias.name}" for alias in node.names)


def room(module: str) -> str:
    """The room that a name below the package is in: a module, or a package's modules."""
    top = module.partition(".")[0]
    if (ROOT / top).is_dir():
        return f"{top}.*"
    return top if (ROOT / f"{top}.py").is_file() else "__init__"


def rooms_imported(names: set[str]) -> set[str]:
    return {room(name.removeprefix(f"{PACKAGE}.")) for name in names if is_own(name)}


def is_own(name: str) -> bool:
    return name == PACKAGE or name.startswith(f"{PACKAGE}.")


def packages(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


MODULES = dict(modules())


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room(name) for name in MODULES} <= MAY_IMPORT.keys() | COMPOSE


@pytest.mark.parametrize("name", [module for module in MODULES if room(module) not in COMPOSE])
def test_a_module_imports_only_rooms_below_it(name: str) -> None:
    assert rooms_imported(MODULES[name]) <= MAY_IMPORT[room(name)]


def test_the_order_has_no_circle() -> None:
    placed: set[str] = set()
    left = {name: below - {name} for name, below in MAY_IMPORT.items()}
    while left:
        free = {name for name, below in left.items() if below <= placed}
        assert free, f"a circle within {sorted(left)}"
        placed |= free
        left = {name: below for name, below in left.items() if name not in free}


def test_what_an_option_or_an_error_is_knows_nothing_above_it() -> None:
    assert all(MAY_IMPORT[name] <= BASE for name in BASE)


@pytest.mark.parametrize("name", [module for module in MODULES if room(module) == "sections.*"])
def test_a_section_imports_no_other(name: str) -> None:
    assert "sections.*" not in rooms_imported(MODULES[name])


SERVE_ANY_TEMPLATE = {
    "cloudformation.*",
    "lint",
    "lint_cache",
    "aws",
    "stacks.*",
    "store.*",
    "gateway.*",
    "sandbox.*",
    "serve.*",
    "audit.*",
    "graph.*",
    "openapi.*",
    "live.*",
    "verify.*",
    "race.*",
}


@pytest.mark.parametrize(
    "name", [module for module in MODULES if room(module) in SERVE_ANY_TEMPLATE]
)
def test_what_serves_any_template_knows_neither_troposphere_nor_ours(name: str) -> None:
    assert not packages(MODULES[name]) & {"troposphere", "awacs"}
    assert not rooms_imported(MODULES[name]) & TEMPLATE_MAKERS


def test_only_the_client_and_the_one_place_for_clients_know_boto() -> None:
    """Anything else would make calls of its own, and errors of its own."""
    knowing = {
        name
        for name, names in MODULES.items()
        if room(name) != "sandbox.*" and packages(names) & {"boto3", "botocore"}
    }
    # obstore is given boto3's credentials in store.destination
    assert knowing == {"aws", "stacks.client", "store.destination", "store.empty"}


def test_only_the_objects_of_a_bucket_know_obstore() -> None:
    knowing = {name for name, names in MODULES.items() if "obstore" in packages(names)}
    assert knowing == {"store.destination", "store.object_errors", "store.objects"}


HEAVY = [
    "boto3",
    "botocore",
    "cfnlint",
    "obstore",
    "rich",
    "urllib.request",
    "http.client",
    "tomllib",
]
PROBE = """
import json, sys
from importlib.metadata import entry_points
(program,) = entry_points(group="console_scripts", name="readmodel-cfn")
sys.argv = ["readmodel-cfn", *sys.argv[1:]]
try:
    program.load()()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["template"], ["template", "--article"], ["--help"]])
def test_template_loads_nothing_that_only_other_commands_need(
    arguments: list[str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout
    loaded = set(json.loads(done.stderr))
    assert "readmodel_cfn.cli" in loaded
    assert not loaded & set(HEAVY)


def test_the_probe_would_see_it(tmp_path: Path) -> None:
    template = tmp_path / "t.json"
    template.write_text('{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}')
    done = subprocess.run(
        [sys.executable, "-c", PROBE, "lint", str(template)],
        cwd=tmp_path,
        env={**os.environ, "READMODEL_CFN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "cfnlint" in json.loads(done.stderr.splitlines()[-1])
