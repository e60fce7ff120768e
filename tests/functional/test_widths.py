"""What a person reads fits the terminal, whatever its width; what is copied stays whole."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from functional_aws import CONTENT, OUTPUTS, STACK_ID, THEN, Aws, event, run, stubbed

from readmodel_cfn import lint
from readmodel_cfn.lint import Finding
from widths import too_long

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop-DataStoreWriterSecret-9697BE18"
LONG = "products/a-long-identifier-of-a-document-in-a-directory/with-another-long-name.json"
ROUTES = '[[routes]]\npath = "products/{path+}"\nkey = "products/{path}"\n'
RESOURCES = [(name, resource["Type"], f"{name}-physical-id-1234567890")
             for name, resource in CONTENT["Resources"].items()]  # fmt: skip

Scene = Callable[[Aws], None]


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    file = tmp_path / LONG
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    with stubbed(monkeypatch) as made:
        yield made


def _created(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", {"StackId": STACK_ID})
    aws.stack()
    aws.events(*(event(number, name, "CREATE_COMPLETE") for number, name in enumerate("ABC")))


def _failed(aws: Aws) -> None:
    reason = f"{ARN} is not allowed to be used by this resource, because of a long reason"
    failed = event(2, "ApiGatewayRoleWithALongName", "CREATE_FAILED", reason)
    began = event(1, "read-model", "CREATE_IN_PROGRESS", physical_id=STACK_ID)
    aws.no_stack()
    aws.answers("cloudformation", "create_stack", {"StackId": STACK_ID})
    aws.stack("ROLLBACK_COMPLETE")
    aws.events(failed, began)
    aws.answers("cloudformation", "describe_events", {"OperationEvents": []})


def _status(aws: Aws) -> None:
    aws.stack()
    aws.resources(*RESOURCES, ("Secret", "AWS::SecretsManager::Secret", ARN))
    aws.template(CONTENT)
    aws.events(event(1, "read-model", "CREATE_COMPLETE", physical_id=STACK_ID))
    aws.refuses("apigateway", "get_stage", "AccessDeniedException")


def _outputs(aws: Aws) -> None:
    for _ in range(2):
        aws.stack(outputs={**OUTPUTS, "DataStoreSecretArn": ARN})


def _history(aws: Aws) -> None:
    aws.stack()
    version = {
        "Key": LONG,
        "VersionId": "3HL4kqtJlcpXrof3vjVBH40Nr8X8gdRQ",
        "LastModified": THEN,
        "Size": 1,
        "ETag": '"' + "e" * 32 + '"',
        "IsLatest": True,
    }
    aws.answers("s3", "list_object_versions", {"Versions": [version]})


def _listed(aws: Aws) -> None:
    found = {"Key": LONG, "Size": 1234, "LastModified": THEN, "ETag": '"' + "e" * 32 + '"'}
    aws.stack()
    aws.answers("s3", "list_objects_v2", {"IsTruncated": False, "Contents": [found]})


def _unpublished(aws: Aws) -> None:
    found = {"Key": LONG, "VersionId": "v" * 40, "LastModified": THEN, "IsLatest": True}
    page = {"IsTruncated": False, "Versions": [{**found, "Size": 1234, "ETag": '"e"'}]}
    aws.stack()
    aws.answers("s3", "list_object_versions", page)
    aws.answers("s3", "delete_objects", {})


KMS = {"ServerSideEncryption": "aws:kms"}  # the ETag is not the MD5


def _published(aws: Aws) -> None:
    aws.stack()
    aws.answers("s3", "put_object", {"ETag": '"' + "e" * 32 + '"', "VersionId": "v" * 40, **KMS})


def _missing(aws: Aws) -> None:
    aws.no_stack()


COMMANDS: dict[tuple[str, ...], Scene] = {
    ("deploy", "--yes"): _created,
    ("deploy", "--yes", "--events"): _failed,
    ("status",): _status,
    ("outputs",): _outputs,
    ("history", LONG): _history,
    ("publish", LONG): _published,
    ("ls",): _listed,
    ("unpublish", LONG, "--yes"): _unpublished,
    ("follow",): _missing,
}


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_no_line_is_longer_than_the_terminal(
    aws: Aws, command: tuple[str, ...], width: int
) -> None:
    COMMANDS[command](aws)
    done = run(*command, "--region", "eu-west-1", env={"COLUMNS": str(width)})
    assert "response stub" not in done.output
    assert too_long(done.output, width) == []


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(
    "command",
    [
        ("lint",),
        ("audit", "--article"),
        ("audit", "--rules"),
        ("deploy", "--no-such-option"),
        ("publish", "no-such-folder/with-a-long-name/" + "x" * 100),
    ],
    ids=" ".join,
)
def test_no_line_is_longer_than_the_terminal_without_aws(
    aws: Aws, command: tuple[str, ...], width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws.calls == []
    found = Finding("E3002", "error", "Resources/A/Properties/B", f"{ARN} is wrong", "why " * 60)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [found])
    assert too_long(run(*command, env={"COLUMNS": str(width)}).output, width) == []


def test_without_a_terminal_a_line_is_never_divided(aws: Aws) -> None:
    _missing(aws)
    done: Any = run("follow", "--region", "eu-west-1")
    (line,) = done.stderr.splitlines()
    assert len(line) > 80


@pytest.mark.parametrize("length", range(24, 40, 3))
def test_question_fits_with_its_choices(aws: Aws, length: int) -> None:
    aws.no_stack()
    done = run("deploy", "--stack-name", "s" * length, env={"COLUMNS": "80"}, typed="n\n")
    question = done.stderr.replace(": n\n", ":\n")
    assert "[y/N]:" in question
    assert too_long(question, 80) == []
