"""A template's text: JSON, or YAML in the long form or with CloudFormation's tags."""

import json
from collections.abc import Mapping
from typing import Any

from readmodel_cfn.errors import ConfigError


def parse(text: str, where: str) -> dict[str, Any]:
    """The template as a value; `where` is the file's name for messages.

    Raises:
        ConfigError: text that is no template.
    """
    try:
        value = json.loads(text) if text.lstrip().startswith("{") else _yaml(text)
    except RecursionError as error:
        raise ConfigError("nested too deeply", where=where) from error
    except ValueError as error:
        raise ConfigError(f"neither JSON nor YAML: {error}", where=where) from error
    if not isinstance(value, dict) or not isinstance(value.get("Resources"), Mapping):
        raise ConfigError("no CloudFormation template: it has no Resources", where=where)
    return value


def _yaml(text: str) -> Any:
    from readmodel_cfn.audit.tags import load

    # Through JSON, as dates and keys are texts in a template, and what holds itself has no end.
    return json.loads(json.dumps(load(text), default=str, skipkeys=True))
