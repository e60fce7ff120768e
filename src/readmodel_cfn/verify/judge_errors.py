"""What the answers to what is not there say of each promise. Pure."""

from readmodel_cfn.aws.http import Response
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.judge_reads import AGAIN, has_message, is_json_404
from readmodel_cfn.verify.outcome import Outcome, broken, kept, not_shown
from readmodel_cfn.verify.seen import Reads


def missing(contract: Contract, seen: Reads) -> Outcome:
    """A document that nobody has published is a 404 in JSON."""
    name = "missing key"
    if seen.missing is None:
        return not_shown(name, "every route has one key, and a document is there")
    if is_json_404(seen.missing):
        return kept(name, "404 in JSON")
    if seen.missing.status == 429:
        return not_shown(name, "the API is throttled: it answers 429")
    return broken(name, _shape(seen.missing), _todo(contract, seen.missing))


def _todo(contract: Contract, found: Response) -> str:
    if found.status != 403:
        return f"answer S3's 404 as 404, with a body of your own: {AGAIN}"
    if contract.missing == "mask":
        return f"answer S3's 403 as 404: {AGAIN}"
    return f'let the gateway role list the routes\' keys, or set missing = "mask": {AGAIN}'


def unknown(_: Contract, seen: Reads) -> Outcome:
    """So is a path that no route takes."""
    name = "unknown path"
    if seen.unknown is None:
        return not_shown(name, "a route takes every path")
    if is_json_404(seen.unknown):
        return kept(name, "404 in JSON")
    todo = f"answer MISSING_AUTHENTICATION_TOKEN as 404: {AGAIN}"
    return broken(name, _shape(seen.unknown), todo)


def other_methods(_: Contract, seen: Reads) -> Outcome:
    """So is a method that only reads nothing."""
    name = "other methods"
    if is_json_404(seen.other_method):
        return kept(name, "POST is a 404 in JSON")
    what = f"POST: {_shape(seen.other_method)}"
    return broken(name, what, f"leave the routes nothing but GET and HEAD: {AGAIN}")


def _shape(heard: Response) -> str:
    """What came in place of a 404 in JSON."""
    kind = heard.header("Content-Type") or "no Content-Type"
    said = "" if has_message(heard.body) else f", {_beginning(heard.body)}"
    return f"answers {heard.status}, {kind}{said}"


def _beginning(body: bytes) -> str:
    text = " ".join(body[:200].decode("utf-8", "replace").split())
    return f"{text[:60]}..." if len(text) > 60 else text or "no body"
