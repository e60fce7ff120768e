"""`build_article()` is the article's template, property by property."""

import json
from pathlib import Path
from typing import Any

from readmodel_cfn import build_article, render

# The template as the article prints it, section by section.
PRINTED = json.loads((Path(__file__).parents[1] / "article.json").read_text())
OURS = json.loads(render(build_article()))

# Where the article has a lone scalar and awacs or troposphere a list, and 200 for "200".
LISTS = {"Action", "Resource", "DependsOn"}


def with_allowed_differences(value: Any, key: str = "") -> Any:
    """The printed value with the differences of docs/article.md, and no other."""
    if key in LISTS and not isinstance(value, list):
        return [with_allowed_differences(value)]
    if key == "StatusCode":
        return str(value)
    if isinstance(value, dict):
        return {name: with_allowed_differences(part, name) for name, part in value.items()}
    if isinstance(value, list):
        return [with_allowed_differences(part) for part in value]
    return value


def test_every_resource_is_the_articles_down_to_the_order_of_its_properties() -> None:
    printed = with_allowed_differences(PRINTED["Resources"])
    ours = with_allowed_differences(OURS["Resources"])  # so that both have the same lists
    assert json.dumps(ours, indent=1) == json.dumps(printed, indent=1)


def test_every_output_is_the_articles_in_its_order() -> None:
    assert json.dumps(OURS["Outputs"], indent=1) == json.dumps(PRINTED["Outputs"], indent=1)


def test_its_one_parameter_is_the_stack_name() -> None:
    assert list(OURS["Parameters"]) == ["StackName"]
    assert OURS["Parameters"]["StackName"]["Type"] == "String"


def test_the_lists_that_differ_from_the_article_are_the_documented_ones() -> None:
    """docs/article.md names each; a new difference must be documented first."""
    found = differences(PRINTED["Resources"], OURS["Resources"])
    differing = {path.replace(".Properties.", ".") for path in found}
    documented = (Path(__file__).parents[2] / "docs" / "article.md").read_text()
    assert differing
    for path in differing:
        assert f"`{path}`" in documented


def differences(printed: Any, ours: Any, path: str = "") -> list[str]:
    if isinstance(printed, dict) and isinstance(ours, dict):
        return [
            found
            for name in printed.keys() | ours.keys()
            for found in differences(printed.get(name), ours.get(name), f"{path}.{name}".strip("."))
        ]
    if isinstance(printed, list) and isinstance(ours, list) and len(printed) == len(ours):
        return [
            found
            for left, right in zip(printed, ours, strict=True)
            for found in differences(left, right, path)
        ]
    return [] if printed == ours else [path]
