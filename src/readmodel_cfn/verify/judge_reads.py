"""What the answers to reads say of each promise. Pure: an answer in, an outcome out."""

import json

from readmodel_cfn.aws.http import Response
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.outcome import Outcome, broken, kept
from readmodel_cfn.verify.seen import Reads

AGAIN = "run: readmodel-cfn deploy; where it finds no change, raise serial under [deployment] first"
CONTENT_TYPE = "application/json"


def served(_: Contract, seen: Reads) -> Outcome:
    """The document arrives whole, byte for byte."""
    name, first = "served whole and equal", seen.first
    if first.status != 200:
        todo = f"see what it says: readmodel-cfn read {seen.probe.path}, and readmodel-cfn status"
        if first.status == 429:
            todo = "raise throttle_rate under [deployment], or of the route, and deploy"
        elif first.status in (403, 404):
            todo = f"let the gateway role get {seen.probe.route.key}: {AGAIN}"
        return broken(name, f"GET answers {first.status}", todo)
    if first.decoded() != seen.probe.documents[0]:
        what = f"{len(first.body):,} bytes arrive that are not the document that was written"
        return broken(name, what, f"look for what changes it between S3 and here; {AGAIN}")
    return kept(name, f"{len(first.body):,} bytes, equal")


def content_type(_: Contract, seen: Reads) -> Outcome:
    """The payload is said to be JSON."""
    name, found = "Content-Type", seen.first.header("Content-Type")
    if (found or "").partition(";")[0].strip().lower() == CONTENT_TYPE:
        return kept(name, found or "")
    return broken(name, f"{found or 'none'}, not {CONTENT_TYPE}", _map("Content-Type"))


def etag(_: Contract, seen: Reads) -> Outcome:
    """S3's own ETag arrives, and is a strong one."""
    name, found = "ETag", seen.first.header("ETag")
    if found is None:
        return broken(name, "none: no reader can ask whether anything changed", _map("ETag"))
    if found != seen.etags[0]:
        what = f"{found}, while S3 says {seen.etags[0]}"
        return broken(name, what, f"look for what changes it between S3 and here; {AGAIN}")
    return kept(name, found)


def cache_control(contract: Contract, seen: Reads) -> Outcome:
    """Readers are told how long they may keep the payload."""
    name, found = "Cache-Control", seen.first.header("Cache-Control")
    if found == contract.cache_control:
        return kept(name, found)
    what = f"{found or 'none'}, not {contract.cache_control}"
    return broken(name, what, _map("Cache-Control"))


def not_modified(_: Contract, seen: Reads) -> Outcome:
    """Who has the payload is told so, with its ETag and without a body."""
    name, found = "304 on a matching If-None-Match", seen.unchanged
    todo = f"pass If-None-Match to S3 and map its 304: {AGAIN}"
    if found.status != 304:
        return broken(name, f"answers {found.status}: every read is sent whole", todo)
    if found.body:
        return broken(name, f"it has a body of {len(found.body):,} bytes", todo)
    if found.header("ETag") != seen.etags[0]:
        return broken(name, f"its ETag is {found.header('ETag') or 'missing'}", todo)
    return kept(name, "without a body, with its ETag")


def change(_: Contract, seen: Reads) -> Outcome:
    """A change is seen at once, by who asks plainly and by who asks with the old ETag."""
    name, new, with_old = "a change is seen", seen.changed, seen.outdated
    todo = "switch off what caches between S3 and here: the stage's cache, or a CDN"
    if new.decoded() != seen.probe.documents[1]:
        return broken(name, f"after a change GET answers {new.status} without it", todo)
    if with_old.status != 200 or with_old.decoded() != seen.probe.documents[1]:
        return broken(name, f"after a change the old ETag gets {with_old.status}", todo)
    if new.header("ETag") is None:
        return kept(name, "the new document is served at once")
    if new.header("ETag") == seen.first.header("ETag"):
        return broken(name, "the changed document has the same ETag", _map("ETag"))
    return kept(name, "the new document is served at once, with another ETag")


def head(contract: Contract, seen: Reads) -> Outcome:
    """HEAD tells what GET does, or what it should: without a body."""
    name, todo = "HEAD", f"give the route its HEAD method: {AGAIN}"
    if seen.head.status != 200:
        return broken(name, f"answers {seen.head.status}", todo)
    if other := [one for one, right in _told(contract, seen).items() if not right]:
        return broken(name, f"without GET's {', '.join(other)}", todo)
    if seen.head_unchanged.status not in (seen.unchanged.status, 304):
        return broken(name, f"a matching If-None-Match gets {seen.head_unchanged.status}", todo)
    return kept(name, "GET's headers without a body")


def _told(contract: Contract, seen: Reads) -> dict[str, bool]:
    """Whether each of HEAD's headers is GET's, or what it should be where GET's is wrong itself."""
    promised = {
        "Content-Type": CONTENT_TYPE,
        "ETag": seen.etags[0],
        "Cache-Control": contract.cache_control,
        "Last-Modified": None,
    }
    return {
        name: seen.head.header(name) in (seen.first.header(name), promised[name])
        for name in promised
    }


def is_json_404(heard: Response) -> bool:
    """Is it the one shape of all errors?"""
    kind = (heard.header("Content-Type") or "").partition(";")[0].strip().lower()
    return heard.status == 404 and kind == CONTENT_TYPE and has_message(heard.body)


def has_message(body: bytes) -> bool:
    """Is it a JSON object with a message?"""
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("message"), str)


def _map(header: str) -> str:
    return f"map {header} in the answer 200: {AGAIN}"
