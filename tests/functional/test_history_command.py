"""`history` and `restore`: the versions of one key, and an old one written anew."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from functional_aws import Aws, error_of, run, stubbed

BUCKET, KEY = "data-bucket", "payload.json"
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
    monkeypatch.chdir(tmp_path)
    with stubbed(monkeypatch) as made:
        yield made


def history(*arguments: str, key: str = KEY) -> Any:
    return run("history", key, "--region", "eu-west-1", *arguments)


def restore(version: str = OLD, *arguments: str, key: str = KEY) -> Any:
    return run("restore", key, version, "--region", "eu-west-1", *arguments)


def version(name: str, second: int, *, current: bool = False, key: str = KEY) -> dict[str, Any]:
    """A version as S3 lists it; its ETag is its id with quotes."""
    time = datetime(2026, 1, 1, 12, 0, second, tzinfo=UTC)
    told = {"Key": key, "VersionId": name, "LastModified": time, "IsLatest": current}
    return {**told, "Size": 1234, "ETag": f'"{name}"'}


def marker(second: int, *, current: bool = False) -> dict[str, Any]:
    told = version(MARKER, second, current=current)
    return {name: told[name] for name in ("Key", "VersionId", "LastModified", "IsLatest")}


def page(*versions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"IsTruncated": False, "Versions": list(versions), **more}


def lists(aws: Aws, *pages: dict[str, Any], **expected: Any) -> None:
    """The stack's bucket lists these pages."""
    aws.stack()
    for one in pages:
        aws.answers("s3", "list_object_versions", one, **expected)


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


def test_versions_and_deletions_are_told_newest_first(aws: Aws) -> None:
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


def test_a_deletion_can_be_the_current_one(aws: Aws) -> None:
    lists(aws, DELETED)
    assert rows(history())[0][-2:] == ["current,", "deleted"]


def test_of_one_second_the_current_one_is_first_and_s3s_order_holds(aws: Aws) -> None:
    lists(
        aws,
        page(version("b", 1), version("a", 1), DeleteMarkers=[marker(1, current=True)]),
    )
    assert [row[0] for row in rows(history())] == [MARKER, "b", "a"]


def test_json_holds_every_value(aws: Aws) -> None:
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


def test_all_pages_are_read(aws: Aws) -> None:
    more = {"IsTruncated": True, "NextKeyMarker": KEY, "NextVersionIdMarker": NEW}
    lists(aws, page(version(NEW, 2, current=True), **more), page(version(OLD, 1)))
    assert [row[0] for row in rows(history())] == [NEW, OLD]


def test_other_keys_that_begin_with_it_are_neither_told_nor_read_on(aws: Aws) -> None:
    """The next page, which the first says there is, is not asked for."""
    other = version("other", 9, current=True, key=f"{KEY}.bak")
    more = {"IsTruncated": True, "NextKeyMarker": f"{KEY}.bak", "NextVersionIdMarker": "other"}
    lists(aws, page(version(NEW, 1, current=True), other, **more))
    assert [row[0] for row in rows(history())] == [NEW]


def test_a_key_of_which_nothing_was_ever_kept_is_told(aws: Aws) -> None:
    lists(aws, page(version("other", 9, key=f"{KEY}.bak")))
    line = error_of(history(), 1)
    assert (
        line == "data-bucket/payload.json: it has no versions; publish it first, or check the key"
    )


def test_a_bucket_without_versions_is_told(aws: Aws) -> None:
    lists(aws, page(version("null", 1, current=True)))
    done = history()
    assert rows(done)[0][0] == "null"
    assert "while data-bucket kept no versions" in done.stderr


def test_versions_that_are_kept_are_no_story(aws: Aws) -> None:
    lists(aws, TWO)
    assert history().stderr == ""


def test_an_answer_that_is_not_s3s_is_one_line(aws: Aws) -> None:
    lists(aws, {"Versions": []})
    assert error_of(history(), 1).startswith("AWS ListObjectVersions: the answer cannot be read")


@pytest.mark.parametrize("command", [history, restore])
def test_a_key_that_no_route_serves_is_refused_before_aws_is_asked(
    aws: Aws, tmp_path: Path, command: Any
) -> None:
    (tmp_path / "readmodel.toml").write_text(ROUTES)
    assert error_of(command(key="products/a/b.json"), 2) == (
        "KEY: no route serves 'products/a/b.json'; "
        "served: payload.json (samples), products/{id}.json (products/{id})"
    )
    assert aws.calls == []


@pytest.mark.parametrize("command", [history, restore])
def test_the_permission_to_list_versions_is_named(aws: Aws, command: Any) -> None:
    aws.stack()
    aws.refuses("s3", "list_object_versions", "AccessDenied", "Access Denied", 403)
    assert error_of(command(), 1) == (
        "data-bucket: access denied; it takes s3:ListBucketVersions; "
        "ask for that, or choose another profile with --profile"
    )


def test_another_refusal_is_s3s_own(aws: Aws) -> None:
    aws.stack()
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", "gone", 404)
    assert error_of(history(), 1) == "AWS ListObjectVersions: NoSuchBucket: gone"


def test_an_old_version_is_written_anew_over_the_one_that_was_seen(aws: Aws) -> None:
    lists(aws, TWO)
    copies(aws, IfMatch='"new"')
    assert rows(restore(OLD, "--yes")) == [
        ["bucket", BUCKET],
        ["key", KEY],
        ["restored", OLD],
        ["version", "copy"],
        ["etag", '"old"'],
    ]
    assert aws.wrote() == ["CopyObject"]


def test_a_deleted_key_is_written_only_where_it_is_still_deleted(aws: Aws) -> None:
    lists(aws, DELETED)
    copies(aws, IfNoneMatch="*")
    done = restore(OLD, "--yes", "--json")
    assert json.loads(done.stdout) == {
        "bucket": BUCKET,
        "key": KEY,
        "restored": OLD,
        "version": "copy",
        "etag": '"old"',
    }


def test_without_a_terminal_the_question_is_told_and_nothing_is_written(aws: Aws) -> None:
    lists(aws, TWO)
    assert error_of(restore(), 1) == (
        "Restore payload.json to version old of 2026-01-01 12:00:01Z, 1,234 bytes, over version "
        "new of 2026-01-01 12:00:02Z: there is no terminal to ask on; give --yes"
    )
    assert aws.wrote() == []


def test_the_question_tells_of_a_deletion(aws: Aws) -> None:
    lists(aws, DELETED)
    assert "over its deletion of 2026-01-01 12:00:02Z: there is no terminal" in error_of(
        restore(), 1
    )


def test_before_the_question_it_is_told_what_a_write_may_replace_for_good(aws: Aws) -> None:
    lists(aws, page(version("null", 2, current=True), version(OLD, 1)))
    done = restore()
    assert error_of(done, 1)
    assert "the next write replaces it" in done.stderr


def test_the_current_version_is_nothing_to_do(aws: Aws) -> None:
    lists(aws, TWO)
    done = restore(NEW)
    assert done.exit_code == 0
    assert done.stderr == "Nothing to do: new is the current version of payload.json.\n"
    assert aws.wrote() == []


def test_the_current_version_in_json_is_restored_already(aws: Aws) -> None:
    lists(aws, TWO)
    found = json.loads(restore(NEW, "--json").stdout)
    assert found["restored"] == found["version"] == NEW


def test_an_unknown_version_is_told_with_what_to_do(aws: Aws) -> None:
    lists(aws, TWO)
    assert error_of(restore("nope"), 2) == (
        "payload.json: it has no version 'nope'; choose one that readmodel-cfn history lists"
    )


def test_a_deletion_is_not_restored(aws: Aws) -> None:
    lists(aws, DELETED)
    line = error_of(restore(MARKER, "--yes"), 2)
    assert line.startswith("payload.json: version marker is a deletion, which has no content; ")
    assert "aws s3api delete-object" in line
    assert aws.wrote() == []


@pytest.mark.parametrize(
    ("code", "status"),
    [("PreconditionFailed", 412), ("ConditionalRequestConflict", 409), ("NoSuchKey", 404)],
)
def test_who_loses_the_race_is_told(aws: Aws, code: str, status: int) -> None:
    lists(aws, TWO)
    aws.refuses("s3", "copy_object", code, "why", status)
    assert error_of(restore(OLD, "--yes"), 8) == (
        "payload.json: it was published, restored or deleted meanwhile; "
        "look again: readmodel-cfn history payload.json"
    )


@pytest.mark.parametrize(("etag", "exits"), [('"old"', 0), ('"theirs"', 8)])
def test_who_lost_the_answer_of_his_own_has_not_lost_the_race(
    aws: Aws, etag: str, exits: int
) -> None:
    """The second try meets what the first has written."""
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
        told = json.loads(result.stdout)
        assert (told["restored"], told["version"], told["etag"]) == (OLD, "copy", '"old"')


def test_the_permissions_to_restore_are_named(aws: Aws) -> None:
    lists(aws, TWO)
    aws.refuses("s3", "copy_object", "AccessDenied", "Access Denied", 403)
    line = error_of(restore(OLD, "--yes"), 1)
    assert "it takes s3:GetObjectVersion, s3:GetObject and s3:PutObject;" in line


def test_a_version_that_expired_meanwhile_is_s3s_own_refusal(aws: Aws) -> None:
    lists(aws, TWO)
    aws.refuses("s3", "copy_object", "NoSuchVersion", "gone", 404)
    assert error_of(restore(OLD, "--yes"), 1) == "AWS CopyObject: NoSuchVersion: gone"
