"""The description that an index shows: the README, with paths where it links to other files.

An index has no page behind such a link; the file is in the sdist. All else is in setup.cfg.
"""

import re
from pathlib import Path

from setuptools import setup

LINK = re.compile(r"\[([^]]+)\]\((?!https:)([^)]+)\)")


def written(link: re.Match[str]) -> str:
    """The words of a link, and the path that it led to, unless they are the same."""
    words, path = link.groups()
    return f"`{path}`" if words == path else f"{words} (`{path}`)"


README = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
setup(long_description=LINK.sub(written, README))
