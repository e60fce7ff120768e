"""Errors of obstore as one line each."""

import re

import pytest
from obstore.exceptions import GenericError

from facts import missing
from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.object_errors import Busy, obstore_errors
from readmodel_cfn.publish.objects import Objects

PanicException = type(
    "PanicException", (BaseException,), {}
)  # as of pyo3, which has no name for it
ASKED = "Error performing PUT http://127.0.0.1:1/bucket/a.json in 4.1ms - "
BEFORE = f"Generic S3 error: {ASKED}"
NON_2XX = f"{BEFORE}Server returned non-2xx status code: "
DEBUG = '\n\nDebug source:\nGeneric {\n    store: "S3",\n}'


def xml(code: str, message: str) -> str:
    return f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'


def translated(error: BaseException) -> ReadModelError:
    with pytest.raises(ReadModelError) as caught, obstore_errors("PutObject"):
        raise error
    line = str(caught.value)
    assert "\n" not in line
    assert "Debug" not in line
    return caught.value


NOT_FOUND = f"Object at location a.json not found: {ASKED}Server returned non-2xx status code: 404"


@pytest.mark.parametrize(
    ("error", "kind", "facts"),
    [
        (
            FileNotFoundError(f"{NOT_FOUND} Not Found: {xml('NoSuchBucket', 'No bucket')}{DEBUG}"),
            ReadModelError,
            ["NoSuchBucket: No bucket"],
        ),
        (
            GenericError(
                f"{BEFORE}Received redirect without LOCATION, this normally indicates an "
                f"incorrectly configured region{DEBUG}"
            ),
            ReadModelError,
            ["--region"],
        ),
        (
            GenericError(f"{NON_2XX}400 Bad Request: {xml('AuthorizationHeaderMalformed', 'm')}"),
            ReadModelError,
            ["AuthorizationHeaderMalformed: m", "--region"],
        ),
        (
            GenericError(
                "Generic S3 error: DeleteObjects request failed for key a.json: Access Denied "
                f"(code: AccessDenied){DEBUG}"
            ),
            ReadModelError,
            ["AccessDenied: a.json: Access Denied", "--profile"],
        ),
        (
            GenericError(
                "Generic S3 error: Error performing POST http://127.0.0.1:1/bucket?delete in "
                "832.6ms, after 5 retries, max_retries: 5, retry_timeout: 60s  - Server returned "
                f"error response: {xml('SlowDown', 'Please reduce')}{DEBUG}"
            ),
            Busy,
            ["SlowDown: Please reduce"],
        ),
        (
            PanicException("request valid: InvalidUri(InvalidUriChar)"),
            ReadModelError,
            ["InvalidUri(InvalidUriChar)", "--endpoint-url"],
        ),
    ],
    ids=["no bucket", "redirect", "another region", "one of many", "200 and an error", "panic"],
)
def test_s3_error_is_one_line_with_a_hint(
    error: BaseException, kind: type[ReadModelError], facts: list[str]
) -> None:
    found = translated(error)
    assert type(found) is kind
    assert missing(["AWS PutObject: ", *facts], found) == []
    assert "\n" not in str(found)


def test_keyboard_interrupt_is_not_translated() -> None:
    with pytest.raises(KeyboardInterrupt), obstore_errors("PutObject"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("bucket", ["", "a b", "s3://mine", "mine/", "arn:aws:s3:::mine"])
def test_invalid_bucket_name_is_refused_before_any_request(bucket: str) -> None:
    to = Destination(bucket, "eu-west-1", credentials=Credentials("id", "secret"))
    with pytest.raises(ConfigError, match=re.escape(bucket or "bucket")):
        Objects(to).etag("a.json")
