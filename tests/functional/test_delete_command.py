"""`delete`: it lists what will be deleted and kept, and deletes nothing else."""

import json
import re
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
from functional_aws import STACK_ID, TARGET, Aws, enter_project, error_of, event, run, stubbed

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy.deletion_plan import DeletionPlan


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def test_delete_lists_deleted_and_kept_resources_before_asking(aws: Aws) -> None:
    found(aws, RETAINED)
    done = run("delete", "--region", "eu-west-1")
    line = error_of(done, 1)
    for name in ("read-model", "eu-west-1", "data-bucket", "--yes"):
        assert name in line
    listed = [line.split() for line in done.stderr.splitlines()]
    assert {"DataStore", "AWS::S3::Bucket", "data-bucket"} <= set(listed[2])
    assert {"DataStorePolicy", "AWS::S3::BucketPolicy", "data-bucket"} <= set(listed[3])
    assert "IAM" in listed[1]
    assert aws.wrote() == []


@pytest.mark.parametrize(
    ("content", "count", "size"),
    [
        (versions("1", "2", markers=("3",)), "3", "3.0 kB"),
        (versions("1", more=True), "1", "1.5 kB"),
        (versions(), "0", "0 bytes"),
    ],
)
def test_with_data_shows_the_bucket_content_of_one_listing_page(
    aws: Aws, content: dict[str, Any], count: str, size: str
) -> None:
    found(aws, RETAINED)
    aws.answers("s3", "list_object_versions", content, Bucket="data-bucket", MaxKeys=1000)
    done = run("delete", "--region", "eu-west-1", "--with-data=read-model")
    assert "read-model" in error_of(done, 1)
    (line,) = (line for line in done.stderr.splitlines() if "data-bucket: " in line)
    assert re.search(rf"\b{count}\b.*\b{size}", line)


def test_with_data_without_a_bucket_mentions_no_documents(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", status=404)
    done = run("delete", "--region", "eu-west-1", "--with-data=read-model")
    assert "read-model" in error_of(done, 1)
    assert "data-bucket: " not in done.stderr


def test_refused_consent_deletes_nothing(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws)
    line = error_of(run("delete", "--region", "eu-west-1", typed="n\n"), 1)
    assert "read-model" in line
    assert aws.wrote() == []


@pytest.mark.parametrize("with_data", [False, True])
def test_delete_in_python_requires_consent(aws: Aws, with_data: bool) -> None:
    found(aws, RETAINED)
    if with_data:
        holds(aws, "1")
    with pytest.raises(ConsentRequired) as error:
        ReadModelStack("read-model", ReadModel(), region="eu-west-1").delete(with_data=with_data)
    assert error.value.consent.kind == ("erase-documents" if with_data else "delete")
    assert aws.wrote() == []


def test_delete_in_python_reports_the_plan_before_it_asks(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    reported: list[Any] = []

    def agree(consent: Consent) -> bool:
        reported.append(consent)
        return True

    stack = ReadModelStack("read-model", ReadModel(), region="eu-west-1")
    done = stack.delete(with_data=True, confirm=agree, on_progress=reported.append)
    assert done.as_dict()["removed_buckets"] == {"data-bucket": 1}
    consents = [value for value in reported if isinstance(value, Consent)]
    (plan,) = (value for value in reported if isinstance(value, DeletionPlan))
    assert reported.index(plan) < reported.index(consents[0])
    assert plan.erased_buckets == ["data-bucket"]
    assert [consent.kind for consent in consents] == ["erase-documents", "delete"]
    assert consents[0].lost == ("data-bucket",)


def test_delete_checks_the_stack_again_after_consent(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.stack(protected=True)
    error_of(delete(), 1)
    found(aws, DELETED)
    holds(aws, "1")
    aws.stack("UPDATE_IN_PROGRESS")
    assert "UPDATE_IN_PROGRESS" in error_of(delete("--with-data=read-model"), 9)
    assert aws.wrote() == []


def test_retained_bucket_is_kept_and_reported(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws, "DELETE_COMPLETE", event(2, "ApiGatewayRole", "DELETE_COMPLETE"))
    done = delete()
    assert done.exit_code == 0
    assert done.stdout == ""
    kept = done.stderr.splitlines()[-1]
    assert kept.count("data-bucket") == 2
    assert "AWS::S3::BucketPolicy" in kept
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
    done = delete("--with-data=read-model")
    assert done.exit_code == 0
    assert re.search(r"data-bucket\b.*\b4\b", done.stderr.splitlines()[-2])
    assert aws.wrote() == ["DeleteStack", "DeleteObjects", "DeleteObjects", "DeleteBucket"]


def test_with_data_empties_other_buckets_before_the_stack_is_deleted(aws: Aws) -> None:
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    done = delete("--with-data=read-model")
    assert done.exit_code == 0
    assert re.search(r"data-bucket\b.*\b1\b", done.stderr)
    assert aws.wrote() == ["DeleteObjects", "DeleteStack"]


def test_failed_deletion_keeps_the_data_of_a_retained_bucket(aws: Aws) -> None:
    found(aws, RETAINED)
    holds(aws, "1")
    goes(aws, "DELETE_FAILED", FAILED, ROLE_FAILED)
    error_of(delete("--with-data=read-model"), 6)
    assert aws.wrote() == ["DeleteStack"]


def test_json_result_is_one_object_on_stdout(aws: Aws) -> None:
    found(aws, RETAINED)
    goes(aws, "DELETE_COMPLETE", event(2, "ApiGatewayRole", "DELETE_COMPLETE"))
    done = delete("--json")
    kept = [
        dict(zip(("logical_id", "type", "physical_id"), resource, strict=True))
        for resource in (BUCKET, POLICY)
    ]
    expected: dict[str, Any] = {"deleted": "read-model", "kept": kept, "removed_buckets": {}}
    expected |= TARGET
    assert json.loads(done.stdout) == expected
    found(aws, DELETED)
    holds(aws, "1")
    holds(aws, "1")
    empties(aws, "1")
    holds(aws)
    goes(aws)
    done = delete("--json", "--with-data=read-model")
    expected = {"deleted": "read-model", "kept": [], "removed_buckets": {"data-bucket": 1}}
    expected |= TARGET
    assert json.loads(done.stdout) == expected


@pytest.mark.parametrize("content", [versions("1"), versions(markers=("1",))])
def test_bucket_with_content_is_refused_before_anything_is_deleted(
    aws: Aws, content: dict[str, Any]
) -> None:
    found(aws, DELETED)
    aws.answers("s3", "list_object_versions", content)
    line = error_of(delete(), 1)
    assert line.startswith("data-bucket: ")
    assert "--with-data" in line
    assert aws.wrote() == []


@pytest.mark.parametrize("arguments", [(), ("--with-data=read-model",)])
def test_bucket_that_a_rollback_removed_is_ignored(aws: Aws, arguments: tuple[str, ...]) -> None:
    aws.stack()
    aws.resources(BUCKET, ROLE, status="DELETE_COMPLETE")
    goes(aws)
    assert delete(*arguments).exit_code == 0
    assert aws.wrote() == ["DeleteStack"]


@pytest.mark.parametrize("arguments", [(), ("--with-data=read-model",)])
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
    assert "--yes" in error_of(done, 1)
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
    line = error_of(run(*arguments, typed=answer), 1)
    if answer.strip():
        assert f"'{answer.strip()}'" in line
    assert aws.wrote() == []
