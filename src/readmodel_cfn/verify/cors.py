"""The CORS check of `verify`: which pages of other origins can read."""

from collections.abc import Iterator, Mapping

from readmodel_cfn.aws.http import Response
from readmodel_cfn.verify.checks import DEPLOY, has_word
from readmodel_cfn.verify.contract import Contract
from readmodel_cfn.verify.outcome import Outcome, broken, kept, not_checked
from readmodel_cfn.verify.session import Reads

_NAME = "CORS"
_ALLOW = "Access-Control-Allow-"
_ALL = ("an unknown path", "the preflight")  # no documents: they allow every one of several origins


def cors(contract: Contract, reads: Reads) -> Outcome:
    """Pages of the configured origins can read every response; other pages can read none."""
    responses = {
        "a read": reads.cross_first,
        "a read with 304": reads.cross_unchanged,
        "a missing key": reads.cross_missing,
        "an unknown path": reads.cross_unknown,
        "the preflight": reads.preflight,
    }
    sent = {name: response for name, response in responses.items() if response is not None}
    if not contract.cors_origins:
        return _refused(sent)
    if len(contract.cors_origins) == 1:
        (origin,) = contract.cors_origins
        expected = dict.fromkeys(sent, origin)
        return _allowed(contract, expected, sent, reads, f"{origin} may read")
    return _several(contract, sent, reads)


def _refused(sent: Mapping[str, Response]) -> Outcome:
    for name, response in sent.items():
        if found := _origin_of(response):
            todo = f"set cors_origin under [api] to the origin, or remove the header: {DEPLOY}"
            return broken(_NAME, f"{found} may read {name}, but no origin is configured", todo)
    return kept(_NAME, "no other origin may read")


def _several(contract: Contract, sent: Mapping[str, Response], reads: Reads) -> Outcome:
    """S3 compares the origin of a read; preflights and API Gateway's own errors allow every one."""
    origins = contract.cors_origins
    checked = [origin for origin in (reads.page, *reads.others) if origin in origins]
    if not checked:
        return not_checked(_NAME, "the emulator refuses pages of other machines")
    if what := next(_wrong_origins(reads), None):
        todo = f"allow exactly the configured origins in the bucket's CORS rules: {DEPLOY}"
        return broken(_NAME, what, todo)
    if not has_word(reads.cross_first, "Vary", "Origin"):
        what = "Vary lacks Origin: a cache may send one origin's response to another"
        return broken(_NAME, what, DEPLOY)
    rest = len(origins) - len(checked)
    left = f" ({rest} not checked: the emulator refuses pages of other machines)" if rest else ""
    expected = {name: "*" if name in _ALL else reads.page for name in sent}
    may_read = f"{', '.join(checked)} and no other origin may read{left}:"
    return _allowed(contract, expected, sent, reads, may_read)


def _wrong_origins(reads: Reads) -> Iterator[str]:
    """What is wrong with the responses to pages of the other origins."""
    names = ("a read", "a read with 304")
    for origin, responses in reads.others.items():
        for name, response in zip(names, responses, strict=True):
            if (found := _origin_of(response)) != origin:
                yield f"{_ALLOW}Origin is {found or 'missing'} in {name} by {origin}"
    for name, response in zip(names, reads.refused or (), strict=False):
        if found := _origin_of(response):
            yield f"{_ALLOW}Origin is {found} in {name} by an origin that is not configured"


def _allowed(
    contract: Contract,
    expected: Mapping[str, str],
    sent: Mapping[str, Response],
    reads: Reads,
    may_read: str,
) -> Outcome:
    wrong: dict[str, list[str]] = {}
    for name, response in sent.items():
        if _origin_of(response) != expected[name]:
            wrong.setdefault(expected[name], []).append(name)
    if wrong:
        parts = [f"not {origin} in {', '.join(names)}" for origin, names in wrong.items()]
        return broken(_NAME, f"{_ALLOW}Origin is {', '.join(parts)}", DEPLOY)
    if reads.preflight.status == 429:
        return not_checked(_NAME, "the API is throttled: the preflight gets 429")
    lacking = [
        f"{header} lacks {word}"
        for header, word, response in _required_values(contract, reads)
        if not has_word(response, header, word)
    ]
    if lacking or not 200 <= reads.preflight.status < 300:
        what = ", ".join(lacking) or f"the preflight gets {reads.preflight.status}"
        return broken(_NAME, what, DEPLOY)
    return kept(_NAME, f"{may_read} documents, errors and the ETag")


def _required_values(contract: Contract, reads: Reads) -> list[tuple[str, str, Response]]:
    of_documents = [("Access-Control-Expose-Headers", "ETag", reads.cross_first)]
    return [
        *(of_documents if reads.cross_first.status == 200 else []),
        (f"{_ALLOW}Methods", "GET", reads.preflight),
        *(
            (f"{_ALLOW}Headers", name, reads.preflight)
            for name in ("If-None-Match", *contract.cors_headers)
        ),
    ]


def _origin_of(response: Response) -> str | None:
    return response.header(f"{_ALLOW}Origin")
