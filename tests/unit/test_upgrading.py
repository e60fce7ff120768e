"""docs/upgrading.md names every version."""

import re
from pathlib import Path

from readmodel_cfn import __version__

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/upgrading.md").read_text(encoding="utf-8")


def test_table_has_the_current_version_and_every_version_of_the_changelog() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", changelog, re.MULTILINE)
    listed = re.findall(r"^\| (\d+\.\d+\.\d+)", PAGE, re.MULTILINE)
    assert {*listed} == {*released, __version__}


def test_page_names_what_is_deprecated_if_the_changelog_does() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert ("### Deprecated" in changelog) == ("Nothing is deprecated now" not in PAGE)
