"""`delete`: nothing is lost that was not named, and what stays is said."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from delete_scenes import (
    BUCKET,
    DELETED,
    FAILED,
    POLICY,
    RETAINED,
    ROLE,
    ROLE_FAILED,
    delete,
    empties,
    found,
    goes,
    holds,
    versions,
)
from functional_aws import STACK_ID, Aws, error_of, event, run, stubbed

from readmodel_cfn.cli import delete as command
from readmodel_cfn.cli import deletion
from readmodel_cfn.cli.progress import Progress
from readmodel_cfn.cli.telling import ToPeople
from readmodel_cfn.errors import ReadModelError


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    monkeypatch.chdir(tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def test_delete_lists_deleted_and_kept_resources_before_asking(aws: Aws) -> None:
    found(aws, RETAINED)
    done = run("delete", "--region", "eu-west-1")
    assert error_of(done, 1) == (
        "Delete stack read-model in eu-west-1, keeping data-bucket: "
        "there is no terminal to ask on; give --yes"
    )
    assert done.stderr.splitlines()[:-1] == [
        "stack read-model in eu-west-1 (CREATE_COMPLETE)",
        "  delete  1 resources: IAM 1",
        "  keep    DataStore  AWS::S3::Bucket  data-bucket",
        "  keep    DataStorePolicy  AWS::S3::BucketPolicy  data-bucket",
    ]
    assert aws.wrote() == []


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (versions("1", "2", markers=("3",)), "3 versions, 3.0 kB"),
        (versions("1", more=True), "at least 1 version, at least 1.5 kB"),
        (versions(), "0 versions, 0 bytes"),
    ],
)
def test_with_data_shows_the_bucket_content_of_one_listing_page(
    aws: Aws, content: dict[str, Any], told: str
) -> None:
    found(aws, RETAINED)
    aws.answers("s3", "list_object_versions", content, Bucket="data-bucket", MaxKeys=1000)
    done = run("delete", "--region", "eu-west-1", "--with-data")
    line = error_of(done, 1)
    assert line.startswith(
        "Delete stack read-model in eu-west-1, with all documents and their versions, for good: "
    )
    assert done.stderr.splitlines()[1:-1] == [
        "  delete  1 resources: IAM 1",
        f"  delete  data-bucket: {told}",
    ]


def test_with_data_without_a_bucket_mentions_no_documents(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    line = error_of(run("delete", "--region", "eu-west-1", "--with-data"), 1)
    assert line.startswith("Delete stack read-model in eu-west-1: ")


def test_refused_consent_deletes_nothing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(question: str, yes: bool) -> None:
        raise ReadModelError("not done, as you said", where=f"{question} {yes}")

    monkeypatch.setattr(command, "consent", no)
    found(aws, DELETED)
    holds(aws)
    line = error_of(run("delete", "--region", "eu-west-1"), 1)
    assert line.startswith("Delete stack read-model in eu-west-1? False")
    assert aws.wrote() == []


def test_delete_checks_the_stack_again_after_consent(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack(protected=True)
    assert "it is protected against deletion" in error_of(delete(), 1)
    found(aws, DELETED)
    holds(aws, "1")
    aws.stack("UPDATE_IN_PROGRESS")
    assert "another operation goes on" in error_of(delete("--with-data"), 9)
    assert aws.wrote() == []


def test_retained_bucket_is_kept_and_reported(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws, "DELETE_COMPLETE", event(2, "ApiGatewayRole", "DELETE_COMPLETE"))
    done = delete()
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr.splitlines()[-3:] == [
        "Kept data-bucket and its documents.",
        "Kept data-bucket (AWS::S3::BucketPolicy).",
        "Deleted.",
    ]
    assert aws.wrote() == ["DeleteStack"]


def test_stack_is_deleted_by_its_id(aws: Aws) -> None:
    sent: list[str] = []
    aws.client("cloudformation").meta.events.register(
        "provide-client-params.cloudformation.DeleteStack",
        lambda params, **_: sent.append(params["StackName"]),
    )
    found(aws, RETAINED)
    goes(aws)
    delete()
    assert sent == [STACK_ID]


def test_with_data_removes_a_retained_bucket_after_the_stack(aws: Aws) -> None:
    found(aws, RETAINED)
    holds(aws, "1", "2", markers=("3",), more=True)
    goes(aws)
    holds(aws, "1", "2", markers=("3",))
    empties(aws, "1", "2", "3")
    holds(aws, markers=("4",))
    empties(aws, "4")
    holds(aws)
    aws.answers("s3", "delete_bucket", {}, Bucket="data-bucket")
    done = delete("--with-data")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-2:] == ["Deleted data-bucket: 4 versions.", "Deleted."]
    assert aws.wrote() == ["DeleteStack", "DeleteObjects", "DeleteObjects", "DeleteBucket"]


def test_with_data_empties_other_buckets_before_the_stack_is_deleted(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    done = delete("--with-data")
    assert done.exit_code == 0
    assert "Emptied data-bucket: 1 version." in done.stderr
    assert aws.wrote() == ["DeleteObjects", "DeleteStack"]


def test_failed_deletion_keeps_the_data_of_a_retained_bucket(aws: Aws) -> None:
    found(aws, RETAINED)
    holds(aws, "1")
    goes(aws, "DELETE_FAILED", FAILED, ROLE_FAILED)
    error_of(delete("--with-data"), 6)
    assert aws.wrote() == ["DeleteStack"]


def test_json_result_is_one_object_on_stdout(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """And nothing that moves is on stderr."""
    quiet: list[bool] = []

    class Silence(Progress):
        def __init__(self, what: str, units: str, told: bool) -> None:
            super().__init__(what, units, told)
            quiet.append(told)

    monkeypatch.setattr(deletion, "Progress", Silence)
    monkeypatch.delattr(ToPeople, "following")
    found(aws, RETAINED)
    goes(aws)
    done = delete("--json")
    kept = [
        dict(zip(("logical_id", "type", "physical_id"), resource, strict=True))
        for resource in (BUCKET, POLICY)
    ]
    expected: dict[str, Any] = {"deleted": "read-model", "kept": kept, "removed_buckets": {}}
    assert json.loads(done.stdout) == expected
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    done = delete("--json", "--with-data")
    expected = {"deleted": "read-model", "kept": [], "removed_buckets": {"data-bucket": 1}}
    assert json.loads(done.stdout) == expected
    assert quiet == [True]


@pytest.mark.parametrize("content", [versions("1"), versions(markers=("1",))])
def test_bucket_with_content_is_refused_before_anything_is_deleted(
    aws: Aws, content: dict[str, Any]
) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", content)
    line = error_of(delete(), 1)
    assert line.startswith("data-bucket: AWS deletes no bucket that is not empty: 1 version, ")
    assert line.endswith("; give --with-data to delete its documents for good")
    assert aws.wrote() == []


@pytest.mark.parametrize("arguments", [(), ("--with-data",)])
def test_bucket_that_a_rollback_removed_is_ignored(aws: Aws, arguments: tuple[str, ...]) -> None:
    aws.stack()
    aws.resources(BUCKET, ROLE, status="DELETE_COMPLETE")
    goes(aws)
    assert delete(*arguments).exit_code == 0
    assert aws.wrote() == ["DeleteStack"]


@pytest.mark.parametrize("arguments", [(), ("--with-data",)])
def test_stack_in_review_can_be_deleted(aws: Aws, arguments: tuple[str, ...]) -> None:
    aws.stack("REVIEW_IN_PROGRESS")
    aws.resources()
    goes(aws)
    assert delete(*arguments).exit_code == 0
    assert aws.wrote() == ["DeleteStack"]


def test_empty_bucket_is_deleted_with_its_stack(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws)
    goes(aws)
    assert delete().exit_code == 0


@pytest.mark.parametrize("template", [RETAINED, DELETED], ids=["retained", "not"])
def test_missing_bucket_does_not_block_the_deletion(aws: Aws, template: dict[str, Any]) -> None:
    found(aws, template)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    goes(aws)
    assert delete("--with-data").exit_code == 0
    assert aws.wrote() == ["DeleteStack"]
