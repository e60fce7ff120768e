"""The client whose types are checked is one of the whole public API."""

import ast
from pathlib import Path

import readmodel_cfn

CLIENT = Path(__file__).parents[1] / "client" / "client.py"


def test_the_client_uses_every_public_name() -> None:
    tree = ast.parse(CLIENT.read_text(encoding="utf-8"))
    used = {
        one.attr
        for one in ast.walk(tree)
        if isinstance(one, ast.Attribute)
        and isinstance(one.value, ast.Name)
        and one.value.id == "rm"
    }
    assert set(readmodel_cfn.__all__) <= used
