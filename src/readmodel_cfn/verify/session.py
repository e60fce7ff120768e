"""The requests of `verify` and their responses: reads through the API, and access checks."""

import socket
import ssl
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from readmodel_cfn.aws.authorization import Authorize, anonymous
from readmodel_cfn.aws.errors import aws_errors
from readmodel_cfn.aws.http import Response, proxy_for, request
from readmodel_cfn.errors import ReadModelError, Unfinished
from readmodel_cfn.verify.contract import Contract, ProbePlan
from readmodel_cfn.verify.probe import ProbeDocument
from readmodel_cfn.verify.request_origins import RequestOrigins

_PAUSE = 0.5  # seconds before a request is retried
_THROTTLED = 429
_TIMEOUT = 5  # seconds for a request that should get no response


@dataclass(frozen=True)
class Reads:
    """The API's responses while the first document of the probe existed, then the second.

    `etags` are S3's ETags. `cross_...` are responses to a page of the origin `page`. `missing` and
    `unknown` are None if there is no such path. With several configured origins, `others` has the
    responses to pages of the others, a read and a read with 304, and `refused` those to a page of
    an origin that is not configured. `without_credentials` is the response to a reader without a
    signature or an API key.
    """

    probe: ProbePlan
    page: str
    etags: tuple[str, str]
    first: Response
    unchanged: Response
    head: Response
    head_unchanged: Response
    zipped: Response
    other_method: Response
    missing: Response | None
    unknown: Response | None
    cross_first: Response
    cross_unchanged: Response
    cross_missing: Response | None
    cross_unknown: Response | None
    preflight: Response
    changed: Response
    outdated: Response
    others: Mapping[str, tuple[Response, Response]]
    refused: tuple[Response, Response] | None
    without_credentials: Response

    @property
    def is_served(self) -> bool:
        """Whether the document is served, so that its headers can be checked."""
        return self.first.status == 200


@dataclass(frozen=True)
class AccessChecks:
    """What can be read without the API, and without TLS.

    `item` and `listing` are anonymous requests to the bucket. `plain_bucket` is the status of an
    authorized request without TLS, `plain_api` that of a request to the API; both are 0 for no
    response. `old_tls` says whether the API accepts TLS below 1.2. None means that it could not be
    checked; `why` gives the reason.
    """

    item: Response
    listing: Response
    plain_bucket: int | None = None
    plain_api: int | None = None
    old_tls: bool | None = None
    why: str = ""


class Api:
    """The API at a base URL, for requests of a client and of a page of another origin.

    A request that gets 429 is retried, for up to `timeout` seconds in total, because the check
    itself can reach the stack's throttling limit.
    """

    def __init__(
        self,
        url: str,
        contract: Contract,
        timeout: float,
        sleep: Callable[[float], None] = time.sleep,
        ca_bundle: Path | None = None,
        authorize: Authorize = anonymous,
    ) -> None:
        self._authorize = authorize
        self.url, self.origins = url, RequestOrigins.of(url, contract.cors_origins)
        self.timeout, self._left, self.sleep = timeout, timeout, sleep
        self.ca_bundle = ca_bundle

    def request(self, path: str, method: str = "GET", **headers: str) -> Response:
        """Send an authorized request; underscores in header names are sent as hyphens."""
        return self._request(path, method, headers, self._authorize)

    def _request(
        self, path: str, method: str, headers: Mapping[str, str], authorize: Authorize
    ) -> Response:
        url, named = f"{self.url}/{path}", {n.replace("_", "-"): v for n, v in headers.items()}
        while True:
            sent = {**named, **authorize(method, url)}
            response = request(url, method, sent, ca_bundle=self.ca_bundle)
            if response.status != _THROTTLED or self._left <= 0:
                return response
            self._left -= _PAUSE
            self.sleep(_PAUSE)

    def read_anonymously(self, path: str) -> Response:
        """Send a read without a signature and without an API key."""
        return self._request(path, "GET", {}, anonymous)

    def request_cross_origin(self, path: str, method: str = "GET", **headers: str) -> Response:
        """Send the same request as a page of another origin does."""
        return self.request(path, method, Origin=self.origins.page, **headers)

    def read_as(self, origin: str, path: str, etag: str) -> tuple[Response, Response]:
        """Send what a page of the origin sends: a read, and one with If-None-Match."""
        read = self.request(path, Origin=origin)
        return read, self.request(path, Origin=origin, If_None_Match=etag)

    def preflight(self, path: str) -> Response:
        """Send the request that a browser sends before a page's If-None-Match: anonymously."""
        headers = {
            "Access_Control_Request_Method": "GET",
            "Access_Control_Request_Headers": "if-none-match",
        }
        return self._request(path, "OPTIONS", {"Origin": self.origins.page, **headers}, anonymous)


def read(api: Api, probe: ProbePlan, document: ProbeDocument) -> Reads:
    """Write the first document and send all requests, then write the second and read it.

    A new API, role or policy is effective only after some seconds: the first read is retried until
    it gets the document, for up to the API's `timeout`.

    Raises:
        ReadModelError: the server does not respond.
        Unfinished: another document was published meanwhile, or the API is throttled.
    """
    # On a static route the document can be missing only before the probe is written.
    unpublished = None if probe.missing or document.saved else probe.path
    absent = _both(api, unpublished)
    old = document.put(probe.documents[0])
    first = _first(api, probe)
    missing, cross_missing = _both(api, probe.missing) if probe.missing else absent
    unknown, cross_unknown = _both(api, probe.unknown)
    etag = first.header("ETag") or old
    while_first = _read_first(api, probe.path, etag)
    new = document.put(probe.documents[1])
    changed = api.request(probe.path)
    outdated = api.request(probe.path, If_None_Match=etag)
    document.check_undisturbed()
    reads = Reads(
        probe=probe,
        page=api.origins.page,
        etags=(old, new),
        first=first,
        changed=changed,
        outdated=outdated,
        missing=missing,
        cross_missing=cross_missing,
        unknown=unknown,
        cross_unknown=cross_unknown,
        **while_first,
    )
    _check_not_throttled(reads, api.url)
    return reads


def _check_not_throttled(reads: Reads, url: str) -> None:
    """Check that no response is 429, which shows nothing. Skipped if the document is not served.

    Raises:
        Unfinished: a request was throttled.
    """
    responses = [value for value in vars(reads).values() if isinstance(value, Response)]
    responses += [response for pair in reads.others.values() for response in pair]
    responses += reads.refused or ()
    if reads.is_served and any(response.status == _THROTTLED for response in responses):
        hint = "use a longer --timeout, or raise throttle_rate under [deployment]"
        raise Unfinished("throttled: some requests get 429", where=url, hint=hint)


def _both(api: Api, path: str | None) -> tuple[Response | None, Response | None]:
    """The responses to a client and to a page of another origin; None if `path` is None."""
    return (api.request(path), api.request_cross_origin(path)) if path else (None, None)


def _first(api: Api, probe: ProbePlan) -> Response:
    left = api.timeout
    while True:
        response = api.request(probe.path)
        left -= _PAUSE + response.seconds
        if response.status == 200 or left < 0:
            return response
        api.sleep(_PAUSE)


def _read_first(api: Api, path: str, etag: str) -> dict[str, Any]:
    """The responses to the requests during which the document must not change."""
    return {
        "unchanged": api.request(path, If_None_Match=etag),
        "head": api.request(path, "HEAD"),
        "head_unchanged": api.request(path, "HEAD", If_None_Match=etag),
        "zipped": api.request(path, Accept_Encoding="gzip"),
        "without_credentials": api.read_anonymously(path),
        "other_method": api.request(path, "POST"),
        "cross_first": api.request_cross_origin(path),
        "cross_unchanged": api.request_cross_origin(path, If_None_Match=etag),
        "preflight": api.preflight(path),
        "others": {origin: api.read_as(origin, path, etag) for origin in api.origins.others},
        "refused": api.read_as(refused, path, etag) if (refused := api.origins.refused) else None,
    }


def check_access(
    s3: Any,
    bucket: str,
    key: str,
    plain_s3: Any | None,
    api_url: str,
    ca_bundle: Path | None = None,
) -> AccessChecks:
    """Send requests that should be refused, while the key has a document.

    `s3` is a boto3 client, `plain_s3` one without TLS, or None with an emulator.

    Raises:
        ReadModelError: S3 does not respond.
    """
    store = f"{s3.meta.endpoint_url}/{bucket}"
    ask = partial(request, ca_bundle=ca_bundle)
    item, listing = ask(f"{store}/{key}"), ask(f"{store}?list-type=2")
    if plain_s3 is None or not api_url.startswith("https:"):
        return AccessChecks(item, listing, why="an emulator is used instead of AWS")
    plain_bucket = _plain_bucket(s3, plain_s3, bucket, key)
    if proxy_for(api_url):
        return AccessChecks(item, listing, plain_bucket, why="the API is reached through a proxy")
    return AccessChecks(item, listing, plain_bucket, _plain_api(api_url), accepts_old_tls(api_url))


def _plain_bucket(s3: Any, plain_s3: Any, bucket: str, key: str) -> int | None:
    """The status of an authorized request without TLS; None if it is not authorized."""
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError:
        return None
    try:
        plain_s3.head_object(Bucket=bucket, Key=key)
    except plain_s3.exceptions.ClientError as error:
        return int(error.response["ResponseMetadata"]["HTTPStatusCode"])
    except aws_errors():
        return 0
    return 200


def _plain_api(api_url: str) -> int:
    """The status of a request without TLS; 0 for no response."""
    try:
        return request(api_url.replace("https:", "http:", 1), timeout=_TIMEOUT).status
    except ReadModelError:
        return 0


# Error reasons of OpenSSL if its own build or policy excludes old versions.
_CLIENT_REASONS = {"NO_PROTOCOLS_AVAILABLE", "NO_CIPHERS_AVAILABLE", "NO_CIPHER_MATCH"}


def accepts_old_tls(url: str) -> bool | None:
    """Whether the server accepts TLS below 1.2; None if this machine cannot use it."""
    parts = urlsplit(url)
    try:
        context = _old_context()
        with (
            socket.create_connection((parts.hostname, parts.port or 443), _TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return True
    except (ssl.SSLError, ValueError) as error:
        return None if getattr(error, "reason", None) in {*_CLIENT_REASONS, None} else False
    except ConnectionError:
        return False
    except OSError:
        return None


def _old_context() -> ssl.SSLContext:
    """A client context for TLS 1.0 and 1.1, which sends no data and verifies no certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # old versions are intended here
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    return context
