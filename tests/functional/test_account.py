"""The account: named before a change and in its result, and refused if it is another one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click import unstyle
from functional_aws import (
    ACCOUNT,
    CONTENT,
    STACK_ID,
    TARGET,
    Aws,
    error_of,
    event,
    run,
    stubbed,
)

from readmodel_cfn import ReadModel, ReadModelStack, lint
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.cli.output import with_colour
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.target import Target

OTHER = "210987654321"
HERE = f"stack read-model in {ACCOUNT}/eu-west-1"
REGION = ("--region", "eu-west-1")
ADMIN = f"arn:aws:sts::{ACCOUNT}:assumed-role/Admin/me"
DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/path/deployer"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])
    (tmp_path / "readmodel.toml").write_text("")
    (tmp_path / "payload.json").write_text("{}")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "payload.json").write_text("{}")
    with stubbed(monkeypatch) as made:
        yield made


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "readmodel.toml"


def allow(config: Path, account: str, *more: str) -> None:
    config.write_text("\n".join(["[stack]", f'account = "{account}"', *more]))


def created(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", {"StackId": STACK_ID})
    aws.stack()
    aws.events(event(1, "read-model", "CREATE_COMPLETE"))


# --- before a first create ---


def test_first_create_reads_the_account_once_and_asks_with_it(aws: Aws) -> None:
    aws.no_stack()
    done = run("deploy", *REGION, typed="n\n")
    assert done.exit_code == 1
    assert f"Create {HERE}" in done.stderr
    assert aws.calls.count("GetCallerIdentity") == 1
    assert aws.wrote() == []


def test_yes_prints_the_line_before_the_change(aws: Aws) -> None:
    created(aws)
    done = run("deploy", *REGION, "--yes")
    assert done.exit_code == 0
    assert f"Create {HERE}" in done.stderr


def test_plan_and_result_have_the_fields(aws: Aws) -> None:
    created(aws)
    done = run("deploy", *REGION, "--yes", "--json")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    (plan,) = [line["plan"] for line in lines if "plan" in line]
    (result,) = [line["result"] for line in lines if "result" in line]
    for found in (plan, result):
        assert TARGET.items() <= found.items()


def test_assumed_role_of_the_caller_is_named(aws: Aws) -> None:
    aws.no_stack()
    aws.caller(arn=ADMIN)
    done = run("deploy", *REGION, typed="n\n")
    assert "role Admin" in done.stderr


def test_role_of_the_stack_is_named_instead_of_the_callers(aws: Aws, config: Path) -> None:
    config.write_text(f'[stack]\nrole_arn = "{DEPLOYER}"\n')
    aws.no_stack()
    aws.caller(arn=ADMIN)
    done = run("deploy", *REGION, typed="n\n")
    assert "role deployer" in done.stderr
    assert "Admin" not in done.stderr


def test_create_continues_where_the_account_is_unknown(aws: Aws) -> None:
    created(aws)
    aws.no_caller()
    done = run("deploy", *REGION, "--yes", "--json")
    assert done.exit_code == 0
    assert "account unknown" in done.stderr
    assert "AccessDenied" in done.stderr
    assert json.loads(done.stdout.splitlines()[0])["plan"]["account"] is None


def test_unknown_account_is_refused_where_one_is_required(aws: Aws, config: Path) -> None:
    allow(config, ACCOUNT)
    aws.no_stack()
    aws.no_caller()
    assert ACCOUNT in error_of(run("deploy", *REGION, "--yes"), 2)
    assert aws.wrote() == []


# --- an existing stack ---


def test_update_names_the_account_of_the_stack_without_another_call(aws: Aws) -> None:
    aws.stack()
    aws.template({**CONTENT, "Description": "old"})
    aws.change_set()
    done = run("deploy", *REGION, typed="n\n")
    assert f"Update {HERE}" in done.stderr
    assert "GetCallerIdentity" not in aws.calls


def test_profile_of_the_environment_is_named(aws: Aws, tmp_path: Path) -> None:
    file = tmp_path / "aws-config"
    file.write_text("[profile prod]\nregion = eu-west-1\n[profile other]\nregion = eu-west-1\n")
    env = {"AWS_PROFILE": "prod", "AWS_CONFIG_FILE": str(file)}
    for service in ("cloudformation", "sts"):  # the stubs' session does not have these profiles
        aws.stub(service)
    for options, name in ((), "prod"), (("--profile", "other"), "other"):
        aws.no_stack()
        done = run("deploy", *options, env=env, typed="n\n")
        assert f"{HERE} (profile {name})" in done.stderr


def test_profile_is_not_named_where_the_environment_has_a_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "prod")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIA1")
    assert Connection("eu-west-1").profile_name is None
    assert Connection("eu-west-1", "other").profile_name == "other"


def test_consent_has_the_account(aws: Aws) -> None:
    aws.no_stack()
    asked: list[Consent] = []

    def confirm(consent: Consent) -> bool:
        asked.append(consent)
        return consent.target.account != ACCOUNT

    with pytest.raises(ConsentRequired):
        ReadModelStack("read-model", ReadModel(), region="eu-west-1").deploy(confirm=confirm)
    assert [consent.target.as_dict() for consent in asked] == [TARGET]


# --- publish ---


@pytest.mark.parametrize("more", [(), ("--create-only",), ("--if-match", "e")])
def test_publish_names_the_account_before_and_after(aws: Aws, more: tuple[str, ...]) -> None:
    aws.stack()
    aws.answers("s3", "put_object", {"ETag": '"e"', "ServerSideEncryption": "aws:kms"})
    done = run("publish", "payload.json", *REGION, *more)
    lines = [line for line in done.stderr.splitlines() if HERE in line]
    assert len(lines) == 2
    assert "data-bucket" in lines[0]
    assert aws.calls == ["DescribeStacks", "PutObject"]


def test_publish_with_a_bucket_names_the_bucket(aws: Aws) -> None:
    aws.answers("s3", "put_object", {"ETag": '"e"', "ServerSideEncryption": "aws:kms"})
    done = run("publish", "payload.json", "--bucket", "mine", *REGION, "--json")
    assert "mine in eu-west-1" in done.stderr
    expected = {"bucket": "mine", "account": None, "stack": None, "region": "eu-west-1"}
    assert expected.items() <= json.loads(done.stdout).items()
    assert aws.calls == ["PutObject"]


# --- [stack] account ---

_EXISTING = [
    ("deploy", "--yes"),
    ("deploy", "--yes", "--revert-drift"),
    ("diff",),
    ("publish", "payload.json"),
    ("publish", "payload.json", "--as-writer"),
    ("publish", "data", "--delete-missing", "--yes"),
    ("restore", "payload.json", "v1", "--yes"),
    ("history", "payload.json"),
    ("ls",),
    ("unpublish", "payload.json", "--yes"),
    ("unpublish", "payload.json", "--all-versions", "--yes"),
    ("read",),
    ("verify", "--yes"),
    ("verify", "--concurrency", "--yes"),
    ("delete", "--yes"),
    ("delete", "--yes", "--with-data=read-model"),
    ("status",),
    ("outputs",),
    ("follow",),
    ("diagnose",),
]


@pytest.mark.parametrize("words", _EXISTING, ids=" ".join)
def test_stack_of_another_account_is_refused(
    aws: Aws, config: Path, words: tuple[str, ...]
) -> None:
    allow(config, OTHER)
    aws.stack()
    line = error_of(run(*words, *REGION), 2)
    assert ACCOUNT in line
    assert OTHER in line
    assert aws.calls == ["DescribeStacks"]


_MISSING = [("deploy", "--yes"), ("diff",), ("publish", "payload.json"), ("status",), ("verify",)]


@pytest.mark.parametrize("words", _MISSING, ids=" ".join)
def test_missing_stack_in_another_account_is_refused(
    aws: Aws, config: Path, words: tuple[str, ...]
) -> None:
    allow(config, OTHER)
    aws.no_stack()
    line = error_of(run(*words, *REGION), 2)
    assert ACCOUNT in line
    assert OTHER in line
    assert aws.calls == ["DescribeStacks", "GetCallerIdentity"]


def test_delete_of_a_missing_stack_in_another_account_is_refused(aws: Aws, config: Path) -> None:
    allow(config, OTHER)
    aws.no_stack()
    aws.answers("cloudformation", "list_stacks", {"StackSummaries": []})
    line = error_of(run("delete", *REGION, "--yes"), 2)
    assert OTHER in line


def test_diff_of_a_missing_stack_makes_no_other_call(aws: Aws) -> None:
    aws.no_stack()
    assert run("diff", *REGION).exit_code == 5
    assert aws.calls == ["DescribeStacks"]


def test_account_that_is_allowed_is_used(aws: Aws, config: Path) -> None:
    allow(config, ACCOUNT)
    created(aws)
    assert run("deploy", *REGION, "--yes").exit_code == 0


def test_account_is_an_argument_in_python(aws: Aws) -> None:
    aws.stack()
    stack = ReadModelStack("read-model", ReadModel(), region="eu-west-1", account=OTHER)
    with pytest.raises(Exception, match=ACCOUNT):
        stack.status()


@pytest.mark.parametrize("value", ["123456789012", '"12345678901"', '"1234567890123"', '"abc"'])
def test_account_is_twelve_digits_in_quotes(config: Path, value: str) -> None:
    config.write_text(f"[stack]\naccount = {value}\n")
    assert "account" in error_of(run("deploy", *REGION, "--yes"), 2)


# --- the text ---


def test_sandbox_is_in_colour() -> None:
    text = str(Target("1", "eu-west-1", "shop", sandbox=True))
    assert unstyle(with_colour(text)) == text != with_colour(text)
    assert with_colour(HERE) == HERE


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target("1", "eu-west-1", "shop"), "stack shop in 1/eu-west-1"),
        (Target("1", "eu-west-1", "shop", "prod"), "stack shop in 1/eu-west-1 (profile prod)"),
        (
            Target("1", "eu-west-1", "shop", "prod", DEPLOYER),
            "stack shop in 1/eu-west-1 (profile prod, role deployer)",
        ),
        (Target("", "eu-west-1", "shop"), "stack shop in account unknown/eu-west-1"),
        (Target(None, "eu-west-1"), "eu-west-1"),
        (Target("1", "eu-west-1", "shop", sandbox=True), "stack shop in the sandbox (eu-west-1)"),
        (Target("1", "eu-west-1", None, None, ADMIN), "1/eu-west-1 (role Admin)"),
        (
            Target("1", "eu-west-1", "shop", "prod", env="production"),
            "stack shop in 1/eu-west-1 (environment production, profile prod)",
        ),
        (
            Target("1", "eu-west-1", "shop", sandbox=True, env="staging"),
            "stack shop in the sandbox (eu-west-1, environment staging)",
        ),
    ],
)
def test_text_of_a_target(target: Target, text: str) -> None:
    assert str(target) == text


def test_fields_of_a_target() -> None:
    found: dict[str, Any] = Target("", "eu-west-1", "shop", sandbox=True).as_dict()
    assert found == {
        "account": None,
        "region": "eu-west-1",
        "stack": "shop",
        "profile": None,
        "role_arn": None,
        "sandbox": True,
        "env": None,
    }
