"""The type-checked client program uses the whole public API."""

import ast
from pathlib import Path

import readmodel_cfn

CLIENT = Path(__file__).parents[1] / "client" / "client.py"


def test_client_program_uses_every_public_name() -> None:
    tree = ast.parse(CLIENT.read_text(encoding="utf-8"))
    used = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "rm"
    }
    assert set(readmodel_cfn.__all__) <= used
