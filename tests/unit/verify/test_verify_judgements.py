"""Each judgement: kept by the right answer, broken by each wrong one, and by that one alone."""

import gzip
from dataclasses import replace
from typing import Any

import pytest
from verify_seen import (
    CORS,
    DOORS,
    LIVE,
    NEVER,
    NEW,
    NOT_FOUND,
    OLD,
    ORIGIN,
    PLAIN,
    STORED,
    changed,
    heard,
    judged,
    right,
    with_status,
)

from readmodel_cfn.deploy.live.values import Finding, Live
from readmodel_cfn.verify.contract import Contract, PromisedRoute

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
        replace(CORS, cors_origin="*"),
        replace(STORED, cors_origin=ORIGIN),
    ],
    ids=["plain", "cors", "stored", "never", "any-origin", "stored-cors"],
)
def test_all_promises_are_kept_by_right_answers(contract: Contract) -> None:
    seen = right(contract)
    if contract.cors_origin == "*":
        seen = replace(seen, preflight=changed(seen.preflight, Access_Control_Allow_Origin="*"))
    outcomes = judged(contract, preflight=seen.preflight)
    assert with_status("broken", outcomes) == []
    assert with_status("cannot be shown", outcomes) == ["throttling"]


# What is wrong, the promise that breaks, a word of what is said, and the contract.
WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("other bytes", {"first": changed(A.first, body=b"{}")}, "served whole and equal", "2 bytes"),
    ("no type", {"first": changed(A.first, Content_Type=None)}, "Content-Type", "none"),
    ("XML", {"first": changed(A.first, Content_Type="application/xml")}, "Content-Type", "xml"),
    ("text", {"first": changed(A.first, Content_Type="text/json")}, "Content-Type", "text/json"),
    ("no ETag", {"first": changed(A.first, ETag=None)}, "ETag", "none"),
    ("weak ETag", {"first": changed(A.first, ETag=f"W/{OLD}")}, "ETag", "W/"),
    ("other ETag", {"first": changed(A.first, ETag='"x"')}, "ETag", '"x"'),
    ("no caching", {"first": changed(A.first, Cache_Control=None)}, "Cache-Control", "none"),
    ("an hour", {"first": changed(A.first, Cache_Control="max-age=3600")}, "Cache-Control", "3600"),
    ("sent again", {"unchanged": A.first}, "304 on a matching If-None-Match", "200"),
    ("error for 304", {"unchanged": heard(500)}, "304 on a matching If-None-Match", "500"),
    (
        "304 with a body",
        {"unchanged": changed(A.unchanged, body=b"{}")},
        "304 on a matching If-None-Match",
        "body of 2",
    ),
    (
        "304 without ETag",
        {"unchanged": changed(A.unchanged, ETag=None)},
        "304 on a matching If-None-Match",
        "missing",
    ),
    (
        "304 with another ETag",
        {"unchanged": changed(A.unchanged, ETag=NEW)},
        "304 on a matching If-None-Match",
        NEW,
    ),
    ("the old document", {"changed": A.first}, "a change is seen", "200"),
    ("an error", {"changed": heard(500)}, "a change is seen", "500"),
    ("old ETag fits", {"outdated": A.unchanged}, "a change is seen", "gets 304"),
    ("old ETag gets old", {"outdated": A.first}, "a change is seen", "gets 200"),
    ("same ETag", {"changed": changed(A.changed, ETag=OLD)}, "a change is seen", "same ETag"),
    ("no HEAD", {"head": heard(404)}, "HEAD", "404"),
    ("HEAD lacks ETag", {"head": changed(A.head, ETag=None)}, "HEAD", "without GET's ETag"),
    ("HEAD lacks type", {"head": changed(A.head, Content_Type=None)}, "HEAD", "Content-Type"),
    ("HEAD lacks the date", {"head": changed(A.head, Last_Modified="x")}, "HEAD", "Last-Modified"),
    ("HEAD lacks caching", {"head": changed(A.head, Cache_Control="x")}, "HEAD", "Cache-Control"),
    ("HEAD forgets", {"head_unchanged": A.head}, "HEAD", "gets 200"),
    ("missing is 200", {"missing": heard(200, XML)}, "missing key", "200"),
    ("missing is 403", {"missing": changed(A.missing or A.first, 403)}, "missing key", "403"),
    ("missing is 500", {"missing": heard(500, b'{"message": null}')}, "missing key", "500"),
    (
        "missing is XML",
        {"missing": heard(404, XML, Content_Type="application/json")},
        "missing key",
        "NoSuchKey",
    ),
    (
        "missing is called XML",
        {"missing": heard(404, NOT_FOUND, Content_Type="application/xml")},
        "missing key",
        "xml",
    ),
    (
        "missing is a list",
        {"missing": heard(404, b"[]", Content_Type="application/json")},
        "missing key",
        "[]",
    ),
    ("missing says nothing", {"missing": heard(404)}, "missing key", "no body"),
    ("unknown is 403", {"unknown": changed(A.first, 403, NOT_FOUND)}, "unknown path", "403"),
    ("unknown is 200", {"unknown": A.first}, "unknown path", "200"),
    ("POST is 200", {"other_method": A.first}, "other methods", "200"),
    ("POST is 403", {"other_method": heard(403, NOT_FOUND)}, "other methods", "403"),
    ("any origin", {"cross_first": changed(A.first, Access_Control_Allow_Origin="*")}, "CORS", "*"),
    ("preflight", {"preflight": changed(A.first, Access_Control_Allow_Origin="*")}, "CORS", "*"),
    ("not compressed", {"zipped": A.first}, "compression", "whole"),
    ("badly compressed", {"zipped": changed(A.zipped, body=b"x")}, "compression", "other bytes"),
    (
        "cut off",
        {"zipped": changed(A.zipped, body=A.zipped.body[:-9])},
        "compression",
        "other bytes",
    ),
    (
        "other content",
        {"zipped": changed(A.zipped, body=gzip.compress(SECOND))},
        "compression",
        "other bytes",
    ),
    (
        "unknown coding",
        {"zipped": changed(A.zipped, Content_Encoding="br")},
        "compression",
        "other",
    ),
    (
        "unasked",
        {"first": changed(A.first, body=gzip.compress(FIRST), Content_Encoding="gzip")},
        "compression",
        "",
    ),
    ("no Vary", {"first": changed(A.first, Vary=None)}, "Vary", "none"),
    ("other Vary", {"first": changed(A.first, Vary="Origin")}, "Vary", "Origin"),
]


@pytest.mark.parametrize(
    ("wrong", "promise", "word"),
    [one[1:] for one in WRONG],
    ids=[one[0].replace(" ", "-") for one in WRONG],
)
def test_a_wrong_answer_breaks_its_promise_and_no_other(
    wrong: dict[str, Any], promise: str, word: str
) -> None:
    outcomes = judged(PLAIN, **wrong)
    assert with_status("broken", outcomes) == [promise]
    assert word in outcomes[promise].what
    assert outcomes[promise].todo


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"cross_first": changed(C.cross_first, **NO_ALLOW)}, "in a read"),
        ({"cross_unchanged": changed(C.cross_unchanged, **NO_ALLOW)}, "304"),
        ({"cross_missing": heard(404)}, "a missing key"),
        ({"cross_unknown": heard(404)}, "an unknown path"),
        ({"preflight": heard(404)}, "the preflight"),
        ({"cross_first": changed(C.cross_first, Access_Control_Allow_Origin="*")}, "a read"),
        (
            {"cross_first": changed(C.cross_first, Access_Control_Expose_Headers=None)},
            "Expose-Headers lacks ETag",
        ),
        ({"preflight": changed(C.preflight, Access_Control_Allow_Methods="PUT")}, "lacks GET"),
        ({"preflight": changed(C.preflight, Access_Control_Allow_Headers="If")}, "If-None-Match"),
        ({"preflight": changed(C.preflight, 500)}, "500"),
    ],
)
def test_cors_is_broken_by_each_answer_that_a_page_may_not_read(
    wrong: dict[str, Any], word: str
) -> None:
    outcomes = judged(CORS, **wrong)
    assert with_status("broken", outcomes) == ["CORS"]
    assert word in outcomes["CORS"].what


def test_payloads_kept_compressed_must_say_so() -> None:
    bare = changed(S.first, Content_Encoding=None)
    assert with_status("broken", judged(STORED, first=bare)) == [
        "served whole and equal",
        "compression",
    ]
    damaged = changed(S.zipped, body="\N{REPLACEMENT CHARACTER}".encode())
    assert with_status("broken", judged(STORED, zipped=damaged)) == ["compression"]


def test_nothing_may_be_compressed_where_that_is_switched_off() -> None:
    assert with_status("broken", judged(NEVER, zipped=A.zipped)) == ["compression"]


def test_compression_that_begins_beyond_any_probe_cannot_be_shown() -> None:
    late = replace(PLAIN, compress_from=8_000_000)
    outcomes = judged(late, zipped=right(late).first)
    assert outcomes["compression"].status == "cannot be shown"
    assert "8,000,000" in outcomes["compression"].what


def test_where_nothing_is_compressed_no_cache_needs_to_know() -> None:
    outcomes = judged(PLAIN, first=changed(A.first, Vary=None), zipped=changed(A.first, Vary=None))
    assert with_status("broken", outcomes) == ["compression"]


def test_head_is_measured_by_what_get_tells() -> None:
    without = changed(A.first, ETag=None, Last_Modified=None)
    assert with_status("broken", judged(first=without, head=without)) == ["ETag"]
    assert with_status("broken", judged(unchanged=A.first, head_unchanged=A.head)) == [
        "304 on a matching If-None-Match"
    ]


@pytest.mark.parametrize(
    ("status", "word"), [(403, "role"), (404, "role"), (429, "throttle_rate"), (500, "status")]
)
def test_where_no_payload_is_served_its_headers_show_nothing(status: int, word: str) -> None:
    outcomes = judged(first=heard(status))
    assert with_status("broken", outcomes) == ["served whole and equal"]
    assert word in outcomes["served whole and equal"].todo
    hidden = with_status("cannot be shown", outcomes)
    assert {"ETag", "HEAD", "compression", "a change is seen"} < set(hidden)
    assert str(status) in outcomes["ETag"].what


def test_where_every_path_has_a_document_nothing_can_be_missing_or_unknown() -> None:
    outcomes = judged(missing=None, unknown=None, cross_missing=None, cross_unknown=None)
    assert with_status("cannot be shown", outcomes) == ["missing key", "unknown path", "throttling"]
    assert with_status("broken", outcomes) == []


@pytest.mark.parametrize(
    ("missing", "status", "word"),
    [
        ("not-found", 403, "list the routes' keys"),
        ("mask", 403, "404"),
        ("mask", 200, "404"),
    ],
)
def test_what_to_do_for_a_missing_key_depends_on_how_it_is_meant(
    missing: Any, status: int, word: str
) -> None:
    outcomes = judged(replace(PLAIN, missing=missing), missing=heard(status))
    assert word in outcomes["missing key"].todo


# --- the other doors ---

READABLE, LISTABLE = "bucket not readable without the API", "bucket not listable"
BUCKET, API, TLS = "bucket refuses plain HTTP", "API refuses plain HTTP", "TLS 1.2 or later"


@pytest.mark.parametrize(
    ("wrong", "promise"),
    [
        ({"item": heard(200)}, READABLE),
        ({"listing": heard(200)}, LISTABLE),
        ({"plain_bucket": 200}, BUCKET),
        ({"plain_api": 200}, API),
        ({"old_tls": True}, TLS),
    ],
)
def test_an_open_door_is_named(wrong: dict[str, Any], promise: str) -> None:
    outcomes = judged(doors=replace(DOORS, **wrong))
    assert with_status("broken", outcomes) == [promise]
    assert outcomes[promise].todo


@pytest.mark.parametrize(
    ("unclear", "promise"),
    [
        ({"item": heard(404)}, READABLE),
        ({"listing": heard(503)}, LISTABLE),
        ({"plain_bucket": None}, BUCKET),
        ({"plain_bucket": 502}, BUCKET),
        ({"plain_api": None}, API),
        ({"old_tls": None}, TLS),
    ],
)
def test_what_a_door_does_not_show_is_no_promise_kept(
    unclear: dict[str, Any], promise: str
) -> None:
    outcomes = judged(doors=replace(DOORS, **unclear))
    assert promise in with_status("cannot be shown", outcomes)
    assert with_status("broken", outcomes) == []


def test_a_network_without_port_80_shows_nothing_of_plain_http() -> None:
    outcomes = judged(doors=replace(DOORS, plain_bucket=0, plain_api=0))
    assert {BUCKET, API} < set(with_status("cannot be shown", outcomes))
    assert judged(doors=replace(DOORS, plain_bucket=0, plain_api=301))[API].status == "kept"


def test_an_emulator_is_told_as_the_reason_and_never_passed() -> None:
    doors = replace(DOORS, plain_bucket=None, plain_api=None, old_tls=None, why="an emulator")
    outcomes = judged(doors=doors)
    assert [outcomes[one].what for one in (BUCKET, API, TLS)] == ["an emulator"] * 3


# --- live ---

NAME = "what is live is what the template says"


def test_what_is_live_and_not_in_the_template_is_named_with_what_to_do() -> None:
    found = Finding("extra", "a/v1", "/old", "GET", "is served", "deploy again")
    outcomes = judged(live=Live((found, replace(found, route="/older"))))
    assert with_status("broken", outcomes) == [NAME]
    assert outcomes[NAME].what == "GET /old is served; GET /older is served"
    assert outcomes[NAME].todo == "deploy again"


def test_what_could_not_be_compared_is_said() -> None:
    assert judged(live=replace(LIVE, unknown=("exports refused",)))[NAME].what.endswith("refused")
    nothing = judged(live=Live(unknown=("the stack is busy",)))[NAME]
    assert (nothing.status, nothing.what) == ("cannot be shown", "the stack is busy")


# --- the article ---


def test_the_article_is_told_what_it_never_promised() -> None:
    article = Contract((PromisedRoute("samples", "payload.json"),), article=True)
    bare = heard(200, right(article).probe.documents[0], Content_Type="application/json")
    outcomes = judged(article, first=bare, unchanged=bare, head=heard(403), zipped=bare)
    assert with_status("broken", outcomes) == [
        "ETag",
        "Cache-Control",
        "304 on a matching If-None-Match",
        "HEAD",
        "compression",
    ]
    todos = {outcomes[one].todo for one in with_status("broken", outcomes)}
    assert len(todos) == 1
    assert "never promised it" in todos.pop()
    assert outcomes["served whole and equal"].todo == ""


def test_every_contract_has_the_same_promises_in_the_same_order() -> None:
    assert list(judged(PLAIN)) == list(judged(CORS)) == list(judged(STORED))
    assert next(iter(judged(PLAIN))) == "served whole and equal"
