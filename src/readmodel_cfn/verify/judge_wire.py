"""What the answers say of other origins and of compression. Pure."""

from collections.abc import Mapping

from readmodel_cfn.aws.http import Response
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.judge_reads import AGAIN
from readmodel_cfn.verify.outcome import Outcome, broken, kept, not_shown
from readmodel_cfn.verify.seen import Reads

_ALLOW = "Access-Control-Allow-"


def cors(contract: Contract, seen: Reads) -> Outcome:
    """Pages of the one origin may read every answer; where none is named, no other may."""
    origin = contract.cors_origin
    answers = {
        "a read": seen.cross_first,
        "a read that finds nothing changed": seen.cross_unchanged,
        "a missing key": seen.cross_missing,
        "an unknown path": seen.cross_unknown,
        "the preflight": seen.preflight,
    }
    heard = {what: one for what, one in answers.items() if one is not None}
    return _allowed(origin, heard, seen) if origin else _refused(heard)


def _refused(heard: Mapping[str, Response]) -> Outcome:
    for what, one in heard.items():
        if found := one.header(f"{_ALLOW}Origin"):
            todo = f"name the origin as cors_origin under [api], or take it away: {AGAIN}"
            return broken("CORS", f"{found} may read, by {what}, though no origin is named", todo)
    return kept("CORS", "no other origin may read")


def _allowed(origin: str, heard: Mapping[str, Response], seen: Reads) -> Outcome:
    without = [what for what, one in heard.items() if one.header(f"{_ALLOW}Origin") != origin]
    if without:
        what = f"{_ALLOW}Origin is not {origin} in {', '.join(without)}"
        return broken("CORS", what, AGAIN)
    if seen.preflight.status == 429:
        return not_shown("CORS", "the API is throttled: the preflight is answered 429")
    lacking = [
        f"{name} lacks {word}" for name, word, one in _words(seen) if not _names(one, name, word)
    ]
    if lacking or not 200 <= seen.preflight.status < 300:
        what = ", ".join(lacking) or f"the preflight is answered {seen.preflight.status}"
        return broken("CORS", what, AGAIN)
    return kept("CORS", f"{origin} may read, errors too, and see the ETag")


def _words(seen: Reads) -> list[tuple[str, str, Response]]:
    of_payloads = [("Access-Control-Expose-Headers", "ETag", seen.cross_first)]
    return [
        *(of_payloads if seen.cross_first.status == 200 else []),
        (f"{_ALLOW}Methods", "GET", seen.preflight),
        (f"{_ALLOW}Headers", "If-None-Match", seen.preflight),
    ]


def _names(heard: Response, header: str, word: str) -> bool:
    words = [one.strip().lower() for one in (heard.header(header) or "").split(",")]
    return word.lower() in words or "*" in words


def compression(contract: Contract, seen: Reads) -> Outcome:
    """An answer is as small as it was promised, and the same once it is unpacked."""
    name, zipped = "compression", seen.zipped
    encoding = zipped.header("Content-Encoding")
    if zipped.decoded() != seen.probe.documents[0]:
        what = f"with Accept-Encoding: gzip other bytes arrive ({zipped.status})"
        return broken(name, what, AGAIN)
    if contract.gzip_stored:
        return _stored(name, seen)
    plain = seen.first.header("Content-Encoding")
    if plain or (encoding and contract.compress_from is None):
        what = f"{plain or encoding} is sent, though nobody asked for it"
        return broken(name, what, AGAIN)
    return _made(name, contract.compress_from, seen)


def _stored(name: str, seen: Reads) -> Outcome:
    if seen.first.header("Content-Encoding") == "gzip":
        return kept(name, f"{len(seen.first.body):,} bytes, as they are kept")
    what = "payloads are kept compressed, and arrive without Content-Encoding"
    return broken(name, what, f"map Content-Encoding in the answer 200: {AGAIN}")


def _made(name: str, compress_from: int | None, seen: Reads) -> Outcome:
    size, small = len(seen.probe.documents[0]), len(seen.zipped.body)
    if compress_from is None:
        return kept(name, "none, as readmodel.toml says")
    if size < compress_from:
        return not_shown(name, f"the probe has {size:,} bytes; it begins at {compress_from:,}")
    if seen.zipped.header("Content-Encoding") == "gzip":
        return kept(name, f"{small:,} of {size:,} bytes with gzip, and all without")
    what = f"{size:,} bytes are sent whole to who asks for gzip"
    return broken(name, what, f"set compress_from under [api] and deploy: {AGAIN}")


def vary(contract: Contract, seen: Reads) -> Outcome:
    """Caches are told that the answer depends on what was asked for."""
    if contract.compress_from is None or contract.gzip_stored:
        return kept("Vary", "not needed: every reader gets the same bytes")
    if _names(seen.first, "Vary", "Accept-Encoding"):
        return kept("Vary", seen.first.header("Vary") or "")
    if seen.zipped.header("Content-Encoding") is None:
        return kept("Vary", "not needed: nothing is compressed")
    found = seen.first.header("Vary") or "none"
    what = f"{found}: a cache may give gzip to who cannot read it"
    return broken("Vary", what, f"send Vary: Accept-Encoding in the answer 200: {AGAIN}")
