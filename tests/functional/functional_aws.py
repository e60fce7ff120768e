"""Botocore clients with stubbed responses, and the command line run over them."""

import functools
import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from click.testing import CliRunner, Result

from readmodel_cfn import ReadModel, build_template, render
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.aws.retry import Clock
from readmodel_cfn.cli import main

ACCOUNT = "123456789012"
STACK_ID = f"arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/read-model/1"
TARGET = {
    "account": ACCOUNT,
    "region": "eu-west-1",
    "stack": "read-model",
    "profile": None,
    "role_arn": None,
    "sandbox": False,
    "env": None,
}
"""The fields of every result on that stack."""
CHANGE_SET_ID = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/c/1"
THEN = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)
TAGS = {"readmodel-cfn": "managed"}
OUTPUTS = {
    "SamplesUrl": "https://abc123.execute-api.eu-west-1.amazonaws.com/v1/samples",
    "ApiUrl": "https://abc123.execute-api.eu-west-1.amazonaws.com/v1",
    "S3BucketName": "data-bucket",
}
# No command finds credentials, a region or a profile on the machine that runs the tests.
NO_AWS = {
    **dict.fromkeys(
        ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE")
    ),
    "READMODEL_CFN_HOME": "/dev/null/home",  # no lint result is cached
    "READMODEL_CFN_SANDBOX": None,
    "READMODEL_CFN_ENV": None,
    **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")),
    "AWS_CONFIG_FILE": "/nowhere/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nowhere/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session("key", "secret", region_name="eu-west-1")


class Aws:
    """AWS as a queue of responses for each service; a call without one fails the test."""

    def __init__(self) -> None:
        self.stubs: dict[str, Stubber] = {}
        self.connections: list[tuple[str, Credentials | None]] = []
        self.calls: list[str] = []
        self.caller_is_set = False

    def client(self, service: Any) -> Any:
        stub = self.stub(service)
        if service == "sts":  # asked before a first create
            if not self.caller_is_set:
                self.caller()
            self.caller_is_set = False
        return stub.client

    def caller(self, account: str = ACCOUNT, arn: str = "") -> None:
        """The response of the next GetCallerIdentity; without it the account of STACK_ID."""
        arn = arn or f"arn:aws:iam::{account}:user/me"
        answer = {"Account": account, "Arn": arn, "UserId": "AIDA1"}
        self.answers("sts", "get_caller_identity", answer)
        self.caller_is_set = True

    def no_caller(self) -> None:
        """The next GetCallerIdentity is denied."""
        self.refuses("sts", "get_caller_identity", "AccessDenied", "explicit deny", 403)
        self.caller_is_set = True

    def stub(self, service: str) -> Stubber:
        if service not in self.stubs:
            client: Any = _session().client(service)  # type: ignore[call-overload]
            client.meta.events.register("before-parameter-build", self._note)
            self.stubs[service] = Stubber(client)
            self.stubs[service].activate()
        return self.stubs[service]

    def _note(self, model: Any, **_: Any) -> None:
        self.calls.append(model.name)

    def answers(self, service: str, call: str, answer: Any, **expected: Any) -> None:
        """The response of the next call; `expected` are the parameters that it must have."""
        self.stub(service).add_response(call, answer, expected or None)

    def refuses(
        self, service: str, call: str, code: str, message: str = "", status: int = 400
    ) -> None:
        self.stub(service).add_client_error(call, code, message, status)

    # CloudFormation has most of the responses.

    def stack(self, status: str = "CREATE_COMPLETE", **more: Any) -> None:
        """The response of the next DescribeStacks."""
        self.answers("cloudformation", "describe_stacks", {"Stacks": [stack(status, **more)]})

    def no_stack(self) -> None:
        self.refuses(
            "cloudformation",
            "describe_stacks",
            "ValidationError",
            "Stack with id read-model does not exist",
        )

    def template(self, body: Mapping[str, Any]) -> None:
        self.answers("cloudformation", "get_template", {"TemplateBody": json.dumps(body)})

    def events(self, *events: dict[str, Any]) -> None:
        """The next page of events, newest first."""
        self.answers("cloudformation", "describe_stack_events", {"StackEvents": list(events)})

    def resources(self, *resources: tuple[str, str, str], status: str = "CREATE_COMPLETE") -> None:
        """The stack's resources: logical ID, type, physical ID."""
        summaries = [
            {
                "LogicalResourceId": logical_id,
                "ResourceType": kind,
                "PhysicalResourceId": physical_id,
                "ResourceStatus": status,
                "LastUpdatedTimestamp": THEN,
            }
            for logical_id, kind, physical_id in resources
        ]
        answer = {"StackResourceSummaries": summaries}
        self.answers("cloudformation", "list_stack_resources", answer)

    def change_set(self, *changes: dict[str, Any], status: str = "CREATE_COMPLETE") -> None:
        """The next diff creates a change set, reads it and deletes it."""
        made = {"Id": CHANGE_SET_ID, "StackId": STACK_ID}
        found = {
            "ChangeSetId": CHANGE_SET_ID,
            "StackId": STACK_ID,
            "Status": status,
            "Changes": [{"Type": "Resource", "ResourceChange": change} for change in changes],
        }
        self.answers("cloudformation", "list_change_sets", {"Summaries": []})
        self.answers("cloudformation", "create_change_set", made)
        self.answers("cloudformation", "describe_change_set", found)
        self.answers("cloudformation", "delete_change_set", {})

    def wrote(self) -> list[str]:
        """The calls that changed something, in order; the change sets of a diff do not count."""
        reading = ("Describe", "Get", "List", "Head")
        asking = ("CreateChangeSet", "DeleteChangeSet")
        return [call for call in self.calls if not call.startswith((*reading, *asking))]


@contextmanager
def stubbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """Replace all clients by stubbed ones; at the end no response may be left.

    The clock advances by what is slept, so that no test waits and retries end.
    """
    aws, slept = Aws(), [0.0]
    monkeypatch.setattr(Clock, "now", lambda _: slept[0])
    monkeypatch.setattr(Clock, "sleep", lambda _, seconds: slept.append(slept.pop() + seconds))

    def client(connection: Connection, service: Any) -> Any:
        aws.connections.append((service, connection.credentials))
        return aws.client(service)

    monkeypatch.setattr(Connection, "client", client)
    yield aws
    for stub in aws.stubs.values():
        stub.assert_no_pending_responses()


def stack(
    status: str = "CREATE_COMPLETE",
    reason: str = "",
    outputs: Mapping[str, str] = OUTPUTS,
    tags: Mapping[str, str] = TAGS,
    protected: bool = False,
) -> dict[str, Any]:
    """A stack as DescribeStacks returns it."""
    return {
        "StackId": STACK_ID,
        "StackName": "read-model",
        "CreationTime": THEN,
        "StackStatus": status,
        "StackStatusReason": reason,
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "EnableTerminationProtection": protected,
    }


def event(
    number: int,
    logical_id: str,
    status: str,
    reason: str = "",
    physical_id: str = "physical",
) -> dict[str, Any]:
    """An event as DescribeStackEvents returns it; all have the same time."""
    return {
        "StackId": STACK_ID,
        "StackName": "read-model",
        "EventId": str(number),
        "Timestamp": THEN,
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": physical_id,
        "ResourceType": "AWS::S3::Bucket",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


COMPACT = render(build_template(ReadModel()), "compact")
CONTENT: dict[str, Any] = json.loads(COMPACT)


EXAMPLE = '[[routes]]\npath = "samples"\nkey = "payload.json"\n'
"""A readmodel.toml with the example's route."""


def enter_project(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Make the folder with that readmodel.toml the working directory."""
    monkeypatch.chdir(folder)
    (folder / "readmodel.toml").write_text(EXAMPLE)


def run(
    *arguments: str, env: Mapping[str, str | None] | None = None, typed: str | None = None
) -> Result:
    """Run a command; what it does not expect is raised here.

    Its input is a terminal where something is `typed`, if only the end of input.
    """
    runner = CliRunner(env={**NO_AWS, **(env or {})})
    terminal = None if typed is None else Terminal(typed.encode())
    words = [word for each in arguments[:1] for word in each.split()]  # such as `release list`
    typed_line = [*words, *arguments[1:]]
    return runner.invoke(main, typed_line, input=terminal, catch_exceptions=False)


class Terminal(io.BytesIO):
    """What a person types."""

    def isatty(self) -> bool:
        return True


def error_of(result: Result, code: int) -> str:
    """The error line of a command that failed, which is the last line of stderr."""
    lines = result.stderr.splitlines()
    assert result.exit_code == code, result.output
    assert [line for line in lines if line.startswith("Error:")] == lines[-1:]
    assert "Traceback" not in result.output
    assert "response stub" not in result.output, "a call without a stubbed response"
    return lines[-1].removeprefix("Error: ")
