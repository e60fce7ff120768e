"""What a deploy would lose, a bucket, a URL or all routes, needs more consent than --yes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functional_aws import CONTENT, STACK_ID, Aws, error_of, run, stubbed

from readmodel_cfn import (
    DataStore,
    Deployment,
    ReadModel,
    ReadModelStack,
    Route,
    build_template,
    lint,
    render,
)
from readmodel_cfn.config.file import parse
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.results import StackDiff

TOML = "[[routes]]\npath = 'samples'\nkey = 'payload.json'\n"
DOMAIN = """
[domain]
name = "data.example.com"
certificate = "arn:aws:acm:eu-west-1:123456789012:certificate/0a1b2c3d"
"""
UPDATED = {"StackId": STACK_ID}
REMOVED = {
    "Action": "Remove",
    "LogicalResourceId": "OldGetMethod",
    "ResourceType": "AWS::ApiGateway::Method",
}


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])
    (tmp_path / "readmodel.toml").write_text(TOML)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with stubbed(monkeypatch) as made:
        yield made


def deploy(*arguments: str, typed: str | None = None) -> Any:
    return run("deploy", "--region", "eu-west-1", *arguments, typed=typed)


def modified(logical_id: str, type_: str, name: str) -> dict[str, Any]:
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Conditionally"}
    return {
        "Action": "Modify",
        "LogicalResourceId": logical_id,
        "ResourceType": type_,
        "Replacement": "Conditional",
        "Details": [{"Target": target, "Evaluation": "Dynamic"}],
    }


def deployed(aws: Aws, model: ReadModel, *changes: dict[str, Any]) -> None:
    """The deployed stack, and the change set that the update would make."""
    aws.stack()
    aws.template(json.loads(render(build_template(model))))
    aws.change_set(*changes)


def updated(aws: Aws) -> None:
    """The responses of an update that succeeds."""
    aws.events()
    aws.answers("cloudformation", "update_stack", UPDATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()


def other_bucket(aws: Aws) -> None:
    bucket = modified("DataStore", "AWS::S3::Bucket", "BucketName")
    deployed(aws, ReadModel(data_store=DataStore(name="old-data")), bucket)


def other_stage(aws: Aws) -> None:
    stage = modified("ApiGatewayStage", "AWS::ApiGateway::Stage", "StageName")
    deployed(aws, ReadModel(deployment=Deployment(stage="old")), stage)


def other_routes(aws: Aws) -> None:
    deployed(aws, ReadModel([Route("old", "old.json"), Route("older", "older.json")]), REMOVED)


def disabled_endpoint(aws: Aws) -> None:
    on = TOML + DOMAIN
    Path("readmodel.toml").write_text(f"{on}default_endpoint = false\n")
    deployed(aws, parse(on, "f").model, modified("ApiGateway", "AWS::ApiGateway::RestApi", "Name"))


@pytest.mark.parametrize("answer", [None, "\n", "y\n", "yes\n", "DataStore\n", "read-mode\n"])
@pytest.mark.parametrize("lose", [other_bucket, other_stage, other_routes, disabled_endpoint])
@pytest.mark.parametrize("yes", [(), ("--yes",)])
def test_yes_alone_and_no_other_answer_loses_anything(
    aws: Aws, lose: Any, answer: str | None, yes: tuple[str, ...]
) -> None:
    lose(aws)
    error_of(deploy(*yes, typed=answer), 1)
    assert aws.wrote() == []


@pytest.mark.parametrize("lose", [other_bucket, other_stage, other_routes, disabled_endpoint])
def test_at_a_terminal_the_stacks_name_agrees(aws: Aws, lose: Any) -> None:
    lose(aws)
    updated(aws)
    assert deploy(typed="read-model\n").exit_code == 0
    assert aws.wrote() == ["UpdateStack"]


@pytest.mark.parametrize(
    ("lose", "arguments"),
    [
        (other_bucket, ("--replace", "DataStore")),
        (other_stage, ("--replace", "DataStore", "--replace", "ApiGatewayStage")),
        (other_routes, ("--remove-all-routes",)),
        (disabled_endpoint, ("--disable-endpoint",)),
    ],
)
def test_an_option_names_the_loss(aws: Aws, lose: Any, arguments: tuple[str, ...]) -> None:
    lose(aws)
    updated(aws)
    assert deploy("--yes", *arguments).exit_code == 0
    assert aws.wrote() == ["UpdateStack"]


@pytest.mark.parametrize("name", ["Other", "DataStore"])
def test_an_option_that_names_nothing_that_is_lost_is_reported(aws: Aws, name: str) -> None:
    aws.stack()
    aws.template(CONTENT)
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    done = deploy("--yes", "--replace", name)
    assert done.exit_code == 0
    assert any(f"--replace {name}" in line for line in done.stderr.splitlines())
    other_bucket(aws)
    updated(aws)
    assert "--replace DataStore" not in deploy("--yes", "--replace", "DataStore").stderr


@pytest.mark.parametrize(
    ("given", "hint"),
    [(["--yes"], "use --replace DataStore"), ([], "use --yes --replace DataStore")],
)
def test_the_hint_has_all_options_that_are_missing(aws: Aws, given: list[str], hint: str) -> None:
    other_bucket(aws)
    assert error_of(deploy(*given), 1).endswith(hint)


@pytest.mark.parametrize("arguments", [("--replace", "Other"), ("--remove-all-routes",)])
def test_another_option_does_not_agree(aws: Aws, arguments: tuple[str, ...]) -> None:
    other_bucket(aws)
    error_of(deploy("--yes", *arguments), 1)
    assert aws.wrote() == []


def test_replace_is_no_consent_to_the_update_itself(aws: Aws) -> None:
    other_bucket(aws)
    assert error_of(deploy("--replace", "DataStore"), 1).endswith("use --yes")
    assert aws.wrote() == []


def test_some_removed_routes_are_shown_and_need_no_more_than_yes(aws: Aws) -> None:
    deployed(aws, ReadModel([Route(), Route("old", "old.json")]), REMOVED)
    updated(aws)
    done = deploy("--yes")
    assert done.exit_code == 0
    assert "1 of 2 routes: old" in done.stderr


def test_routes_of_an_older_versions_template_are_counted(aws: Aws) -> None:
    old = json.loads(render(build_template(ReadModel([Route("old", "old.json")]))))
    del old["Metadata"]
    aws.stack()
    aws.template(old)
    aws.change_set()
    error_of(deploy("--yes"), 1)
    assert aws.wrote() == []


def test_all_routes_are_not_removed_through_a_change_set_either(aws: Aws) -> None:
    other_routes(aws)
    error_of(deploy("--yes", "--import-existing"), 1)
    assert "ExecuteChangeSet" not in aws.calls


def test_from_python_the_loss_needs_confirm(aws: Aws) -> None:
    stack = ReadModelStack("read-model", ReadModel(), region="eu-west-1")
    other_bucket(aws)
    with pytest.raises(ConsentRequired) as raised:
        stack.deploy()
    consent = raised.value.consent
    assert (consent.kind, consent.lost) == ("replace", ("DataStore",))
    other_routes(aws)
    with pytest.raises(ConsentRequired) as raised:
        stack.deploy()
    consent = raised.value.consent
    assert (consent.kind, consent.lost) == ("remove-all-routes", ("old", "older"))
    assert aws.wrote() == []


def test_confirm_is_asked_for_each_loss_and_for_the_update(aws: Aws) -> None:
    asked: list[Consent] = []

    def confirm(consent: Consent) -> bool:
        asked.append(consent)
        return True

    bucket = modified("DataStore", "AWS::S3::Bucket", "BucketName")
    model = ReadModel([Route("old", "old.json")], data_store=DataStore(name="old-data"))
    deployed(aws, model, bucket)
    updated(aws)
    ReadModelStack("read-model", ReadModel(), region="eu-west-1").deploy(confirm=confirm)
    assert [consent.kind for consent in asked] == ["replace", "remove-all-routes", "update"]


def test_diff_and_deploy_report_the_same_difference(aws: Aws) -> None:
    stack, reported = ReadModelStack("read-model", ReadModel(), region="eu-west-1"), list[object]()
    other_stage(aws)
    found = stack.diff()
    other_stage(aws)
    with pytest.raises(ConsentRequired):
        stack.deploy(on_progress=reported.append)
    assert [value for value in reported if isinstance(value, StackDiff)] == [found]
    assert ("deployment", "stage") in {(s.table, s.key) for s in found.settings}
    assert [item.logical_id for item in found.lost] == ["ApiGatewayStage"]


def test_a_new_version_does_not_update_a_stack_for_its_metadata(aws: Aws) -> None:
    aws.stack()
    aws.template({name: part for name, part in CONTENT.items() if name != "Metadata"})
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    assert deploy("--yes").exit_code == 0
    assert aws.wrote() == []
