"""What every command shares: usage, how AWS is reached, consent, and errors in one line."""

import io
import socket
import sys
from pathlib import Path
from typing import Any

import click
import pytest
from functional_aws import enter_project, error_of, run

from readmodel_cfn import lint
from readmodel_cfn.cli import _COMMANDS
from readmodel_cfn.cli import output as report
from readmodel_cfn.cli.consent import Ask
from readmodel_cfn.cli.reporter import Reporter
from readmodel_cfn.consent import Consent
from readmodel_cfn.deploy import deploy as deploy_module
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.version import __version__

KEY = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": "s3cret"}
TALK_TO_AWS = ["deploy", "outputs", "status", "read", "delete"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No AWS settings of this machine are found, and botocore retries without waiting."""
    enter_project(monkeypatch, tmp_path)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])


def aws(command: str, *arguments: str, env: dict[str, str] | None = None) -> Any:
    """Run a command that talks to AWS, until it fails to reach it."""
    more = ["--yes"] if command in ("deploy", "delete") else []
    return run(command, *more, *arguments, env=KEY if env is None else env)


@pytest.mark.parametrize("command", TALK_TO_AWS)
def test_missing_credentials_name_the_ways_to_give_them(command: str) -> None:
    line = error_of(aws(command, "--region", "eu-west-1", env={}), 1)
    for name in ("credentials", "AWS_PROFILE", "--profile", "--sandbox"):
        assert name in line


def test_publish_without_credentials_is_an_error() -> None:
    Path("f.json").write_text("{}")
    line = error_of(run("publish", "f.json", "--bucket", "abc", "--region", "eu-west-1"), 1)
    assert "credentials" in line


@pytest.mark.parametrize("command", TALK_TO_AWS)
def test_missing_region_names_the_option_and_the_setting(command: str) -> None:
    line = error_of(aws(command), 2)
    for name in ("--region", "[stack]", "readmodel.toml"):
        assert name in line


def test_access_key_without_its_secret_names_the_missing_variable() -> None:
    env = {"AWS_ACCESS_KEY_ID": "AKIA1"}
    line = error_of(aws("status", "--region", "eu-west-1", env=env), 1)
    assert "AWS_SECRET_ACCESS_KEY" in line


def test_invalid_bucket_name_is_a_usage_error() -> None:
    Path("f.json").write_text("{}")
    line = error_of(aws("publish", "f.json", "--bucket", "a b", "--region", "eu-west-1"), 2)
    assert "a b" in line


@pytest.mark.parametrize("command", TALK_TO_AWS)
def test_unknown_profile_is_a_usage_error(command: str) -> None:
    line = error_of(aws(command, "--profile", "nope", "--region", "eu-west-1"), 2)
    assert "nope" in line


def test_unknown_profile_in_the_environment_is_a_usage_error() -> None:
    error_of(aws("status", env={"AWS_PROFILE": "nope"}), 2)


def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.mark.parametrize("command", TALK_TO_AWS)
def test_unreachable_endpoint_is_a_one_line_error(command: str) -> None:
    url = f"http://127.0.0.1:{closed_port()}"
    line = error_of(aws(command, "--region", "eu-west-1", "--endpoint-url", url), 1)
    assert url in line
    assert "--endpoint-url" in line


BAD_URLS = [
    "foo",
    "http://",
    "http:///x",
    "://",
    "ftp://127.0.0.1",
    "file:///etc/passwd",
    "http://a b",
    "http://[::1",
    "http://127.0.0.1:x",
    "http://127.0.0.1:99999",
    "http://127.0.0.1:0",
    "http://é.example",
    "http://a\nb",
    "127.0.0.1:4566",
]


@pytest.mark.parametrize("url", BAD_URLS)
def test_invalid_endpoint_url_is_a_usage_error(url: str) -> None:
    line = error_of(aws("status", "--region", "eu-west-1", "--endpoint-url", url), 2)
    assert "--endpoint-url" in line


def test_invalid_endpoint_url_in_the_environment_is_a_usage_error() -> None:
    line = error_of(aws("status", env={**KEY, "AWS_ENDPOINT_URL": "foo"}), 2)
    assert line.startswith("--endpoint-url: ")
    assert "'foo'" in line


@pytest.mark.parametrize("region", ["not a region", "../x", "a" * 200, "é"])
@pytest.mark.parametrize("command", ["status", "deploy"])
def test_invalid_region_is_a_usage_error(command: str, region: str) -> None:
    error_of(aws(command, "--region", region), 2)


@pytest.mark.parametrize("command", TALK_TO_AWS)
@pytest.mark.parametrize("name", ["", "a b", "1a", "-a", "a_b", "é", "a\n", "s" * 129])
def test_invalid_stack_name_is_a_usage_error(command: str, name: str) -> None:
    line = error_of(aws(command, "--stack-name", name), 2)
    assert line.startswith("--stack-name: ")
    assert "128" in line


@pytest.mark.parametrize(
    "arguments", [["nope"], ["--nope"], ["template", "--nope"], ["template", "extra"], ["publish"]]
)
def test_unknown_command_or_option_is_a_usage_error(arguments: list[str]) -> None:
    error_of(run(*arguments), 2)


def test_every_command_has_help() -> None:
    help_text = run("--help").stdout
    for name in _COMMANDS:
        assert f"\n  {name} " in help_text
        assert run(name, "--help").exit_code == 0


def test_version_option_prints_the_version() -> None:
    assert run("--version").stdout.split() == ["readmodel-cfn,", "version", __version__]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, click.Abort])
def test_ctrl_c_is_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, interruption: type[BaseException]
) -> None:
    def interrupted(*_: object) -> None:
        raise interruption

    monkeypatch.setattr(deploy_module, "_lint", interrupted)
    error_of(aws("deploy", "--region", "eu-west-1"), 1)


@pytest.mark.parametrize(
    ("error", "fact"),
    [
        (PermissionError(13, "Permission denied", "f.json"), "f.json"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (UnicodeEncodeError("ascii", "é", 0, 1, "no"), "ascii"),
    ],
)
def test_os_error_is_a_one_line_error(
    monkeypatch: pytest.MonkeyPatch, error: Exception, fact: str
) -> None:
    def refused(*_: object) -> None:
        raise error

    monkeypatch.setattr(report, "findings", refused)
    Path("t.json").write_text("{}")
    assert fact in error_of(run("lint", "t.json"), 1)


def consent(*, yes: bool) -> None:
    assert Ask(Reporter(), yes=yes)(Consent("update", "shop", "update stack shop"))


class Terminal(io.StringIO):
    """Standard input that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "Y\n"])
def test_answering_yes_gives_consent(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    consent(yes=False)


@pytest.mark.parametrize("answer", ["n\n", "\n", "no\n"])
def test_any_other_answer_is_no_consent(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    with pytest.raises(ReadModelError) as refused:
        consent(yes=False)
    assert refused.value.exit_code == 1


def test_end_of_input_aborts_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    with pytest.raises(click.Abort):
        consent(yes=False)


@pytest.mark.parametrize("stdin", [None, io.StringIO("y\n")])
def test_consent_without_a_terminal_requires_the_yes_option(
    monkeypatch: pytest.MonkeyPatch, stdin: Any
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    with pytest.raises(ReadModelError, match="--yes"):
        consent(yes=False)
    consent(yes=True)


def test_errors_have_no_colour_without_a_terminal() -> None:
    assert "\x1b" not in run("status", "--stack-name", "a b").stderr
