"""A hook of mkdocs: the pages that are kept beside docs/ are read where they are."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# Each file below the root, and its place on the site.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks/index.md",
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add them; their links into docs/ lead to the pages that are beside them here."""
    for source, place in ELSEWHERE.items():
        text = (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, place, content=text))
    return files


def on_page_markdown(text: str, **_: object) -> str:
    """Lead the links out of docs/ to where these pages are here."""
    for source, place in ELSEWHERE.items():
        text = text.replace(f"](../{source}", f"]({place}")
    return text
