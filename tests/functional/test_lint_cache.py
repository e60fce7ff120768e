"""The cache of lint findings."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from readmodel_cfn import lint as lint_cache
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.lint import MAX_ENTRIES, Finding, lint_once

FOUND = [Finding("W2001", "warning", "Parameters/Ü", "not used \udc80", "unused")]
TEXT = '{"Resources": {"A": {"Type": "AWS::S3::Bucket"}}}'
Linted = list[tuple[str, tuple[str, ...]]]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file outside the test is read or written."""
    for name in ("work", "home"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("READMODEL_CFN_HOME", str(tmp_path / "ours"))


@pytest.fixture
def linted(monkeypatch: pytest.MonkeyPatch) -> Linted:
    """What cfn-lint would have been asked; it always finds the same."""
    asked: Linted = []

    def lint(text: str, regions: tuple[str, ...]) -> list[Finding]:
        asked.append((text, regions))
        return FOUND

    monkeypatch.setattr(lint_cache, "lint", lint)
    return asked


@pytest.fixture
def entries(tmp_path: Path) -> Callable[[], list[Path]]:
    """The files in the cache."""
    return lambda: sorted((tmp_path / "ours" / "lint-cache").glob("*"))


def test_second_lint_returns_the_cached_findings(linted: Linted) -> None:
    assert lint_once(TEXT) == FOUND
    assert lint_once(TEXT) == FOUND
    assert linted == [(TEXT, ("us-east-1",))]


def test_absence_of_findings_is_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[list[Finding]] = iter([[]])
    monkeypatch.setattr(lint_cache, "lint", lambda *_: next(answers))
    assert lint_once(TEXT) == []
    assert lint_once(TEXT) == []


def test_other_text_or_region_is_linted(linted: Linted) -> None:
    asked: Linted = [(TEXT, ("a",)), (TEXT + " ", ("a",)), (TEXT, ("b",)), (TEXT, ("a", "b"))]
    for text, regions in [*asked, *asked]:
        lint_once(text, regions)
    assert linted == asked


def test_other_cfn_lint_version_lints_again(
    linted: Linted, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint_once(TEXT)
    monkeypatch.setattr(lint_cache, "version", {"cfn-lint": "99"}.__getitem__)
    lint_once(TEXT)
    lint_once(TEXT)
    assert len(linted) == 2


def test_other_version_of_this_package_lints_again(
    linted: Linted, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint_once(TEXT)
    monkeypatch.setattr(lint_cache, "__version__", "99")
    lint_once(TEXT)
    assert len(linted) == 2


def test_unknown_cfn_lint_version_is_not_cached(
    linted: Linted, monkeypatch: pytest.MonkeyPatch
) -> None:
    lint_once(TEXT)
    monkeypatch.setattr(lint_cache, "version", lambda _: version("no-such-distribution"))
    assert lint_once(TEXT) == lint_once(TEXT) == FOUND
    assert len(linted) == 3


@pytest.mark.parametrize("folder", ["work", "home"])
@pytest.mark.parametrize("name", [".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml"])
def test_added_or_changed_cfnlintrc_lints_again(
    linted: Linted, tmp_path: Path, folder: str, name: str
) -> None:
    settings = tmp_path / folder / name
    lint_once(TEXT)
    for content in ("ignore_checks: [W2001]", "ignore_checks: [W2002]"):
        settings.write_text(content)
        lint_once(TEXT)
        lint_once(TEXT)
    assert len(linted) == 3
    settings.unlink()
    lint_once(TEXT)
    assert len(linted) == 3


def test_cache_uses_the_cfnlintrc_that_cfn_lint_reads(linted: Linted) -> None:
    Path(".cfnlintrc").write_text("ignore_checks: [W2001]")
    lint_once(TEXT)
    Path(".cfnlintrc.yaml").write_text("ignore_checks: [W2002]")
    lint_once(TEXT)
    assert len(linted) == 1


def test_cfnlintrc_in_home_and_project_have_separate_entries(
    linted: Linted, tmp_path: Path
) -> None:
    Path(".cfnlintrc").write_text("ignore_checks: [W2001]")
    lint_once(TEXT)
    Path(".cfnlintrc").rename(tmp_path / "home" / ".cfnlintrc")
    lint_once(TEXT)
    assert len(linted) == 2


@pytest.mark.parametrize(
    "content",
    [
        "append_rules: [rules]",
        "custom_rules: rules.txt",
        "override_spec: spec.json",
        "registry_schemas: [s]",
    ],
)
def test_cfnlintrc_with_further_files_is_not_cached(
    linted: Linted, entries: Callable[[], list[Path]], content: str
) -> None:
    Path(".cfnlintrc").write_text(content)
    assert lint_once(TEXT) == lint_once(TEXT) == FOUND
    assert len(linted) == 2
    assert not entries()


def test_unreadable_cfnlintrc_is_a_config_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lint_once(TEXT)
    Path(".cfnlintrc").write_text("")

    def refuse(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(lint_cache, "_content", refuse)
    monkeypatch.setattr("cfnlint.decode.cfn_yaml.open", refuse, raising=False)
    with pytest.raises(ConfigError, match=r"\.cfnlintrc: .*Permission denied"):
        lint_once(TEXT)


def test_updated_cfn_lint_schemas_lint_again(linted: Linted) -> None:
    from cfnlint.helpers import get_cache_dir

    lint_once(TEXT)
    schemas = Path(get_cache_dir())
    schemas.mkdir(parents=True)
    (schemas / "version.json").write_text('{"schema_date": "2099-01-01"}')
    lint_once(TEXT)
    lint_once(TEXT)
    assert len(linted) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[",
        b"\xff\x00",
        b"{}",
        b'""',
        b"null",
        b"[1]",
        b'[{"rule": "E1"}]',
        b'[{"rule":"","level":"","place":"","message":"","meaning":"","more":""}]',
        b"[" * 100_000,
    ],
    ids=lambda content: repr(content[:16]),
)
def test_invalid_cache_entry_is_replaced(
    linted: Linted, entries: Callable[[], list[Path]], content: bytes
) -> None:
    lint_once(TEXT)
    (entry,) = entries()
    entry.write_bytes(content)
    assert lint_once(TEXT) == FOUND
    assert len(linted) == 2
    assert lint_once(TEXT) == FOUND
    assert len(linted) == 2


@pytest.mark.parametrize("way", ["ours", "ours/lint-cache"])
def test_unwritable_cache_lints_each_time(linted: Linted, tmp_path: Path, way: str) -> None:
    blocked = tmp_path / way
    blocked.parent.mkdir(exist_ok=True)
    blocked.write_text("a file is no directory, not even root's")
    assert lint_once(TEXT) == lint_once(TEXT) == FOUND
    assert len(linted) == 2


def test_irreplaceable_cache_entry_is_ignored(
    linted: Linted, entries: Callable[[], list[Path]]
) -> None:
    lint_once(TEXT)
    (entry,) = entries()
    entry.unlink()
    entry.mkdir()
    assert lint_once(TEXT) == lint_once(TEXT) == FOUND
    assert len(linted) == 3


@pytest.mark.usefixtures("linted")
def test_cache_keeps_the_newest_entries(entries: Callable[[], list[Path]]) -> None:
    lint_once(TEXT)
    (first,) = entries()
    for number in range(MAX_ENTRIES):
        (first.parent / f"{number}.json").write_text("[]")
        os.utime(first.parent / f"{number}.json", (number, number))
    lint_once("another")
    assert len(entries()) == MAX_ENTRIES
    assert first in entries()
    assert first.with_name("0.json") not in entries()
    assert first.with_name(f"{MAX_ENTRIES - 1}.json") in entries()


@pytest.mark.usefixtures("linted")
def test_cache_entry_is_readable_by_its_owner_only(entries: Callable[[], list[Path]]) -> None:
    lint_once(TEXT)
    assert [oct(entry.stat().st_mode & 0o777) for entry in entries()] == ["0o600"]


def test_cache_is_in_the_user_cache_directory_by_default(
    linted: Linted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("READMODEL_CFN_HOME")
    monkeypatch.setattr(lint_cache, "user_cache_path", lambda name, **_: tmp_path / "cache" / name)
    lint_once(TEXT)
    assert len(linted) == 1
    (entry,) = (tmp_path / "cache" / "readmodel-cfn" / "lint-cache").iterdir()
    assert json.loads(entry.read_bytes()) == [vars(finding) for finding in FOUND]


PROBE = """
import json, sys
from readmodel_cfn.lint import lint_once
found = lint_once(sys.argv[1], ["eu-west-1"])
print(json.dumps([len(found), "cfnlint" in sys.modules]))
"""


def test_cache_hit_does_not_import_cfn_lint() -> None:
    command = [sys.executable, "-c", PROBE, TEXT]
    printed = [json.loads(subprocess.check_output(command)) for _ in range(2)]
    assert printed == [[0, True], [0, False]]


WRITER = """
from readmodel_cfn import lint as lint_cache
from readmodel_cfn.lint import Finding
found = [Finding("E1", "error", str(n), "m" * 500, "") for n in range(500)]
lint_cache.lint = lambda *_: found
entry = lint_cache._entry("text", [])
for n in range(50):
    assert lint_cache.lint_once("text", []) == found
    lint_cache._write(entry, found)
    assert lint_cache._read(entry) == found
"""


def test_concurrent_processes_write_one_complete_entry(
    entries: Callable[[], list[Path]],
) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    (entry,) = entries()
    assert len(json.loads(entry.read_bytes())) == 500
