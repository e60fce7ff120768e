"""--env and READMODEL_CFN_ENV: the environment of readmodel.toml that a command works on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from command_tree import LEAVES, NEED_A_NAME, NEED_THE_MODEL, NEEDED, options_of
from functional_aws import (
    ACCOUNT,
    CONTENT,
    OUTPUTS,
    STACK_ID,
    TARGET,
    Aws,
    error_of,
    event,
    run,
    stack,
    stubbed,
)

from readmodel_cfn import ReadModelStack, lint
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.local import sandbox

VARIABLE = "READMODEL_CFN_ENV"
FILE = """\
[stack]
region = "eu-west-1"
[[routes]]
path = "samples"
key = "payload.json"
[env.staging.stack]
name = "staging"
[env.production.stack]
name = "read-model"
[env.production.api]
cors_origin = "*"
"""
CALL_AWS = NEED_THE_MODEL | NEED_A_NAME
OFFLINE = ["template", "audit", "graph", "openapi", "estimate"]
PRODUCTION = ("--env", "production")


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    """A folder with a file that has two environments; no sandbox is started."""

    def start(**_: Any) -> None:
        raise AssertionError("the sandbox was started")

    monkeypatch.setattr(sandbox, "start", start)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])
    monkeypatch.chdir(tmp_path)
    Path("payload.json").write_text("{}")
    Path("readmodel.toml").write_text(FILE)
    with stubbed(monkeypatch) as made:
        yield made


def env_of(value: str) -> dict[str, str | None]:
    return {VARIABLE: value}


@pytest.mark.parametrize("command", sorted({*CALL_AWS, *OFFLINE, "lint", "serve"}))
def test_every_command_with_a_model_has_the_option(command: str) -> None:
    assert "--env" in options_of(LEAVES[command])


# --- without an environment ---


@pytest.mark.parametrize(
    "more", [[], ["--sandbox"], ["--stack-name", "read-model"], ["--region", "eu-west-1"]], ids=str
)
@pytest.mark.parametrize("command", CALL_AWS)
def test_every_command_that_calls_aws_needs_an_environment(
    aws: Aws, command: str, more: list[str]
) -> None:
    line = error_of(run(command, *CALL_AWS[command], *more), 2)
    for fact in ("readmodel.toml", "--env", "staging", "production"):
        assert fact in line
    assert not aws.connections


@pytest.mark.parametrize(
    "more", [["--bucket", "b"], ["--as-writer"], ["--delete-missing"], ["--dry-run"]], ids=str
)
def test_publish_needs_an_environment_with_every_option(aws: Aws, more: list[str]) -> None:
    Path("data").mkdir()
    Path("data/payload.json").write_text("{}")
    assert "--env" in error_of(run("publish", "data", "--yes", *more), 2)
    assert not aws.connections


@pytest.mark.parametrize("command", [*OFFLINE, "lint"])
def test_commands_that_do_not_call_aws_need_none(command: str) -> None:
    assert run(command, *NEEDED.get(command, [])).exit_code in (0, 3)


def allows_every_origin(result: Result) -> bool:
    return "Access-Control-Allow-Origin" in result.stdout


def test_template_is_that_of_the_shared_tables_or_of_the_environment() -> None:
    assert not allows_every_origin(run("template"))
    assert not allows_every_origin(run("template", "--env", "staging"))
    assert allows_every_origin(run("template", *PRODUCTION))
    assert allows_every_origin(run("template", env=env_of("production")))


def test_example_and_article_ignore_environments() -> None:
    for option in ("--example", "--article"):
        assert run("template", option, env=env_of("production")).exit_code == 0
        assert run("template", option, *PRODUCTION).exit_code == 2
        assert run("status", option, *PRODUCTION).exit_code == 2


@pytest.mark.parametrize(
    "more", [[], ["--stack-name", "read-model"], ["template.json", "--stack-name", "x"]], ids=str
)
def test_policy_needs_an_environment_whose_stack_it_names(more: list[str]) -> None:
    Path("template.json").write_text('{"Resources": {}}')
    line = error_of(run("policy", *more), 2)
    assert "--env" in line
    assert "production" in line
    assert "stack/staging/" in run("policy", "--env", "staging").stdout


# --- unknown environments ---


@pytest.mark.parametrize("command", [*CALL_AWS, *OFFLINE])
def test_unknown_environment_is_refused(aws: Aws, command: str) -> None:
    words = [command, *(CALL_AWS | NEEDED).get(command, [])]
    assert "did you mean production?" in error_of(run(*words, "--env", "prodution"), 2)
    line = error_of(run(*words, env=env_of("prodution")), 2)
    assert "did you mean production?" in line
    assert line.startswith(f"{VARIABLE}: ")
    assert not aws.connections


@pytest.mark.parametrize("command", [*CALL_AWS, *OFFLINE])
def test_environment_of_a_file_without_any_is_refused(aws: Aws, command: str) -> None:
    Path("readmodel.toml").write_text('[stack]\nname = "shop"\n')
    words = [command, *(CALL_AWS | NEEDED).get(command, [])]
    assert "readmodel.toml" in error_of(run(*words, *PRODUCTION), 2)
    assert VARIABLE in error_of(run(*words, env=env_of("production")), 2)
    assert not aws.connections


def test_environment_requires_the_file() -> None:
    Path("readmodel.toml").unlink()
    for command in ("template", "status", "deploy"):
        assert "readmodel.toml" in error_of(run(command, *PRODUCTION), 2)


def test_empty_environment_is_refused_and_empty_variable_is_none() -> None:
    assert run("template", "--env", "").exit_code == 2
    assert run("template", env=env_of("")).exit_code == 0
    assert "--env" in error_of(run("status", env=env_of("")), 2)


# --- with an environment ---


@pytest.mark.parametrize(
    ("words", "variable"),
    [(PRODUCTION, None), ((), "production"), (PRODUCTION, "staging"), (PRODUCTION, "unknown")],
)
def test_option_takes_precedence_over_the_variable(
    aws: Aws, words: tuple[str, ...], variable: str | None
) -> None:
    found = {"Stacks": [stack()]}
    aws.answers("cloudformation", "describe_stacks", found, StackName="read-model")
    done = run("outputs", *words, "--json", env={VARIABLE: variable})
    assert json.loads(done.stdout) == OUTPUTS


@pytest.fixture
def created(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", {"StackId": STACK_ID})
    aws.stack()
    aws.events(event(1, "read-model", "CREATE_COMPLETE"))


@pytest.mark.usefixtures("created")
def test_deploy_names_the_environment_before_and_after() -> None:
    done = run("deploy", *PRODUCTION, "--yes")
    assert done.exit_code == 0
    lines = [line for line in done.stderr.splitlines() if "environment production" in line]
    assert any("reate stack read-model" in line for line in lines)
    assert len(lines) > 1
    assert "--env production" in done.stderr.splitlines()[-1]


@pytest.mark.usefixtures("created")
def test_json_has_the_environment() -> None:
    done = run("deploy", *PRODUCTION, "--yes", "--json")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    target = TARGET | {"env": "production"}
    (plan,) = (line["plan"] for line in found if "plan" in line)
    assert target.items() <= plan.items()
    assert target.items() <= found[-1]["result"].items()


@pytest.mark.usefixtures("created")
def test_variable_stays_set_for_the_next_command() -> None:
    done = run("deploy", "--yes", env=env_of("production"))
    assert "environment production" in done.stderr
    assert "--env" not in done.stderr.splitlines()[-1]


def test_consent_names_the_environment(aws: Aws) -> None:
    aws.no_stack()
    asked: list[Consent] = []
    production = ReadModelStack.from_config(env="production")

    def refuse(consent: Consent) -> bool:
        asked.append(consent)
        return False

    with pytest.raises(ConsentRequired):
        production.deploy(confirm=refuse)
    (consent,) = asked
    assert consent.target.env == "production"
    assert "environment production" in consent.text


def test_missing_stack_is_named_with_the_command_for_its_environment(aws: Aws) -> None:
    aws.no_stack()
    line = error_of(run("status", *PRODUCTION), 1)
    assert "environment production" in line
    assert "readmodel-cfn deploy --env production" in line


def test_stack_of_another_tool_is_refused(aws: Aws) -> None:
    aws.stack(tags={})
    line = error_of(run("deploy", *PRODUCTION, "--yes"), 1)
    assert "readmodel-cfn = managed" in line
    assert aws.wrote() == []


def test_other_account_than_that_of_the_environment_is_refused(aws: Aws) -> None:
    other = "210987654321"
    Path("readmodel.toml").write_text(f'{FILE}[env.test.stack]\nname="t"\naccount = "{other}"\n')
    aws.stack()
    line = error_of(run("deploy", "--env", "test", "--yes"), 2)
    assert ACCOUNT in line
    assert other in line
    assert "[env.test.stack]" in line
    assert aws.wrote() == []


def test_protected_stack_names_the_table_of_the_environment(aws: Aws) -> None:
    aws.stack(protected=True)
    assert "[env.production.stack]" in error_of(run("delete", *PRODUCTION, "--yes"), 1)


@pytest.mark.parametrize("command", CALL_AWS)
def test_name_of_another_environments_stack_is_refused(aws: Aws, command: str) -> None:
    words = [command, *CALL_AWS[command], *PRODUCTION, "--stack-name", "staging"]
    assert "environment staging" in error_of(run(*words), 2)
    assert not aws.connections


def test_diff_names_the_table_of_the_environment(aws: Aws) -> None:
    """`cors_origin` is the environment's, `tags` a shared key."""
    text = FILE.replace("[[routes]]", 'tags = { team = "web" }\n[[routes]]')
    Path("readmodel.toml").write_text(text)
    aws.stack()
    aws.template(CONTENT)
    aws.change_set()
    done = run("diff", *PRODUCTION, "--json")
    assert done.exit_code == 5, done.output
    tables = {each["key"]: each["table"] for each in json.loads(done.stdout)["settings"]}
    assert tables == {"cors_origin": "env.production.api", "tags.team": "stack"}


def test_next_command_of_diff_has_the_environment(aws: Aws) -> None:
    aws.no_stack()
    done = run("diff", *PRODUCTION)
    assert "readmodel-cfn deploy --env production" in done.stderr.splitlines()[-1]


# --- status --all ---


def status_of(aws: Aws, status: str) -> None:
    """A stack that is not compared with its stage: its last operation failed."""
    aws.stack(status)
    aws.resources()
    aws.events(event(1, "read-model", status, physical_id=STACK_ID))


def test_status_of_all_shows_every_environment(aws: Aws) -> None:
    status_of(aws, "ROLLBACK_COMPLETE")
    status_of(aws, "DELETE_FAILED")
    done = run("status", "--all")
    assert done.exit_code == 0, done.output
    _, *rows = done.stdout.splitlines()
    assert [row.split()[:2] for row in rows] == [
        ["staging", "staging"],
        ["production", "read-model"],
    ]
    assert "ROLLBACK_COMPLETE" in rows[0]
    assert "DELETE_FAILED" in rows[1]


@pytest.mark.parametrize("first_fails", [True, False])
def test_environment_that_fails_does_not_hide_the_others(aws: Aws, first_fails: bool) -> None:
    if first_fails:
        aws.no_stack()
    status_of(aws, "ROLLBACK_COMPLETE")
    if not first_fails:
        aws.no_stack()
    done = run("status", "--all")
    failed = "staging" if first_fails else "production"
    assert f"environment {failed}" in error_of(done, 1)
    assert "ROLLBACK_COMPLETE" in done.stdout
    assert "does not exist" in done.stdout


def test_every_failing_environment_has_a_line_on_stderr(aws: Aws) -> None:
    aws.no_stack()
    aws.refuses("cloudformation", "describe_stacks", "AccessDenied", "explicit deny", 403)
    done = run("status", "--all")
    assert "environment staging" in error_of(done, 1)
    (line,) = (line for line in done.stderr.splitlines() if "explicit deny" in line)
    assert "environment production" in line


def test_json_of_all_has_every_environment(aws: Aws) -> None:
    aws.no_stack()
    status_of(aws, "ROLLBACK_COMPLETE")
    done = run("status", "--all", "--json")
    assert done.exit_code == 1
    staging, production = json.loads(done.stdout)["environments"]
    assert (staging["env"], staging["stack"]) == ("staging", "staging")
    assert (staging["status"], staging["exit_code"]) == (None, 1)
    assert "does not exist" in staging["error"]
    assert TARGET.items() <= (production | {"env": None}).items()
    assert production["status"]["status"] == "ROLLBACK_COMPLETE"
    assert (production["error"], production["exit_code"]) == (None, 0)


@pytest.mark.parametrize("columns", ["40", "80", "120"])
def test_status_of_all_fits_the_terminal(aws: Aws, columns: str) -> None:
    aws.no_stack()
    status_of(aws, "ROLLBACK_COMPLETE")
    done = run("status", "--all", env={"COLUMNS": columns})
    assert max(map(len, done.stdout.splitlines())) <= int(columns)


def test_status_of_all_ignores_the_variable(aws: Aws) -> None:
    status_of(aws, "ROLLBACK_COMPLETE")
    status_of(aws, "ROLLBACK_COMPLETE")
    assert run("status", "--all", env=env_of("unknown")).exit_code == 0


@pytest.mark.parametrize(
    "more",
    [
        ["--env", "staging"],
        ["--stack-name", "x"],
        ["--region", "eu-west-1"],
        ["--example"],
        ["--article"],
    ],
    ids=" ".join,
)
def test_all_excludes_options_that_select_one_stack(aws: Aws, more: list[str]) -> None:
    assert error_of(run("status", "--all", *more), 2)
    assert not aws.connections


def test_all_requires_environments() -> None:
    Path("readmodel.toml").write_text("")
    assert "readmodel.toml" in error_of(run("status", "--all"), 2)
    Path("readmodel.toml").unlink()
    assert "readmodel.toml" in error_of(run("status", "--all"), 2)


def test_hints_name_the_table_of_the_environment(aws: Aws) -> None:
    """A value under [stack] would be overridden by that of the environment."""
    aws.stack(protected=True)
    assert "[env.production.stack]" in error_of(run("delete", *PRODUCTION, "--yes"), 1)
    text = FILE.replace('name = "read-model"', 'name = "read-model"\naccount = "999999999999"')
    Path("readmodel.toml").write_text(text)
    aws.stack()
    line = error_of(run("status", *PRODUCTION), 2)
    assert "under [env.production.stack]" in line
    assert "999999999999" in line
