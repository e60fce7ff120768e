"""The headers that authorize a read: a signature of the connection's credentials, or nothing."""

import re

import pytest

from readmodel_cfn.aws.authorization import anonymous, signed
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.errors import ReadModelError

URL = "https://abc123.execute-api.eu-west-1.amazonaws.com/v1/products/42"


def connection(end: str = "") -> Connection:
    """A connection whose secret access key has this end."""
    key = Credentials("AKIAEXAMPLE", f"example{end}")
    return Connection("eu-west-1", credentials=key)


def signature(headers: dict[str, str]) -> str:
    return headers["Authorization"].rpartition("Signature=")[2]


def test_public_api_gets_no_headers() -> None:
    assert anonymous("GET", URL) == {}


def test_signature_is_for_execute_api_in_the_region_of_the_connection() -> None:
    headers = signed(connection())("GET", URL)
    assert re.search(r"AKIAEXAMPLE/\d{8}/eu-west-1/execute-api/aws4_request", str(headers))
    assert "SignedHeaders=host;x-amz-date" in headers["Authorization"]


def test_signature_covers_method_path_and_secret() -> None:
    calls = [
        (connection(), "GET", URL),
        (connection(), "HEAD", URL),
        (connection(), "GET", f"{URL}0"),
        (connection("other"), "GET", URL),
    ]
    found = [signature(dict(signed(by)(method, url))) for by, method, url in calls]
    assert len({*found}) == len(calls)


def test_without_credentials_the_read_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = connection()
    monkeypatch.setattr(Connection, "frozen_credentials", lambda _: None)
    with pytest.raises(ReadModelError, match="credentials"):
        signed(nobody)("GET", URL)


def test_credentials_that_have_expired_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reads of a watched deploy are in threads of their own, where nothing else catches it."""
    from botocore.exceptions import UnauthorizedSSOTokenError

    def expired(_: Connection) -> None:
        raise UnauthorizedSSOTokenError

    sign = signed(connection())
    monkeypatch.setattr(Connection, "frozen_credentials", expired)
    with pytest.raises(ReadModelError) as refused:
        sign("GET", URL)
    assert "\n" not in str(refused.value)
