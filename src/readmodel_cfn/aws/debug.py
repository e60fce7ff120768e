"""What is sent to AWS and what comes back, as messages of the logger `readmodel_cfn.aws`.

    logging.basicConfig()
    logging.getLogger("readmodel_cfn.aws").setLevel(logging.DEBUG)

Every attempt of boto3 has a message before it and one after it, and so has every HTTP request of
`read` and `verify`. obstore sends requests of its own: its calls have the object and the duration,
but neither its retries nor the request IDs.

Secrets are masked: headers are not logged at all; secret access keys, session tokens, secret values
and values of parameters are `****`, and so is each later text that contains such a value.
"""

import json
import logging
import re
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl

_LOGGER = logging.getLogger("readmodel_cfn.aws")
_MASK = "****"
_LONGEST = 1000  # characters of a body
_SHORTEST_SECRET = 8  # characters; shorter texts would be masked everywhere
_SECRET_FIELDS = {"SecretString", "SecretBinary", "SecretAccessKey", "SessionToken"}
# All but the first may contain a secret's value: those of events and of change sets.
_NOT_SHOWN = {
    *("ResponseMetadata", "ResourceProperties"),
    *("BeforeContext", "AfterContext", "BeforeValue", "AfterValue"),
}
_SECRET_NAME = re.compile(r"secret(?!arn)|password|token", re.IGNORECASE)  # of an output
_USER_IN_URL = re.compile(r"(?<=//)[^/@\s]+@")
_SIGNED = re.compile(r"\b(X-Amz-[\w-]+|AWSAccessKeyId|Signature)=[^&\s]+", re.IGNORECASE)
_secrets: set[str] = set()
_sent = threading.local()


def hide(secret: str | None) -> None:
    """Mask this value in all messages from now on."""
    if secret and len(secret) >= _SHORTEST_SECRET:
        _secrets.add(secret)


def watch(client: Any) -> None:
    """Log what a boto3 client sends and receives.

    https://docs.aws.amazon.com/boto3/latest/guide/events.html
    """
    client.meta.events.register_last("before-send", _before_send)
    client.meta.events.register_last("response-received", _received)


def log_request(method: str, url: str, headers: Mapping[str, str]) -> None:
    """Log an HTTP request that is not for AWS's API; `headers` are those of the caller."""
    _log("%s %s %s", method, url, _shown(dict(headers)) if headers else "")


def log_response(
    method: str, url: str, status: int, seconds: float, request_id: str | None, body: bytes
) -> None:
    """Log its response."""
    if _enabled():
        text = body.decode(errors="replace")
        values = (method, url, status, seconds, request_id or "-", _shown(text))
        _log("%s %s: %s in %.3f s, request %s %s", *values)


@contextmanager
def logged_call(operation: str, target: str) -> Iterator[None]:
    """Log a call of another library than boto3, its duration, and its error."""
    if not _enabled():
        yield
        return
    _log("S3 %s %s", operation, target)
    began = time.perf_counter()
    result = "done"
    try:
        yield
    except BaseException as error:
        result = f"{type(error).__name__}: {error}"
        raise
    finally:
        _log("S3 %s %s: %.3f s, %s", operation, target, time.perf_counter() - began, result)


def _enabled() -> bool:
    return _LOGGER.isEnabledFor(logging.DEBUG)


def _log(text: str, *values: object) -> None:
    if _enabled():
        _LOGGER.debug("%s", _masked(" ".join((text % values).split())))


def _before_send(event_name: str, request: Any, **_: Any) -> None:
    """Called by botocore before each attempt."""
    if not _enabled():
        return
    for name in ("X-Amz-Security-Token", "x-amz-s3session-token"):
        token = request.headers.get(name)
        hide(token.decode() if isinstance(token, bytes) else token)
    _sent.began = time.perf_counter()
    _log("%s: %s %s %s", _name(event_name), request.method, request.url, _sent_body(request.body))


def _received(
    event_name: str,
    response_dict: Mapping[str, Any] | None,
    parsed_response: Any,
    exception: BaseException | None,
    **_: Any,
) -> None:
    """Called by botocore after each attempt."""
    if not _enabled():
        return
    seconds = time.perf_counter() - getattr(_sent, "began", time.perf_counter())
    if response_dict is None or exception:
        result = f"{type(exception).__name__}: {exception}"
        _log("%s: no response after %.3f s: %s", _name(event_name), seconds, result)
        return
    found = parsed_response if isinstance(parsed_response, Mapping) else {}
    if event_name.endswith(".GetApiKey") and "value" in found:
        found = {**found, "value": _hidden(found["value"])}
    request_id = found.get("ResponseMetadata", {}).get("RequestId") or "-"
    text = "%s: %s in %.3f s, request %s %s"
    status = response_dict.get("status_code")
    _log(text, _name(event_name), status, seconds, request_id, _shown(_without_secrets(found)))


def _name(event_name: str) -> str:
    """The service and the operation: before-send.cloudformation.DescribeStacks."""
    return " ".join(event_name.split(".")[1:])


def _sent_body(body: Any) -> str:
    """The fields of a form, or the text, of a request's body."""
    text = body.decode(errors="replace") if isinstance(body, bytes | bytearray) else body
    if not isinstance(text, str):
        return "" if text is None else f"({type(text).__name__})"
    if not text.startswith("Action="):
        return _shown(text)
    fields = dict(parse_qsl(text))
    for name in fields:
        if name.endswith("ParameterValue"):  # may be the value of a parameter with NoEcho
            fields[name] = _MASK
    return _shown({name: _short(value, _LONGEST // 5) for name, value in fields.items()})


def _without_secrets(value: Any) -> Any:
    """The value with masked secrets, each of which is hidden from now on."""
    if isinstance(value, list | tuple):
        return [_without_secrets(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    shown = {name: each for name, each in value.items() if name not in _NOT_SHOWN}
    for name in _SECRET_FIELDS & shown.keys():
        shown[name] = _hidden(shown[name])
    if _SECRET_NAME.search(str(shown.get("OutputKey", ""))):
        shown["OutputValue"] = _hidden(shown.get("OutputValue"))
    return {name: _without_secrets(each) for name, each in shown.items()}


def _hidden(value: Any) -> str:
    """The mask, after the value, and the values in it if it is a JSON object, are hidden."""
    text = value if isinstance(value, str) else ""
    hide(text)
    try:
        fields = json.loads(text)
    except ValueError:
        return _MASK
    if isinstance(fields, dict):
        for each in fields.values():
            hide(each if isinstance(each, str) else None)
    return _MASK


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return _short(_masked(text), _LONGEST)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}... ({len(text):,} characters)"


def _masked(text: str) -> str:
    for secret in sorted(_secrets, key=len, reverse=True):
        text = text.replace(secret, _MASK).replace(json.dumps(secret)[1:-1], _MASK)
    return _SIGNED.sub(rf"\1={_MASK}", _USER_IN_URL.sub(f"{_MASK}@", text))
