"""Stacks that `delete` refuses: it changes nothing."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from delete_scenes import BUCKET, RETAINED, delete, found
from functional_aws import Aws, enter_project, error_of, stubbed


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


@pytest.mark.parametrize("arguments", [(), ("--with-data=read-model",)])
def test_protected_stack_is_not_deleted(aws: Aws, arguments: tuple[str, ...]) -> None:
    """Its documents stay too, which are deleted before a stack that does not retain its bucket."""
    aws.stack(protected=True)
    assert "read-model" in error_of(delete(*arguments), 1)
    assert aws.wrote() == []


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_stack_in_progress_is_not_deleted(aws: Aws, status: str) -> None:
    aws.stack(status)
    line = error_of(delete("--with-data=read-model"), 9)
    assert status in line
    assert "readmodel-cfn follow" in line
    assert aws.wrote() == []


def test_stack_without_the_tag_is_not_deleted(aws: Aws) -> None:
    aws.stack(tags={"readmodel-cfn": "no", "team": "web"})
    line = error_of(delete("--with-data=read-model"), 1)
    assert "read-model" in line
    assert "readmodel-cfn = managed" in line
    assert aws.wrote() == []


def test_stack_with_a_yaml_template_is_not_deleted(aws: Aws) -> None:
    aws.stack()
    aws.resources(BUCKET)
    body = {"TemplateBody": "Resources:\n  A: {Type: AWS::S3::Bucket}\n"}
    aws.answers("cloudformation", "get_template", body)
    assert "read-model" in error_of(delete(), 1)
    assert aws.wrote() == []


def test_stack_that_was_deleted_after_the_consent_is_a_success(aws: Aws) -> None:
    found(aws, RETAINED)
    aws.no_stack()
    assert delete().exit_code == 0
    assert aws.wrote() == []


def test_empty_stack_name_is_a_usage_error(aws: Aws) -> None:
    """As from a script with an unset variable."""
    assert "--stack-name" in error_of(delete("--stack-name", ""), 2)
    assert aws.calls == []
