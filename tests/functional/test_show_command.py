"""`outputs` and `status`: the stack as it is, secrets masked."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functional_aws import OUTPUTS, Aws, error_of, run, stubbed

KEY = {"DataStoreAccessKeyId": "AKIA1", "DataStoreSecretAccessKey": "s3cret"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def show(command: str, *arguments: str) -> Any:
    return run(command, "--region", "eu-west-1", *arguments)


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_the_secret_key_is_masked(aws: Aws, arguments: tuple[str, ...]) -> None:
    aws.stack(outputs={**OUTPUTS, **KEY})
    done = show("outputs", *arguments)
    assert "s3cret" not in done.output
    assert "****" in done.stdout
    assert "AKIA1" in done.stdout


def test_so_is_that_of_a_read_model_within_another_template(aws: Aws) -> None:
    aws.stack(outputs={f"Shop{name}": value for name, value in KEY.items()})
    assert "s3cret" not in show("outputs").output


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_until_it_is_asked_for(aws: Aws, arguments: tuple[str, ...]) -> None:
    aws.stack(outputs=KEY)
    assert "s3cret" in show("outputs", "--show-secrets", *arguments).stdout


def test_json_is_one_object_of_name_to_value(aws: Aws) -> None:
    aws.stack()
    assert json.loads(show("outputs", "--json").stdout) == OUTPUTS


def test_an_emulators_urls_can_be_opened(aws: Aws) -> None:
    aws.stack()
    found = json.loads(show("outputs", "--json", "--endpoint-url", "http://127.0.0.1:4566").stdout)
    assert found["ApiUrl"] == "http://127.0.0.1:4566/_aws/execute-api/abc123/v1"
    assert found["S3BucketName"] == "data-bucket"


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_stack_without_outputs_has_none(aws: Aws, arguments: tuple[str, ...]) -> None:
    aws.stack(outputs={})
    done = show("outputs", *arguments)
    assert done.exit_code == 0
    assert done.stdout.strip() in ("", "{}")


def test_status_tells_the_stacks_state_and_its_resources(aws: Aws) -> None:
    aws.stack("UPDATE_ROLLBACK_COMPLETE", reason="because")
    aws.resources(("DataStore", "AWS::S3::Bucket", "data-bucket"))
    done = show("status")
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "read-model: UPDATE_ROLLBACK_COMPLETE because"
    assert lines[1].split() == ["DataStore", "CREATE_COMPLETE", "AWS::S3::Bucket", "data-bucket"]


def test_status_in_json_is_one_object(aws: Aws) -> None:
    aws.stack()
    aws.resources(("DataStore", "AWS::S3::Bucket", "data-bucket"))
    assert json.loads(show("status", "--json").stdout) == {
        "name": "read-model",
        "status": "CREATE_COMPLETE",
        "reason": "",
        "tags": {"readmodel-cfn": "managed"},
        "resources": [
            {
                "logical_id": "DataStore",
                "physical_id": "data-bucket",
                "type": "AWS::S3::Bucket",
                "status": "CREATE_COMPLETE",
            }
        ],
    }


@pytest.mark.parametrize("command", ["outputs", "status"])
def test_no_stack_is_told_with_what_to_do(aws: Aws, command: str) -> None:
    aws.no_stack()
    assert error_of(show(command), 1) == (
        "stack read-model in eu-west-1: does not exist; run: readmodel-cfn deploy"
    )


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        ("ValidationError", "1 validation error detected", "1 validation error detected"),
        ("AccessDenied", "not authorized", "ask for this permission"),
        ("ExpiredToken", "expired", "renew the credentials"),
        ("RequestExpired", "expired", "renew the credentials"),
        ("UnrecognizedClientException", "unknown", "check the access key"),
        ("InvalidClientTokenId", "unknown", "check the access key"),
        ("Throttling", "Rate exceeded", "Throttling: Rate exceeded"),
    ],
)
def test_what_cloudformation_refuses_is_one_line_and_never_no_stack(
    aws: Aws, code: str, message: str, said: str
) -> None:
    aws.refuses("cloudformation", "describe_stacks", code, message, 403)
    line = error_of(show("status"), 1)
    assert line.startswith(f"AWS DescribeStacks: {code}: {message}")
    assert said in line
