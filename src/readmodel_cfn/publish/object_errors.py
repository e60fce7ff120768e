"""What goes wrong with an object: the errors of obstore, as this package's one-line errors."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from readmodel_cfn.aws.causes import (
    CHECK_NETWORK,
    CHECK_PROXY,
    NO_CONDITION,
    NOT_TRUSTED,
    OTHER_REGION,
    TRY_LATER,
    hint_for,
)
from readmodel_cfn.aws.errors import UNKNOWN_AFTER
from readmodel_cfn.errors import LostRace, ReadModelError, Unfinished

_STATUS = re.compile(r"status code: (\d{3})")
_CODE, _MESSAGE = re.compile(r"<Code>(.*?)</Code>"), re.compile(r"<Message>(.*?)</Message>", re.S)
# The error of one of many keys, in a response with status 200.
_OF_ONE_KEY = re.compile(r"failed for key (.*): (.*) \(code: (\w+)\)", re.S)
# 409: two writers at the same time.
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
_BUSY = {"409", "429", "500", "502", "503", "504"}
_NOT_SENT = "kind: Connect,"
_BUSY_CODES = {"RequestTimeout", "SlowDown", "OperationAborted", "ConditionalRequestConflict"}
_PANIC = "PanicException"  # of pyo3: not an Exception, and it cannot be imported
_INVALID_PATH = "Could not parse path"  # a ValueError of a call other than a listing
_DEBUG = "\n\nDebug source:"
_REPEATED = re.compile(r"after \d+ retries")
_INCOMPLETE = "no response, or an incomplete one"


class Busy(ReadModelError):
    """S3 is overloaded, or the connection was lost.

    `may_be_put` is whether S3 may have put the object nevertheless.
    """

    may_be_put = False

    def after_retries(self, key: str, *, may_be_put: bool) -> ReadModelError:
        """The error that ends the retries: Unfinished if an attempt may have put the object."""
        if not may_be_put:
            return self
        what = f"it may be stored: {self.where}: {self.what}"
        return Unfinished(what, where=key, hint="run it again")


class NoResponse(Busy):
    """There was no response, or an incomplete one."""


class Incomplete(NoResponse):
    """The response was incomplete, or not S3's; obstore has not repeated the request."""


class NoETag(ReadModelError):
    """The response has no ETag."""


class Denied(ReadModelError):
    """S3 denied access and changed nothing."""


class Exists(LostRace):
    """An object with this key already exists, or it has changed: a condition is not met."""


class UnsupportedKey(ReadModelError):
    """obstore does not support a key in the bucket, such as `a//b`."""


@contextmanager
def obstore_errors(operation: str, conditional: bool = False) -> Iterator[None]:
    """Turn what obstore raises into this package's one-line errors.

    `conditional` is whether the request has a condition.
    """
    from obstore.exceptions import BaseError, InvalidPathError

    try:
        yield
    except InvalidPathError as error:
        raise UnsupportedKey(str(error).partition(_DEBUG)[0], where=f"AWS {operation}") from error
    except (BaseError, ValueError, OSError) as error:  # a 404 is a FileNotFoundError
        if _INVALID_PATH in str(error):
            raise UnsupportedKey(str(error), where=f"AWS {operation}") from error
        raise _error(str(error), operation, conditional) from error
    except BaseException as error:
        if type(error).__name__ != _PANIC:
            raise
        hint = CHECK_NETWORK
        what = f"the request cannot be sent: {error}"
        raise ReadModelError(what, where=f"AWS {operation}", hint=hint) from error


def _error(text: str, operation: str, conditional: bool) -> ReadModelError:
    where = f"AWS {operation}"
    status, (code, message) = _found(_STATUS, text), _code_and_message(text)
    if not status and not code:
        return _no_response(text, operation)
    if conditional and (status == "412" or (operation == "PutObject" and code == "NoSuchKey")):
        return Exists("the document already exists, or has changed", where=where)
    what = f"{code}: {message}" if code else f"the response has status {status}"
    if status == "412" and operation == "PutObject":
        return Unfinished(what, where=where, hint=NO_CONDITION)
    if status in _BUSY or code in _BUSY_CODES:
        busy = Busy(what, where=where, hint=hint_for(code, message) or TRY_LATER)
        busy.may_be_put = operation == "PutObject" and int(status or 0) in UNKNOWN_AFTER
        return busy
    # The response to a HEAD has no body, so no code; the error of one of many keys has no status.
    is_denied = status == "403" and code in ("AccessDenied", "")
    kind = Denied if is_denied else ReadModelError
    hint = hint_for(code or status, message) or (TRY_LATER if status.startswith("5") else None)
    return kind(what, where=where, hint=hint)


def _code_and_message(text: str) -> tuple[str, str]:
    if found := _OF_ONE_KEY.search(text):
        return found[3], f"{found[1]}: {found[2]}"
    from html import unescape  # slow to load

    return unescape(_found(_CODE, text)), unescape(_found(_MESSAGE, text))


def _no_response(text: str, operation: str) -> ReadModelError:
    """The error for missing credentials, a failed connection or a response that is not S3's."""
    where = f"AWS {operation}"
    what, _, debug = text.partition(_DEBUG)
    if "certificate" in debug.lower():
        return ReadModelError("the certificate is not trusted", where=where, hint=NOT_TRUSTED)
    if "redirect" in what:  # S3 responds with 301 without a location
        return ReadModelError("PermanentRedirect", where=where, hint=OTHER_REGION)
    if "metadata from headers" in what:  # a response without an ETag
        return NoETag(_INCOMPLETE, where=where, hint=CHECK_NETWORK)
    if "builder error" in what:  # the bucket's URL is checked before
        return ReadModelError("the proxy's URL is invalid", where=where, hint=CHECK_PROXY)
    if "HTTP error" not in what and "invalid list response" not in what:
        return ReadModelError(what, where=where)
    kind = NoResponse if _REPEATED.search(what) else Incomplete
    lost = kind(_INCOMPLETE, where=where, hint=CHECK_NETWORK)
    lost.may_be_put = operation == "PutObject" and _NOT_SENT not in debug
    return lost


def _found(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""
