"""`ls` and `unpublish`: what they print, ask and refuse, over stubbed responses of S3."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from functional_aws import TARGET, Aws, enter_project, error_of, run, stubbed
from test_history_command import marker, page, version

from readmodel_cfn import ReadModel, ReadModelStack
from readmodel_cfn.consent import Consent
from readmodel_cfn.errors import Unfinished

BUCKET, KEY, OTHER = "data-bucket", "payload.json", "other.json"
LOCKED = "Access Denied because object protected by object lock."


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    enter_project(monkeypatch, tmp_path)
    clock = SimpleNamespace(sleep=lambda _: None)
    monkeypatch.setattr("readmodel_cfn.aws.deletion.time", clock)
    # The responses are in the order of the keys.
    monkeypatch.setattr("readmodel_cfn.publish.unpublish._PARALLEL_LISTINGS", 1)
    with stubbed(monkeypatch) as made:
        yield made


def call(*arguments: str, typed: str | None = None) -> Any:
    return run(*arguments, "--region", "eu-west-1", typed=typed)


def unpublish(*arguments: str, typed: str | None = None) -> Any:
    return call("unpublish", *(arguments or (KEY,)), typed=typed)


def listed(key: str, size: int = 1234) -> dict[str, Any]:
    time = datetime(2026, 1, 1, 12, tzinfo=UTC)
    return {"Key": key, "Size": size, "LastModified": time, "ETag": '"etag"'}


def lists(aws: Aws, *objects: dict[str, Any], stack: bool = True, **more: Any) -> None:
    if stack:
        aws.stack()
    answer = {"IsTruncated": False, "Contents": list(objects)}
    aws.answers("s3", "list_objects_v2", answer, **more)


def finds(aws: Aws, *pages: dict[str, Any], stack: bool = True) -> None:
    """The versions of the keys, in order."""
    if stack:
        aws.stack()
    for found in pages:
        aws.answers("s3", "list_object_versions", found)


def deletes(aws: Aws, *objects: dict[str, str], refuses: Any = ()) -> None:
    """The next DeleteObjects; `refuses` are keys, codes and messages, or with a version too."""
    names = ("Key", "Code", "Message", "VersionId")
    errors = [dict(zip(names, error, strict=False)) for error in refuses]
    expected = {"Objects": list(objects), "Quiet": True}
    answer = {"Errors": errors} if errors else {}
    aws.answers("s3", "delete_objects", answer, Bucket=BUCKET, Delete=expected)


def lines(result: Any) -> list[Any]:
    return [json.loads(line) for line in result.stdout.splitlines()]


ONE = page(version("new", 2, current=True), version("old", 1))


def test_ls_prints_key_size_age_route_and_etag(aws: Aws) -> None:
    lists(aws, listed(KEY), listed("stray.txt", 7), Bucket=BUCKET, Prefix="")
    done = call("ls")
    assert done.exit_code == 0
    served, other = (line.split() for line in done.stdout.splitlines())
    assert (served[0], served[1:3], served[-2:]) == (KEY, ["1.2", "kB"], ["samples", '"etag"'])
    assert (other[0], other[-2]) == ("stray.txt", "-")
    assert "2 documents" in done.stderr.splitlines()[-1]


def test_ls_as_json_has_a_line_for_each_document(aws: Aws) -> None:
    lists(aws, listed(KEY), Bucket=BUCKET, Prefix="pay")
    assert lines(call("ls", "pay", "--json")) == [
        {
            "document": {
                "key": KEY,
                "size": 1234,
                "time": "2026-01-01T12:00:00+00:00",
                "etag": '"etag"',
                "route": "samples",
                "path": "samples",
            }
        }
    ]


def test_ls_of_a_prefix_without_keys_says_so(aws: Aws) -> None:
    lists(aws)
    done = call("ls", "nothing")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "nothing" in done.stderr


def test_ls_escapes_control_characters(aws: Aws) -> None:
    lists(aws, listed("a\nb\x1b[31m"))
    (line,) = call("ls").stdout.splitlines()
    assert "\x1b" not in line
    assert line.startswith(r"a\nb\x1b[31m")


def test_ls_of_a_bucket_reads_no_stack(aws: Aws) -> None:
    lists(aws, listed(KEY), stack=False, Bucket="mine", Prefix="")
    assert call("ls", "--bucket", "mine").exit_code == 0
    assert aws.calls == ["ListObjectsV2"]


def test_ls_lists_the_keys_of_routes_where_no_others_may_be_listed(aws: Aws) -> None:
    aws.stack()
    aws.refuses("s3", "list_objects_v2", "AccessDenied", "Access Denied", 403)
    lists(aws, listed(KEY), stack=False, Bucket=BUCKET, Prefix=KEY)
    done = call("ls")
    assert done.stdout.startswith(KEY)
    assert "AccessDenied" in done.stderr


def test_ls_names_the_permission_that_is_denied(aws: Aws) -> None:
    aws.stack()
    aws.refuses("s3", "list_objects_v2", "AccessDenied", "Access Denied", 403)
    assert "s3:ListBucket" in error_of(call("ls", "nothing"), 1)


def test_unpublish_escapes_control_characters(aws: Aws) -> None:
    key, missing_key = "a\x1b[2J.json", "b\x1b[2J.json"
    finds(aws, page(version("1", 1, current=True, key=key)), page())
    aws.refuses("s3", "delete_object", "AccessDenied")
    done = unpublish(key, missing_key, "--yes")
    assert "\x1b" not in done.stderr
    assert done.stderr.count(r"\x1b[2J") >= 3  # what is deleted, what is missing, what is refused


def test_key_that_xml_cannot_have_is_deleted_alone(aws: Aws) -> None:
    finds(aws, page(version("1", 1, current=True)), page(version("1", 1, current=True, key="\x01")))
    deletes(aws, {"Key": KEY})
    aws.answers("s3", "delete_object", {}, Bucket=BUCKET, Key="\x01")
    done = unpublish(KEY, "\x01", "--yes", "--json")
    assert (done.exit_code, lines(done)[-1]["result"]["unpublished"]) == (0, [KEY, "\x01"])


def test_refused_key_that_xml_cannot_have_is_an_error(aws: Aws) -> None:
    finds(aws, page(version("1", 1, current=True, key="\x01")))
    aws.refuses("s3", "delete_object", "AccessDenied")
    assert "s3:DeleteObject" in error_of(unpublish("\x01", "--yes"), 1)


def test_unpublish_asks_with_the_place_and_what_readers_get(aws: Aws) -> None:
    finds(aws, ONE)
    line = error_of(unpublish(), 1)
    for fact in (KEY, BUCKET, "stack read-model", "123456789012/eu-west-1", "404", "--yes"):
        assert fact in line
    assert aws.wrote() == []


def test_question_says_how_long_caches_may_keep_it(aws: Aws, tmp_path: Path) -> None:
    config = tmp_path / "readmodel.toml"
    config.write_text(f"{config.read_text()}[data_store]\nmax_age = 300\n")
    finds(aws, ONE)
    assert "300" in error_of(unpublish(), 1)


def test_answer_at_a_terminal_decides(aws: Aws) -> None:
    finds(aws, ONE)
    assert error_of(unpublish(typed="n\n"), 1)
    assert aws.wrote() == []
    finds(aws, ONE)
    deletes(aws, {"Key": KEY})
    assert unpublish(typed="y\n").exit_code == 0


def test_unpublish_deletes_and_prints_how_to_restore(aws: Aws) -> None:
    finds(aws, ONE)
    deletes(aws, {"Key": KEY})
    done = unpublish(KEY, "--yes")
    assert done.exit_code == 0
    assert f"restore --stack-name read-model --region eu-west-1 {KEY} new" in done.stderr
    assert BUCKET in done.stderr.splitlines()[-1]


def test_json_has_a_line_for_each_key_and_the_result(aws: Aws) -> None:
    finds(aws, ONE, page())
    deletes(aws, {"Key": KEY})
    assert lines(unpublish(KEY, KEY, OTHER, "--yes", "--json")) == [
        {"missing": {"key": OTHER}},
        {"unpublished": {"key": KEY, "version": "new", "versions": 0}},
        {
            "result": {
                "bucket": BUCKET,
                "unpublished": [KEY],
                "missing": [OTHER],
                "stale": [],
                "versions": 0,
                **TARGET,
            }
        },
    ]


@pytest.mark.parametrize("all_versions", [(), ("--all-versions",)])
def test_missing_key_is_named_and_nothing_is_asked(aws: Aws, all_versions: tuple[str, ...]) -> None:
    finds(aws, page(version("x", 1, current=True, key=f"{KEY}.bak")))
    done = unpublish(KEY, *all_versions)
    assert done.exit_code == 0
    assert KEY in done.stderr
    assert aws.wrote() == []


def test_unpublished_key_is_missing(aws: Aws) -> None:
    finds(aws, page(version("old", 1), DeleteMarkers=[marker(2, current=True)]))
    assert KEY in unpublish().stderr


@pytest.mark.parametrize("path", ["samples", "/samples", f"/{KEY}", f"{KEY}/"])
def test_path_is_refused_before_anything_is_deleted(aws: Aws, path: str) -> None:
    finds(aws, page(version("new", 1, current=True, key=OTHER)), page())
    line = error_of(unpublish(OTHER, path, "--yes"), 2)
    assert line.startswith(f"{path}: ")
    assert line.endswith(f" {KEY}")
    assert aws.wrote() == []


@pytest.mark.parametrize("command", ["ls", "unpublish"])
def test_key_that_is_not_utf8_is_refused(aws: Aws, command: str) -> None:
    if command == "ls":
        aws.stack()
    assert error_of(call(command, "a\udcff"), 2).isprintable()


def test_empty_key_is_a_usage_error(aws: Aws) -> None:
    assert error_of(unpublish(""), 2)
    assert error_of(run("unpublish"), 2)
    assert aws.calls == []


def test_missing_bucket_is_an_error(aws: Aws) -> None:
    aws.stack()
    aws.refuses("s3", "list_object_versions", "NoSuchBucket", "gone", 404)
    assert "NoSuchBucket" in error_of(unpublish(), 1)


def test_document_without_versions_is_deleted_permanently(aws: Aws) -> None:
    finds(aws, page(version("null", 1, current=True)))
    assert "permanent" in error_of(unpublish(), 1)
    finds(aws, page(version("null", 1, current=True)))
    deletes(aws, {"Key": KEY})
    assert " restore " not in unpublish(KEY, "--yes").stderr


def versions(*ids: str, key: str = KEY) -> list[dict[str, str]]:
    return [{"Key": key, "VersionId": each} for each in ids]


MANY = page(version("b", 2), version("a", 1), DeleteMarkers=[marker(3, current=True)])


def test_all_versions_are_counted_and_erased_the_latest_last(aws: Aws) -> None:
    finds(aws, MANY)
    line = error_of(unpublish(KEY, "--all-versions"), 1)
    assert "3 versions" in line
    assert "permanent" in line
    finds(aws, MANY, MANY)
    deletes(aws, *versions("b", "a"))
    deletes(aws, *versions("marker"))
    finds(aws, page(), stack=False)
    done = unpublish(KEY, "--all-versions", "--yes", "--json")
    assert done.exit_code == 0
    assert lines(done)[0] == {"unpublished": {"key": KEY, "version": None, "versions": 3}}


def test_version_that_is_written_meanwhile_is_erased_too(aws: Aws) -> None:
    late = page(version("late", 3, current=True))
    finds(aws, ONE, ONE)
    deletes(aws, *versions("old"))
    deletes(aws, *versions("new"))
    finds(aws, late, stack=False)
    deletes(aws, *versions("late"))
    finds(aws, page(), stack=False)
    assert "3 versions" in unpublish(KEY, "--all-versions", "--yes").stdout


def test_writer_that_does_not_stop_needs_a_person(aws: Aws) -> None:
    finds(aws, page(version("0", 1, current=True)))
    for number in "01234":
        finds(aws, page(version(number, 1, current=True)), stack=False)
        deletes(aws, *versions(number))
    assert BUCKET in error_of(unpublish(KEY, "--all-versions", "--yes"), 6)


def test_denied_key_is_named_with_the_permission(aws: Aws) -> None:
    finds(aws, ONE)
    deletes(aws, {"Key": KEY}, refuses=[(KEY, "AccessDenied", "Access Denied")])
    done = unpublish(KEY, "--yes", "--json")
    line = error_of(done, 1)
    assert line.startswith(f"{BUCKET}/{KEY}: ")
    assert "s3:DeleteObject," in line
    what = "AccessDenied: Access Denied"
    assert lines(done) == [{"refused": {"key": KEY, "what": what, "versions": 1}}]


def test_denied_version_leaves_the_current_one(aws: Aws) -> None:
    """The old version would be served otherwise."""
    finds(aws, ONE, ONE)
    deletes(aws, *versions("old"), refuses=[(KEY, "AccessDenied", "Access Denied", "old")])
    assert "s3:DeleteObjectVersion" in error_of(unpublish(KEY, "--all-versions", "--yes"), 1)
    assert aws.wrote() == ["DeleteObjects"]


def test_locked_version_needs_a_person_and_other_keys_are_erased(aws: Aws) -> None:
    other = page(version("x", 1, current=True, key=OTHER))
    finds(aws, ONE, other, ONE, other)
    deletes(aws, *versions("old"), refuses=[(KEY, "AccessDenied", LOCKED, "old")])
    deletes(aws, *versions("x", key=OTHER))
    done = unpublish(KEY, OTHER, "--all-versions", "--yes", "--json")
    line = error_of(done, 6)
    assert line.startswith(f"{BUCKET}/{KEY}: ")
    assert "retention" in line
    assert [next(iter(each)) for each in lines(done)] == ["unpublished", "refused"]


def test_some_refused_keys_are_an_error_although_others_are_deleted(aws: Aws) -> None:
    finds(aws, ONE, page(version("x", 1, current=True, key=OTHER)))
    refuses = [(OTHER, "AccessDenied", "Access Denied")]
    deletes(aws, {"Key": KEY}, {"Key": OTHER}, refuses=refuses)
    line = error_of(unpublish(KEY, OTHER, "--yes"), 6)
    assert line.startswith(f"{BUCKET}/{OTHER}: ")


def test_busy_keys_are_retried(aws: Aws) -> None:
    finds(aws, ONE)
    deletes(aws, {"Key": KEY}, refuses=[(KEY, "SlowDown", "Please reduce")])
    deletes(aws, {"Key": KEY})
    assert unpublish(KEY, "--yes").exit_code == 0


def test_denied_listing_names_the_permission(aws: Aws) -> None:
    aws.stack()
    aws.refuses("s3", "list_object_versions", "AccessDenied", "Access Denied", 403)
    assert "s3:ListBucketVersions" in error_of(unpublish(), 1)


@pytest.mark.parametrize("words", [("ls", "x"), ("unpublish", KEY, "--yes")], ids=" ".join)
def test_denied_access_names_the_account_that_must_own_the_bucket(
    aws: Aws, tmp_path: Path, words: tuple[str, ...]
) -> None:
    config = tmp_path / "readmodel.toml"
    config.write_text(f'[stack]\naccount = "999999999999"\n{config.read_text()}')
    listing = "list_objects_v2" if words[0] == "ls" else "list_object_versions"
    aws.refuses("s3", listing, "AccessDenied", "Access Denied", 403)
    assert "999999999999" in error_of(call(*words, "--bucket", "mine"), 1)


def test_interruption_says_how_much_was_deleted(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    finds(aws, ONE, ONE)
    deletes(aws, *versions("old"))

    def interrupt(*_: Any, **__: Any) -> Any:
        raise KeyboardInterrupt

    stub: Any = aws.stub("s3").client
    delete, calls = stub.delete_objects, iter([True, False])
    monkeypatch.setattr(
        stub, "delete_objects", lambda **kw: (delete if next(calls) else interrupt)(**kw)
    )
    line = error_of(unpublish(KEY, "--all-versions", "--yes"), 9)
    assert "1 deleted" in line


def test_interruption_before_the_deletion_changed_nothing(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.stack()

    def interrupt(*_: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(aws.stub("s3").client, "get_paginator", interrupt)
    assert error_of(unpublish(KEY, "--yes"), 1)


def test_error_after_the_first_batch_is_unfinished(
    aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readmodel_cfn.publish.deletion.BATCH", 1)
    monkeypatch.setattr("readmodel_cfn.publish.unpublish.BATCH", 1)
    finds(aws, ONE, page(version("x", 1, current=True, key=OTHER)))
    deletes(aws, {"Key": KEY})
    aws.refuses("s3", "delete_objects", "ExpiredToken", "expired", 400)
    line = error_of(unpublish(KEY, OTHER, "--yes"), 9)
    assert "1 deleted" in line
    assert "ExpiredToken" in line


def test_callback_that_cannot_write_ends_as_unfinished(aws: Aws) -> None:
    finds(aws, ONE)
    deletes(aws, {"Key": KEY})

    def write(value: object) -> None:
        if type(value).__name__ == "Unpublished":
            raise OSError(28, "No space left on device")

    def agree(consent: Consent) -> bool:
        return consent.kind == "unpublish"

    shop = ReadModelStack("read-model", ReadModel(), region="eu-west-1")
    with pytest.raises(Unfinished, match="No space"):
        shop.unpublish(KEY, confirm=agree, on_progress=write)
