"""READMODEL_CFN_SANDBOX=1: every command uses the sandbox without --sandbox."""

import json
import subprocess
from pathlib import Path

import pytest
from command_tree import NEED_A_NAME, NEED_THE_MODEL
from functional_aws import enter_project, error_of, run

from readmodel_cfn import ReadModelError, ReadModelStack
from readmodel_cfn.local import sandbox

NAME = "READMODEL_CFN_SANDBOX"
KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
STARTED = "the sandbox is used"
COMMANDS = NEED_THE_MODEL | NEED_A_NAME


@pytest.fixture(autouse=True)
def _project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def start(**_: object) -> None:
        raise ReadModelError(STARTED)

    monkeypatch.setattr(sandbox, "start", start)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    enter_project(monkeypatch, tmp_path)
    Path("payload.json").write_text("{}")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_uses_the_sandbox(command: str) -> None:
    if command.startswith("release "):
        with Path("readmodel.toml").open("a") as file:
            file.write("\n[releases]\n")
    assert STARTED in error_of(run(command, *COMMANDS[command], env={NAME: "1"}), 1)


@pytest.mark.parametrize("value", ["", "0", None])
def test_without_it_aws_is_used(value: str | None) -> None:
    assert STARTED not in run("status", env={NAME: value}).stderr
    assert STARTED in error_of(run("status", "--sandbox", env={NAME: value}), 1)


@pytest.mark.parametrize("value", ["true", "yes", " 1", "2", "on"])
@pytest.mark.parametrize("options", [[], ["--sandbox"], ["--endpoint-url", "http://127.0.0.1:1"]])
def test_another_value_is_refused(value: str, options: list[str]) -> None:
    line = error_of(run("status", *options, env={NAME: value}), 2)
    assert line.startswith(f"{NAME}: ")


def test_an_endpoint_url_on_the_command_line_takes_precedence() -> None:
    done = run(
        "status",
        "--endpoint-url",
        "http://127.0.0.1:1",
        "--region",
        "eu-west-1",
        env={NAME: "1", **KEY},
    )
    assert STARTED not in done.stderr
    assert "127.0.0.1:1" in done.stderr


def test_the_sandbox_and_an_endpoint_url_exclude_each_other() -> None:
    error_of(run("status", "--sandbox", "--endpoint-url", "http://127.0.0.1:1"), 2)


def test_an_endpoint_url_of_the_environment_does_not_take_precedence() -> None:
    env = {NAME: "1", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert STARTED in error_of(run("status", env=env), 1)


def test_it_is_no_key_of_readmodel_toml() -> None:
    Path("readmodel.toml").write_text("[stack]\nsandbox = true\n")
    assert "sandbox" in error_of(run("status"), 2)


def test_a_python_program_chooses_by_its_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAME, "1")
    assert not ReadModelStack("shop", region="eu-west-1").connection.sandbox


def test_env_prints_a_line_for_eval(tmp_path: Path) -> None:
    line = run("sandbox", "env").stdout
    printed = subprocess.run(
        ["sh", "-c", f'eval "$1"; sh -c \'printf %s "${NAME}"\'', "sh", line],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert printed.stdout == "1"
    assert json.loads(run("sandbox", "env", "--json").stdout) == {NAME: "1"}
