"""`delete` of a stack that is deleted or being deleted: it continues where it stopped."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from delete_scenes import (
    BUCKET,
    DELETED,
    MADE,
    POLICY,
    RETAINED,
    ROLE,
    SKIPPED,
    STARTED,
    delete,
    deleted,
    empties,
    holds,
    others,
    summary,
)
from functional_aws import TARGET, Aws, enter_project, error_of, event, run, stubbed

NO_STACK = "no stack read-model in 123456789012/eu-west-1"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def never_existed(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("cloudformation", "list_stacks", {"StackSummaries": [summary("x", 1, "other")]})


@pytest.mark.parametrize("arguments", [(), ("--with-data=read-model",), ("--force",)])
def test_delete_of_a_stack_that_never_existed_succeeds_and_names_the_account(
    aws: Aws, arguments: tuple[str, ...]
) -> None:
    never_existed(aws)
    done = run("delete", "--region", "eu-west-1", *arguments)
    assert done.exit_code == 0
    assert NO_STACK in done.stderr
    assert ("bucket" in done.stderr) == ("--with-data=read-model" in arguments)
    assert aws.calls.count("GetCallerIdentity") == 1
    assert aws.wrote() == []


def test_json_of_a_stack_that_never_existed_has_the_account(aws: Aws) -> None:
    never_existed(aws)
    found = json.loads(delete("--json").stdout)
    assert found == {"deleted": None, "kept": [], "removed_buckets": {}, **TARGET}


def test_delete_of_a_stack_that_never_existed_succeeds_where_the_account_is_unknown(
    aws: Aws,
) -> None:
    never_existed(aws)
    aws.no_caller()
    done = delete()
    assert done.exit_code == 0
    assert "account unknown" in done.stderr


def test_delete_of_a_missing_stack_succeeds_where_deleted_stacks_are_not_listed(aws: Aws) -> None:
    aws.no_stack()
    aws.refuses("cloudformation", "list_stacks", "AccessDenied", status=403)
    done = delete("--with-data=read-model")
    assert (done.exit_code, NO_STACK in done.stderr) == (0, True)
    assert "cloudformation:ListStacks" in done.stderr


def test_delete_ignores_a_deleted_stack_of_another_tool(aws: Aws) -> None:
    deleted(aws, tags={})
    done = delete("--with-data=read-model")
    assert (done.exit_code, NO_STACK in done.stderr) == (0, True)
    assert aws.wrote() == []


def test_delete_of_a_deleted_stack_succeeds_without_consent(aws: Aws) -> None:
    deleted(aws, SKIPPED)
    holds(aws, "1")
    aws.stack("DELETE_COMPLETE")
    done = run("delete", "--region", "eu-west-1")
    assert done.exit_code == 0
    assert NO_STACK in done.stderr
    assert "data-bucket" in done.stderr
    assert "GetCallerIdentity" not in aws.calls
    assert aws.wrote() == []


def test_the_policy_of_a_bucket_that_is_gone_is_not_kept(aws: Aws) -> None:
    """On the sandbox the policy's physical ID is not the bucket's name."""
    policy = event(4, "DataStorePolicy", "DELETE_SKIPPED", physical_id="data-bucket-policy")
    deleted(aws, policy | {"ResourceType": POLICY[1]}, SKIPPED)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    aws.stack("DELETE_COMPLETE")
    found = json.loads(run("delete", "--region", "eu-west-1", "--json").stdout)
    assert found["kept"] == []


def test_with_data_removes_the_bucket_that_an_earlier_delete_left(aws: Aws) -> None:
    """As after Ctrl-C, when the stack was deleted, but not all versions in its retained bucket."""
    deleted(aws, SKIPPED)
    holds(aws, "1")
    others(aws, Something="else")
    aws.stack("DELETE_COMPLETE")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    aws.answers("s3", "delete_bucket", {}, Bucket="data-bucket")
    done = delete("--with-data=read-model")
    assert done.exit_code == 0
    assert re.search(r"data-bucket\b.*\b1\b", done.stderr)
    assert aws.wrote() == ["DeleteObjects", "DeleteBucket"]


def test_removing_the_bucket_of_a_deleted_stack_requires_consent(aws: Aws) -> None:
    deleted(aws, SKIPPED)
    holds(aws, "1")
    others(aws)
    line = error_of(run("delete", "--region", "eu-west-1", "--with-data=read-model"), 1)
    assert "read-model" in line
    assert "--yes" in line
    assert aws.wrote() == []


def test_with_data_keeps_a_bucket_that_another_stack_uses(aws: Aws) -> None:
    deleted(aws, SKIPPED)
    holds(aws, "1")
    others(aws, S3BucketName="data-bucket")
    line = error_of(delete("--with-data=read-model"), 1)
    assert line.startswith("data-bucket: ")
    assert "--stack-name shop" in line
    assert aws.wrote() == []


@pytest.mark.parametrize("arguments", [(), ("--with-data=read-model",)])
def test_delete_of_a_deleted_stack_without_a_bucket_changes_nothing(
    aws: Aws, arguments: tuple[str, ...]
) -> None:
    deleted(aws, SKIPPED)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    aws.stack("DELETE_COMPLETE")
    done = run("delete", "--region", "eu-west-1", "--json", *arguments)
    found = json.loads(done.stdout)
    assert found == {"deleted": "read-model", "kept": [], "removed_buckets": {}, **TARGET}
    assert aws.wrote() == []


def test_delete_follows_a_deletion_in_progress_without_consent(aws: Aws) -> None:
    """It starts nothing, so it requires no consent."""
    going = [SKIPPED, STARTED, MADE]
    aws.stack("DELETE_IN_PROGRESS")
    aws.resources(BUCKET, ROLE, status="DELETE_IN_PROGRESS")
    aws.template(RETAINED)
    aws.events(*going)
    aws.stack("DELETE_IN_PROGRESS")
    aws.events(*going)
    aws.stack("DELETE_COMPLETE")
    aws.events(event(6, "ApiGatewayRole", "DELETE_COMPLETE"), *going)
    done = run("delete", "--region", "eu-west-1", "--events")
    assert done.exit_code == 0
    events = [line.split()[1:3] for line in done.stderr.splitlines() if line.startswith("12:00")]
    assert events == [
        ["DELETE_IN_PROGRESS", "read-model"],
        ["DELETE_SKIPPED", "DataStore"],
        ["DELETE_COMPLETE", "ApiGatewayRole"],
    ]
    assert aws.wrote() == []


def test_with_data_removes_the_retained_bucket_after_a_deletion_in_progress(aws: Aws) -> None:
    aws.stack("DELETE_IN_PROGRESS")
    aws.resources(BUCKET, status="DELETE_SKIPPED")
    aws.events(SKIPPED, STARTED)
    holds(aws, "1")
    others(aws)
    aws.stack("DELETE_IN_PROGRESS")
    aws.events(SKIPPED, STARTED)
    aws.stack("DELETE_COMPLETE")
    aws.events(SKIPPED, STARTED)
    holds(aws)
    aws.answers("s3", "delete_bucket", {}, Bucket="data-bucket")
    assert delete("--with-data=read-model").exit_code == 0
    assert aws.wrote() == ["DeleteBucket"]


def test_with_data_leaves_the_bucket_to_a_deletion_in_progress(aws: Aws) -> None:
    """If the bucket still has documents, the deletion fails and says what to do."""
    going = [STARTED, MADE]
    aws.stack("DELETE_IN_PROGRESS")
    aws.resources(BUCKET, status="CREATE_COMPLETE")
    aws.template(DELETED)
    aws.events(*going)
    holds(aws, "1")
    aws.stack("DELETE_IN_PROGRESS")
    aws.events(*going)
    aws.stack("DELETE_COMPLETE")
    aws.events(*going)
    assert run("delete", "--region", "eu-west-1", "--with-data=read-model").exit_code == 0
    assert aws.wrote() == []
