"""Careless use ends in one error line and the documented exit code, never in a traceback."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from functional_aws import enter_project, error_of, run
from processes import environment, program

from readmodel_cfn.cli import main

KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@pytest.fixture
def full() -> Iterator[int]:
    """A file descriptor of a disk without space."""
    descriptor = os.open(FULL, os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def gone() -> Iterator[int]:
    """The writing end of a pipe whose reader has closed it."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


def one_line(stderr: bytes) -> str:
    (line,) = stderr.decode().splitlines()
    assert line.startswith("Error: ")
    return line.removeprefix("Error: ")


@needs_full
@pytest.mark.parametrize("arguments", [["template"], ["--help"], ["lint", "--help"], ["--version"]])
def test_full_disk_is_a_one_line_error(arguments: list[str], full: int, tmp_path: Path) -> None:
    done = program(arguments, tmp_path, stdout=full)
    assert done.returncode == 1
    assert "No space left on device" in one_line(done.stderr)


@pytest.mark.parametrize("arguments", [["template"], ["--help"], ["completion", "zsh"]])
def test_closed_stdout_pipe_exits_1_silently(
    arguments: list[str], gone: int, tmp_path: Path
) -> None:
    done = program(arguments, tmp_path, stdout=gone)
    assert (done.returncode, done.stderr) == (1, b"")


@pytest.mark.parametrize("arguments", [["nope"], ["template", "--config", "nope.toml"]])
def test_closed_stderr_pipe_keeps_the_exit_code(
    arguments: list[str], gone: int, tmp_path: Path
) -> None:
    assert program(arguments, tmp_path, stderr=gone).returncode == 2


@needs_full
def test_full_disk_on_stderr_keeps_the_exit_code(full: int, tmp_path: Path) -> None:
    done = program(["template", "--config", "nope.toml"], tmp_path, stderr=full)
    assert (done.returncode, done.stdout) == (2, b"")


def closed(redirection: str, arguments: str, cwd: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run it with streams that a shell has closed."""
    line = f'exec "{sys.executable}" -m readmodel_cfn {arguments} {redirection}'
    return subprocess.run(
        ["sh", "-c", line], cwd=cwd, env=environment(KEY), capture_output=True, check=False
    )


@pytest.mark.parametrize(
    ("redirection", "arguments", "code"),
    [
        ("2>&-", "template", 0),
        (">&-", "template", 0),
        (">&- 2>&-", "nope", 2),
        ("<&-", "init", 1),
        ("<&-", "template", 0),
        (">&- 2>&- <&-", "audit --article", 3),
        ("2>&-", "publish --bucket b --region eu-west-1 --endpoint-url http://127.0.0.1:1 d", 2),
    ],
)
def test_closed_streams_keep_the_exit_code(
    redirection: str, arguments: str, code: int, tmp_path: Path
) -> None:
    done = closed(redirection, arguments, tmp_path)
    assert done.returncode == code
    assert b"Traceback" not in done.stdout + done.stderr


INTERRUPTED = """
import sys
class Interrupts:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupts())
from readmodel_cfn.__main__ import run
sys.argv = ["readmodel-cfn", "template"]
run()
"""


@pytest.mark.parametrize("module", ["click", "readmodel_cfn.errors", "troposphere"])
def test_ctrl_c_during_imports_is_a_one_line_error(module: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED.format(module=module)],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert "KeyboardInterrupt" not in one_line(done.stderr)
    assert (done.returncode, done.stdout) == (1, b"")


DEFECT = """
import sys
from readmodel_cfn.template import render
def defect(*_):
    raise KeyError("unexpected-key")
render.build_template = defect
from readmodel_cfn.__main__ import run
sys.argv = ["readmodel-cfn", "template"]
run()
"""


def defect(cwd: Path, *options: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        [sys.executable, *options, "-c", DEFECT],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        check=False,
    )


def test_unexpected_exception_is_a_one_line_error_with_its_place(tmp_path: Path) -> None:
    done = defect(tmp_path)
    line = one_line(done.stderr)
    assert done.returncode == 1
    assert re.search(r"\w+\.py\b.*\d+", line), "file and line of the defect"
    assert "KeyError: 'unexpected-key'" in line


def test_missing_dependency_is_a_one_line_error(tmp_path: Path) -> None:
    missing = INTERRUPTED.format(module="troposphere").replace(
        "raise KeyboardInterrupt", "raise ModuleNotFoundError('No module named troposphere')"
    )
    done = subprocess.run(
        [sys.executable, "-c", missing],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert "troposphere" in one_line(done.stderr)
    assert done.returncode == 1


def test_python_dev_mode_shows_the_traceback(tmp_path: Path) -> None:
    assert b"Traceback" in defect(tmp_path, "-X", "dev").stderr


def test_unexpected_exception_is_raised_to_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the program itself catches everything, so that no test passes by it."""

    def fail(*_: object) -> None:
        raise KeyError("unexpected-key")

    monkeypatch.setattr(main, "get_command", fail)
    with pytest.raises(KeyError):
        run("template")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder, and a botocore that retries without waiting."""
    enter_project(monkeypatch, tmp_path)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    return tmp_path


NO_TEXT = [b"\xff\xfe", b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n"]


@pytest.mark.parametrize("content", NO_TEXT, ids=repr)
@pytest.mark.parametrize("command", ["template", "lint", "audit", "diff", "serve"])
def test_binary_readmodel_toml_is_a_one_line_error(
    command: str, content: bytes, here: Path
) -> None:
    (here / "readmodel.toml").write_bytes(content)
    (here / "data").mkdir()
    assert error_of(run(command), 2).startswith("readmodel.toml: ")


@pytest.mark.parametrize("content", [b"", b"\n", b"# nothing\r\n", b"\xef\xbb\xbf[stack]\r\n"])
def test_empty_readmodel_toml_means_the_defaults(content: bytes, here: Path) -> None:
    (here / "readmodel.toml").write_bytes(content)
    written = run("template").stdout
    (here / "readmodel.toml").unlink()
    assert written == run("template").stdout


def test_directory_named_readmodel_toml_is_a_one_line_error(here: Path) -> None:
    (here / "readmodel.toml").unlink()
    (here / "readmodel.toml").mkdir()
    line = error_of(run("template"), 2)
    assert line.startswith("readmodel.toml: ")
    assert "directory" in line


@pytest.mark.parametrize(
    "line",
    [
        "old_versions_days = 1e999",
        f"old_versions_days = {'9' * 5000}",
        "max_age = nan",
        "max_age = '1'",
    ],
    ids=lambda line: str(line)[:30],
)
def test_invalid_number_in_readmodel_toml_is_a_one_line_error(line: str, here: Path) -> None:
    (here / "readmodel.toml").write_text(f"[data_store]\n{line}\n")
    assert error_of(run("template"), 2).startswith("readmodel.toml: ")


def test_too_long_file_name_is_a_one_line_error() -> None:
    for command in ("lint", "audit", "publish"):
        line = error_of(run(command, "n" * 5000), 1 if command == "publish" else 2)
        assert "File name too long" in line


@pytest.mark.parametrize("home", ["~nobody-has-this-name/x", "/dev/null/x"])
def test_unusable_home_is_a_one_line_error(home: str) -> None:
    for command in ("start", "stop"):
        error_of(run("sandbox", command, env={"READMODEL_CFN_HOME": home}), 1)
    Path("t.json").write_text('{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}')
    assert run("lint", "t.json", env={"READMODEL_CFN_HOME": home}).exit_code == 0


CONFIGS = {
    "incomplete heading": ("[default", 2, "config"),
    "binary": ("\udcff\udcfe", 2, "config"),
    "invalid addressing style": (
        "[default]\ns3 =\n  addressing_style = banana\n",
        2,
        "banana",
    ),
    "process that prints no JSON": (
        "[default]\ncredential_process = echo hi\n",
        1,
        "credential_process",
    ),
    "missing source profile": (
        "[default]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = gone\n",
        2,
        "source_profile",
    ),
    "sso without a session": (
        "[default]\nsso_start_url = https://example.com\nsso_region = eu-west-1\n"
        "sso_account_id = 123456789012\nsso_role_name = r\n",
        1,
        "aws sso login",
    ),
}


@pytest.mark.parametrize("case", CONFIGS)
def test_malformed_aws_config_is_a_one_line_error(case: str, here: Path) -> None:
    content, code, fact = CONFIGS[case]
    (here / "config").write_bytes(content.encode("utf-8", "surrogateescape"))
    (here / "f.json").write_text("{}")
    env = {"AWS_CONFIG_FILE": str(here / "config"), "HOME": str(here)}
    keys = KEY if "addressing style" in case else {}
    done = run("publish", "f.json", "--bucket", "b-b", "--region", "eu-west-1", env={**env, **keys})
    assert fact in error_of(done, code)


@pytest.mark.parametrize(
    "name", ["AWS_RETRY_MODE", "AWS_DEFAULTS_MODE", "AWS_STS_REGIONAL_ENDPOINTS"]
)
def test_invalid_aws_environment_variable_is_a_one_line_error(name: str) -> None:
    where = ("--region", "eu-west-1", "--endpoint-url", "http://127.0.0.1:1")
    done = run("status", *where, env={**KEY, name: "banana"})
    assert done.exit_code in (1, 2)
    error_of(done, done.exit_code)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_unencodable_text_is_a_one_line_error(encoding: str, tmp_path: Path) -> None:
    env = {"PYTHONIOENCODING": encoding, "LC_ALL": "C"}
    for arguments in (["template", "--config", "é€.toml"], ["status", "--stack-name", "é€"]):
        done = program(arguments, tmp_path, env)
        assert done.returncode == 2
        assert b"Traceback" not in done.stderr
        assert len(done.stderr.decode(encoding, "replace").splitlines()) == 1


def test_verify_refuses_too_many_readers() -> None:
    done = run("verify", "--concurrency", "--readers", "1000000", "--region", "eu-west-1")
    line = error_of(done, 2)
    assert "--readers" in line
    assert "1000000" in line
