"""`deploy`: the calls that each plan comes to, and how each end is told."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import ANY
from functional_aws import CONTENT, STACK_ID, Aws, error_of, event, run, stack, stubbed

from readmodel_cfn import lint, report

CREATED = {"StackId": STACK_ID}
STACK_EVENT = {"physical_id": STACK_ID}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """In a directory of its own, and without the seconds that cfn-lint takes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lint, "lint", lambda *_: [])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with stubbed(monkeypatch) as made:
        yield made


def deploy(*arguments: str) -> Any:
    return run("deploy", "--yes", "--region", "eu-west-1", *arguments)


def test_a_new_stack_is_created_with_its_one_capability_and_our_tag(aws: Aws) -> None:
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
        OnFailure="ROLLBACK",
        EnableTerminationProtection=False,
        ClientRequestToken=ANY,
    )
    aws.stack("CREATE_COMPLETE")
    aws.events(
        event(2, "DataStore", "CREATE_COMPLETE"), event(1, "DataStore", "CREATE_IN_PROGRESS")
    )
    done = deploy()
    assert done.exit_code == 0
    told = done.stderr.splitlines()
    assert told[1] == "stack read-model in eu-west-1: create, the stack does not exist"
    assert [one.split()[1] for one in told[2:4]] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert told[-1] == "Done."
    assert "SamplesUrl" in done.stdout


def test_the_events_are_followed_until_the_end_each_told_once(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("CREATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "CREATE_IN_PROGRESS"))
    aws.stack("CREATE_COMPLETE")
    aws.events(
        event(2, "DataStore", "CREATE_COMPLETE"), event(1, "DataStore", "CREATE_IN_PROGRESS")
    )
    assert deploy().stderr.count("DataStore") == 2


def test_the_template_sent_is_the_compact_form(aws: Aws) -> None:
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


def test_a_changed_stack_is_updated(aws: Aws) -> None:
    aws.stack("UPDATE_COMPLETE")
    aws.template({"Resources": {}})
    aws.events(event(1, "Old", "CREATE_COMPLETE"))
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events(event(2, "DataStore", "UPDATE_COMPLETE"), event(1, "Old", "CREATE_COMPLETE"))
    done = deploy()
    assert done.exit_code == 0
    assert "update, changed: template" in done.stderr
    assert "Old" not in done.stderr
    assert aws.wrote() == ["UpdateStack"]


def test_no_change_is_a_success_that_says_so_and_nothing_is_sent(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    done = deploy()
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-1] == "No change."
    assert "SamplesUrl" in done.stdout
    assert aws.wrote() == []


def test_where_cloudformation_finds_nothing_to_update_that_is_no_change(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.events()
    aws.refuses(
        "cloudformation",
        "update_stack",
        "ValidationError",
        "No updates are to be performed.",
    )
    assert deploy().exit_code == 0


def test_any_other_validation_error_is_told(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.events()
    aws.refuses("cloudformation", "update_stack", "ValidationError", "Template error:\n x")
    line = error_of(deploy(), 1)
    assert line == "AWS UpdateStack: ValidationError: Template error: x"


def test_protection_alone_is_set_without_an_update(aws: Aws, tmp_path: Path) -> None:
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


FAILED = (
    event(4, "Writer", "CREATE_FAILED", "Resource creation cancelled"),
    event(3, "DataStore", "CREATE_FAILED", "Name is taken\nby somebody"),
    event(2, "Role", "CREATE_FAILED", "Resource creation cancelled"),
    event(1, "DataStore", "CREATE_IN_PROGRESS"),
)


def test_a_create_rolled_back_ends_with_its_cause(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("ROLLBACK_COMPLETE", reason="The following resource(s) failed")
    aws.events(*FAILED)
    assert error_of(deploy(), 4) == (
        "stack read-model: rolled back: DataStore (AWS::S3::Bucket): Name is taken by somebody; "
        "mend it, run: readmodel-cfn delete, then deploy again"
    )


def test_an_update_rolled_back_ends_with_its_cause(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.events(*FAILED)
    line = error_of(deploy(), 4)
    assert line.startswith("stack read-model: rolled back: DataStore (AWS::S3::Bucket): Name is")
    assert line.endswith("; the stack is as it was before")


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_failure_that_is_not_undone_is_stuck(aws: Aws, status: str) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack(status)
    aws.events(*FAILED)
    line = error_of(deploy(), 6)
    assert line.startswith(f"stack read-model: {status}: DataStore (AWS::S3::Bucket): Name is")


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        ("UPDATE_IN_PROGRESS", 9, "deploy again when it is done"),
        ("DELETE_IN_PROGRESS", 9, "deploy again when it is done"),
        ("REVIEW_IN_PROGRESS", 1, "carry it out or delete it"),
        ("ROLLBACK_COMPLETE", 1, "run: readmodel-cfn delete, then deploy again"),
        ("UPDATE_ROLLBACK_FAILED", 6, "continue-update-rollback"),
        ("DELETE_FAILED", 6, "delete --with-data"),
    ],
)
def test_a_stack_that_takes_no_update_is_left_alone(
    aws: Aws, status: str, code: int, said: str
) -> None:
    aws.stack(status)
    assert said in error_of(deploy(), code)
    assert aws.wrote() == []


def test_findings_of_cfn_lint_stop_it_before_aws_is_asked(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = lint.Finding("E3002", "error", "Resources/X", "wrong", "It means this")
    monkeypatch.setattr(lint, "lint", lambda *_: [found])
    done = deploy()
    assert error_of(done, 3) == "template: 1 finding(s); mend it; nothing was sent to AWS"
    assert "E3002 Resources/X: wrong" in done.stdout
    assert aws.calls == []


def test_without_a_terminal_and_without_yes_nothing_is_done(aws: Aws) -> None:
    aws.no_stack()
    line = error_of(run("deploy", "--region", "eu-west-1"), 1)
    assert line.endswith("there is no terminal to ask on; give --yes")
    assert aws.wrote() == []


def test_no_change_needs_no_consent(aws: Aws) -> None:
    aws.stack()
    aws.template(CONTENT)
    assert run("deploy", "--region", "eu-west-1").exit_code == 0


def test_ctrl_c_while_following_leaves_it_going_on(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "event", interrupt)
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack("CREATE_IN_PROGRESS")
    aws.events(event(1, "DataStore", "CREATE_IN_PROGRESS"))
    assert error_of(deploy(), 9).endswith("run: readmodel-cfn status")


def test_credentials_that_expire_on_the_way_leave_it_going_on(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.refuses("cloudformation", "describe_stacks", "ExpiredToken", "too old", 403)
    assert "ExpiredToken" in error_of(deploy(), 9)


def test_a_connection_lost_on_the_way_leaves_it_going_on(
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
    assert "goes on by itself" in error_of(deploy(), 9)


@pytest.fixture
def _long(tmp_path: Path) -> None:
    """A description whose template is too long for a call."""
    routes = [f'[[routes]]\npath = "r{n}"\nkey = "k{n}"' for n in range(60)]
    (tmp_path / "readmodel.toml").write_text("\n".join(routes))


@pytest.mark.usefixtures("_long")
def test_a_template_that_is_too_long_for_a_call_needs_a_bucket(aws: Aws) -> None:
    line = error_of(deploy(), 2)
    assert line.startswith("read-model: the template has more than the 51,200 bytes that a call")
    assert "--template-bucket" in line
    assert aws.calls == []


@pytest.mark.usefixtures("_long")
def test_with_one_it_goes_there_and_cloudformation_is_told_where(aws: Aws) -> None:
    sent: dict[str, Any] = {}
    client = aws.client("cloudformation")
    client.meta.events.register(
        "provide-client-params.cloudformation.CreateStack", lambda params, **_: sent.update(params)
    )
    aws.no_stack()
    stored = {"Bucket": "handover", "Key": ANY, "Body": ANY, "ContentType": "application/json"}
    aws.answers("s3", "put_object", {"ETag": '"e"'}, **stored)
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    assert deploy("--template-bucket", "handover").exit_code == 0
    assert "TemplateBody" not in sent
    assert "/handover/readmodel-cfn/read-model/" in sent["TemplateURL"]
    assert aws.wrote() == ["PutObject", "CreateStack"]


@pytest.mark.usefixtures("_long")
def test_a_bucket_that_does_not_take_it_stops_everything(aws: Aws) -> None:
    aws.no_stack()
    aws.refuses("s3", "put_object", "NoSuchBucket", "none", 404)
    line = error_of(deploy("--template-bucket", "handover"), 1)
    assert line == "AWS PutObject: NoSuchBucket: none"
    assert aws.wrote() == ["PutObject"]


def test_a_short_template_needs_no_bucket_even_when_there_is_one(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()
    assert deploy("--template-bucket", "handover").exit_code == 0
    assert aws.wrote() == ["CreateStack"]


@pytest.mark.parametrize("kind", ["AWS::ApiGateway::Method", "AWS::SNS::Topic"])
def test_what_a_removed_route_leaves_behind_is_said(aws: Aws, kind: str) -> None:
    """Its method is deleted only after the new deployment has taken its snapshot."""
    aws.stack()
    aws.template({"Resources": {**CONTENT["Resources"], "GoneGetMethod": {"Type": kind}}})
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    said = "raise serial under [deployment] and deploy again" in deploy().stderr
    assert said == (kind == "AWS::ApiGateway::Method")


@pytest.mark.parametrize("name", ["Shop", "s" * 47])
def test_the_article_names_resources_by_its_stack_so_some_names_are_refused(
    aws: Aws, name: str
) -> None:
    line = error_of(deploy("--article", "--stack-name", name), 2)
    assert line.startswith(f"--stack-name: {name!r} is not allowed")
    assert aws.calls == []


def test_the_article_is_deployed_to_the_region_that_its_template_names(aws: Aws) -> None:
    """That it was written for; elsewhere its API would read a bucket that is not there."""
    line = error_of(run("deploy", "--yes", "--article", "--region", "eu-west-2"), 2)
    assert line.startswith("--region: 'eu-west-2' is not allowed; give eu-west-1")
    assert aws.calls == []


def test_the_article_takes_its_name_as_the_parameter_and_needs_named_iam(aws: Aws) -> None:
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
        OnFailure="ROLLBACK",
        EnableTerminationProtection=False,
        ClientRequestToken=ANY,
    )
    secret = {"SamplesUrl": "https://x", "DataStoreSecretAccessKey": "hidden"}
    aws.answers("cloudformation", "describe_stacks", {"Stacks": [stack(outputs=secret)]})
    aws.events()
    done = deploy("--article", "--stack-name", "s" * 46)
    assert done.exit_code == 0
    assert "****" in done.stdout
    assert "hidden" not in done.output


def test_a_second_try_after_a_rollback_of_an_update_is_an_update(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_COMPLETE")
    aws.template({"Resources": {}})
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    assert deploy().exit_code == 0
