"""The article's template, for the tests of what takes any template."""

import json
from typing import Any

from readmodel_cfn import build_article, render


def article_template(**defaults: str) -> Any:
    """The template as plain values; `defaults` are defaults of its parameters."""
    content = json.loads(render(build_article(), "compact"))
    for name, value in defaults.items():
        content["Parameters"][name]["Default"] = value
    return content
