"""A change whose output meets a broken pipe exits 9, never as if nothing had changed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from delete_scenes import AGAIN, DELETED, STARTED, delete, found, goes, holds
from functional_aws import STACK_ID, Aws, enter_project, error_of, event, run, stubbed
from test_publish_many import objects  # noqa: F401 - a fixture

from readmodel_cfn import lint
from readmodel_cfn.cli import output as report
from readmodel_cfn.errors import Unfinished
from readmodel_cfn.publish.results import Sent

REGION = ("--region", "eu-west-1")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    (tmp_path / "f.json").write_text("{}")
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])
    with stubbed(monkeypatch) as made:
        yield made


def gone(*_: object, **__: object) -> None:
    """The reader of the output has closed it."""
    raise BrokenPipeError(32, "Broken pipe")


def created(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", {"StackId": STACK_ID})
    aws.stack()
    aws.events(event(1, "DataStore", "CREATE_COMPLETE"))


@pytest.mark.parametrize("output", ["event", "urls"])
def test_broken_pipe_after_a_deploy_began_is_unfinished(
    aws: Aws, output: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    created(aws)
    monkeypatch.setattr(report, output, gone)
    line = error_of(run("deploy", "--yes", *REGION), Unfinished.exit_code)
    command = "follow" if output == "event" else "outputs"
    assert line.endswith(f"readmodel-cfn {command} --stack-name read-model --region eu-west-1")


def test_broken_pipe_before_a_deploy_began_exits_1(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.no_stack()
    monkeypatch.setattr("readmodel_cfn.cli.deploy.print_diff", gone)
    assert run("deploy", "--yes", *REGION).exit_code == 1
    assert aws.wrote() == []


def stored(aws: Aws) -> None:
    aws.answers(
        "s3", "put_object", {"ETag": '"e"', "VersionId": "v", "ServerSideEncryption": "aws:kms"}
    )


def test_broken_pipe_after_a_document_was_published_is_unfinished(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.stack()
    stored(aws)
    monkeypatch.setattr(report, "published", gone)
    line = error_of(run("publish", "f.json", *REGION), Unfinished.exit_code)
    assert line.startswith("data-bucket/payload.json: ")


def test_broken_pipe_while_publishing_many_documents_is_unfinished(
    objects: Any,  # noqa: F811 - the fixture
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "payload.json").write_text("{}")
    monkeypatch.setattr(Sent, "as_dict", gone)
    done = run("publish", "many", "--bucket", "mine", "--json", *REGION)
    error_of(done, Unfinished.exit_code)
    assert "payload.json" in objects.kept


def test_broken_pipe_while_deleting_a_stack_is_unfinished(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    found(aws, DELETED)
    holds(aws)
    goes(aws, "DELETE_COMPLETE", STARTED)
    monkeypatch.setattr(report, "event", gone)
    line = error_of(delete("--events"), Unfinished.exit_code)
    assert line.endswith(AGAIN)
