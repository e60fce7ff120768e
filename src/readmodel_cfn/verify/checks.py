"""One check for each promise: a function of the observations that sends no requests."""

import json
from collections.abc import Iterator

from readmodel_cfn.aws.http import Response
from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.outcome import Outcome, broken, kept, not_checked
from readmodel_cfn.verify.session import AccessChecks, Reads

CONTENT_TYPE = "application/json"
DEPLOY = "run: readmodel-cfn deploy; if it finds no change, raise serial under [deployment] first"
_BETWEEN = f"find what changes it between S3 and this machine; {DEPLOY}"


# --- the document ---


def served(_: Contract, reads: Reads) -> Outcome:
    """GET returns the published document, byte for byte."""
    name, first = "served whole and equal", reads.first
    if first.status != 200:
        todo = f"run: readmodel-cfn read {reads.probe.path}, and readmodel-cfn status"
        if first.status == 429:
            todo = "raise throttle_rate under [deployment] or of the route, and deploy"
        elif first.status in (403, 404):
            todo = f"allow s3:GetObject on {reads.probe.route.key} to the API's role: {DEPLOY}"
        return broken(name, f"GET returns {first.status}", todo)
    if first.decoded() != reads.probe.documents[0]:
        what = f"GET returns {len(first.body):,} bytes that are not the published document"
        return broken(name, what, _BETWEEN)
    return kept(name, f"{len(first.body):,} bytes, equal")


def content_type(_: Contract, reads: Reads) -> Outcome:
    """The Content-Type is that of JSON."""
    name, found = "Content-Type", reads.first.header("Content-Type")
    if _media_type(reads.first) == CONTENT_TYPE:
        return kept(name, found or "")
    return broken(name, f"{found or 'none'}, not {CONTENT_TYPE}", _map("Content-Type"))


def etag(_: Contract, reads: Reads) -> Outcome:
    """The ETag is that of S3."""
    name, found = "ETag", reads.first.header("ETag")
    if found is None:
        return broken(name, "none, so no conditional request is possible", _map("ETag"))
    if found != reads.etags[0]:
        return broken(name, f"{found}, but {reads.etags[0]} in S3", _BETWEEN)
    return kept(name, found)


def cache_control(contract: Contract, reads: Reads) -> Outcome:
    """The Cache-Control is the configured one."""
    name, found = "Cache-Control", reads.first.header("Cache-Control")
    if found == contract.cache_control:
        return kept(name, found)
    what = f"{found or 'none'}, not {contract.cache_control}"
    return broken(name, what, _map("Cache-Control"))


def not_modified(_: Contract, reads: Reads) -> Outcome:
    """A matching If-None-Match gets 304 with the ETag and without a body."""
    name, found = "304 on a matching If-None-Match", reads.unchanged
    todo = f"send If-None-Match to S3 and map its 304: {DEPLOY}"
    if found.status != 304:
        resent, failed = "each read gets the whole document", "who has the document gets an error"
        what = resent if found.status == 200 else failed
        return broken(name, f"{found.status}: {what}", todo)
    if found.body:
        return broken(name, f"304 with a body of {len(found.body):,} bytes", todo)
    if found.header("ETag") != reads.etags[0]:
        return broken(name, f"304 with the ETag {found.header('ETag') or 'missing'}", todo)
    return kept(name, "without a body, with its ETag")


def change(_: Contract, reads: Reads) -> Outcome:
    """After a change the next GET, also one with the old ETag, returns the new document."""
    name, new, with_old = "a change is seen", reads.changed, reads.outdated
    todo = "disable the cache between S3 and this machine: the stage's cache, or a CDN"
    if new.decoded() != reads.probe.documents[1]:
        what = f"after a change GET returns {new.status} without the new document"
        return broken(name, what, todo)
    if with_old.status != 200 or with_old.decoded() != reads.probe.documents[1]:
        return broken(name, f"after a change the old ETag gets {with_old.status}", todo)
    if new.header("ETag") is None:
        return kept(name, "the new document is served at once")
    if new.header("ETag") == reads.first.header("ETag"):
        return broken(name, "the changed document has the same ETag", _map("ETag"))
    return kept(name, "the new document is served at once, with another ETag")


def head(contract: Contract, reads: Reads) -> Outcome:
    """HEAD returns the same headers as GET, or the promised ones."""
    name, todo = "HEAD", f"add the route's HEAD method: {DEPLOY}"
    if reads.head.status != 200:
        return broken(name, f"returns {reads.head.status}", todo)
    if wrong := [key for key, equal in _head_headers(contract, reads).items() if not equal]:
        return broken(name, f"differs from GET in {', '.join(wrong)}", todo)
    if reads.head_unchanged.status not in (reads.unchanged.status, 304):
        return broken(name, f"a matching If-None-Match gets {reads.head_unchanged.status}", todo)
    return kept(name, "GET's headers without a body")


def _head_headers(contract: Contract, reads: Reads) -> dict[str, bool]:
    """Whether each header of HEAD equals that of GET, or the promised value if GET is wrong."""
    promised = {
        "Content-Type": CONTENT_TYPE,
        "ETag": reads.etags[0],
        "Cache-Control": contract.cache_control,
        "Last-Modified": None,
    }
    return {
        name: reads.head.header(name) in (reads.first.header(name), promised[name])
        for name in promised
    }


def compression(contract: Contract, reads: Reads) -> Outcome:
    """Responses are compressed as configured, and equal the document when decompressed."""
    name, zipped = "compression", reads.zipped
    encoding = zipped.header("Content-Encoding")
    if zipped.decoded() != reads.probe.documents[0]:
        what = f"Accept-Encoding: gzip gets other bytes ({zipped.status})"
        return broken(name, what, DEPLOY)
    if contract.gzip_stored:
        return _stored_compressed(name, reads)
    plain = reads.first.header("Content-Encoding")
    if plain or (encoding and contract.compress_from is None):
        why = "without Accept-Encoding" if plain else "although compression is disabled"
        return broken(name, f"{plain or encoding} is sent {why}", DEPLOY)
    return _on_request(name, contract.compress_from, reads)


def _stored_compressed(name: str, reads: Reads) -> Outcome:
    if reads.first.header("Content-Encoding") == "gzip":
        return kept(name, f"{len(reads.first.body):,} bytes, as stored")
    what = "documents are stored compressed, but have no Content-Encoding"
    return broken(name, what, _map("Content-Encoding"))


def _on_request(name: str, compress_from: int | None, reads: Reads) -> Outcome:
    size, small = len(reads.probe.documents[0]), len(reads.zipped.body)
    if compress_from is None:
        return kept(name, "none, as configured")
    if size < compress_from:
        return not_checked(name, f"the probe has {size:,} bytes; it starts at {compress_from:,}")
    if reads.zipped.header("Content-Encoding") == "gzip":
        return kept(name, f"{small:,} of {size:,} bytes with gzip, all without")
    what = f"Accept-Encoding: gzip gets the whole {size:,} bytes"
    return broken(name, what, f"set compress_from under [api] and deploy: {DEPLOY}")


def vary(contract: Contract, reads: Reads) -> Outcome:
    """Vary says that the response depends on Accept-Encoding, for caches."""
    if contract.compress_from is None or contract.gzip_stored:
        return kept("Vary", "not needed: every reader gets the same bytes")
    if has_word(reads.first, "Vary", "Accept-Encoding"):
        return kept("Vary", reads.first.header("Vary") or "")
    if reads.zipped.header("Content-Encoding") is None:
        return kept("Vary", "not needed: nothing is compressed")
    found = reads.first.header("Vary") or "none"
    what = f"{found}: a cache may send gzip to readers that do not accept it"
    return broken("Vary", what, _map("Vary: Accept-Encoding"))


# --- errors ---


def missing(contract: Contract, reads: Reads) -> Outcome:
    """A document that does not exist is a 404 in JSON."""
    name = "missing key"
    if reads.missing is None:
        return not_checked(name, "every route has one key, and its document exists")
    if _is_json(reads.missing, 404):
        return kept(name, "404 in JSON")
    if reads.missing.status == 429:
        return not_checked(name, "the API is throttled: it returns 429")
    return broken(name, _described(reads.missing), _missing_todo(contract, reads.missing))


def _missing_todo(contract: Contract, found: Response) -> str:
    if found.status != 403:
        return f"map S3's 404 to 404 with a JSON body: {DEPLOY}"
    if contract.missing == "mask":
        return f"map S3's 403 to 404: {DEPLOY}"
    return f"allow the API's role to list the routes' keys, or set missing = \"mask\": {DEPLOY}"


def unknown(contract: Contract, reads: Reads) -> Outcome:
    """A path without a route is a 404 in JSON; a 403 if requests must be signed."""
    name = "unknown path"
    if reads.unknown is None:
        return not_checked(name, "a route matches every path")
    status = contract.unknown_status
    if _is_json(reads.unknown, status):
        return kept(name, f"{status} in JSON")
    todo = f"map the gateway response MISSING_AUTHENTICATION_TOKEN to {status}: {DEPLOY}"
    return broken(name, _described(reads.unknown), todo)


def other_methods(contract: Contract, reads: Reads) -> Outcome:
    """A method other than GET and HEAD is a 404 in JSON; a 403 if requests must be signed."""
    name = "other methods"
    if _is_json(reads.other_method, contract.unknown_status):
        return kept(name, f"POST is a {contract.unknown_status} in JSON")
    what = f"POST: {_described(reads.other_method)}"
    return broken(name, what, f"remove all methods but GET and HEAD from the routes: {DEPLOY}")


def _is_json(response: Response, status: int) -> bool:
    is_json = _media_type(response) == CONTENT_TYPE
    return response.status == status and is_json and _has_message(response.body)


def _has_message(body: bytes) -> bool:
    """Whether the body is a JSON object with a message."""
    try:
        found = json.loads(body)
    except ValueError:
        return False
    return isinstance(found, dict) and isinstance(found.get("message"), str)


def _described(response: Response) -> str:
    """A description of a response that is not a 404 in JSON."""
    kind = response.header("Content-Type") or "no Content-Type"
    body = "" if _has_message(response.body) else f", {_start(response.body)}"
    return f"returns {response.status}, {kind}{body}"


def _start(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    return f"{text[:60]}..." if len(text) > 60 else text or "no body"


# --- access ---

_BLOCK_PUBLIC = "remove the public grant and block public access: readmodel-cfn status --drift"
_DENY_PLAIN = "deny aws:SecureTransport = false in the bucket policy: run readmodel-cfn deploy"


def authorization(contract: Contract, reads: Reads) -> Iterator[Outcome]:
    """Readers without credentials are refused; none if the API is public."""
    if contract.auth != "public":
        yield _refused(contract.auth, reads.without_credentials)
    if contract.restricts_network:
        why = "it requires a client in another network"
        yield not_checked("other networks are refused", why)


def _refused(auth: str, response: Response) -> Outcome:
    name = f"refused without {'a signature' if auth == 'iam' else 'an API key'}"
    if response.status == 403:
        return kept(name, "a read gets 403")
    if response.ok:
        return broken(name, f"everybody can read: a read gets {response.status}", DEPLOY)
    return broken(name, f"a read gets {response.status}, not 403", DEPLOY)


def readable(access: AccessChecks) -> Outcome:
    """Nobody can read the bucket without the API."""
    return _anonymous("bucket not readable without the API", access.item, "read a document")


def listable(access: AccessChecks) -> Outcome:
    """Nobody can list the bucket."""
    return _anonymous("bucket not listable", access.listing, "list the keys")


def _anonymous(name: str, response: Response, what: str) -> Outcome:
    if response.status in (401, 403):
        return kept(name, f"an anonymous request gets {response.status}")
    if response.status == 200:
        return broken(name, f"everybody can {what} at {response.url}", _BLOCK_PUBLIC)
    return not_checked(name, f"an anonymous request gets {response.status}")


def bucket_tls(access: AccessChecks) -> Outcome:
    """The bucket refuses authorized requests without TLS."""
    name, found = "bucket refuses plain HTTP", access.plain_bucket
    if found is None:
        why = access.why or "these credentials cannot read the document with TLS either"
        return not_checked(name, why)
    if found == 200:
        return broken(name, "a document is sent without TLS", _DENY_PLAIN)
    if found == 403:
        return kept(name, "an authorized request gets 403")
    return not_checked(name, f"the request gets {found}" if found else "no response on port 80")


def api_tls(access: AccessChecks) -> Outcome:
    """The API sends no document without TLS."""
    name, found = "API refuses plain HTTP", access.plain_api
    if found is None:
        return not_checked(name, access.why)
    if 200 <= found < 300:
        todo = "configure the proxy or CDN in front of the API to refuse or redirect plain HTTP"
        return broken(name, f"returns {found} without TLS", todo)
    if found == 0 and not access.plain_bucket:
        return not_checked(name, "no response from API or S3: this network may block port 80")
    return kept(name, f"returns {found}" if found else "no response, but S3 responds")


def old_tls(access: AccessChecks) -> Outcome:
    """The API accepts TLS 1.2 or later only."""
    name, found = "TLS 1.2 or later", access.old_tls
    if found is None:
        return not_checked(name, access.why or "this machine cannot use an older TLS")
    if found:
        todo = "set security_policy under [api] and deploy"
        return broken(name, "the API accepts TLS 1.0 or 1.1", todo)
    return kept(name, "older versions are refused")


def default_endpoint(found: Response | None) -> Outcome:
    """API Gateway's own URL, which the stack disables, returns 403."""
    name = "execute-api URL is disabled"
    if found is None:
        return not_checked(name, "an emulator is used instead of AWS")
    if found.status == 403:
        return kept(name, "returns 403")
    return broken(name, f"{found.url} returns {found.status}", DEPLOY)


# --- the stage ---


def throttling() -> Outcome:
    """Throttling cannot be checked without load."""
    why = "it requires load above the limit; status compares the limits with the template"
    return not_checked("throttling", why)


def live(found: Live) -> Outcome:
    """The stage serves what the stack's template says."""
    name = "what is live is what the template says"
    if found.findings:
        first = found.findings[0]
        details = [
            f"{finding.method} {finding.route} {finding.detail}".strip()
            for finding in found.findings
        ]
        return broken(name, "; ".join(details), first.todo)
    if not found.compared:
        return not_checked(name, "; ".join(found.unknown))
    parts = dict.fromkeys(part for parts in found.compared.values() for part in parts)
    not_compared = f"; {'; '.join(found.unknown)}" if found.unknown else ""
    return kept(name, f"compared: {', '.join(parts)}{not_compared}")


def _media_type(response: Response) -> str:
    return (response.header("Content-Type") or "").partition(";")[0].strip().lower()


def has_word(response: Response, header: str, word: str) -> bool:
    """Whether a header whose value is a list of words has the word, or `*`."""
    words = [each.strip().lower() for each in (response.header(header) or "").split(",")]
    return word.lower() in words or "*" in words


def _map(header: str) -> str:
    return f"map {header} in the 200 response: {DEPLOY}"
