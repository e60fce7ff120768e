"""`delete` that fails or is interrupted: exit code, state, and the command to repeat."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY
from delete_scenes import (
    AGAIN,
    BUCKET,
    DELETED,
    FAILED,
    MADE,
    RETAINED,
    ROLE_FAILED,
    SKIPPED,
    STARTED,
    delete,
    empties,
    found,
    goes,
    holds,
)
from functional_aws import STACK_ID, Aws, enter_project, error_of, event, run, stubbed

from readmodel_cfn.cli import output as report
from readmodel_cfn.deploy.client import StackClient


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def test_failed_deletion_names_all_failed_resources_and_force(aws: Aws) -> None:
    found(aws, RETAINED)
    user_failed = event(6, "DataStoreWriter", "DELETE_FAILED", "so is this")
    goes(aws, "DELETE_FAILED", FAILED, user_failed, ROLE_FAILED)
    line = error_of(delete(), 6)
    names = ("read-model", "DELETE_FAILED", "ApiGatewayRole", "it is in use", "DataStoreWriter")
    for name in (*names, "--force"):
        assert name in line


def test_resource_that_failed_twice_is_named_with_its_first_reason(aws: Aws) -> None:
    first = event(3, "ApiGatewayRole", "DELETE_FAILED", "first reason")
    found(aws, RETAINED)
    goes(aws, "DELETE_FAILED", FAILED, ROLE_FAILED, first)
    assert re.search("ApiGatewayRole.*first reason", error_of(delete(), 6))


@pytest.mark.parametrize(
    ("reason", "way"),
    [
        (
            "The bucket you tried to delete is not empty (Service: S3)",
            "--with-data",
        ),
        ("User: arn is not authorized to perform: iam:DeleteRole on resource", "iam:DeleteRole"),
    ],
)
def test_failed_deletion_suggests_a_fix_for_its_reason(aws: Aws, reason: str, way: str) -> None:
    found(aws, RETAINED)
    goes(aws, "DELETE_FAILED", event(4, "Some", "DELETE_FAILED", reason))
    assert way in error_of(delete(), 6).partition("; ")[2]


def test_failed_deletion_without_events_names_the_status(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws, "DELETE_FAILED")
    assert "DELETE_FAILED" in error_of(delete(), 6)


# Newest first: a second attempt has failed as the first did, which skipped the bucket.
TWICE = [
    FAILED,
    ROLE_FAILED,
    STARTED | {"EventId": "12"},
    FAILED | {"EventId": "11"},
    SKIPPED,
    STARTED,
]


def failed_before(aws: Aws) -> None:
    """The stack after a deletion that failed."""
    aws.stack("DELETE_FAILED")
    aws.resources(BUCKET, status="DELETE_SKIPPED")
    aws.events(*TWICE, MADE)


def is_forced(aws: Aws, *events: dict[str, Any]) -> None:
    aws.events(*TWICE)
    aws.stack("DELETE_FAILED")
    aws.events(*TWICE)
    asked = {"StackName": STACK_ID, "ClientRequestToken": ANY, "DeletionMode": "FORCE_DELETE_STACK"}
    aws.answers("cloudformation", "delete_stack", {}, **asked)
    aws.stack("DELETE_COMPLETE")
    aws.events(*events, *TWICE)


def test_force_lists_failed_resources_before_asking(aws: Aws) -> None:
    failed_before(aws)
    aws.events(*TWICE)
    done = run("delete", "--region", "eu-west-1", "--force")
    line = error_of(done, 1)
    assert "read-model" in line
    assert "data-bucket" in line
    listed = [" ".join(line.split()) for line in done.stderr.splitlines()]
    assert any("ApiGatewayRole AWS::S3::Bucket it is in use" in line for line in listed)
    assert aws.wrote() == []


def test_forced_deletion_reports_retained_resources(aws: Aws) -> None:
    failed_before(aws)
    left = event(9, "ApiGatewayRole", "DELETE_SKIPPED", physical_id="role")
    is_forced(aws, left | {"ResourceType": "AWS::IAM::Role"})
    done = delete("--force")
    assert done.exit_code == 0
    kept = done.stderr.splitlines()[-1]
    assert "data-bucket" in kept
    assert "AWS::IAM::Role" in kept
    assert aws.wrote() == ["DeleteStack"]


def test_forced_deletion_keeps_a_bucket_with_content(aws: Aws) -> None:
    aws.stack("DELETE_FAILED")
    aws.resources(BUCKET, status="DELETE_FAILED")
    aws.template(DELETED)
    aws.events(FAILED, STARTED)
    holds(aws, "1")
    is_forced(aws, SKIPPED | {"EventId": "20"})
    assert "data-bucket" in delete("--force").stderr.splitlines()[-1]
    assert aws.wrote() == ["DeleteStack"]


def test_force_sends_the_deletion_mode_to_cloudformation(aws: Aws) -> None:
    sent: list[str] = []
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.DeleteStack",
        lambda params, **_: sent.append(params.get("DeletionMode", "")),
    )
    for arguments in (["--force"], []):
        failed_before(aws)
        aws.events(*TWICE)
        aws.stack("DELETE_FAILED")
        aws.events(*TWICE)
        aws.answers("cloudformation", "delete_stack", {})
        aws.stack("DELETE_COMPLETE")
        aws.events(*TWICE)
        assert delete(*arguments).exit_code == 0
    assert sent == ["FORCE_DELETE_STACK", ""]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "DELETE_IN_PROGRESS", "ROLLBACK_FAILED"])
def test_force_requires_a_failed_deletion(aws: Aws, status: str) -> None:
    aws.stack(status)
    line = error_of(delete("--force"), 1)
    assert status in line
    assert "--force" in line
    assert aws.wrote() == []


def test_force_with_an_old_boto3_is_refused_before_anything_is_emptied(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StackClient, "knows", lambda *_: False)
    aws.stack("DELETE_FAILED")
    assert "boto3" in error_of(delete("--force", "--with-data=read-model"), 2)
    assert aws.wrote() == []


def test_undeletable_object_is_named_and_exits_6(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1", "2")
    aws.stack()
    holds(aws, "1", "2")
    errors = [{"Key": "k", "VersionId": "2", "Code": "AccessDenied", "Message": "object lock"}]
    aws.answers("s3", "delete_objects", {"Errors": errors})
    line = error_of(delete("--with-data=read-model"), 6)
    assert line.startswith("data-bucket/k: ")
    assert "AccessDenied" in line
    assert aws.wrote() == ["DeleteObjects"], "the stack still exists"


def test_bucket_that_cannot_be_removed_names_the_command_to_repeat(aws: Aws) -> None:
    found(aws, RETAINED)
    holds(aws, "1")
    goes(aws)
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    aws.refuses("s3", "delete_bucket", "AccessDenied", "no", 403)
    line = error_of(delete("--with-data=read-model"), 9)
    assert re.match(r"data-bucket: .*\b1\b.*DeleteBucket.*AccessDenied", line)
    assert line.endswith(f"{AGAIN} --with-data=read-model")


def test_denied_bucket_listing_deletes_nothing(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.refuses("s3", "list_object_versions", "AccessDenied", "no", 403)
    line = error_of(delete("--with-data=read-model"), 1)
    assert "ListObjectVersions" in line
    assert "AccessDenied" in line
    assert aws.wrote() == []


def test_denied_stack_deletion_after_the_bucket_was_emptied_is_unfinished(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1")
    aws.stack()
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    aws.events(MADE)
    aws.refuses("cloudformation", "delete_stack", "AccessDenied", "no", 403)
    line = error_of(delete("--with-data=read-model"), 9)
    assert re.search("eu-west-1.*DeleteStack.*AccessDenied", line)
    assert line.endswith(f"{AGAIN} --with-data=read-model")


def test_denied_stack_deletion_before_anything_was_deleted_exits_1(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack()
    aws.events(MADE)
    aws.refuses("cloudformation", "delete_stack", "AccessDenied", "no", 403)
    assert re.search("DeleteStack.*AccessDenied", error_of(delete(), 1))


def test_expired_token_while_following_names_the_command_to_repeat(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack()
    aws.events(MADE)
    aws.answers("cloudformation", "delete_stack", {})
    aws.refuses("cloudformation", "describe_stacks", "ExpiredToken", "old", 403)
    line = error_of(delete(), 9)
    assert line.endswith(AGAIN)


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_while_following_names_the_command_to_repeat(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "event", interrupt)
    found(aws, RETAINED)
    holds(aws)
    goes(aws, "DELETE_IN_PROGRESS", event(2, "ApiGatewayRole", "DELETE_IN_PROGRESS"))
    line = error_of(delete("--with-data=read-model", "--events"), 9)
    assert line.endswith(f"{AGAIN} --with-data=read-model")


def test_ctrl_c_before_the_deletion_starts_exits_1(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack()
    events = aws.client("cloudformation").meta.events
    events.register("provide-client-params.cloudformation.DescribeStackEvents", interrupt)
    error_of(delete(), 1)
    assert aws.wrote() == []


def test_ctrl_c_while_emptying_reports_the_deleted_versions(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1", "2")
    aws.stack()
    holds(aws, "1", "2")
    empties(aws, "1", "2")
    pages = iter(range(9))

    def interrupt_the_third(**_: Any) -> None:
        if next(pages) == 2:
            raise KeyboardInterrupt

    events = aws.client("s3").meta.events
    events.register("provide-client-params.s3.ListObjectVersions", interrupt_the_third)
    line = error_of(delete("--with-data=read-model"), 9)
    assert re.match(r"data-bucket: .*\b2\b", line)
    assert line.endswith(f"{AGAIN} --with-data=read-model")
    assert aws.wrote() == ["DeleteObjects"], "the stack still exists"


def test_sigterm_while_emptying_reports_the_deleted_versions(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1", "2")
    aws.stack()
    holds(aws, "1", "2")
    empties(aws, "1", "2")
    pages = iter(range(9))

    def terminate_at_the_third(**_: Any) -> None:
        if next(pages) == 2:
            signal.raise_signal(signal.SIGTERM)

    events = aws.client("s3").meta.events
    events.register("provide-client-params.s3.ListObjectVersions", terminate_at_the_third)
    line = error_of(delete("--with-data=read-model"), 9)
    assert re.match(r"data-bucket: .*\b2\b", line)
    assert AGAIN in line
    assert aws.wrote() == ["DeleteObjects"]


def test_deletion_in_progress_that_fails_is_not_repeated_without_consent(aws: Aws) -> None:
    """A deletion in progress requires no consent, so none was asked for."""
    aws.stack("DELETE_IN_PROGRESS")
    aws.resources(BUCKET, status="CREATE_COMPLETE")
    aws.template(DELETED)
    aws.events(STARTED, MADE)
    holds(aws, "1")
    aws.stack("DELETE_FAILED")
    line = error_of(run("delete", "--region", "eu-west-1", "--with-data"), 9)
    assert "DELETE_FAILED" in line
    assert AGAIN in line
    assert aws.wrote() == []
