"""No text is linted twice: findings are kept in the user's cache directory. Serves any template.

Loading cfn-lint and checking a template takes most of a second; reading what it found before takes
a few milliseconds. The cache can only save time: whatever is wrong with it, the text is linted.
"""

import json
import os
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import NamedTemporaryFile

from platformdirs import user_cache_path

from readmodel_cfn.lint import DEFAULT_REGION, Finding, lint
from readmodel_cfn.version import __version__

MOST_ENTRIES = 100
"""As many results are kept, the newest; one of a production stack without findings is 2 bytes."""

_SETTINGS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")  # the first that is a file counts
# Settings that name further files, which change without the setting.
_ELSEWHERE = ("append_rules", "custom_rules", "override_spec", "registry_schemas")


def lint_once(text: str, regions: Sequence[str] = (DEFAULT_REGION,)) -> list[Finding]:
    """As `lint`, but what was found before is read again, and cfn-lint is not even loaded.

    The text is linted again where anything differs that findings depend on: the text, the regions,
    the version of cfn-lint, the schemas that `cfn-lint --update-specs` fetched, a `.cfnlintrc` in
    the home or the working directory. Nothing is kept where a `.cfnlintrc` names rules or schemas
    in files of their own. READMODEL_CFN_HOME names another place for the cache.

    Raises:
        ConfigError: a region that cfn-lint does not know, or a `.cfnlintrc` that it cannot read.
    """
    entry = _entry(text, regions)
    if not entry:
        return lint(text, regions)
    found = _read(entry)
    if found is None:
        found = lint(text, regions)
        _keep(entry, found)
    return found


def _entry(text: str, regions: Sequence[str]) -> Path | None:
    """The file for these findings, or None where what they depend on cannot be told."""
    try:
        settings = [_settings(Path.home()), _settings(Path.cwd())]
        versions = [__version__, version("cfn-lint"), _fetched_schemas()]
        named = os.environ.get("READMODEL_CFN_HOME") or user_cache_path("readmodel-cfn")
        home = Path(named).expanduser().absolute()
    except (OSError, PackageNotFoundError, RuntimeError):  # RuntimeError: nobody's home
        return None
    if any(word in one for word in _ELSEWHERE for one in settings):
        return None
    key = json.dumps([text, list(regions), settings, versions]).encode()
    return home / "lint-cache" / f"{sha256(key).hexdigest()}.json"


def _settings(folder: Path) -> str:
    """What the `.cfnlintrc` of a folder says; an empty one is as good as none."""
    files = (folder / name for name in _SETTINGS)
    return next((_content(one) for one in files if one.is_file()), "")


def _fetched_schemas() -> str:
    """Which schemas cfn-lint has fetched: newer ones than its own take their place."""
    fetched = user_cache_path("aws", appauthor=False, opinion=False) / "cfn-lint" / "schemas"
    file = fetched / "version.json"
    return _content(file) if file.is_file() else ""


def _content(file: Path) -> str:
    return file.read_bytes().decode("latin-1")  # any bytes are text in it, each its own


def _read(entry: Path) -> list[Finding] | None:
    """The findings that were kept, or None where there are none that can be read."""
    try:
        found = json.loads(entry.read_bytes())
        return [Finding(**one) for one in found] if isinstance(found, list) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _keep(entry: Path, found: Sequence[Finding]) -> None:
    """Keep findings if it can be done: another process sees the whole entry, or none."""
    with suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=entry.parent, suffix=".json", delete=False) as file:
            json.dump([vars(one) for one in found], file)
        Path(file.name).replace(entry)
        kept = sorted(entry.parent.glob("*.json"), key=lambda one: one.stat().st_mtime_ns)
        for old in kept[:-MOST_ENTRIES]:  # and what a process left that was stopped half way
            old.unlink(missing_ok=True)
