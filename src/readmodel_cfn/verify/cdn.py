"""Checks of the distribution: documents, missing ones, `/` and plain HTTP, read through CloudFront.

The other promises are checked at the API, since CloudFront may serve a document as long as its
Cache-Control says.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from readmodel_cfn.aws.http import Response, request
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.contract import ProbePlan
from readmodel_cfn.verify.outcome import Outcome, broken, kept, not_checked

_NAMES = ("CDN document", "CDN missing document", "CDN unknown path", "CDN TLS")
_DEPLOY = "deploy again, and compare the stack with its template: readmodel-cfn status --drift"


@dataclass(frozen=True)
class CdnReads:
    """What the distribution answered; None if it was not asked, for the reason `why`."""

    url: str
    document: Response | None = None
    missing: Response | None = None
    root: Response | None = None
    plain: int | None = None
    sent: bytes = b""
    why: str = ""


def read_cdn(url: str, probe: ProbePlan, sent: bytes, ca_bundle: Path | None) -> CdnReads:
    """Read the probe document, a missing one and `/` through the distribution.

    Raises:
        ReadModelError: it does not respond.
    """
    document = request(f"{url}/{probe.path}", ca_bundle=ca_bundle)
    missing = request(f"{url}/{probe.missing}", ca_bundle=ca_bundle) if probe.missing else None
    root = request(f"{url}/?list-type=2", ca_bundle=ca_bundle)
    return CdnReads(url, document, missing, root, _plain(url), sent)


def not_read(url: str, probe: ProbePlan, cache_control: str, *, emulated: bool) -> CdnReads | None:
    """Why the distribution must not be asked; None if it can be."""
    if emulated:
        return CdnReads(url, why="an emulator of AWS does not serve CloudFront")
    if probe.route.is_static and cache_control != "no-cache":
        return CdnReads(url, why="CloudFront would cache the probe document for readers")
    return None


def _plain(url: str) -> int:
    """The status of a request without TLS; 0 for no response."""
    try:
        return request(url.replace("https:", "http:", 1)).status
    except ReadModelError:
        return 0


def judge_cdn(reads: CdnReads) -> Iterator[Outcome]:
    """The outcomes, one for each name."""
    if reads.document is None or reads.root is None:
        yield from (not_checked(name, reads.why) for name in _NAMES)
        return
    yield _document(reads, reads.document)
    yield _missing(reads.missing)
    yield _root(reads.root)
    if reads.plain is not None and 200 <= reads.plain < 300:
        yield broken("CDN TLS", f"plain HTTP gets {reads.plain}", _DEPLOY)
    else:
        yield kept("CDN TLS", "plain HTTP gets no document")


def _document(reads: CdnReads, found: Response) -> Outcome:
    name = "CDN document"
    if found.status != 200:
        return broken(name, f"GET {found.url}: {found.status}", _DEPLOY)
    if found.decoded() != reads.sent:  # it may be stored compressed
        return broken(name, f"GET {found.url}: another document", "use --invalidate of publish")
    return kept(name, "served unchanged")


def _missing(found: Response | None) -> Outcome:
    name = "CDN missing document"
    if found is None:
        return not_checked(name, "every route has one key, and its document exists")
    if found.status == 404:
        return kept(name, "404")
    return broken(name, f"GET {found.url}: {found.status}", _DEPLOY)


def _root(found: Response) -> Outcome:
    name = "CDN unknown path"
    if found.status == 404 and _is_json(found.body):
        return kept(name, "/ is a 404 in JSON")
    return broken(name, f"GET {found.url}: {found.status}", _DEPLOY)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True
