"""What was found at the other doors. Pure."""

from readmodel_cfn.aws.http import Response
from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.verify.outcome import Outcome, broken, kept, not_shown
from readmodel_cfn.verify.seen import Doors

_CLOSE = "take the public grant away, and block public access; readmodel-cfn status --drift"


def readable(doors: Doors) -> Outcome:
    """Nobody reads the bucket without the API."""
    return _anonymous("bucket not readable without the API", doors.item, "read a document")


def listable(doors: Doors) -> Outcome:
    """Nobody lists its keys."""
    return _anonymous("bucket not listable", doors.listing, "list the keys")


def _anonymous(name: str, heard: Response, what: str) -> Outcome:
    if heard.status in (401, 403):
        return kept(name, f"an anonymous request is answered {heard.status}")
    if heard.status == 200:
        return broken(name, f"everybody may {what} at {heard.url}", _CLOSE)
    return not_shown(name, f"an anonymous request is answered {heard.status}")


def bucket_tls(doors: Doors) -> Outcome:
    """The bucket refuses even those who may read, without TLS."""
    name, found = "bucket refuses plain HTTP", doors.plain_bucket
    if found is None:
        why = doors.why or "these credentials may not read the document with TLS either"
        return not_shown(name, why)
    if found == 200:
        return broken(name, "a document is sent without TLS", _POLICY)
    if found == 403:
        return kept(name, "who may read it is answered 403")
    return not_shown(name, f"it is answered {found}" if found else "nobody answers on port 80")


_POLICY = "deny requests with aws:SecureTransport false in its policy: run readmodel-cfn deploy"


def api_tls(doors: Doors) -> Outcome:
    """The API gives nothing away without TLS."""
    name, found = "API refuses plain HTTP", doors.plain_api
    if found is None:
        return not_shown(name, doors.why)
    if 200 <= found < 300:
        todo = "look for what stands before the API, and have it refuse or redirect plain HTTP"
        return broken(name, f"answered {found} without TLS", todo)
    if found == 0 and not doors.plain_bucket:
        return not_shown(name, "nobody answers, S3 neither: this network may have no port 80")
    return kept(name, f"answered {found}" if found else "nobody answers, while S3 does")


def old_tls(doors: Doors) -> Outcome:
    """The API speaks TLS 1.2 or later only."""
    name, found = "TLS 1.2 or later", doors.old_tls
    if found is None:
        return not_shown(name, doors.why or "this machine cannot ask with an older TLS")
    if found:
        todo = "set security_policy under [api] and deploy"
        return broken(name, "the API speaks TLS 1.0 or 1.1 too", todo)
    return kept(name, "older ones are refused")


def throttling() -> Outcome:
    """Nobody knows without load."""
    why = "it takes load beyond the limit; status compares the limits with the template"
    return not_shown("throttling", why)


def live(found: Live) -> Outcome:
    """The stage serves what the stack's template says."""
    name = "what is live is what the template says"
    if found.findings:
        first = found.findings[0]
        details = [f"{one.method} {one.route} {one.detail}".strip() for one in found.findings]
        return broken(name, "; ".join(details), first.todo)
    if not found.compared:
        return not_shown(name, "; ".join(found.unknown))
    parts = dict.fromkeys(one for parts in found.compared.values() for one in parts)
    not_compared = f"; {'; '.join(found.unknown)}" if found.unknown else ""
    return kept(name, f"compared: {', '.join(parts)}{not_compared}")
