"""Templates with a wrong value at any place are served, or refused with one error."""

import copy
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.serve.api import api_of
from readmodel_cfn.local.serve.source import Source
from serve_templates import GET, document, get, resource, template

JUNK: tuple[Any, ...] = (
    None,
    5,
    "x",
    [],
    {},
    [1],
    {"a": 1},
    {"Ref": "Nowhere"},
    {"Fn::If": [1, 2, 3]},
    [None],
)


def places(value: Any) -> list[tuple[Any, ...]]:
    """The paths to all values below this one."""
    found: list[tuple[Any, ...]] = [()]
    children = dict(enumerate(value)) if isinstance(value, list) else value
    for name, below in children.items() if isinstance(children, dict) else ():
        found += [(name, *path) for path in places(below)]
    return found


@pytest.mark.parametrize("junk", JUNK, ids=repr)
def test_template_with_a_wrong_value_anywhere_is_served_or_one_error(
    tmp_path: Path, junk: Any
) -> None:
    whole = template(Policy=resource("IAM::Policy", Roles=["Reader"], PolicyDocument=document(GET)))
    for path in places(whole["Resources"]):
        changed = {"Resources": copy.deepcopy(whole["Resources"])}
        holder, last = changed, "Resources"
        for name in path:
            holder, last = holder[last], name
        holder[last] = copy.deepcopy(junk)
        try:
            api = api_of(Source.of(changed), tmp_path, print)
        except ConfigError as error:
            assert "\n" not in str(error)  # noqa: PT017 - most are errors
        else:
            assert api.answer(get("/things/1")).status >= 200
