"""The session: all that is asked of the API while the probe is there."""

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from readmodel_cfn.aws.http import LOCAL_HOSTS, Response, request
from readmodel_cfn.errors import Unfinished
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.keeping import ProbeDocument
from readmodel_cfn.verify.probe import Probe
from readmodel_cfn.verify.seen import Reads

_PAUSE = 0.5  # seconds between the first reads, and before what was throttled is asked again
_THROTTLED = 429
_SOME_ORIGIN = "https://readmodel-cfn.example"
_LOCAL_ORIGIN = "http://localhost"


class Api:
    """The API at a base URL, asked as a client would, and as a page of another origin.

    Where an answer is 429 it is asked again, for up to `patience` seconds in all: a stack may have
    a limit that the questions themselves reach.
    """

    def __init__(
        self,
        url: str,
        contract: Contract,
        patience: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url, self._origin = url, _origin(url, contract.cors_origin)
        self.patience, self._left, self.sleep = patience, patience, sleep

    def request(self, path: str, method: str = "GET", **headers: str) -> Response:
        """Ask; underscores in header names are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        while True:
            response = request(f"{self.url}/{path}", method, named)
            if response.status != _THROTTLED or self._left <= 0:
                return response
            self._left -= _PAUSE
            self.sleep(_PAUSE)

    def request_cross_origin(self, path: str, method: str = "GET", **headers: str) -> Response:
        """The same for a page of the other origin."""
        return self.request(path, method, Origin=self._origin, **headers)

    def preflight(self, path: str) -> Response:
        """What a browser asks before a page may send If-None-Match."""
        asked = {
            "Access_Control_Request_Method": "GET",
            "Access_Control_Request_Headers": "if-none-match",
        }
        return self.request_cross_origin(path, "OPTIONS", **asked)


def _origin(url: str, allowed: str | None) -> str:
    """The origin of the page: the allowed one, or any where all origins or none may read.

    An emulator on this machine, such as the sandbox, refuses pages of other machines before it
    reaches the API. API Gateway compares no origins, so a local page gets the same headers.
    """
    if urlsplit(url).hostname in LOCAL_HOSTS:
        return _LOCAL_ORIGIN
    return allowed if allowed and allowed != "*" else _SOME_ORIGIN


def read(api: Api, probe: Probe, document: ProbeDocument) -> Reads:
    """Ask everything, while the first document is there, and once more with the second.

    A new API, role or policy takes seconds until all of AWS knows it: the first read alone is asked
    again, for up to the API's patience, until it is served.

    Raises:
        ReadModelError: nobody answers.
        Unfinished: somebody published to the probe's key meanwhile, or the API is throttled.
    """
    # A static route alone has a missing document only before the probe is there.
    nobodys = None if probe.missing or document.saved else probe.path
    absent = _both(api, nobodys)
    old = document.put(probe.documents[0])
    first = _first(api, probe)
    to_missing, page_to_missing = _both(api, probe.missing) if probe.missing else absent
    to_unknown, page_to_unknown = _both(api, probe.unknown)
    etag = first.header("ETag") or old  # where none comes, the condition is S3's own
    same = _with_the_first(api, probe.path, etag)
    new = document.put(probe.documents[1])
    changed = api.request(probe.path)
    outdated = api.request(probe.path, If_None_Match=etag)
    document.check_undisturbed()
    reads = Reads(
        probe=probe,
        etags=(old, new),
        first=first,
        changed=changed,
        outdated=outdated,
        missing=to_missing,
        cross_missing=page_to_missing,
        unknown=to_unknown,
        cross_unknown=page_to_unknown,
        **same,
    )
    _check_not_throttled(reads, api.url)
    return reads


def _check_not_throttled(reads: Reads, url: str) -> None:
    """Check that no answer says only that there were too many questions; or all say so."""
    answers = [one for one in vars(reads).values() if isinstance(one, Response)]
    if reads.is_served and any(one.status == _THROTTLED for one in answers):
        hint = "give a longer --timeout, or raise throttle_rate under [deployment]"
        raise Unfinished("it is throttled: some requests are answered 429", where=url, hint=hint)


def _both(api: Api, path: str | None) -> tuple[Response | None, Response | None]:
    """What a client gets, and what a page of another origin does, where there is a path to ask."""
    return (api.request(path), api.request_cross_origin(path)) if path else (None, None)


def _first(api: Api, probe: Probe) -> Response:
    left = api.patience
    while True:
        response = api.request(probe.path)
        left -= _PAUSE + response.seconds
        if response.status == 200 or left < 0:
            return response
        api.sleep(_PAUSE)


def _with_the_first(api: Api, path: str, etag: str) -> dict[str, Response]:
    return {
        "unchanged": api.request(path, If_None_Match=etag),
        "head": api.request(path, "HEAD"),
        "head_unchanged": api.request(path, "HEAD", If_None_Match=etag),
        "zipped": api.request(path, Accept_Encoding="gzip"),
        "other_method": api.request(path, "POST"),
        "cross_first": api.request_cross_origin(path),
        "cross_unchanged": api.request_cross_origin(path, If_None_Match=etag),
        "preflight": api.preflight(path),
    }
