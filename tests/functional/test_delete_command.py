"""`delete`: nothing is lost that was not named, and what is left behind is said."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from functional_aws import STACK_ID, Aws, error_of, event, run, stubbed

from readmodel_cfn import report
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.stacks import delete as stacks
from readmodel_cfn.stacks.client import StackClient

BUCKET = ("DataStore", "AWS::S3::Bucket", "data-bucket")
ROLE = ("ApiGatewayRole", "AWS::IAM::Role", "role")
RETAINED = {"Resources": {"DataStore": {"DeletionPolicy": "RetainExceptOnCreate"}}}
DELETED = {"Resources": {"DataStore": {"DeletionPolicy": "Delete"}, "ApiGatewayRole": {}}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def delete(*arguments: str) -> Any:
    return run("delete", "--region", "eu-west-1", "--yes", *arguments)


def versions(*ids: str, markers: tuple[str, ...] = (), more: bool = False) -> dict[str, Any]:
    return {
        "Versions": [{"Key": "k", "VersionId": one} for one in ids],
        "DeleteMarkers": [{"Key": "k", "VersionId": one} for one in markers],
        "IsTruncated": more,
        **({"NextKeyMarker": "k", "NextVersionIdMarker": ids[-1]} if more else {}),
    }


def found(aws: Aws, template: dict[str, Any], status: str = "CREATE_COMPLETE") -> None:
    """The stack is there, with its bucket."""
    aws.stack()
    aws.template(template)
    aws.resources(BUCKET, ROLE, status=status)


def goes(aws: Aws, ends: str = "DELETE_COMPLETE", *events: dict[str, Any]) -> None:
    """CloudFormation deletes the stack."""
    aws.stack()
    aws.events(event(1, "DataStore", "CREATE_COMPLETE"))
    aws.answers("cloudformation", "delete_stack", {})
    aws.stack(ends)
    aws.events(*events, event(1, "DataStore", "CREATE_COMPLETE"))


def empties(aws: Aws, *ids: str) -> None:
    objects = [{"Key": "k", "VersionId": one} for one in ids]
    expected = {"Bucket": "data-bucket", "Delete": {"Objects": objects, "Quiet": True}}
    aws.answers("s3", "delete_objects", {}, **expected)


def test_a_retained_bucket_stays_and_that_is_said(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws, "DELETE_COMPLETE", event(2, "ApiGatewayRole", "DELETE_COMPLETE"))
    done = delete()
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-2:] == ["Kept data-bucket and its payloads.", "Deleted."]
    assert aws.wrote() == ["DeleteStack"]


def test_the_stack_is_deleted_by_its_id_so_that_a_namesake_is_safe(aws: Aws) -> None:
    sent: list[str] = []
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.DeleteStack",
        lambda params, **_: sent.append(params["StackName"]),
    )
    found(aws, RETAINED)
    goes(aws)
    delete()
    assert sent == [STACK_ID]


def test_with_data_a_retained_bucket_is_emptied_and_removed_after_its_stack(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws)
    aws.answers("s3", "list_object_versions", versions("1", "2", markers=("3",), more=True))
    empties(aws, "1", "2", "3")
    aws.answers("s3", "list_object_versions", versions(markers=("4",)))
    empties(aws, "4")
    aws.answers("s3", "delete_bucket", {}, Bucket="data-bucket")
    done = delete("--with-data")
    assert done.exit_code == 0
    assert "Deleted data-bucket with 4 versions." in done.stderr
    assert aws.wrote() == ["DeleteStack", "DeleteObjects", "DeleteObjects", "DeleteBucket"]


def test_with_data_any_other_bucket_is_emptied_before_its_stack_removes_it(aws: Aws) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", versions("1"))
    empties(aws, "1")
    goes(aws)
    done = delete("--with-data")
    assert done.exit_code == 0
    assert "Emptied data-bucket: 1 versions deleted." in done.stderr
    assert aws.wrote() == ["DeleteObjects", "DeleteStack"]


@pytest.mark.parametrize("content", [versions("1"), versions(markers=("1",))])
def test_a_bucket_with_anything_in_it_is_refused_before_anything_is_deleted(
    aws: Aws, content: dict[str, Any]
) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", content)
    assert error_of(delete(), 1) == (
        "data-bucket: AWS deletes no bucket that is not empty; "
        "give --with-data to delete its payloads for good"
    )
    assert aws.wrote() == []


def test_a_look_into_the_bucket_reads_one_entry_and_emptying_reads_what_one_call_deletes(
    aws: Aws,
) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", versions("1"), Bucket="data-bucket", MaxKeys=1)
    error_of(delete(), 1)
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", versions(), Bucket="data-bucket", MaxKeys=1000)
    goes(aws)
    assert delete("--with-data").exit_code == 0


@pytest.mark.parametrize("arguments", [(), ("--with-data",)])
@pytest.mark.parametrize("template", [RETAINED, DELETED], ids=["retained", "not"])
def test_a_bucket_that_a_rollback_has_removed_is_left_alone(
    aws: Aws, arguments: tuple[str, ...], template: dict[str, Any]
) -> None:
    found(aws, template, status="DELETE_COMPLETE")
    goes(aws)
    assert delete(*arguments).exit_code == 0
    assert aws.wrote() == ["DeleteStack"]


def test_a_stack_that_never_was_more_than_a_change_set_can_be_deleted(aws: Aws) -> None:
    aws.stack("REVIEW_IN_PROGRESS")
    aws.events()
    aws.answers("cloudformation", "delete_stack", {})
    aws.stack("DELETE_COMPLETE")
    aws.events()
    stacks.delete(StackClient(aws.client("cloudformation")), STACK_ID)
    assert aws.wrote() == ["DeleteStack"]


def test_the_function_itself_refuses_what_the_command_refuses(aws: Aws) -> None:
    client = StackClient(aws.client("cloudformation"))
    aws.stack(protected=True)
    with pytest.raises(ReadModelError, match="protected against deletion; set termination_prot"):
        stacks.delete(client, "read-model")
    aws.stack("UPDATE_IN_PROGRESS")
    with pytest.raises(Unfinished):
        stacks.delete(client, "read-model")
    aws.no_stack()
    with pytest.raises(ReadModelError, match="stack read-model: there is no such stack"):
        stacks.delete(client, "read-model")
    assert aws.wrote() == []


def test_an_empty_bucket_goes_with_its_stack(aws: Aws) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", versions())
    goes(aws)
    assert delete().exit_code == 0


@pytest.mark.parametrize("arguments", [(), ("--with-data",)])
def test_a_protected_stack_loses_nothing(aws: Aws, arguments: tuple[str, ...]) -> None:
    """Not even its payloads, which go before the stack where the bucket is not retained."""
    aws.stack(protected=True)
    assert "it is protected against deletion" in error_of(delete(*arguments), 1)
    assert aws.wrote() == []


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"])
def test_a_stack_that_is_busy_loses_nothing(aws: Aws, status: str) -> None:
    aws.stack(status)
    assert f"another operation goes on ({status})" in error_of(delete("--with-data"), 9)
    assert aws.wrote() == []


def test_what_s3_does_not_delete_is_told_and_a_person_must_act(aws: Aws) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", versions("1", "2"))
    errors = [{"Key": "k", "VersionId": "2", "Code": "AccessDenied", "Message": "object lock"}]
    aws.answers("s3", "delete_objects", {"Errors": errors})
    line = error_of(delete("--with-data"), 6)
    assert line == "data-bucket/k: 1 not deleted: AccessDenied object lock"
    assert aws.wrote() == ["DeleteObjects"], "the stack is still there"


def test_a_bucket_that_cannot_be_removed_after_its_stack_needs_a_person(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws)
    aws.refuses("s3", "list_object_versions", "AccessDenied", "no", 403)
    line = error_of(delete("--with-data"), 6)
    assert line.startswith("data-bucket: AWS ListObjectVersions: AccessDenied: no")
    assert line.endswith("the stack is deleted; empty and delete its bucket by hand")


def test_a_bucket_that_somebody_deleted_before_is_no_obstacle(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    aws.refuses("s3", "delete_bucket", "NoSuchBucket", status=404)
    assert delete("--with-data").exit_code == 0


def test_nor_where_the_stack_itself_would_remove_it(aws: Aws) -> None:
    found(aws, DELETED)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    goes(aws)
    assert delete().exit_code == 0


def test_a_deletion_that_fails_is_stuck_and_names_the_resource(aws: Aws) -> None:
    found(aws, RETAINED)
    failed = event(2, "ApiGatewayRole", "DELETE_FAILED", "it is in use")
    goes(aws, "DELETE_FAILED", failed)
    line = error_of(delete(), 6)
    assert "DELETE_FAILED: ApiGatewayRole (AWS::S3::Bucket): it is in use" in line
    assert line.startswith("stack read-model: ")


def test_no_stack_is_nothing_to_delete(aws: Aws) -> None:
    aws.no_stack()
    line = error_of(delete(), 1)
    assert line.startswith("stack read-model in eu-west-1: does not exist")


def test_without_a_terminal_and_without_yes_nothing_is_deleted(aws: Aws) -> None:
    found(aws, RETAINED)
    line = error_of(run("delete", "--region", "eu-west-1"), 1)
    assert line.startswith("Delete stack read-model in eu-west-1, keeping data-bucket?: ")
    assert aws.wrote() == []


def test_a_stack_of_another_tool_in_yaml_is_not_guessed_at(aws: Aws) -> None:
    aws.stack()
    body = {"TemplateBody": "Resources:\n  A: {Type: AWS::S3::Bucket}\n"}
    aws.answers("cloudformation", "get_template", body)
    assert "its template is not this tool's" in error_of(delete(), 1)
    assert aws.wrote() == []


def test_ctrl_c_while_following_leaves_it_going_on(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(report, "event", interrupt)
    found(aws, RETAINED)
    goes(aws, "DELETE_IN_PROGRESS", event(2, "ApiGatewayRole", "DELETE_IN_PROGRESS"))
    assert "run: readmodel-cfn status" in error_of(delete(), 9)


def test_an_empty_stack_name_is_not_the_default_one(aws: Aws) -> None:
    """As from a script whose variable is not set."""
    assert error_of(delete("--stack-name", ""), 2).startswith("--stack-name: '' is not allowed")
    assert aws.calls == []
