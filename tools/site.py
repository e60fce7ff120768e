"""MkDocs hook: adds the pages that are outside docs/, and draws the diagrams without a network."""

import re
from itertools import count
from pathlib import Path
from typing import Any

from mermaidx import render
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# Path in the repository: path on the site.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks/index.md",
}
_FROM_THE_NETWORK = re.compile(r'<(?:script|link rel="stylesheet"|img)[^>]* (?:src|href)="https?:')
_numbers = count(1)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Draw the blocks of `mermaid`."""
    fence = {"name": "mermaid", "class": "diagram", "format": draw}
    config.mdx_configs["pymdownx.superfences"] = {"custom_fences": [fence]}
    return config


def draw(source: str, _language: str, css_class: str, *_: object, **_options: Any) -> str:
    """A diagram as inline SVG: Mermaid draws it while the site is built, so no page loads it.

    The background is white in the dark scheme too, as the lines are dark.
    """
    svg = render(source, theme="neutral", config={"htmlLabels": False}).svg()
    svg = svg.replace("my-svg", f"diagram-{next(_numbers)}")  # the IDs of a page are unique
    return f'<div class="{css_class}" style="background: white">{svg}</div>'


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that are outside docs/; their links into docs/ become links beside them."""
    for source, place in ELSEWHERE.items():
        text = (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(text: str, **_: object) -> str:
    """Replace links that leave docs/ by links to these pages on the site."""
    for source, place in ELSEWHERE.items():
        text = text.replace(f"](../{source}", f"]({place}")
    return text


def on_post_page(output: str, page: Any, **_: object) -> str:
    """Refuse a page that needs the network to be read."""
    if found := _FROM_THE_NETWORK.search(output):
        raise PluginError(f"{page.file.src_uri} loads from the network: {found[0]}")
    return output
