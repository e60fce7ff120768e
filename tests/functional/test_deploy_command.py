"""`deploy`: the calls of each plan, and the exit code and output of each result."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY
from functional_aws import (
    CHANGE_SET_ID,
    CONTENT,
    OUTPUTS,
    STACK_ID,
    Aws,
    enter_project,
    error_of,
    event,
    run,
    stack,
    stubbed,
)

from readmodel_cfn import lint
from readmodel_cfn.cli import output as report
from readmodel_cfn.deploy.client import StackClient

CREATED = {"StackId": STACK_ID}
ROUTES = """
[[routes]]
path = "samples"
key = "payload.json"
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a directory of its own, without cfn-lint, which takes seconds."""
    enter_project(monkeypatch, tmp_path)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with stubbed(monkeypatch) as made:
        yield made


def deploy(*arguments: str) -> Any:
    return run("deploy", "--yes", "--region", "eu-west-1", *arguments)


def test_new_stack_is_created_with_capability_and_tag(aws: Aws) -> None:
    aws.no_stack()
    aws.answers(
        "cloudformation",
        "create_stack",
        CREATED,
        StackName="read-model",
        TemplateBody=ANY,
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[],
        Tags=[{"Key": "readmodel-cfn", "Value": "managed"}],
        DisableRollback=False,
        EnableTerminationProtection=False,
        ClientRequestToken=ANY,
    )
    aws.stack("CREATE_COMPLETE")
    aws.events(
        event(2, "DataStore", "CREATE_COMPLETE"), event(1, "DataStore", "CREATE_IN_PROGRESS")
    )
    done = deploy("--full")
    assert done.exit_code == 0
    lines = done.stderr.splitlines()
    assert sum(" add " in line for line in lines) == len(CONTENT["Resources"])


def test_deploy_ends_with_the_count_the_url_of_each_route_and_the_next_command(aws: Aws) -> None:
    Path("readmodel.toml").write_text(ROUTES)
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("CREATE_COMPLETE")
    aws.events(event(2, "Old", "DELETE_COMPLETE"), event(1, "DataStore", "CREATE_COMPLETE"))
    done = deploy("--stack-name", "read-model")
    paths = ("samples", "products/{id}")
    assert done.stdout.splitlines() == [f"{OUTPUTS['ApiUrl']}/{path}" for path in paths]
    closing, following = done.stderr.splitlines()[-2:]
    assert "read-model deployed to 123456789012/eu-west-1" in closing
    assert "(1 created, 1 deleted)" in closing
    key = "payload.json"  # of the first route
    assert following.endswith(
        f"readmodel-cfn publish FILE --key {key} --stack-name read-model --region eu-west-1"
    )


def test_without_a_terminal_each_resource_has_one_line(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("CREATE_COMPLETE")
    aws.events(
        event(6, "read-model", "CREATE_COMPLETE", physical_id=STACK_ID)
        | {"ResourceType": "AWS::CloudFormation::Stack"},
        event(5, "DataStore", "DELETE_COMPLETE"),
        event(4, "DataStore", "CREATE_COMPLETE"),
        event(3, "ApiGateway", "CREATE_COMPLETE"),
        event(2, "ApiGateway", "CREATE_IN_PROGRESS"),
        event(1, "DataStore", "CREATE_IN_PROGRESS"),
    )
    events = [line.split()[1:3] for line in deploy().stderr.splitlines() if "12:00:00" in line]
    assert events == [["CREATE_COMPLETE", "ApiGateway"], ["CREATE_COMPLETE", "DataStore"]]


def test_each_event_is_printed_once_until_the_end(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("CREATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "CREATE_IN_PROGRESS"))
    aws.stack("CREATE_COMPLETE")
    aws.events(
        event(2, "DataStore", "CREATE_COMPLETE"), event(1, "DataStore", "CREATE_IN_PROGRESS")
    )
    events = [line for line in deploy("--events").stderr.splitlines() if "12:00:00" in line]
    assert [line.split()[1] for line in events] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


def test_deploy_sends_the_compact_template(aws: Aws) -> None:
    sent: dict[str, Any] = {}
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.CreateStack", lambda params, **_: sent.update(params)
    )
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    deploy()
    assert json.loads(sent["TemplateBody"]) == CONTENT
    assert "\n" not in sent["TemplateBody"]


def update(aws: Aws, logical_id: str, status: str) -> None:
    """Responses to an update that ends with an event of the resource."""
    aws.stack("UPDATE_COMPLETE")
    aws.template({"Resources": {}})
    aws.change_set({"Action": "Add", "LogicalResourceId": "ApiGateway"})
    aws.events(event(1, "Old", "CREATE_COMPLETE"))
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events(event(2, logical_id, status), event(1, "Old", "CREATE_COMPLETE"))


def test_changed_stack_is_updated(aws: Aws) -> None:
    update(aws, "DataStore", "UPDATE_COMPLETE")
    done = deploy()
    assert done.exit_code == 0
    assert "Old" not in done.stderr
    assert aws.wrote() == ["UpdateStack"]


def test_update_that_creates_resources_is_verified_next(aws: Aws) -> None:
    """Documents are published already."""
    update(aws, "ApiGateway", "CREATE_COMPLETE")
    assert "readmodel-cfn verify" in deploy().stderr.splitlines()[-1]


def test_unchanged_stack_succeeds_without_a_write(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    done = deploy()
    assert done.exit_code == 0
    assert done.stdout.split() == [OUTPUTS["SamplesUrl"]]
    (line,) = (line for line in done.stderr.splitlines() if "read-model" in line)
    assert line.startswith("No change")
    assert "deployed" not in done.stderr
    assert aws.wrote() == []


def test_no_updates_answer_of_cloudformation_is_a_success(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.change_set()
    aws.events()
    aws.refuses(
        "cloudformation",
        "update_stack",
        "ValidationError",
        "No updates are to be performed.",
    )
    assert deploy().exit_code == 0


def test_validation_error_of_an_update_is_shown(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.change_set()
    aws.events()
    aws.refuses("cloudformation", "update_stack", "ValidationError", "Template error:\n x")
    line = error_of(deploy(), 1)
    for name in ("UpdateStack", "ValidationError", "Template error: x"):
        assert name in line


def test_changed_protection_alone_needs_no_update(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text("[stack]\ntermination_protection = true")
    aws.stack()
    aws.template(CONTENT)
    aws.answers(
        "cloudformation",
        "update_termination_protection",
        {},
        StackName="read-model",
        EnableTerminationProtection=True,
    )
    assert deploy().exit_code == 0
    assert aws.wrote() == ["UpdateTerminationProtection"]


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_protection_that_fails_after_an_update_is_unfinished(
    aws: Aws, tmp_path: Path, code: str
) -> None:
    (tmp_path / "readmodel.toml").write_text("[stack]\ntermination_protection = true")
    aws.stack()
    aws.template({"Resources": {}})
    aws.change_set()
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    aws.refuses("cloudformation", "update_termination_protection", code, "no")
    line = error_of(deploy(), 9)
    for name in ("read-model", "UPDATE_COMPLETE", "UpdateTerminationProtection", code):
        assert name in line


def test_ctrl_c_while_protection_is_set_after_an_update_is_unfinished(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    (tmp_path / "readmodel.toml").write_text("[stack]\ntermination_protection = true")
    monkeypatch.setattr(StackClient, "protect", interrupted)
    aws.stack()
    aws.template({"Resources": {}})
    aws.change_set()
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    assert "read-model" in error_of(deploy(), 9)


def test_denied_protection_without_an_update_exits_1(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text("[stack]\ntermination_protection = true")
    aws.stack()
    aws.template(CONTENT)
    aws.refuses("cloudformation", "update_termination_protection", "AccessDenied", "no", 403)
    assert "UpdateTerminationProtection" in error_of(deploy(), 1)


FAILED = (
    event(4, "Writer", "CREATE_FAILED", "Resource creation cancelled"),
    event(3, "DataStore", "CREATE_FAILED", "Name is taken\nby somebody"),
    event(2, "Role", "CREATE_FAILED", "Resource creation cancelled"),
    event(1, "DataStore", "CREATE_IN_PROGRESS"),
)


def test_rolled_back_create_names_its_cause(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("ROLLBACK_COMPLETE", reason="The following resource(s) failed")
    aws.events(*FAILED)
    line = error_of(deploy(), 4)
    for name in ("read-model", "DataStore", "AWS::S3::Bucket", "[data_store]", "Name is taken by"):
        assert name in line


def test_rolled_back_update_names_its_cause(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.change_set()
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.events(*FAILED)
    line = error_of(deploy(), 4)
    for name in ("read-model", "DataStore", "AWS::S3::Bucket", "[data_store]"):
        assert name in line


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_failure_without_rollback_exits_6(aws: Aws, status: str) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack(status)
    aws.events(*FAILED)
    line = error_of(deploy(), 6)
    for name in ("read-model", status, "DataStore", "AWS::S3::Bucket"):
        assert name in line


@pytest.mark.parametrize("status", ["DELETE_FAILED", "IMPORT_ROLLBACK_FAILED"])
def test_stack_that_needs_manual_repair_is_not_changed(aws: Aws, status: str) -> None:
    aws.stack(status)
    line = error_of(deploy("--recreate"), 6)
    assert status in line
    assert "readmodel-cfn d" in line, "the command that helps"
    assert aws.wrote() == []


STARTED = event(1, "read-model", "UPDATE_IN_PROGRESS", physical_id=STACK_ID)


def test_operation_in_progress_is_followed_before_the_deploy(aws: Aws) -> None:
    """As after a deploy that was killed while it waited."""
    earlier = event(0, "Old", "CREATE_COMPLETE")
    ended = event(2, "DataStore", "UPDATE_COMPLETE")
    aws.stack("UPDATE_IN_PROGRESS")
    aws.events(STARTED, earlier)
    aws.stack("UPDATE_COMPLETE")
    aws.events(ended, STARTED, earlier)
    aws.stack("UPDATE_COMPLETE")
    aws.template(CONTENT)
    done = deploy("--events")
    assert done.exit_code == 0
    assert "UPDATE_IN_PROGRESS" in done.stderr
    events = [line.split()[2] for line in done.stderr.splitlines() if "12:00:00" in line]
    assert events == ["read-model", "DataStore"]
    assert aws.wrote() == []


def test_followed_operation_that_rolls_back_is_not_retried(aws: Aws) -> None:
    aws.stack("UPDATE_IN_PROGRESS")
    aws.events(*FAILED[:3], STARTED)
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.events(*FAILED[:3], STARTED)
    assert "DataStore" in error_of(deploy(), 4)
    assert aws.wrote() == []


def test_stack_being_deleted_is_created_after_its_deletion(aws: Aws) -> None:
    aws.stack("DELETE_IN_PROGRESS")
    aws.events(event(1, "read-model", "DELETE_IN_PROGRESS", physical_id=STACK_ID))
    aws.stack("DELETE_COMPLETE")
    aws.events()
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    assert deploy().exit_code == 0
    assert aws.wrote() == ["CreateStack"]


def test_failed_create_is_not_deleted_by_yes_alone(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(event(1, "read-model", "ROLLBACK_COMPLETE", physical_id=STACK_ID))
    line = error_of(deploy(), 1)
    assert "read-model" in line
    assert "--recreate" in line
    assert aws.wrote() == []


def recreated(aws: Aws) -> None:
    failed = event(1, "read-model", "ROLLBACK_COMPLETE", physical_id=STACK_ID)
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(failed)
    aws.events(failed)
    aws.answers("cloudformation", "delete_stack", {})
    aws.stack("DELETE_COMPLETE")
    aws.events(failed)
    aws.no_stack()


def test_recreate_deletes_a_failed_create_and_creates_the_stack(aws: Aws) -> None:
    recreated(aws)
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    assert deploy("--recreate").exit_code == 0
    assert aws.wrote() == ["DeleteStack", "CreateStack"]


def test_recreate_without_yes_does_not_create_the_stack(aws: Aws) -> None:
    recreated(aws)
    line = error_of(run("deploy", "--recreate", "--region", "eu-west-1"), 1)
    assert "--yes" in line
    assert aws.wrote() == ["DeleteStack"]


def test_recreate_refuses_a_stack_that_was_once_complete(aws: Aws) -> None:
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(event(1, "read-model", "CREATE_COMPLETE", physical_id=STACK_ID))
    assert "read-model" in error_of(deploy("--recreate"), 6)
    assert aws.wrote() == []


def test_failed_rollback_is_continued_before_the_deploy(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events()
    aws.answers("cloudformation", "continue_update_rollback", {})
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.events()
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.template(CONTENT)
    assert deploy().exit_code == 0
    assert aws.wrote() == ["ContinueUpdateRollback"]


def test_rollback_that_fails_again_exits_6(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events()
    aws.answers("cloudformation", "continue_update_rollback", {})
    aws.stack("UPDATE_ROLLBACK_FAILED")
    aws.events(event(1, "DataStore", "UPDATE_FAILED", "still there"))
    line = error_of(deploy(), 6)
    for name in ("DataStore", "[data_store]", "still there"):
        assert name in line


@pytest.mark.parametrize("status", ["UPDATE_COMPLETE", "UPDATE_FAILED", "ROLLBACK_COMPLETE"])
@pytest.mark.parametrize(
    "option", ["--yes", "--recreate", "--import-existing", "--revert-drift", "--disable-rollback"]
)
def test_without_adopt_a_stack_without_the_tag_is_not_touched(
    aws: Aws, status: str, option: str
) -> None:
    aws.stack(status, tags={"team": "web"})
    assert "--stack-name" in error_of(deploy(option), 1)
    assert aws.calls == ["DescribeStacks"]


def foreign(aws: Aws) -> None:
    """A stack of another tool, made of YAML, with one of the resources of the template."""
    aws.stack("UPDATE_COMPLETE", tags={"team": "web"})
    body = "Resources: {Orders: {Type: AWS::DynamoDB::Table}, DataStore: {Type: AWS::S3::Bucket}}"
    aws.answers("cloudformation", "get_template", {"TemplateBody": body})
    aws.resources(
        ("Orders", "AWS::DynamoDB::Table", "orders"), ("DataStore", "AWS::S3::Bucket", "data")
    )


def adopted(aws: Aws) -> None:
    """The rest of an adoption, to its end."""
    aws.change_set({"Action": "Remove", "LogicalResourceId": "Orders"})
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()


def test_adopt_with_the_name_shows_what_is_lost_and_sets_the_tag(aws: Aws) -> None:
    sent: dict[str, Any] = {}
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.UpdateStack", lambda params, **_: sent.update(params)
    )
    foreign(aws)
    adopted(aws)
    done = deploy("--adopt", "read-model")
    assert done.exit_code == 0
    lost = [line.split()[1:] for line in done.stderr.splitlines() if line.startswith("  remove  ")]
    assert lost[0] == ["Orders", "(AWS::DynamoDB::Table)"]
    assert "DataStore (" not in done.stderr
    assert {"Key": "readmodel-cfn", "Value": "managed"} in sent["Tags"]
    assert aws.wrote() == ["UpdateStack"]


def test_adopt_without_the_name_and_without_a_terminal_changes_nothing(aws: Aws) -> None:
    foreign(aws)
    assert "--adopt=read-model" in error_of(deploy("--adopt"), 1)
    assert "CreateChangeSet" not in aws.calls
    assert aws.wrote() == []


def test_adopt_is_no_consent_to_the_update_itself(aws: Aws) -> None:
    foreign(aws)
    aws.change_set()
    done = run("deploy", "--region", "eu-west-1", "--adopt", "read-model")
    assert error_of(done, 1).endswith("use --yes")
    assert aws.wrote() == []


@pytest.mark.parametrize("arguments", [("--adopt=other",), ("--adopt", "other")])
def test_adopt_with_another_name_is_a_usage_error(aws: Aws, arguments: tuple[str, ...]) -> None:
    assert error_of(deploy(*arguments), 2).startswith("--adopt: 'other' is not allowed")
    assert aws.calls == []


def typed(words: str, *arguments: str) -> Any:
    return run("deploy", "--yes", "--region", "eu-west-1", *arguments, typed=words)


def test_at_a_terminal_the_name_is_typed(aws: Aws) -> None:
    foreign(aws)
    adopted(aws)
    assert typed("read-model\n", "--adopt").exit_code == 0
    assert aws.wrote() == ["UpdateStack"]


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "\n", "read-mode\n", ""])
def test_no_other_answer_adopts_a_stack(aws: Aws, answer: str) -> None:
    foreign(aws)
    error_of(typed(answer, "--adopt"), 1)
    assert "CreateChangeSet" not in aws.calls
    assert aws.wrote() == []


def test_at_a_terminal_adopt_must_be_asked_for(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE", tags={})
    line = error_of(typed("read-model\n"), 1)
    assert "readmodel-cfn deploy --stack-name read-model --region eu-west-1 --adopt" in line
    assert aws.calls == ["DescribeStacks"]


@pytest.mark.parametrize(("change_sets", "deletes"), [(["theirs"], False), ([], True)])
def test_a_stack_in_review_that_has_somebody_elses_change_set_is_kept(
    aws: Aws, change_sets: list[str], deletes: bool
) -> None:
    """As where somebody makes one while this command reads its own."""
    made = {"Id": CHANGE_SET_ID, "StackId": STACK_ID}
    found = {
        "StackId": STACK_ID,
        "ChangeSetId": CHANGE_SET_ID,
        "Status": "CREATE_COMPLETE",
        "Changes": [],
    }
    summaries = [{"ChangeSetName": name} for name in change_sets]
    aws.no_stack()
    aws.answers("cloudformation", "create_change_set", made)
    aws.answers("cloudformation", "describe_change_set", found)
    aws.answers("cloudformation", "delete_change_set", {})
    aws.stack("REVIEW_IN_PROGRESS")
    aws.answers("cloudformation", "list_change_sets", {"Summaries": summaries})
    if deletes:
        aws.answers("cloudformation", "delete_stack", {})
    error_of(run("deploy", "--region", "eu-west-1", "--import-existing"), 1)
    assert aws.wrote() == ["DeleteStack"] * deletes


def test_adopt_of_a_stack_with_the_tag_is_an_ordinary_deploy(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    assert deploy("--adopt", "read-model").exit_code == 0
    assert aws.wrote() == []


def test_known_obstacle_is_refused_before_any_write(aws: Aws) -> None:
    renamed = json.loads(json.dumps(CONTENT).replace("SampleResource", "OtherResource"))
    aws.stack()
    aws.template(renamed)
    line = error_of(deploy(), 1)
    assert line.startswith("SampleResource: ")
    assert "OtherResource" in line
    assert aws.wrote() == []
    assert "CreateChangeSet" not in aws.calls


def test_taken_bucket_name_is_refused(aws: Aws, tmp_path: Path) -> None:
    (tmp_path / "readmodel.toml").write_text('[data_store]\nname = "taken-bucket"')
    aws.no_stack()
    aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    assert "taken-bucket" in error_of(deploy(), 1)
    assert aws.wrote() == []


def test_detach_starts_the_deploy_and_names_the_follow_command(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    done = deploy("--detach")
    assert done.exit_code == 0
    command = "readmodel-cfn follow --stack-name read-model --region eu-west-1"
    assert command in done.stderr.splitlines()[-1]
    assert done.stdout == ""


def test_timeout_stops_waiting_and_names_the_follow_command(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    for _ in range(3):
        aws.stack("CREATE_IN_PROGRESS")
        aws.events()
    line = error_of(deploy("--timeout", "0.2"), 9)
    assert "0.2" in line
    assert "readmodel-cfn follow" in line


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ("--express", {"DeploymentConfig": {"Mode": "EXPRESS", "DisableRollback": False}}),
        ("--disable-rollback", {"DisableRollback": True}),
    ],
)
def test_deployment_mode_options_are_sent_to_cloudformation(
    aws: Aws, option: str, expected: dict[str, Any]
) -> None:
    sent: dict[str, Any] = {}
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.CreateStack", lambda params, **_: sent.update(params)
    )
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    assert deploy(option).exit_code == 0
    assert expected.items() <= sent.items()
    assert ("DisableRollback" in sent) != ("DeploymentConfig" in sent)


@pytest.mark.parametrize("option", ["--express", "--import-existing", "--revert-drift"])
def test_option_that_the_installed_boto3_lacks_is_refused(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(StackClient, "knows", lambda *_: False)
    line = error_of(deploy(option), 2)
    assert line.startswith(f"{option}: ")
    assert "boto3" in line
    assert aws.calls == []


def carried_out(aws: Aws, kind: str, **expected: Any) -> None:
    """A change set is created and executed, and not deleted."""
    made = {"Id": CHANGE_SET_ID, "StackId": STACK_ID}
    change = {"Action": "Import", "LogicalResourceId": "DataStore"}
    asked = dict.fromkeys(
        ("StackName", "TemplateBody", "Capabilities", "Parameters", "Tags", "ChangeSetName"), ANY
    )
    aws.answers(
        "cloudformation", "create_change_set", made, **asked, ChangeSetType=kind, **expected
    )
    aws.answers(
        "cloudformation",
        "describe_change_set",
        {
            "ChangeSetId": CHANGE_SET_ID,
            "StackId": STACK_ID,
            "Status": "CREATE_COMPLETE",
            "Changes": [{"Type": "Resource", "ResourceChange": change}],
        },
    )
    aws.events()
    aws.answers("cloudformation", "execute_change_set", {})


def test_import_existing_uses_a_change_set(aws: Aws) -> None:
    aws.no_stack()
    carried_out(aws, "CREATE", ImportExistingResources=True)
    aws.stack("CREATE_COMPLETE")
    aws.events()
    done = deploy("--import-existing")
    assert done.exit_code == 0
    assert "import DataStore" in " ".join(done.stderr.split())
    assert aws.wrote() == ["ExecuteChangeSet"]


def test_revert_drift_uses_a_change_set(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    aws.answers("cloudformation", "list_change_sets", {"Summaries": []})
    carried_out(aws, "UPDATE", DeploymentMode="REVERT_DRIFT")
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    assert deploy("--revert-drift").exit_code == 0
    assert aws.wrote() == ["ExecuteChangeSet"]


def test_json_output_is_one_keyed_object_per_line(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events(event(1, "DataStore", "CREATE_COMPLETE"))
    lines = [json.loads(line) for line in deploy("--json").stdout.splitlines()]
    (plan, diff, happened, result) = (dict(record) for record in lines)
    assert plan["plan"]["action"] == "create"
    assert {resource["kind"] for resource in diff["diff"]["resources"]} == {"add"}
    assert happened["event"]["logical_id"] == "DataStore"
    assert result["result"]["status"] == "CREATE_COMPLETE"
    assert "SamplesUrl" in result["result"]["outputs"]


def test_lint_findings_stop_the_deploy_before_any_call(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lint.Finding("E3002", "error", "Resources/X", "wrong", "It means this")
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [found])
    done = deploy()
    assert "1" in error_of(done, 3)
    assert "E3002 Resources/X: wrong" in done.stdout
    assert aws.calls == []


def test_json_output_has_lint_findings(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    found = lint.Finding("E3002", "error", "Resources/X", "wrong", "It means this")
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [found])
    done = deploy("--json")
    assert error_of(done, 3)
    assert json.loads(done.stdout) == {"finding": vars(found)}
    assert aws.calls == []


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_secret_output_is_masked_and_emulator_url_is_reachable(
    aws: Aws, arguments: tuple[str, ...]
) -> None:
    aws.stack(outputs={**OUTPUTS, "DataStoreSecretAccessKey": "s3cret"})
    aws.template(CONTENT)
    done = deploy("--endpoint-url", "http://127.0.0.1:4566", *arguments)
    assert "s3cret" not in done.output
    assert "http://127.0.0.1:4566/_aws/execute-api/abc123/v1" in done.stdout


def test_deploy_without_consent_changes_nothing(aws: Aws) -> None:
    aws.no_stack()
    line = error_of(run("deploy", "--region", "eu-west-1"), 1)
    assert "--yes" in line
    assert aws.wrote() == []


def test_unchanged_stack_needs_no_consent(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    assert run("deploy", "--region", "eu-west-1").exit_code == 0


def test_ctrl_c_while_following_names_the_follow_command(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "event", interrupt)
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("CREATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "CREATE_IN_PROGRESS"))
    assert error_of(deploy("--events"), 9).endswith(
        "readmodel-cfn follow --stack-name read-model --region eu-west-1"
    )


def test_sigterm_while_following_leaves_it_in_progress_and_says_what_to_type(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "event", lambda _: signal.raise_signal(signal.SIGTERM))
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("CREATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "CREATE_IN_PROGRESS"))
    assert "run: readmodel-cfn follow --stack-name read-model" in error_of(deploy("--events"), 9)
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_sigterm_before_the_operation_starts_ends_as_ctrl_c_does(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def terminate(*_: object, **__: object) -> list[Any]:
        signal.raise_signal(signal.SIGTERM)
        return []

    monkeypatch.setattr(lint, "lint_once", terminate)
    error_of(deploy(), 1)
    assert aws.calls == []


def test_expired_credentials_while_following_are_unfinished(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.refuses("cloudformation", "describe_stacks", "ExpiredToken", "too old", 403)
    assert "ExpiredToken" in error_of(deploy(), 9)


def test_lost_connection_while_following_is_unfinished(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    client = aws.client("cloudformation")
    ask = client.describe_stacks

    def lost(**arguments: Any) -> Any:
        if arguments["StackName"] == STACK_ID:
            raise EndpointConnectionError(endpoint_url="https://x")
        return ask(**arguments)

    monkeypatch.setattr(client, "describe_stacks", lost)
    assert "readmodel-cfn follow" in error_of(deploy(), 9)


def test_short_template_is_not_uploaded(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    assert deploy("--template-bucket", "handover").exit_code == 0
    assert aws.wrote() == ["CreateStack"]


@pytest.mark.parametrize("kind", ["AWS::ApiGateway::Method", "AWS::SNS::Topic"])
def test_removed_route_suggests_raising_the_serial(aws: Aws, kind: str) -> None:
    """CloudFormation deletes its method only after it created the new deployment."""
    aws.stack()
    aws.template({"Resources": {**CONTENT["Resources"], "GoneGetMethod": {"Type": kind}}})
    aws.change_set()
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    suggested = "[deployment]" in deploy().stderr
    assert suggested == (kind == "AWS::ApiGateway::Method")


@pytest.mark.parametrize("name", ["Shop", "s" * 47])
def test_article_refuses_stack_names_unfit_for_its_resources(aws: Aws, name: str) -> None:
    line = error_of(deploy("--article", "--stack-name", name), 2)
    assert line.startswith(f"--stack-name: {name!r}")
    assert aws.calls == []


def test_article_requires_the_region_of_its_template(aws: Aws) -> None:
    """In another region its API would read from a bucket that does not exist."""
    line = error_of(run("deploy", "--yes", "--article", "--region", "eu-west-2"), 2)
    assert line.startswith("--region: 'eu-west-2'")
    assert "eu-west-1" in line
    assert aws.calls == []


def test_article_sends_its_name_as_a_parameter_with_named_iam(aws: Aws) -> None:
    aws.no_stack()
    aws.answers(
        "cloudformation",
        "create_stack",
        CREATED,
        StackName="s" * 46,
        TemplateBody=ANY,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": "StackName", "ParameterValue": "s" * 46}],
        Tags=ANY,
        DisableRollback=False,
        EnableTerminationProtection=False,
        ClientRequestToken=ANY,
    )
    secret = {"SamplesUrl": "https://x", "DataStoreSecretAccessKey": "hidden"}
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [stack(outputs=secret)]})
    aws.events()
    done = deploy("--article", "--stack-name", "s" * 46)
    assert done.exit_code == 0
    assert "hidden" not in done.output


def test_stack_after_a_rolled_back_update_is_updated(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.template({"Resources": {}})
    aws.change_set()
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    assert deploy().exit_code == 0
