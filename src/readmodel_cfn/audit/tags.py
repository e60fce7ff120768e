"""YAML with CloudFormation's short tags: `!Sub x` is {"Fn::Sub": "x"}."""

from typing import Any

import yaml

_BARE = ("Ref", "Condition")  # the tags whose function has no Fn:: in front


class Loader(yaml.SafeLoader):
    """A safe loader that reads the tags as the functions they stand for."""


def _function(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in _BARE else f"Fn::{tag}"
    if isinstance(node, yaml.MappingNode):
        return {name: loader.construct_mapping(node, deep=True)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: node.value}


Loader.add_multi_constructor("!", _function)


def load(text: str) -> Any:
    """The value that the text writes.

    Raises:
        ValueError: it is no YAML.
    """
    try:
        return yaml.load(text, Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from error
