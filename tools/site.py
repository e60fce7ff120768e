"""The site's pages that are kept at the project's root, read where they are (a hook of mkdocs)."""

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[1]
# Each file below the root, and its place on the site.
ELSEWHERE = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks/index.md",
    **{f"benchmarks/{one.name}": f"benchmarks/{one.name}" for one in ROOT.glob("benchmarks/*.svg")},
}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add them; a link from the root into docs/ leads to the page beside them."""
    for source, place in ELSEWHERE.items():
        text = (ROOT / source).read_text(encoding="utf-8").replace("](docs/", "](")
        files.append(File.generated(config, place, content=text))
    return files
