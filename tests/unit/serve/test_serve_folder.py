"""A folder as S3: statuses, headers and bodies."""

import os
from pathlib import Path

import pytest

from readmodel_cfn.local.gateway import S3Response
from readmodel_cfn.local.serve.folder import Folder
from readmodel_cfn.local.serve.permissions import permissions_of
from serve_templates import BUCKET_ARN, GET, LIST, role, s3_get, statement, storage, template

BODY = b'{"a": 1}'
ETAG = '"a01637863c1f9585c3e38cde6ce20940"'
MODIFIED = 1_700_000_000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
HEADERS = {
    "content-type": "application/json",
    "content-length": "9",
    "etag": ETAG,
    "last-modified": DATE,
    "cache-control": "no-cache",
    "accept-ranges": "bytes",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.json").write_bytes(BODY + b"\n")
    os.utime(tmp_path / "a.json", (MODIFIED, MODIFIED))
    return tmp_path


def folder(root: Path, *statements: dict[str, object]) -> Folder:
    made = template(Reader=role(*(statements or (GET, LIST))))
    return Folder(root, permissions_of(made, {}))


def error(answer: S3Response) -> tuple[int, str]:
    """The status and code of an error, which is XML."""
    assert answer.headers["content-type"] == "application/xml"
    text = answer.body.decode()
    assert text.startswith("<?xml")
    return answer.status, text.partition("<Code>")[2].partition("</Code>")[0]


def test_get_and_head_have_the_same_headers(root: Path) -> None:
    found = folder(root)
    assert found.answer(s3_get("a.json")) == S3Response(200, HEADERS, BODY + b"\n")
    assert found.answer(s3_get("a.json", method="HEAD")) == S3Response(200, HEADERS, b"")


def test_headers_are_those_that_publish_sets(root: Path) -> None:
    permissions = permissions_of(template(), {})
    found = Folder(root, permissions, storage(max_age=60, stored_encoding="gzip"))
    headers = found.answer(s3_get("a.json")).headers
    assert headers["cache-control"] == "max-age=60"
    assert headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers", [{"if-none-match": ETAG}, {"if-none-match": "*"}, {"if-modified-since": DATE}]
)
def test_an_unchanged_object_is_a_304(root: Path, method: str, headers: dict[str, str]) -> None:
    answer = folder(root).answer(s3_get("a.json", headers, method=method))
    kept = {"etag": ETAG, "last-modified": DATE, "cache-control": "no-cache"}
    assert answer == S3Response(304, kept, b"")


def test_a_failed_condition_is_a_412(root: Path) -> None:
    answer = folder(root).answer(s3_get("a.json", {"if-match": '"x"'}))
    assert error(answer) == (412, "PreconditionFailed")


def test_a_condition_on_a_missing_key_is_a_404(root: Path) -> None:
    answer = folder(root).answer(s3_get("b.json", {"if-none-match": "*"}))
    assert error(answer) == (404, "NoSuchKey")


def test_a_range_is_a_206(root: Path) -> None:
    answer = folder(root).answer(s3_get("a.json", {"range": "bytes=2-3"}))
    part = {"content-length": "2", "content-range": "bytes 2-3/9"}
    assert answer == S3Response(206, {**HEADERS, **part}, b'a"')
    head = folder(root).answer(s3_get("a.json", {"range": "bytes=2-3"}, method="HEAD"))
    assert head == S3Response(206, {**HEADERS, **part}, b"")


def test_a_range_beyond_the_end_is_a_416(root: Path) -> None:
    answer = folder(root).answer(s3_get("a.json", {"range": "bytes=9-"}))
    assert error(answer) == (416, "InvalidRange")


def test_a_condition_is_judged_before_a_range(root: Path) -> None:
    asked = {"range": "bytes=2-3", "if-none-match": ETAG}
    assert folder(root).answer(s3_get("a.json", asked)).status == 304


def test_a_missing_key_is_a_404_only_to_a_role_that_may_list(root: Path) -> None:
    missing = s3_get("b.json")
    assert error(folder(root).answer(missing)) == (404, "NoSuchKey")
    assert error(folder(root, GET).answer(missing)) == (403, "AccessDenied")
    assert error(folder(root, LIST).answer(missing)) == (403, "AccessDenied")
    assert b"<Key>b.json</Key>" in folder(root).answer(missing).body


def test_a_key_is_escaped_in_an_error(root: Path) -> None:
    assert b"<Key>&lt;b&gt;&amp;</Key>" in folder(root).answer(s3_get("<b>&")).body


def test_error_of_head_has_no_body(root: Path) -> None:
    answer = folder(root).answer(s3_get("b.json", method="HEAD"))
    assert (answer.status, answer.body) == (404, b"")


def test_a_role_that_may_not_get_the_key_is_refused(root: Path) -> None:
    other = statement("s3:GetObject", on={"Fn::Sub": "${Store.Arn}/other.json"})
    assert error(folder(root, other).answer(s3_get("a.json"))) == (403, "AccessDenied")


@pytest.mark.parametrize("key", ["../a.json", "/a.json", "x/../a.json", "./a.json"])
def test_key_of_a_file_outside_the_folder_is_missing(root: Path, key: str) -> None:
    assert error(folder(root).answer(s3_get(key))) == (404, "NoSuchKey")


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_a_folder_cannot_be_written(root: Path, method: str) -> None:
    answer = folder(root).answer(s3_get("a.json", method=method))
    assert error(answer) == (405, "MethodNotAllowed")
    assert (root / "a.json").read_bytes() == BODY + b"\n"


def test_a_folder_cannot_be_listed(root: Path) -> None:
    listing = statement("s3:*", on=[BUCKET_ARN, {"Fn::Sub": "${Store.Arn}/*"}])
    assert error(folder(root, listing).answer(s3_get(""))) == (405, "MethodNotAllowed")
