"""`delete` where something fails or is interrupted: what to do next is said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY
from delete_scenes import (
    AGAIN,
    BEGUN,
    BUCKET,
    DELETED,
    FAILED,
    MADE,
    RETAINED,
    ROLE_FAILED,
    SKIPPED,
    delete,
    described,
    empties,
    found,
    goes,
    holds,
)
from functional_aws import STACK_ID, Aws, error_of, event, run, stubbed

from readmodel_cfn import report
from readmodel_cfn.errors import Stuck
from readmodel_cfn.stacks import delete as stacks
from readmodel_cfn.stacks.client import StackClient
from readmodel_cfn.stacks.values import Stack


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def deletes(aws: Aws, stack: Stack, *, force: bool = False) -> None:
    following = stacks.to_follow(StackClient(aws.client("cloudformation")), stack, "again")
    stacks.delete(following, stack, force=force)


def test_failed_deletion_names_all_failed_resources_and_force(aws: Aws) -> None:
    found(aws, RETAINED)
    user_failed = event(6, "DataStoreWriter", "DELETE_FAILED", "so is this")
    goes(aws, "DELETE_FAILED", FAILED, user_failed, ROLE_FAILED)
    assert error_of(delete(), 6) == (
        "stack read-model: DELETE_FAILED: ApiGatewayRole (AWS::S3::Bucket): it is in use "
        "(DataStoreWriter failed too); "
        "mend it and run delete again; or leave it behind with --force"
    )


def test_resource_that_failed_twice_is_named_with_its_first_reason(aws: Aws) -> None:
    first = event(3, "ApiGatewayRole", "DELETE_FAILED", "first reason")
    aws.events(MADE)
    aws.answers("cloudformation", "delete_stack", {})
    aws.stack("DELETE_FAILED")
    aws.events(FAILED, ROLE_FAILED, first, MADE)
    with pytest.raises(Stuck, match=r"\(AWS::S3::Bucket\): first reason; "):
        deletes(aws, described())


@pytest.mark.parametrize(
    ("reason", "way"),
    [
        (
            "The bucket you tried to delete is not empty (Service: S3)",
            "readmodel-cfn delete --with-data",
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
    assert error_of(delete(), 6).startswith("stack read-model: DELETE_FAILED: ")


# Newest first: a second attempt has failed as the first did, which skipped the bucket.
TWICE = [FAILED, ROLE_FAILED, BEGUN | {"EventId": "12"}, FAILED | {"EventId": "11"}, SKIPPED, BEGUN]


def failed_before(aws: Aws) -> None:
    """The stack as a deletion that failed has left it."""
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
    assert line.startswith("Force the deletion of stack read-model in eu-west-1, keeping data-bu")
    assert "  leave   ApiGatewayRole  AWS::S3::Bucket  it is in use" in done.stderr.splitlines()
    assert aws.wrote() == []


def test_forced_deletion_reports_retained_resources(aws: Aws) -> None:
    failed_before(aws)
    left = event(9, "ApiGatewayRole", "DELETE_SKIPPED", physical_id="role")
    is_forced(aws, left | {"ResourceType": "AWS::IAM::Role"})
    done = delete("--force")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-3:] == [
        "Kept data-bucket and its documents.",
        "Kept role (AWS::IAM::Role).",
        "Deleted.",
    ]
    assert aws.wrote() == ["DeleteStack"]


def test_forced_deletion_keeps_a_bucket_with_content(aws: Aws) -> None:
    aws.stack("DELETE_FAILED")
    aws.resources(BUCKET, status="DELETE_FAILED")
    aws.template(DELETED)
    aws.events(FAILED, BEGUN)
    holds(aws, "1")
    is_forced(aws, SKIPPED | {"EventId": "20"})
    assert "Kept data-bucket and its documents." in delete("--force").stderr
    assert aws.wrote() == ["DeleteStack"]


def test_force_sends_the_deletion_mode_to_cloudformation(aws: Aws) -> None:
    sent: list[str] = []
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.DeleteStack",
        lambda params, **_: sent.append(params.get("DeletionMode", "")),
    )
    for force in (True, False):
        aws.events(MADE)
        aws.answers("cloudformation", "delete_stack", {})
        aws.stack("DELETE_COMPLETE")
        aws.events(MADE)
        deletes(aws, described("DELETE_FAILED"), force=force)
    assert sent == ["FORCE_DELETE_STACK", ""]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "DELETE_IN_PROGRESS", "ROLLBACK_FAILED"])
def test_force_requires_a_failed_deletion(aws: Aws, status: str) -> None:
    aws.stack(status)
    assert error_of(delete("--force"), 1) == (
        "stack read-model: only a deletion that failed can be forced, "
        f"and the stack is {status}; run delete without --force"
    )
    assert aws.wrote() == []


def test_force_with_an_old_boto3_is_refused_before_anything_is_emptied(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StackClient, "knows", lambda *_: False)
    aws.stack("DELETE_FAILED")
    assert "upgrade boto3" in error_of(delete("--force", "--with-data"), 2)
    assert aws.wrote() == []


def test_undeletable_object_is_named_and_exits_6(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1", "2")
    aws.stack()
    holds(aws, "1", "2")
    errors = [{"Key": "k", "VersionId": "2", "Code": "AccessDenied", "Message": "object lock"}]
    aws.answers("s3", "delete_objects", {"Errors": errors})
    line = error_of(delete("--with-data"), 6)
    assert line.startswith("data-bucket/k: not deleted: AccessDenied object lock; ")
    assert aws.wrote() == ["DeleteObjects"], "the stack is still there"


def test_bucket_that_cannot_be_removed_names_the_command_to_repeat(aws: Aws) -> None:
    found(aws, RETAINED)
    holds(aws, "1")
    goes(aws)
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    aws.refuses("s3", "delete_bucket", "AccessDenied", "no", 403)
    line = error_of(delete("--with-data"), 9)
    assert line.startswith(
        "data-bucket: at least 1 version deleted, then AWS DeleteBucket: AccessDenied: no"
    )
    assert line.endswith(f"; to go on: {AGAIN} --with-data")


def test_denied_bucket_listing_deletes_nothing(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.refuses("s3", "list_object_versions", "AccessDenied", "no", 403)
    assert error_of(delete("--with-data"), 1).startswith("AWS ListObjectVersions: AccessDenied: no")
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
    line = error_of(delete("--with-data"), 9)
    assert "in eu-west-1: its documents are deleted, then AWS DeleteStack: AccessDenied: no" in line
    assert line.endswith(f"; to go on: {AGAIN} --with-data")


def test_denied_stack_deletion_before_anything_was_deleted_exits_1(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack()
    aws.events(MADE)
    aws.refuses("cloudformation", "delete_stack", "AccessDenied", "no", 403)
    assert error_of(delete(), 1).startswith("AWS DeleteStack: AccessDenied: no; ask for this")


def test_expired_token_while_following_names_the_command_to_repeat(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack()
    aws.events(MADE)
    aws.answers("cloudformation", "delete_stack", {})
    aws.refuses("cloudformation", "describe_stacks", "ExpiredToken", "old", 403)
    line = error_of(delete(), 9)
    assert line.endswith(f"CloudFormation goes on by itself; run: {AGAIN}")


def interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_ctrl_c_while_following_names_the_command_to_repeat(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "event", interrupt)
    found(aws, RETAINED)
    holds(aws)
    goes(aws, "DELETE_IN_PROGRESS", event(2, "ApiGatewayRole", "DELETE_IN_PROGRESS"))
    assert error_of(delete("--with-data"), 9) == (
        "stack read-model in eu-west-1: no longer following; "
        f"CloudFormation goes on by itself; run: {AGAIN} --with-data"
    )


def test_ctrl_c_before_the_deletion_starts_exits_1(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack()
    events = aws.client("cloudformation").meta.events
    events.register("provide-client-params.cloudformation.DescribeStackEvents", interrupt)
    assert error_of(delete(), 1).startswith("interrupted")
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
    assert error_of(delete("--with-data"), 9) == (
        f"data-bucket: interrupted: at least 2 versions deleted; run: {AGAIN} --with-data"
    )
    assert aws.wrote() == ["DeleteObjects"], "the stack is still there"
