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


def test_what_goes_and_what_stays_is_told_before_it_is_asked(aws: Aws) -> None:
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
def test_with_data_what_is_in_the_buckets_is_told_as_far_as_one_call_tells(
    aws: Aws, content: dict[str, Any], told: str
) -> None:
    found(aws, RETAINED)
    aws.answers("s3", "list_object_versions", content, Bucket="data-bucket", MaxKeys=1000)
    done = run("delete", "--region", "eu-west-1", "--with-data=read-model")
    line = error_of(done, 1)
    assert line.startswith(
        "Delete stack read-model in eu-west-1, with all documents and their versions, for good: "
    )
    assert done.stderr.splitlines()[1:-1] == [
        "  delete  1 resources: IAM 1",
        f"  delete  data-bucket: {told}",
    ]


def test_no_data_is_asked_about_where_there_is_none(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    line = error_of(run("delete", "--region", "eu-west-1", "--with-data=read-model"), 1)
    assert line.startswith("Delete stack read-model in eu-west-1: ")


def test_a_no_deletes_nothing(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    def no(question: str, yes: bool) -> None:
        raise ReadModelError("not done, as you said", where=f"{question} {yes}")

    monkeypatch.setattr(command, "consent", no)
    found(aws, DELETED)
    holds(aws)
    line = error_of(run("delete", "--region", "eu-west-1"), 1)
    assert line.startswith("Delete stack read-model in eu-west-1? False")
    assert aws.wrote() == []


def test_what_changed_while_a_person_thought_is_seen(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack(protected=True)
    assert "it is protected against deletion" in error_of(delete(), 1)
    found(aws, DELETED)
    holds(aws, "1")
    aws.stack("UPDATE_IN_PROGRESS")
    assert "another operation goes on" in error_of(delete("--with-data=read-model"), 9)
    assert aws.wrote() == []


def test_a_retained_bucket_stays_and_that_is_said(aws: Aws) -> None:
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
    holds(aws, "1", "2", markers=("3",), more=True)
    goes(aws)
    holds(aws, "1", "2", markers=("3",))
    empties(aws, "1", "2", "3")
    holds(aws, markers=("4",))
    empties(aws, "4")
    holds(aws)
    aws.answers("s3", "delete_bucket", {}, Bucket="data-bucket")
    done = delete("--with-data=read-model")
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-2:] == ["Deleted data-bucket: 4 versions.", "Deleted."]
    assert aws.wrote() == ["DeleteStack", "DeleteObjects", "DeleteObjects", "DeleteBucket"]


def test_with_data_any_other_bucket_is_emptied_before_its_stack_removes_it(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    done = delete("--with-data=read-model")
    assert done.exit_code == 0
    assert "Emptied data-bucket: 1 version." in done.stderr
    assert aws.wrote() == ["DeleteObjects", "DeleteStack"]


def test_a_stack_that_cannot_be_deleted_keeps_the_data_of_a_retained_bucket(aws: Aws) -> None:
    found(aws, RETAINED)
    holds(aws, "1")
    goes(aws, "DELETE_FAILED", FAILED, ROLE_FAILED)
    error_of(delete("--with-data=read-model"), 6)
    assert aws.wrote() == ["DeleteStack"]


def test_the_result_as_json_is_one_object_on_stdout(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
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
        dict(zip(("logical_id", "type", "physical_id"), one, strict=True))
        for one in (BUCKET, POLICY)
    ]
    expected: dict[str, Any] = {"deleted": "read-model", "kept": kept, "removed_buckets": {}}
    assert json.loads(done.stdout) == expected
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    done = delete("--json", "--with-data=read-model")
    expected = {"deleted": "read-model", "kept": [], "removed_buckets": {"data-bucket": 1}}
    assert json.loads(done.stdout) == expected
    assert quiet == [True]


@pytest.mark.parametrize("content", [versions("1"), versions(markers=("1",))])
def test_a_bucket_with_anything_in_it_is_refused_before_anything_is_deleted(
    aws: Aws, content: dict[str, Any]
) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", content)
    line = error_of(delete(), 1)
    assert line.startswith("data-bucket: AWS deletes no bucket that is not empty: 1 version, ")
    assert line.endswith("; give --with-data to delete its documents for good")
    assert aws.wrote() == []


@pytest.mark.parametrize("arguments", [(), ("--with-data=read-model",)])
def test_a_bucket_that_a_rollback_has_removed_is_left_alone(
    aws: Aws, arguments: tuple[str, ...]
) -> None:
    aws.stack()
    aws.resources(BUCKET, ROLE, status="DELETE_COMPLETE")
    goes(aws)
    assert delete(*arguments).exit_code == 0
    assert aws.wrote() == ["DeleteStack"]


@pytest.mark.parametrize("arguments", [(), ("--with-data=read-model",)])
def test_a_stack_that_never_was_more_than_a_change_set_can_be_deleted(
    aws: Aws, arguments: tuple[str, ...]
) -> None:
    aws.stack("REVIEW_IN_PROGRESS")
    aws.resources()
    goes(aws)
    assert delete(*arguments).exit_code == 0
    assert aws.wrote() == ["DeleteStack"]


def test_an_empty_bucket_goes_with_its_stack(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws)
    goes(aws)
    assert delete().exit_code == 0


@pytest.mark.parametrize("template", [RETAINED, DELETED], ids=["retained", "not"])
def test_a_bucket_that_somebody_deleted_before_is_no_obstacle(
    aws: Aws, template: dict[str, Any]
) -> None:
    found(aws, template)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    goes(aws)
    assert delete("--with-data=read-model").exit_code == 0
    assert aws.wrote() == ["DeleteStack"]


@pytest.mark.parametrize("template", [RETAINED, DELETED], ids=["retained", "not"])
def test_yes_is_no_consent_to_erase_documents(aws: Aws, template: dict[str, Any]) -> None:
    found(aws, template)
    holds(aws, "1")
    assert "--with-data=read-model" in error_of(delete("--with-data"), 1)
    assert aws.wrote() == []


def test_with_data_and_another_name_is_a_usage_error(aws: Aws) -> None:
    assert error_of(delete("--with-data=other"), 2).startswith("--with-data: 'other' is not")
    assert aws.calls == []


def test_with_data_is_no_consent_to_delete_the_stack(aws: Aws) -> None:
    found(aws, RETAINED)
    holds(aws, "1")
    done = run("delete", "--region", "eu-west-1", "--with-data=read-model")
    assert error_of(done, 1).endswith("give --yes")
    assert aws.wrote() == []


def test_at_a_terminal_the_typed_name_is_the_only_question(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    done = run("delete", "--region", "eu-west-1", "--with-data", typed="read-model\n")
    assert done.exit_code == 0
    assert aws.wrote() == ["DeleteObjects", "DeleteStack"]


@pytest.mark.parametrize("answer", ["y\n", "yes\n", "\n", "other\n", ""])
def test_no_other_answer_erases_documents(aws: Aws, answer: str) -> None:
    found(aws, DELETED)
    holds(aws, "1")
    arguments = ("delete", "--yes", "--region", "eu-west-1", "--with-data")
    error_of(run(*arguments, typed=answer), 1)
    assert aws.wrote() == []
