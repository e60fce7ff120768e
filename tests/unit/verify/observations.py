"""Observations of a stack that keeps every promise; tests change one at a time."""

import gzip
from dataclasses import replace
from typing import Any, get_args

from readmodel_cfn.aws.http import Response
from readmodel_cfn.deploy.live.values import Live
from readmodel_cfn.verify.contract import Contract, PromisedRoute, plan_probe
from readmodel_cfn.verify.outcome import Outcome, Status
from readmodel_cfn.verify.session import AccessChecks, Reads
from readmodel_cfn.verify.verify import judge

ROUTES = (
    PromisedRoute("samples", "payload.json"),
    PromisedRoute("products/{id}", "products/{id}.json"),
)
PLAIN = Contract(ROUTES)
ORIGIN = "https://www.example.com"
OTHER = "https://shop.example.com"
CORS = Contract(ROUTES, cors_origins=(ORIGIN,))
SEVERAL = Contract(ROUTES, cors_origins=(ORIGIN, OTHER))
STORED = Contract(ROUTES, gzip_stored=True, compress_from=None)
NEVER = Contract(ROUTES, compress_from=None)
OLD, NEW = '"old"', '"new"'
JSON = {"Content-Type": "application/json"}
NOT_FOUND = b'{"message":"Not Found"}'
NOT_SHOWN: Status = get_args(Status)[2]
PROMISES = (
    "whole",
    "Content-Type",
    "ETag",
    "Cache-Control",
    "304",
    "change",
    "HEAD",
    "compression",
    "Vary",
    "missing",
    "unknown",
    "methods",
    "CORS",
    "bucket-readable",
    "bucket-listable",
    "bucket-http",
    "api-http",
    "tls",
    "throttling",
    "live",
)  # in the order of the judgements: the tests do not depend on the promises' texts
LIVE = Live(compared={"api/v1": ("deployment", "routes")})


def received(status: int = 200, body: bytes = b"", **headers: str | None) -> Response:
    """A response; underscores in header names become hyphens, and None omits the header."""
    named = ((name.replace("_", "-"), value) for name, value in headers.items())
    found = tuple((name, value) for name, value in named if value is not None)
    return Response("GET", "https://a.example/v1/p", status, found, body, 0.01)


def changed(
    original: Response, status: int | None = None, body: bytes | None = None, **headers: Any
) -> Response:
    """The same response with changes; a header with the value None is removed."""
    kept = {name.replace("-", "_"): value for name, value in original.headers} | headers
    other_status = original.status if status is None else status
    return received(other_status, original.body if body is None else body, **kept)


def right(contract: Contract) -> Reads:
    """The responses of a stack that keeps the contract."""
    probe = plan_probe(contract, None, "token")
    first, second = probe.documents
    stored = gzip.compress if contract.gzip_stored else bytes
    encoding = "gzip" if contract.gzip_stored else None
    on_demand = not contract.gzip_stored and contract.compress_from is not None
    allowed = contract.cors_origins[0] if contract.cors_origins else None
    several = len(contract.cors_origins) > 1
    vary = [*(["Accept-Encoding"] if on_demand else []), *(["Origin"] if several else [])]
    headers: dict[str, str | None] = {
        "Content_Type": "application/json",
        "ETag": OLD,
        "Cache_Control": contract.cache_control,
        "Last_Modified": "Mon, 01 Jan 2026 00:00:00 GMT",
        "Vary": ",".join(vary) or None,
        "Content_Encoding": encoding,
        "Access_Control_Allow_Origin": allowed,
        "Access_Control_Expose_Headers": "ETag" if allowed else None,
    }
    got = received(200, stored(first), **headers)
    unchanged = changed(got, 304, b"", Content_Type=None, Content_Encoding=None)
    new = changed(got, 200, stored(second), ETag=NEW)
    absent = received(
        404, NOT_FOUND, Content_Type="application/json", Access_Control_Allow_Origin=allowed
    )
    preflight = received(
        204,
        Access_Control_Allow_Origin="*" if several else allowed,
        Access_Control_Allow_Methods="GET,HEAD,OPTIONS",
        Access_Control_Allow_Headers="If-None-Match,If-Modified-Since",
    )
    return Reads(
        probe=probe,
        page=allowed or "https://readmodel-cfn.example",
        etags=(OLD, NEW),
        first=got,
        unchanged=unchanged,
        head=changed(got, body=b""),
        head_unchanged=unchanged,
        zipped=changed(got, body=gzip.compress(first), Content_Encoding="gzip")
        if on_demand
        else got,
        other_method=absent,
        without_credentials=got,
        missing=absent,
        unknown=absent,
        cross_first=got,
        cross_unchanged=unchanged,
        cross_missing=absent,
        cross_unknown=changed(absent, Access_Control_Allow_Origin="*") if several else absent,
        preflight=preflight if allowed else absent,
        changed=new,
        outdated=new,
        others={
            origin: (
                changed(got, Access_Control_Allow_Origin=origin),
                changed(unchanged, Access_Control_Allow_Origin=origin),
            )
            for origin in contract.cors_origins[1:]
        },
        refused=(
            changed(got, Access_Control_Allow_Origin=None),
            changed(unchanged, Access_Control_Allow_Origin=None),
        )
        if several
        else None,
    )


ACCESS = AccessChecks(received(403), received(403), plain_bucket=403, plain_api=0, old_tls=False)


def judged(
    contract: Contract = PLAIN, access: AccessChecks = ACCESS, live: Live = LIVE, **wrong: Any
) -> dict[str, Outcome]:
    """The outcomes by promise, with some responses replaced."""
    seen = replace(right(contract), **wrong)
    outcomes = judge(contract, seen, access, live)
    assert len({outcome.name for outcome in outcomes}) == len(outcomes)
    return dict(zip(PROMISES, outcomes, strict=True))


def with_status(status: str, outcomes: dict[str, Outcome]) -> list[str]:
    return [name for name, outcome in outcomes.items() if outcome.status == status]
