"""What obstore says of S3's refusals, word for word as it says it, in one line of ours."""

import pytest
from obstore.exceptions import GenericError

from readmodel_cfn.aws.connection import Credentials
from readmodel_cfn.errors import ConfigError, ReadModelError
from readmodel_cfn.publish.destination import Destination, connected
from readmodel_cfn.publish.objects import Busy, obstore_errors

PanicException = type(
    "PanicException", (BaseException,), {}
)  # as of pyo3, which has no name for it
ASKED = "Error performing PUT http://127.0.0.1:1/bucket/a.json in 4.1ms - "
BEFORE = f"Generic S3 error: {ASKED}"
NON_2XX = f"{BEFORE}Server returned non-2xx status code: "
DEBUG = '\n\nDebug source:\nGeneric {\n    store: "S3",\n}'


def xml(code: str, message: str) -> str:
    return f'<?xml version="1.0"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'


def told(error: BaseException) -> ReadModelError:
    with pytest.raises(ReadModelError) as caught, obstore_errors("PutObject"):
        raise error
    line = str(caught.value)
    assert "\n" not in line
    assert "Debug" not in line
    return caught.value


NOT_FOUND = f"Object at location a.json not found: {ASKED}Server returned non-2xx status code: 404"


@pytest.mark.parametrize(
    ("error", "kind", "line"),
    [
        (
            FileNotFoundError(f"{NOT_FOUND} Not Found: {xml('NoSuchBucket', 'No bucket')}{DEBUG}"),
            ReadModelError,
            "NoSuchBucket: No bucket; check the bucket's name and region",
        ),
        (
            GenericError(
                f"{BEFORE}Received redirect without LOCATION, this normally indicates an "
                f"incorrectly configured region{DEBUG}"
            ),
            ReadModelError,
            "the bucket is in another region; give --region",
        ),
        (
            GenericError(f"{NON_2XX}400 Bad Request: {xml('AuthorizationHeaderMalformed', 'm')}"),
            ReadModelError,
            "AuthorizationHeaderMalformed: m; the bucket is in another region: give --region",
        ),
        (
            GenericError(
                "Generic S3 error: DeleteObjects request failed for key a.json: Access Denied "
                f"(code: AccessDenied){DEBUG}"
            ),
            ReadModelError,
            "AccessDenied: a.json: Access Denied; ask for this permission, or choose another "
            "profile with --profile",
        ),
        (
            GenericError(
                "Generic S3 error: Error performing POST http://127.0.0.1:1/bucket?delete in "
                "832.6ms, after 5 retries, max_retries: 5, retry_timeout: 60s  - Server returned "
                f"error response: {xml('SlowDown', 'Please reduce')}{DEBUG}"
            ),
            Busy,
            "SlowDown: Please reduce; run the command again in a minute",
        ),
        (
            PanicException("request valid: InvalidUri(InvalidUriChar)"),
            ReadModelError,
            "the request cannot be sent: request valid: InvalidUri(InvalidUriChar); "
            "check the bucket, the region and --endpoint-url",
        ),
    ],
    ids=["no bucket", "redirect", "another region", "one of many", "200 and an error", "panic"],
)
def test_a_refusal_is_one_line_with_what_to_do(
    error: BaseException, kind: type[ReadModelError], line: str
) -> None:
    found = told(error)
    assert type(found) is kind
    assert str(found) == f"AWS PutObject: {line}"


def test_an_interruption_stays_one() -> None:
    with pytest.raises(KeyboardInterrupt), obstore_errors("PutObject"):
        raise KeyboardInterrupt


@pytest.mark.parametrize("bucket", ["", "a b", "s3://mine", "mine/", "arn:aws:s3:::mine"])
def test_a_bucket_that_is_none_is_told_before_it_is_asked(bucket: str) -> None:
    to = Destination(bucket, "eu-west-1", credentials=Credentials("id", "secret"))
    with pytest.raises(ConfigError, match="not a bucket's name"):
        connected(to, {})
