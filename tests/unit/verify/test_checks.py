"""Each promise is kept by correct responses and broken by each wrong one."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
from observations import (
    ACCESS,
    CORS,
    LIVE,
    NEVER,
    NEW,
    NOT_FOUND,
    NOT_SHOWN,
    OLD,
    ORIGIN,
    OTHER,
    PLAIN,
    SEVERAL,
    STORED,
    changed,
    judged,
    received,
    right,
    with_status,
)

from facts import missing
from readmodel_cfn.deploy.live.values import Finding, Live
from readmodel_cfn.errors import ReadModelError
from readmodel_cfn.verify.checks import default_endpoint
from readmodel_cfn.verify.contract import Contract, PromisedRoute
from readmodel_cfn.verify.outcome import Outcome
from readmodel_cfn.verify.verify import check_not_refused, judge

XML = b"<Error><Code>NoSuchKey</Code></Error>"
A = right(PLAIN)
C = right(CORS)
S = right(STORED)
FIRST, SECOND = A.probe.documents
NO_ALLOW: dict[str, Any] = {"Access_Control_Allow_Origin": None}


@pytest.mark.parametrize(
    "contract",
    [
        PLAIN,
        CORS,
        STORED,
        NEVER,
        replace(CORS, cors_origins=("*",)),
        replace(STORED, cors_origins=(ORIGIN,)),
        SEVERAL,
        replace(STORED, cors_origins=SEVERAL.cors_origins),
    ],
    ids=["plain", "cors", "stored", "never", "any-origin", "stored-cors", "several", "stored-all"],
)
def test_correct_responses_keep_all_promises(contract: Contract) -> None:
    outcomes = judged(contract)
    assert with_status("broken", outcomes) == []
    assert with_status(NOT_SHOWN, outcomes) == ["throttling"]


# What is wrong, the promise that breaks, a word of what is said, and the contract.
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("", {"first": changed(A.first, body=b"{}")}, "whole", "2"),
    ("no type", {"first": changed(A.first, Content_Type=None)}, "Content-Type", ""),
    ("XML", {"first": changed(A.first, Content_Type="application/xml")}, "Content-Type", "xml"),
    ("text", {"first": changed(A.first, Content_Type="text/json")}, "Content-Type", "text/json"),
    ("no ETag", {"first": changed(A.first, ETag=None)}, "ETag", ""),
    ("weak ETag", {"first": changed(A.first, ETag=f"W/{OLD}")}, "ETag", "W/"),
    ("other ETag", {"first": changed(A.first, ETag='"x"')}, "ETag", '"x"'),
    ("no caching", {"first": changed(A.first, Cache_Control=None)}, "Cache-Control", ""),
    ("an hour", {"first": changed(A.first, Cache_Control="max-age=3600")}, "Cache-Control", "3600"),
    ("sent again", {"unchanged": A.first}, "304", "200"),
    (
        "error for 304",
        {"unchanged": received(500)},
        "304",
        "500: who has the document gets an error",
    ),
    (
        "304 with a body",
        {"unchanged": changed(A.unchanged, body=b"{}")},
        "304",
        "2",
    ),
    (
        "304 without ETag",
        {"unchanged": changed(A.unchanged, ETag=None)},
        "304",
        "ETag",
    ),
    (
        "304 with another ETag",
        {"unchanged": changed(A.unchanged, ETag=NEW)},
        "304",
        NEW,
    ),
    ("the old document", {"changed": A.first}, "change", "200"),
    ("an error", {"changed": received(500)}, "change", "500"),
    ("old ETag fits", {"outdated": A.unchanged}, "change", "304"),
    ("old ETag gets old", {"outdated": A.first}, "change", "200"),
    ("same ETag", {"changed": changed(A.changed, ETag=OLD)}, "change", "ETag"),
    ("no HEAD", {"head": received(404)}, "HEAD", "404"),
    ("HEAD lacks ETag", {"head": changed(A.head, ETag=None)}, "HEAD", "ETag"),
    ("HEAD lacks type", {"head": changed(A.head, Content_Type=None)}, "HEAD", "Content-Type"),
    ("HEAD lacks the date", {"head": changed(A.head, Last_Modified="x")}, "HEAD", "Last-Modified"),
    ("HEAD lacks caching", {"head": changed(A.head, Cache_Control="x")}, "HEAD", "Cache-Control"),
    ("HEAD forgets", {"head_unchanged": A.head}, "HEAD", "200"),
    ("missing is 200", {"missing": received(200, XML)}, "missing", "200"),
    ("missing is 403", {"missing": changed(A.missing or A.first, 403)}, "missing", "403"),
    ("missing is 500", {"missing": received(500, b'{"message": null}')}, "missing", "500"),
    (
        "missing is XML",
        {"missing": received(404, XML, Content_Type="application/json")},
        "missing",
        "NoSuchKey",
    ),
    (
        "missing is called XML",
        {"missing": received(404, NOT_FOUND, Content_Type="application/xml")},
        "missing",
        "xml",
    ),
    (
        "missing is a list",
        {"missing": received(404, b"[]", Content_Type="application/json")},
        "missing",
        "[]",
    ),
    ("missing says nothing", {"missing": received(404)}, "missing", ""),
    ("unknown is 403", {"unknown": changed(A.first, 403, NOT_FOUND)}, "unknown", "403"),
    ("unknown is 200", {"unknown": A.first}, "unknown", "200"),
    ("POST is 200", {"other_method": A.first}, "methods", "200"),
    ("POST is 403", {"other_method": received(403, NOT_FOUND)}, "methods", "403"),
    ("any origin", {"cross_first": changed(A.first, Access_Control_Allow_Origin="*")}, "CORS", "*"),
    ("preflight", {"preflight": changed(A.first, Access_Control_Allow_Origin="*")}, "CORS", "*"),
    ("not compressed", {"zipped": A.first}, "compression", ""),
    ("badly compressed", {"zipped": changed(A.zipped, body=b"x")}, "compression", ""),
    (
        "cut off",
        {"zipped": changed(A.zipped, body=A.zipped.body[:-9])},
        "compression",
        "",
    ),
    (
        "other content",
        {"zipped": changed(A.zipped, body=gzip.compress(SECOND))},
        "compression",
        "",
    ),
    (
        "unknown coding",
        {"zipped": changed(A.zipped, Content_Encoding="br")},
        "compression",
        "",
    ),
    (
        "unasked",
        {"first": changed(A.first, body=gzip.compress(FIRST), Content_Encoding="gzip")},
        "compression",
        "",
    ),
    ("no Vary", {"first": changed(A.first, Vary=None)}, "Vary", ""),
    ("other Vary", {"first": changed(A.first, Vary="Origin")}, "Vary", "Origin"),
]


@pytest.mark.parametrize(
    ("wrong", "promise", "word"),
    [case[1:] for case in WRONG],
    ids=[case[0].replace(" ", "-") for case in WRONG],
)
def test_wrong_response_breaks_only_its_promise(
    wrong: dict[str, Any], promise: str, word: str
) -> None:
    outcomes = judged(PLAIN, **wrong)
    assert with_status("broken", outcomes) == [promise]
    assert word in outcomes[promise].what
    assert outcomes[promise].todo


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"cross_first": changed(C.cross_first, **NO_ALLOW)}, ""),
        ({"cross_unchanged": changed(C.cross_unchanged, **NO_ALLOW)}, ""),
        ({"cross_missing": received(404)}, ""),
        ({"cross_unknown": received(404)}, ""),
        ({"preflight": received(404)}, ""),
        ({"cross_first": changed(C.cross_first, Access_Control_Allow_Origin="*")}, ""),
        (
            {"cross_first": changed(C.cross_first, Access_Control_Expose_Headers=None)},
            "Expose-Headers",
        ),
        ({"preflight": changed(C.preflight, Access_Control_Allow_Methods="PUT")}, "GET"),
        ({"preflight": changed(C.preflight, Access_Control_Allow_Headers="If")}, "If-None-Match"),
        ({"preflight": changed(C.preflight, 500)}, "500"),
    ],
)
def test_response_that_a_page_may_not_read_breaks_cors(wrong: dict[str, Any], word: str) -> None:
    outcomes = judged(CORS, **wrong)
    assert with_status("broken", outcomes) == ["CORS"]
    assert word in outcomes["CORS"].what


L = right(SEVERAL)
REFUSED = tuple(changed(each, Access_Control_Allow_Origin=ORIGIN) for each in L.refused or ())


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"cross_first": changed(L.first, Access_Control_Allow_Origin="*")}, "a read"),
        ({"cross_missing": changed(L.other_method, Access_Control_Allow_Origin="*")}, "missing"),
        ({"cross_unknown": L.missing}, "unknown path"),
        ({"cross_first": changed(L.first, Vary="Accept-Encoding")}, "Vary"),
        ({"others": {OTHER: (L.first, L.others[OTHER][1])}}, OTHER),
        ({"others": {OTHER: (L.others[OTHER][0], L.unchanged)}}, "304"),
        ({"refused": (REFUSED[0], (L.refused or REFUSED)[1])}, "not configured"),
        ({"refused": ((L.refused or REFUSED)[0], REFUSED[1])}, "304"),
        ({"preflight": changed(L.preflight, Access_Control_Allow_Headers="If")}, "If-None-Match"),
    ],
)
def test_each_origin_of_several_gets_its_own_header(wrong: dict[str, Any], word: str) -> None:
    outcomes = judged(SEVERAL, **wrong)
    assert with_status("broken", outcomes) == ["CORS"]
    assert word in outcomes["CORS"].what


def test_preflight_without_a_configured_header_breaks_cors() -> None:
    outcomes = judged(replace(CORS, cors_headers=("traceparent",)))
    assert with_status("broken", outcomes) == ["CORS"]
    assert "traceparent" in outcomes["CORS"].what
    preflight = changed(C.preflight, Access_Control_Allow_Headers="If-None-Match,TraceParent")
    contract = replace(CORS, cors_headers=("traceparent",))
    assert with_status("broken", judged(contract, preflight=preflight)) == []


def test_origins_that_an_emulator_refuses_are_not_checked() -> None:
    page = "http://readmodel-cfn.localhost"
    outcome = judged(SEVERAL, page=page, others={}, refused=L.refused)["CORS"]
    assert outcome.status == NOT_SHOWN
    outcome = judged(SEVERAL, others={})["CORS"]
    assert (outcome.status, "1 not checked" in outcome.what) == ("kept", True)


def test_compressed_payload_without_content_encoding_is_broken() -> None:
    bare = changed(S.first, Content_Encoding=None)
    assert with_status("broken", judged(STORED, first=bare)) == [
        "whole",
        "compression",
    ]
    damaged = changed(S.zipped, body="\N{REPLACEMENT CHARACTER}".encode())
    assert with_status("broken", judged(STORED, zipped=damaged)) == ["compression"]


def test_compression_while_disabled_is_broken() -> None:
    assert with_status("broken", judged(NEVER, zipped=A.zipped)) == ["compression"]


def test_compression_above_the_probe_size_cannot_be_checked() -> None:
    late = replace(PLAIN, compress_from=8_000_000)
    outcomes = judged(late, zipped=right(late).first)
    assert outcomes["compression"].status == NOT_SHOWN
    assert "8,000,000" in outcomes["compression"].what


def test_missing_vary_is_not_broken_without_compression() -> None:
    outcomes = judged(PLAIN, first=changed(A.first, Vary=None), zipped=changed(A.first, Vary=None))
    assert with_status("broken", outcomes) == ["compression"]


def test_head_is_compared_with_get() -> None:
    without = changed(A.first, ETag=None, Last_Modified=None)
    assert with_status("broken", judged(first=without, head=without)) == ["ETag"]
    assert with_status("broken", judged(unchanged=A.first, head_unchanged=A.head)) == ["304"]


@pytest.mark.parametrize(
    ("status", "word"), [(403, ""), (404, ""), (429, "throttle_rate"), (500, "")]
)
def test_headers_cannot_be_checked_without_a_payload(status: int, word: str) -> None:
    outcomes = judged(first=received(status))
    assert with_status("broken", outcomes) == ["whole"]
    assert word in outcomes["whole"].todo
    hidden = with_status(NOT_SHOWN, outcomes)
    assert {"ETag", "HEAD", "compression", "change"} < set(hidden)
    assert str(status) in outcomes["ETag"].what


def test_missing_and_unknown_cannot_be_checked_if_every_path_has_a_document() -> None:
    outcomes = judged(missing=None, unknown=None, cross_missing=None, cross_unknown=None)
    assert with_status(NOT_SHOWN, outcomes) == ["missing", "unknown", "throttling"]
    assert with_status("broken", outcomes) == []


@pytest.mark.parametrize(
    ("missing", "status", "word"),
    [
        ("not-found", 403, ""),
        ("mask", 403, "404"),
        ("mask", 200, "404"),
    ],
)
def test_missing_key_has_a_remedy_for_each_setting(missing: Any, status: int, word: str) -> None:
    outcomes = judged(replace(PLAIN, missing=missing), missing=received(status))
    assert word in outcomes["missing"].todo


# --- access checks ---

READABLE, LISTABLE = "bucket-readable", "bucket-listable"
BUCKET, API, TLS = "bucket-http", "api-http", "tls"


@pytest.mark.parametrize(
    ("wrong", "promise"),
    [
        ({"item": received(200)}, READABLE),
        ({"listing": received(200)}, LISTABLE),
        ({"plain_bucket": 200}, BUCKET),
        ({"plain_api": 200}, API),
        ({"old_tls": True}, TLS),
    ],
)
def test_open_access_breaks_its_promise(wrong: dict[str, Any], promise: str) -> None:
    outcomes = judged(access=replace(ACCESS, **wrong))
    assert with_status("broken", outcomes) == [promise]
    assert outcomes[promise].todo


@pytest.mark.parametrize(
    ("unclear", "promise"),
    [
        ({"item": received(404)}, READABLE),
        ({"listing": received(503)}, LISTABLE),
        ({"plain_bucket": None}, BUCKET),
        ({"plain_bucket": 502}, BUCKET),
        ({"plain_api": None}, API),
        ({"old_tls": None}, TLS),
    ],
)
def test_unclear_access_check_keeps_no_promise(unclear: dict[str, Any], promise: str) -> None:
    outcomes = judged(access=replace(ACCESS, **unclear))
    assert promise in with_status(NOT_SHOWN, outcomes)
    assert with_status("broken", outcomes) == []


def test_plain_http_cannot_be_checked_without_port_80() -> None:
    outcomes = judged(access=replace(ACCESS, plain_bucket=0, plain_api=0))
    assert {BUCKET, API} < set(with_status(NOT_SHOWN, outcomes))
    assert judged(access=replace(ACCESS, plain_bucket=0, plain_api=301))[API].status == "kept"


def test_emulator_is_the_reason_of_unchecked_promises() -> None:
    checks = replace(ACCESS, plain_bucket=None, plain_api=None, old_tls=None, why="an emulator")
    outcomes = judged(access=checks)
    assert [outcomes[promise].what for promise in (BUCKET, API, TLS)] == ["an emulator"] * 3


# --- live ---

LIVE_STAGE = "live"


SIGNED, KEYED = replace(PLAIN, auth="iam"), replace(PLAIN, auth="api-key")


def by_name(contract: Contract, **wrong: Any) -> dict[str, Outcome]:
    found = judge(contract, replace(right(contract), **wrong), ACCESS, LIVE)
    return {outcome.name: outcome for outcome in found}


@pytest.mark.parametrize(("status", "outcome"), [(403, "kept"), (200, "broken"), (404, "broken")])
@pytest.mark.parametrize("contract", [SIGNED, KEYED], ids=["signed", "keyed"])
def test_reader_without_credentials_must_be_refused(
    contract: Contract, status: int, outcome: str
) -> None:
    found = by_name(contract, without_credentials=changed(A.first, status))
    (name,) = [name for name in found if name.startswith("refused without")]
    assert found[name].status == outcome


def test_public_api_promises_no_refusal() -> None:
    assert not [name for name in by_name(PLAIN) if name.startswith("refused without")]


def test_unknown_path_is_a_403_if_requests_must_be_signed() -> None:
    forbidden = received(403, NOT_FOUND, Content_Type="application/json")
    for contract, expected in ((SIGNED, "kept"), (KEYED, "broken")):
        found = by_name(contract, unknown=forbidden, other_method=forbidden)
        assert found["unknown path"].status == found["other methods"].status == expected


@pytest.mark.parametrize("auth", ["public", "iam", "api-key"])
def test_reader_that_the_api_refuses_sees_nothing(auth: Any) -> None:
    refused = received(403, b"{}", x_amzn_ErrorType="AccessDeniedException")
    limited = replace(PLAIN, auth=auth, restricts_network=True)
    with pytest.raises(ReadModelError):
        check_not_refused(limited, refused)
    check_not_refused(limited, A.first)
    check_not_refused(limited, received(403, b"{}"))  # S3 refused it
    check_not_refused(PLAIN, refused)


def test_live_findings_break_the_promise_with_a_remedy() -> None:
    found = Finding("extra", "a/v1", "/old", "GET", "is served", "deploy again")
    outcomes = judged(live=Live((found, replace(found, route="/older"))))
    assert with_status("broken", outcomes) == [LIVE_STAGE]
    facts = ["GET /old is served", "GET /older is served"]
    assert missing(facts, outcomes[LIVE_STAGE].what) == []
    assert outcomes[LIVE_STAGE].todo == "deploy again"


def test_parts_not_compared_are_named() -> None:
    assert judged(live=replace(LIVE, unknown=("exports refused",)))[LIVE_STAGE].what.endswith(
        "refused"
    )
    nothing = judged(live=Live(unknown=("the stack is busy",)))[LIVE_STAGE]
    assert (nothing.status, nothing.what) == (NOT_SHOWN, "the stack is busy")


# --- the article ---


def test_article_breaks_promises_with_one_remedy() -> None:
    article = Contract((PromisedRoute("samples", "payload.json"),), article=True)
    bare = received(200, right(article).probe.documents[0], Content_Type="application/json")
    outcomes = judged(article, first=bare, unchanged=bare, head=received(403), zipped=bare)
    assert with_status("broken", outcomes) == [
        "ETag",
        "Cache-Control",
        "304",
        "HEAD",
        "compression",
    ]
    todos = {outcomes[promise].todo for promise in with_status("broken", outcomes)}
    assert len(todos) == 1
    assert outcomes["whole"].todo == ""


def test_contracts_have_the_same_promises_in_the_same_order() -> None:
    plain, cors, stored = (
        [outcome.name for outcome in judged(contract).values()]
        for contract in (PLAIN, CORS, STORED)
    )
    assert plain == cors == stored


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(403, "kept"), (200, "broken"), (404, "broken"), (None, "cannot be shown")],
)
def test_disabled_default_endpoint_returns_403(status: int | None, outcome: str) -> None:
    found = None if status is None else received(status)
    assert default_endpoint(found).status == outcome
