"""Check a template with cfn-lint, and cache the findings.

Loading cfn-lint and checking a template takes most of a second; reading its earlier findings takes
a few milliseconds. Without a usable cache the template is checked again.
"""

import json
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, ClassVar

from platformdirs import user_cache_path

from readmodel_cfn.cloudformation.reader import TemplateSource, exceeded_limit, template_text
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.progress import OnProgress, Step, ignore
from readmodel_cfn.version import __version__

DEFAULT_REGION = "us-east-1"
MAX_ENTRIES = 100
"""The cache keeps the findings of the last templates, at most this many."""
MAX_FINDINGS = 1000
"""cfn-lint is stopped after so many findings."""

_MAX_SECONDS = 15  # of processor time; the largest template of this tool takes 6
_REPEATED_SECONDS = 1
_OUT_OF_TIME = "s of processor time"
# cfn-lint expands the conditions that a condition names, and takes all memory with more.
_MAX_CONDITION_PARTS, _MAX_CONDITION_LEVELS = 1000, 100
_SETTINGS = (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml")  # cfn-lint reads the first of them
# Settings that name further files, which change without the setting.
_FURTHER_FILES = ("append_rules", "custom_rules", "override_spec", "registry_schemas")


@dataclass(frozen=True)
class Finding:
    """One finding of cfn-lint.

    `rule` is the rule's ID and `meaning` its description, `level` is error, warning or
    informational. `place` is the path in the template, or the line if the text is not a template.
    """

    kind: ClassVar[str] = "finding"

    rule: str
    level: str
    place: str
    message: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.rule} {self.place}: {self.message}"

    def as_dict(self) -> dict[str, str]:
        """The finding as `lint --json` prints it."""
        return asdict(self)


def lint(template: TemplateSource, regions: Sequence[str] = (DEFAULT_REGION,)) -> list[Finding]:
    """Check a template with cfn-lint for the regions in which it is deployed.

    A text that is not a template, or is too large, is a finding, not an error. cfn-lint is stopped
    after 1,000 findings, and in the main thread after 15 s of processor time, which is a finding
    too. It reads the `.cfnlintrc` of the working directory.

    Args:
        template: A text in JSON or YAML, a file's Path, a mapping, a troposphere Template or a
            ReadModel.
        regions: AWS regions (default us-east-1).

    Raises:
        ConfigError: a file or a `.cfnlintrc` cannot be read, or a region is unknown.
    """
    from cfnlint.api import ManualArgs
    from cfnlint.exceptions import CfnLintExitException, InvalidRegionException
    from yaml import YAMLError

    text = template_text(template)
    if limit := exceeded_limit(text):
        return [_stopped(f"the template is not checked: {limit}")]
    # Without `templates` cfn-lint would check the files that a .cfnlintrc names.
    config = ManualArgs(regions=list(regions or (DEFAULT_REGION,)), templates=[])
    try:
        return _findings(text, config)
    except InvalidRegionException as error:
        what = f"cfn-lint does not know the region {' or '.join(regions)}"
        hint = "correct --region, or region under [stack], or upgrade cfn-lint"
        raise ConfigError(what, hint=hint) from error
    except (CfnLintExitException, YAMLError, UnicodeError, OSError) as error:
        raise ConfigError(f"cannot be used: {error}", where=".cfnlintrc") from error


def lint_once(
    template: TemplateSource,
    regions: Sequence[str] = (DEFAULT_REGION,),
    on_progress: OnProgress = ignore,
) -> list[Finding]:
    """The findings of `lint`, from the cache if no input has changed.

    The inputs are the template, the regions, the version of cfn-lint, the schemas that `cfn-lint
    --update-specs` downloaded, and the `.cfnlintrc` of the home and the working directory. If a
    `.cfnlintrc` names rules or schemas in files, the cache is not used. The cache is in the user's
    cache directory, or in the directory that the environment variable READMODEL_CFN_HOME names.

    Raises:
        ConfigError: a file or a `.cfnlintrc` cannot be read, or a region is unknown.
    """
    text = template_text(template)
    entry = _entry(text, regions)
    found = _read(entry) if entry else None
    if found is None:
        on_progress(Step("Checking the template with cfn-lint"))
        found = lint(text, regions)
        if entry and not any(finding.message.endswith(_OUT_OF_TIME) for finding in found):
            _write(entry, found)
    return found


def _findings(text: str, config: Any) -> list[Finding]:
    """The findings of cfn-lint, at most so many: it compares each of them with all others."""
    from cfnlint.config import ConfigMixIn
    from cfnlint.decode import decode_str
    from cfnlint.runner import Runner

    found: list[Finding] = []
    try:
        with _processor_time(_MAX_SECONDS):
            template, unreadable = decode_str(text)
            if large := _large_condition(template):
                return [_stopped(f"the template is not checked: {large}")]
            matches = unreadable or Runner(ConfigMixIn(**config)).validate_template(template)
            for match in matches:
                found.append(_finding(match))
                if len(found) == MAX_FINDINGS:
                    return [*found, _stopped(f"cfn-lint is stopped: {MAX_FINDINGS:,} findings")]
    except _TimeIsUp:
        found.append(_stopped(f"cfn-lint is stopped: {_MAX_SECONDS} {_OUT_OF_TIME}"))
    return found


def _large_condition(template: Any) -> str | None:
    """What is too large about a condition with those that it names, and those that these name."""
    conditions = template.get("Conditions") if isinstance(template, dict) else None
    try:
        _ConditionSizes(conditions if isinstance(conditions, dict) else {}).check()
    except _TooLarge as error:
        return str(error)
    return None


class _ConditionSizes:
    """The sizes of conditions, each with all that it names."""

    def __init__(self, conditions: Mapping[str, Any]) -> None:
        self._conditions = conditions
        self._sizes: dict[str, int] = {}

    def check(self) -> None:
        for condition in self._conditions.values():
            self._size(condition, 0)

    def _size(self, value: Any, level: int) -> int:
        if level > _MAX_CONDITION_LEVELS:
            raise _TooLarge(f"a condition has more than {_MAX_CONDITION_LEVELS} levels")
        parts = value if isinstance(value, list) else []
        if isinstance(value, dict):
            if isinstance(name := value.get("Condition"), str):
                return self._named(name, level)
            parts = list(value.values())
        size = 1 + sum(self._size(part, level + 1) for part in parts)
        if size > _MAX_CONDITION_PARTS:
            raise _TooLarge(f"a condition has more than {_MAX_CONDITION_PARTS:,} parts")
        return size

    def _named(self, name: str, level: int) -> int:
        if name not in self._sizes:
            self._sizes[name] = self._size(self._conditions.get(name), level + 1)
        return self._sizes[name]


def _stopped(what: str) -> Finding:
    meaning = "What is too large for CloudFormation, or takes too long, is not checked to its end."
    return Finding("E0000", "error", "template", what, meaning)


class _TooLarge(Exception):
    """A condition is too large for cfn-lint."""


class _TimeIsUp(BaseException):
    """Not an Exception: cfn-lint turns these into findings, and continues."""


@contextmanager
def _processor_time(seconds: float) -> Iterator[None]:
    """Raise _TimeIsUp if the block takes longer; Python allows this in the main thread only.

    It is raised again each second, because Python ignores an exception in a callback of the garbage
    collector.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    is_running = True

    def stop(*_: Any) -> None:
        if is_running:
            raise _TimeIsUp

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, _REPEATED_SECONDS)
    try:
        yield
    finally:
        try:
            is_running = False
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)


def _finding(match: Any) -> Finding:
    rule = match.rule
    path = getattr(match, "path", None)  # a parse error has no path
    place = "/".join(str(part) for part in path) if path else f"line {match.linenumber}"
    return Finding(rule.id, rule.severity, place, match.message, rule.description)


def _entry(text: str, regions: Sequence[str]) -> Path | None:
    """The cache file of these findings; None if an input is unknown."""
    try:
        settings = [_settings(Path.home()), _settings(Path.cwd())]
        versions = [__version__, version("cfn-lint"), _downloaded_schemas()]
        home = os.environ.get("READMODEL_CFN_HOME") or user_cache_path("readmodel-cfn")
        folder = Path(home).expanduser().absolute() / "lint-cache"
    except (OSError, PackageNotFoundError, RuntimeError):  # RuntimeError: no home directory
        return None
    if any(name in content for name in _FURTHER_FILES for content in settings):
        return None
    key = json.dumps([text, list(regions), settings, versions]).encode()
    return folder / f"{sha256(key).hexdigest()}.json"


def _settings(folder: Path) -> str:
    """The content of a folder's `.cfnlintrc`; empty if there is none."""
    files = (folder / name for name in _SETTINGS)
    return next((_content(file) for file in files if file.is_file()), "")


def _downloaded_schemas() -> str:
    """The version of the schemas that cfn-lint downloaded and uses instead of its own."""
    folder = user_cache_path("aws", appauthor=False, opinion=False) / "cfn-lint" / "schemas"
    file = folder / "version.json"
    return _content(file) if file.is_file() else ""


def _content(file: Path) -> str:
    return file.read_bytes().decode("latin-1")  # decodes any bytes, each to its own character


def _read(entry: Path) -> list[Finding] | None:
    """The findings in a cache file; None if it cannot be read."""
    try:
        found = json.loads(entry.read_bytes())
        return [Finding(**finding) for finding in found] if isinstance(found, list) else None
    except (OSError, ValueError, TypeError, RecursionError):
        return None


def _write(entry: Path, found: Sequence[Finding]) -> None:
    """Write findings to the cache atomically; errors are ignored."""
    with suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile("w", dir=entry.parent, suffix=".json", delete=False) as file:
            json.dump([finding.as_dict() for finding in found], file)
        Path(file.name).replace(entry)
        files = sorted(entry.parent.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        for old in files[:-MAX_ENTRIES]:  # also the files of processes that were stopped
            old.unlink(missing_ok=True)
