"""The state file of the sandbox."""

import json
import stat
from pathlib import Path

import pytest

from readmodel_cfn.local.sandbox import Sandbox, state, status, stop

SANDBOX = Sandbox("http://127.0.0.1:1", 1, 2, "AKIA", "secret", "0" * 32)


def test_state_is_read_as_written(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.json"
    path.write_text("older")
    path.chmod(0o644)
    state.write(path, SANDBOX)
    assert state.read(path) == SANDBOX
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


WRONG = json.dumps({**vars(SANDBOX), "port": "1", "pid": None})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"port": 1}', json.dumps({"other": 1}), WRONG])
def test_invalid_state_file_means_no_sandbox(tmp_path: Path, text: str) -> None:
    (tmp_path / "sandbox.json").write_text(text)
    assert state.read(tmp_path / "sandbox.json") is None
    assert status(home=tmp_path) is None
    assert not stop(home=tmp_path)


def test_failed_write_keeps_the_previous_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "sandbox.json"
    state.write(path, SANDBOX)

    def fail(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="no space"):
        state.write(path, SANDBOX)
    assert list(tmp_path.iterdir()) == [path]


def test_status_creates_no_directory(tmp_path: Path) -> None:
    assert status(home=tmp_path / "none") is None
    assert not (tmp_path / "none").exists()
