"""`history` and `restore`: the versions of a key, and copying an old version."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from functional_aws import TARGET, Aws, enter_project, error_of, run, stubbed

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.consent import Consent, ConsentRequired

BUCKET, KEY = "data-bucket", "payload.json"
HISTORY = f"readmodel-cfn history --stack-name read-model --region eu-west-1 {KEY}"
NEW, OLD, MARKER = "new", "old", "marker"
ROUTES = """
[[routes]]
path = "samples"
key = "payload.json"
[[routes]]
path = "products/{id}"
key = "products/{id}.json"
"""


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def history(*arguments: str, key: str = KEY) -> Any:
    return run("history", key, "--region", "eu-west-1", *arguments)


def restore(version: str = OLD, *arguments: str, key: str = KEY) -> Any:
    return run("restore", key, version, "--region", "eu-west-1", *arguments)


def version(name: str, second: int, *, current: bool = False, key: str = KEY) -> dict[str, Any]:
    """A version as S3 lists it; its ETag is its ID in quotes."""
    time = datetime(2026, 1, 1, 12, 0, second, tzinfo=UTC)
    entry = {"Key": key, "VersionId": name, "LastModified": time, "IsLatest": current}
    return {**entry, "Size": 1234, "ETag": f'"{name}"'}


def marker(second: int, *, current: bool = False) -> dict[str, Any]:
    entry = version(MARKER, second, current=current)
    return {name: entry[name] for name in ("Key", "VersionId", "LastModified", "IsLatest")}


def page(*versions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"IsTruncated": False, "Versions": list(versions), **more}


def lists(aws: Aws, *pages: dict[str, Any], **expected: Any) -> None:
    """The stack's bucket lists these pages."""
    aws.stack()
    for listing in pages:
        aws.answers("s3", "list_object_versions", listing, **expected)


TWO = page(version(NEW, 2, current=True), version(OLD, 1))
DELETED = page(version(OLD, 1), DeleteMarkers=[marker(2, current=True)])


def copies(aws: Aws, **condition: str) -> None:
    aws.answers(
        "s3",
        "copy_object",
        {"VersionId": "copy", "CopyObjectResult": {"ETag": '"old"'}},
        Bucket=BUCKET,
        Key=KEY,
        CopySource={"Bucket": BUCKET, "Key": KEY, "VersionId": OLD},
        MetadataDirective="COPY",
        **condition,
    )


def rows(result: Any) -> list[list[str]]:
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.stdout.splitlines()]


def test_versions_and_deletions_are_listed_newest_first(aws: Aws) -> None:
    lists(
        aws,
        page(version(NEW, 3, current=True), version(OLD, 1), DeleteMarkers=[marker(2)]),
        Bucket=BUCKET,
        Prefix=KEY,
    )
    assert rows(history()) == [
        [NEW, "2026-01-01", "12:00:03Z", "1,234", '"new"', "current"],
        [MARKER, "2026-01-01", "12:00:02Z", "-", "-", "deleted"],
        [OLD, "2026-01-01", "12:00:01Z", "1,234", '"old"'],
    ]


def test_version_without_an_etag_is_no_deletion(aws: Aws) -> None:
    incomplete = version(NEW, 2, current=True)
    del incomplete["ETag"]
    lists(aws, page(incomplete))
    assert history().exit_code == 1


def test_delete_marker_can_be_the_current_version(aws: Aws) -> None:
    lists(aws, DELETED)
    assert rows(history())[0][-2:] == ["current,", "deleted"]


def test_versions_of_the_same_second_keep_the_order_of_s3(aws: Aws) -> None:
    lists(
        aws,
        page(version("b", 1), version("a", 1), DeleteMarkers=[marker(1, current=True)]),
    )
    assert [row[0] for row in rows(history())] == [MARKER, "b", "a"]


def test_json_has_all_fields_of_each_version(aws: Aws) -> None:
    lists(aws, DELETED)
    found = json.loads(history("--json").stdout)
    assert found == [
        {
            "id": MARKER,
            "time": "2026-01-01T12:00:02+00:00",
            "size": None,
            "etag": None,
            "current": True,
            "deletion": True,
        },
        {
            "id": OLD,
            "time": "2026-01-01T12:00:01+00:00",
            "size": 1234,
            "etag": '"old"',
            "current": False,
            "deletion": False,
        },
    ]


def test_all_pages_of_versions_are_read(aws: Aws) -> None:
    more = {"IsTruncated": True, "NextKeyMarker": KEY, "NextVersionIdMarker": NEW}
    lists(aws, page(version(NEW, 2, current=True), **more), page(version(OLD, 1)))
    assert [row[0] for row in rows(history())] == [NEW, OLD]


def test_keys_with_the_same_prefix_are_ignored(aws: Aws) -> None:
    """The next page is not requested, although the first page is truncated."""
    other = version("other", 9, current=True, key=f"{KEY}.bak")
    more = {"IsTruncated": True, "NextKeyMarker": f"{KEY}.bak", "NextVersionIdMarker": "other"}
    lists(aws, page(version(NEW, 1, current=True), other, **more))
    assert [row[0] for row in rows(history())] == [NEW]


def test_key_without_versions_is_an_error(aws: Aws) -> None:
    lists(aws, page(version("other", 9, key=f"{KEY}.bak")))
    assert error_of(history(), 1).startswith("data-bucket/payload.json: ")


def test_unversioned_bucket_is_reported(aws: Aws) -> None:
    lists(aws, page(version("null", 1, current=True)))
    done = history()
    assert rows(done)[0][0] == "null"
    assert "data-bucket" in done.stderr


def test_versioned_bucket_prints_nothing_on_stderr(aws: Aws) -> None:
    lists(aws, TWO)
    assert history().stderr == ""


def test_malformed_response_is_a_one_line_error(aws: Aws) -> None:
    lists(aws, {"Versions": []})
    assert "ListObjectVersions" in error_of(history(), 1)


@pytest.mark.parametrize("command", [history, restore])
def test_key_that_no_route_serves_is_refused_before_any_call(
    aws: Aws, tmp_path: Path, command: Any
) -> None:
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    line = error_of(command(key="products/a/b.json"), 2)
    for name in ("products/a/b.json", "payload.json", "products/{id}.json"):
        assert name in line
    assert aws.calls == []


@pytest.mark.parametrize("command", [history, restore])
def test_denied_listing_names_the_permission(aws: Aws, command: Any) -> None:
    aws.stack()
    aws.refuses("s3", "list_object_versions", "AccessDenied", "Access Denied", 403)
    assert "s3:ListBucketVersions" in error_of(command(), 1)


def test_missing_bucket_shows_the_error_code_of_s3(aws: Aws) -> None:
    aws.stack()
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", "gone", 404)
    assert "NoSuchBucket" in error_of(history(), 1)


def test_restore_copies_the_version_if_the_current_etag_matches(aws: Aws) -> None:
    lists(aws, TWO)
    copies(aws, IfMatch='"new"')
    assert rows(restore(OLD, "--yes")) == [
        ["bucket", BUCKET],
        ["key", KEY],
        ["restored", OLD],
        ["version", "copy"],
        ["ETag", '"old"'],
    ]
    assert aws.wrote() == ["CopyObject"]


def test_restore_of_a_deleted_key_requires_that_it_is_still_absent(aws: Aws) -> None:
    lists(aws, DELETED)
    copies(aws, IfNoneMatch="*")
    done = restore(OLD, "--yes", "--json")
    assert json.loads(done.stdout) == {
        "bucket": BUCKET,
        "key": KEY,
        "restored": OLD,
        "version": "copy",
        "etag": '"old"',
        **TARGET,
    }


def test_restore_without_consent_writes_nothing(aws: Aws) -> None:
    lists(aws, TWO)
    line = error_of(restore(), 1)
    for name in ("payload.json", OLD, "12:00:01Z", "1,234", NEW, "12:00:02Z", "--yes"):
        assert name in line
    assert aws.wrote() == []


def test_restore_question_mentions_the_deletion(aws: Aws) -> None:
    lists(aws, DELETED)
    line = error_of(restore(), 1)
    assert "deletion" in line
    assert "12:00:02Z" in line


def test_restore_warns_when_the_bucket_keeps_no_versions(aws: Aws) -> None:
    lists(aws, page(version("null", 2, current=True), version(OLD, 1)))
    done = restore()
    assert error_of(done, 1)
    assert len(done.stderr.splitlines()) > 1


def test_restore_of_the_current_version_writes_nothing(aws: Aws) -> None:
    lists(aws, TWO)
    done = restore(NEW)
    assert done.exit_code == 0
    assert NEW in done.stderr
    assert aws.wrote() == []


def test_json_of_restoring_the_current_version_has_its_id(aws: Aws) -> None:
    lists(aws, TWO)
    found = json.loads(restore(NEW, "--json").stdout)
    assert found["restored"] == found["version"] == NEW


def test_unknown_version_is_a_usage_error(aws: Aws) -> None:
    lists(aws, TWO)
    line = error_of(restore("nope"), 2)
    for name in ("payload.json", "nope", HISTORY):
        assert name in line


def test_delete_marker_cannot_be_restored(aws: Aws) -> None:
    lists(aws, DELETED)
    line = error_of(restore(MARKER, "--yes"), 2)
    assert MARKER in line
    assert "aws s3api delete-object" in line
    assert aws.wrote() == []


@pytest.mark.parametrize(
    ("code", "status"),
    [("PreconditionFailed", 412), ("ConditionalRequestConflict", 409), ("NoSuchKey", 404)],
)
def test_restore_that_loses_a_write_conflict_exits_8(aws: Aws, code: str, status: int) -> None:
    lists(aws, TWO)
    aws.refuses("s3", "copy_object", code, "why", status)
    assert HISTORY in error_of(restore(OLD, "--yes"), 8)


@pytest.mark.parametrize(("etag", "exits"), [('"old"', 0), ('"theirs"', 8)])
def test_retry_that_finds_its_own_copy_is_no_conflict(aws: Aws, etag: str, exits: int) -> None:
    """The retry finds the copy of the first attempt."""
    lists(aws, TWO)
    meta = {"RetryAttempts": 1}
    aws.stub("s3").add_client_error(
        "copy_object", "PreconditionFailed", "why", 412, response_meta=meta
    )
    written = {**version("copy", 3, current=True), "ETag": etag}
    found = page(written, version(NEW, 2), version(OLD, 1))
    aws.answers("s3", "list_object_versions", found)
    result = restore(OLD, "--yes", "--json")
    assert result.exit_code == exits, result.output
    if not exits:
        restored = json.loads(result.stdout)
        fields = (restored["restored"], restored["version"], restored["etag"])
        assert fields == (OLD, "copy", '"old"')


def test_denied_copy_names_the_permissions(aws: Aws) -> None:
    lists(aws, TWO)
    aws.refuses("s3", "copy_object", "AccessDenied", "Access Denied", 403)
    line = error_of(restore(OLD, "--yes"), 1)
    for action in ("s3:GetObjectVersion", "s3:GetObject", "s3:PutObject"):
        assert action in line


def test_expired_version_shows_the_error_code_of_s3(aws: Aws) -> None:
    lists(aws, TWO)
    aws.refuses("s3", "copy_object", "NoSuchVersion", "gone", 404)
    assert "NoSuchVersion" in error_of(restore(OLD, "--yes"), 1)


def shop() -> ReadModelStack:
    return ReadModelStack("read-model", ReadModel(), region="eu-west-1")


def test_history_method_returns_what_the_command_prints(aws: Aws) -> None:
    lists(aws, DELETED)
    versions = shop().history(KEY)
    lists(aws, DELETED)
    assert [found.as_dict() for found in versions] == json.loads(history("--json").stdout)


def test_restore_method_asks_for_consent_once(aws: Aws) -> None:
    lists(aws, TWO)
    copies(aws, IfMatch='"new"')
    asked: list[Consent] = []

    def agree(consent: Consent) -> bool:
        asked.append(consent)
        return True

    restored = shop().restore(KEY, OLD, confirm=agree)
    assert restored.as_dict()["version"] == "copy"
    assert not restored.unchanged
    assert [consent.kind for consent in asked] == ["restore"]


def test_restore_method_without_agreement_writes_nothing(aws: Aws) -> None:
    lists(aws, TWO)
    with pytest.raises(ConsentRequired):
        shop().restore(KEY, OLD, confirm=lambda _: False)
    assert aws.wrote() == []
