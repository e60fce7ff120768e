"""What obstore raises, as errors of ours: one line, and whether it passes by itself."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from readmodel_cfn.errors import LostRace, ReadModelError

_STATUS = re.compile(r"status code: (\d{3})")
_CODE, _MESSAGE = re.compile(r"<Code>(.*?)</Code>"), re.compile(r"<Message>(.*?)</Message>", re.S)
# What S3 says of one of many keys, in an answer that is fine otherwise.
_OF_ONE = re.compile(r"failed for key (.*): (.*) \(code: (\w+)\)", re.S)
# 409 are two writers at once:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_TOO_MUCH = {"409", "429", "500", "502", "503", "504"}
_PASSING_CODES = {"RequestTimeout", "SlowDown", "OperationAborted", "ConditionalRequestConflict"}
_ELSEWHERE = "the bucket is in another region"
_HINTS = {
    "AccessDenied": "ask for this permission, or choose another profile with --profile",
    "ExpiredToken": "renew the credentials (aws sso login, or a new token)",
    "InvalidAccessKeyId": "check the access key; a new one takes some seconds until S3 knows it",
    "SignatureDoesNotMatch": "check the access key, or choose another profile with --profile",
    "NoSuchBucket": "check the bucket's name and region",
    "AuthorizationHeaderMalformed": f"{_ELSEWHERE}: give --region",
}
_PANIC = "PanicException"  # of pyo3, no Exception and not to be imported
_DEBUG = "\n\nDebug source:"


class Busy(ReadModelError):
    """S3 has too much to do for now, or the connection was lost; what was asked may be done."""


class Denied(ReadModelError):
    """S3 does not allow it, and has done nothing."""


class Exists(LostRace):
    """There is an object of this key already."""


class Unnameable(ReadModelError):
    """There is a key that obstore cannot say, such as `a//b`."""


@contextmanager
def translated(operation: str) -> Iterator[None]:
    """Turn what obstore raises into errors of ours."""
    from obstore.exceptions import BaseError, InvalidPathError

    try:
        yield
    except InvalidPathError as error:
        raise Unnameable(str(error).partition(_DEBUG)[0], where=f"AWS {operation}") from error
    except (BaseError, ValueError, OSError) as error:  # a 404 is a FileNotFoundError
        raise _error(str(error), operation) from error
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        hint = "check the bucket, the region and --endpoint-url"
        what = f"it cannot be asked: {error}"
        raise ReadModelError(what, where=f"AWS {operation}", hint=hint) from error


def _error(text: str, operation: str) -> ReadModelError:
    where = f"AWS {operation}"
    status, (code, message) = _found(_STATUS, text), _said(text)
    if not status and not code:
        return _unanswered(text, where)
    if status == "412":
        return Exists("another writer was first", where=where)
    what = f"{code}: {message}" if code else f"answered {status}"
    if status in _TOO_MUCH or code in _PASSING_CODES:
        return Busy(what, where=where, hint="run the command again in a minute")
    # The answer to a HEAD has no body, so no code; what is said of one of many has no status.
    is_denied = status == "403" and code in ("AccessDenied", "")
    kind = Denied if is_denied else ReadModelError
    return kind(what, where=where, hint=_HINTS.get(code))


def _said(text: str) -> tuple[str, str]:
    """S3's code and its message."""
    if one := _OF_ONE.search(text):
        return one[3], f"{one[1]}: {one[2]}"
    return _found(_CODE, text), _found(_MESSAGE, text)


def _unanswered(text: str, where: str) -> ReadModelError:
    """No answer: the credentials were not to be had, or the connection was not."""
    told, _, debug = text.partition(_DEBUG)
    if "certificate" in debug:
        hint = "name the authority's certificate in AWS_CA_BUNDLE"
        return ReadModelError("the certificate is not trusted", where=where, hint=hint)
    if "redirect" in told:  # S3 answers 301 without saying whereto
        return ReadModelError(_ELSEWHERE, where=where, hint="give --region")
    if "HTTP error" not in told:
        return ReadModelError(told, where=where)
    hint = "check the network, the region and --endpoint-url"
    return Busy("no answer, or not a whole one", where=where, hint=hint)


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
