"""The directory of the sandbox, and its requirements."""

import re
import stat
from pathlib import Path

import platformdirs
import pytest

from readmodel_cfn.local.sandbox import SandboxError, home, start
from readmodel_cfn.local.sandbox.home import REQUIREMENTS, Home, _reason


def test_home_is_the_argument_or_the_environment_or_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("READMODEL_CFN_HOME", raising=False)
    assert Home.at(None).path == platformdirs.user_cache_path("readmodel-cfn")
    monkeypatch.setenv("READMODEL_CFN_HOME", str(tmp_path / "named"))
    assert Home.at(None).path == tmp_path / "named"
    assert Home.at(tmp_path).path == tmp_path


def test_changed_requirements_use_another_virtual_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = Home(tmp_path).venv
    changed = tmp_path / "requirements.txt"
    changed.write_text("ministack==9\n")
    monkeypatch.setattr(home, "REQUIREMENTS", changed)
    assert Home(tmp_path).venv != before


def test_requirements_are_pinned_by_version_and_hash() -> None:
    lines = [line for line in REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]
    pinned = " ".join(lines).replace("\\", "")
    entry = r"[\w-]+==[\w.]+(?: +--hash=sha256:[0-9a-f]{64})+"
    assert re.fullmatch(rf"(?:{entry} *)+", pinned)
    assert "ministack==1.5.33 " in pinned


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        (
            "Collecting x\nERROR: No matching distribution found for x\n\n",
            "No matching distribution",
        ),
        ("Error: [Errno 28] No space left on device\n", "Error: [Errno 28] No space left"),
        ("", ""),
    ],
)
def test_install_failure_reason_is_the_error_line(
    tmp_path: Path, printed: str, reason: str
) -> None:
    (tmp_path / "log").write_text(printed)
    assert _reason(tmp_path / "log").startswith(reason)


def test_start_on_windows_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("readmodel_cfn.local.sandbox.lifecycle.os.name", "nt")
    with pytest.raises(SandboxError, match="Linux"):
        start(home=tmp_path)


LOGS = ("sandbox.log", "s3.log", "install.log")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_home_of_an_older_version_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "home"
    path.mkdir(mode=0o755)
    for name in LOGS:
        (path / name).touch(0o644)
    with Home(path).lock():
        assert mode(path) == 0o700
        assert {mode(path / name) for name in (*LOGS, "sandbox.lock")} == {0o600}


@pytest.mark.parametrize("place", ["home", "home/below"])
def test_directory_with_other_things_keeps_its_mode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    path = tmp_path / "home"
    (path / "below").mkdir(parents=True)
    path.chmod(0o755)
    monkeypatch.chdir(tmp_path / place)
    with Home(path).lock():
        assert mode(path) == 0o755


def test_directory_of_all_users_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with Home(tmp_path).lock():
        assert mode(tmp_path) == 0o1777
