"""The article's template as plain values, for tests of code that takes any template."""

import json
from typing import Any

from readmodel_cfn import build_article, render


def article_template(**defaults: str) -> Any:
    """The template; `defaults` sets defaults of its parameters."""
    content = json.loads(render(build_article(), "compact"))
    for name, value in defaults.items():
        content["Parameters"][name]["Default"] = value
    return content
