"""Installing the embedded AWS: completely or not at all. Small stubs replace the distributions."""

import subprocess
import sys
from pathlib import Path

import pytest

from readmodel_cfn.local.sandbox import SandboxError, start, stop
from readmodel_cfn.local.sandbox.home import MARKER, Home, ensure_installed
from readmodel_cfn.progress import Note, Step


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Empty requirements."""
    path = tmp_path / "requirements.txt"
    path.write_text("# nothing\n")
    monkeypatch.setattr("readmodel_cfn.local.sandbox.home.REQUIREMENTS", path)
    return path


@pytest.mark.usefixtures("empty")
def test_incomplete_install_is_replaced(tmp_path: Path) -> None:
    home, reports = Home(tmp_path), list[object]()
    home.venv.mkdir()
    (home.venv / "left over").touch()
    python = ensure_installed(home, reports.append)
    assert subprocess.run([python, "-c", ""], check=False).returncode == 0
    assert (home.venv / MARKER).exists()
    assert not (home.venv / "left over").exists()
    ensure_installed(home, reports.append)
    assert [type(report) for report in reports] == [Note, Step]


def test_failed_install_is_a_one_line_error(empty: Path, tmp_path: Path) -> None:
    empty.write_text("./does-not-exist\n")
    with pytest.raises(SandboxError) as caught:
        start(home=tmp_path)
    line = str(caught.value)
    assert line.startswith(f"{tmp_path / 'install.log'}: ")
    assert "does-not-exist" in line
    assert "\n" not in line
    assert caught.value.exit_code == 1
    assert not (Home(tmp_path).venv / MARKER).exists()


@pytest.mark.usefixtures("empty")
@pytest.mark.parametrize("found", ["1.5.34", None], ids=["another version", "none"])
def test_other_version_of_ministack_is_refused(tmp_path: Path, found: str | None) -> None:
    home = Home(tmp_path)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home.venv], check=True)
    if found:
        (site,) = home.venv.glob("lib/python*/site-packages")
        metadata = site / f"ministack-{found}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: ministack\nVersion: {found}\n")
    (home.venv / MARKER).touch()
    with pytest.raises(SandboxError, match=rf"ministack .*{found or ''}") as caught:
        start(home=tmp_path)
    assert caught.value.where == str(home.log)
    assert not home.state.exists()


def test_environment_has_the_pinned_botocore(environment: Path) -> None:
    """Its botocore is the pinned one, not the one this package depends on."""
    program = "import botocore; print(botocore.__version__)"
    assert (
        subprocess.check_output([environment / "bin/python", "-I", "-c", program], text=True)
        == "1.43.106\n"
    )


def test_only_its_owner_can_read_what_a_sandbox_writes(tmp_path: Path) -> None:
    path = tmp_path / "home"
    start(home=path)
    try:
        written = [path, *(file for file in path.iterdir() if not file.name.startswith("venv-"))]
        modes = {file.name: oct(file.stat().st_mode & 0o077) for file in written}
        assert "sandbox.log" in modes
        assert {name: mode for name, mode in modes.items() if mode != oct(0)} == {}
    finally:
        stop(home=path)
