"""The long description: README.md, whose links to other files become the paths of these files.

A package index does not have the other files; the sdist has. The other metadata is in setup.cfg.
"""

import re
from pathlib import Path

from setuptools import setup

LINK = re.compile(r"\[((?:`[^`]+`|[^]`])+)\]\((?!https:)([^)]+)\)")


def without_link(link: re.Match[str]) -> str:
    """The text of a link, and its path unless the text is the path."""
    text, path = link.groups()
    return f"`{path}`" if text == path else f"{text} (`{path}`)"


README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
setup(long_description=LINK.sub(without_link, README))
