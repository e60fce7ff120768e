"""The probe document when S3 returns errors or no response."""

import io
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber

from facts import missing
from readmodel_cfn.aws.errors import UnreadableResponse
from readmodel_cfn.errors import Unfinished
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.verify.probe import ProbeDocument

AT = {"Bucket": "b", "Key": "k"}
PROBE = {"readmodel-cfn-probe": "run"}


class S3:
    """A boto3 client with stubbed responses, in the order in which a test adds them."""

    def __init__(self) -> None:
        session = boto3.Session("key", "secret", region_name="eu-west-1")
        self.client: Any = session.client("s3")
        self.stub = Stubber(self.client)
        self.stub.activate()

    def returns(self, call: str, **answer: Any) -> None:
        self.stub.add_response(call, answer)

    def refuses(self, call: str, code: str, status: int) -> None:
        self.stub.add_client_error(call, code, "no", status)

    def lists(self, *found: dict[str, Any]) -> None:
        self.returns("list_object_versions", Versions=list(found), IsTruncated=False)

    def deletes(self, *ids: str) -> None:
        expected = {"Bucket": "b", "Delete": {"Objects": versions(*ids)}}
        self.stub.add_response("delete_objects", {"Deleted": versions(*ids)}, expected)

    def document(self) -> ProbeDocument:
        return ProbeDocument(self.client, "b", "k", Settings(), "run")


@pytest.fixture
def s3() -> Iterator[S3]:
    made = S3()
    yield made
    made.stub.assert_no_pending_responses()


def new(s3: S3) -> ProbeDocument:
    """The probe at a key without an object."""
    s3.refuses("get_object", "NoSuchKey", 404)
    return s3.document()


def versions(*ids: str, **more: Any) -> list[dict[str, Any]]:
    return [{"Key": "k", "VersionId": id_, **more} for id_ in ids]


def test_unwritten_probe_needs_no_removal(s3: S3) -> None:
    assert new(s3).remove() == ()


def test_probe_is_written_only_to_a_free_key(s3: S3) -> None:
    document = new(s3)
    expected = {
        **AT,
        "Body": b"{}",
        "IfNoneMatch": "*",
        "Metadata": PROBE,
        "ContentType": "application/json",
        "CacheControl": "no-cache",
    }
    s3.stub.add_response("put_object", {"ETag": '"1"', "VersionId": "v1"}, expected)
    assert document.put(b"{}") == '"1"'


@pytest.mark.parametrize(("code", "status"), [("PreconditionFailed", 412), ("NoSuchKey", 404)])
def test_document_changed_meanwhile_is_not_overwritten(s3: S3, code: str, status: int) -> None:
    s3.returns("get_object", ETag='"0"', VersionId="v0", Body=io.BytesIO(b"0"))
    document = s3.document()
    s3.refuses("put_object", code, status)
    s3.returns("head_object", ETag='"x"')
    with pytest.raises(Unfinished):
        document.put(b"{}")


def test_retried_put_of_the_own_document_is_not_a_conflict(s3: S3) -> None:
    document = new(s3)
    s3.refuses("put_object", "PreconditionFailed", 412)
    s3.returns("head_object", ETag='"1"', Metadata=PROBE)
    assert document.put(b"{}") == '"1"'


def test_version_with_a_lost_response_is_deleted(s3: S3) -> None:
    s3.returns("get_object", ETag='"0"', VersionId="v0", Body=io.BytesIO(b"0"))
    document = s3.document()
    s3.refuses("put_object", "InternalError", 500)
    with pytest.raises(s3.client.exceptions.ClientError):
        document.put(b"{}")
    found = [*versions("v2", "v1", "v0", "older"), {"Key": "k2", "VersionId": "other"}]
    s3.lists(*found)
    s3.returns("head_object", ETag='"x"')  # somebody published it since
    s3.returns("head_object", ETag='"1"', Metadata=PROBE)
    s3.deletes("v1")
    assert document.remove() == ()


def test_known_versions_are_deleted_without_list_permission(s3: S3) -> None:
    document = new(s3)
    s3.returns("put_object", ETag='"1"', VersionId="v1")
    document.put(b"{}")
    s3.refuses("list_object_versions", "AccessDenied", 403)
    s3.deletes("v1")
    assert document.remove() == ()


def test_version_that_cannot_be_deleted_is_reported_and_hidden(s3: S3) -> None:
    document = new(s3)
    s3.returns("put_object", ETag='"1"', VersionId="v1")
    document.put(b"{}")
    s3.lists(*versions("v1"))
    s3.returns("delete_objects", Errors=[{"Key": "k", "Code": "AccessDenied", "Message": "locked"}])
    s3.returns("head_object", ETag='"1"', Metadata=PROBE)
    s3.stub.add_response("delete_object", {}, {**AT, "IfMatch": '"1"'})
    (left,) = document.remove()
    assert left.startswith("b/k: ")
    assert missing(["1", "AccessDenied", "locked"], left) == []


@pytest.mark.parametrize("call", ["list_object_versions", "delete_objects"])
def test_error_during_removal_is_reported_and_not_raised(
    s3: S3, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = new(s3)
    s3.returns("put_object", ETag='"1"', VersionId="v1")
    document.put(b"{}")
    if call == "delete_objects":
        s3.lists(*versions("v1"))
        s3.refuses("delete_objects", "InternalError", 500)
    else:

        def lost(_: str) -> Any:
            raise EndpointConnectionError(endpoint_url="https://s3")

        monkeypatch.setattr(s3.client, "get_paginator", lost)
    (left,) = document.remove()
    assert left.startswith("b/k: ")


def test_response_that_is_not_from_s3_raises_unreadable_response(s3: S3) -> None:
    """For example, a captive portal returns 200 with an HTML page."""
    s3.returns("get_object", Body=io.BytesIO(b"<html>"))
    with pytest.raises(UnreadableResponse):
        s3.document()
    document = new(s3)
    s3.returns("put_object")
    with pytest.raises(UnreadableResponse):
        document.put(b"{}")


def unreadable(**_: Any) -> Any:
    raise ResponseParserError


class Pages:
    """A listing that cannot be read."""

    paginate = staticmethod(unreadable)


@pytest.mark.parametrize("call", ["list_object_versions", "delete_objects"])
@pytest.mark.parametrize("garbage", [False, True])
def test_unreadable_removal_response_is_not_a_removal(
    s3: S3, call: str, garbage: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = new(s3)
    s3.returns("put_object", ETag='"1"', VersionId="v1")
    document.put(b"{}")
    if call == "delete_objects":
        s3.lists(*versions("v1"))
    if not garbage:
        s3.returns(call)
    elif call == "delete_objects":
        monkeypatch.setattr(s3.client, call, unreadable)
    else:
        monkeypatch.setattr(s3.client, "get_paginator", lambda _: Pages())
    (left,) = document.remove()
    assert left.startswith("b/k: ")


def test_more_than_1000_versions_are_deleted_in_several_calls(s3: S3) -> None:
    document = new(s3)
    s3.returns("put_object", ETag='"1"', VersionId="v0")
    document.put(b"{}")
    many = [f"v{number}" for number in range(1001)]
    document._written.update(many)
    s3.lists(*versions(*many))
    for some in (many[:1000], many[1000:]):
        s3.deletes(*some)
    assert document.remove() == ()


def test_document_is_copied_only_without_versioning(s3: S3) -> None:
    for version, copied in ((None, True), ("null", True), ("v1", False)):
        found = {"ETag": '"0"', "Body": io.BytesIO(b"\x00kept")}
        s3.returns("get_object", **found, **({"VersionId": version} if version else {}))
        copy = s3.document().local_copy()
        assert bool(copy) == copied
        if copy:
            assert copy.read_bytes() == b"\x00kept"
            copy.unlink()
