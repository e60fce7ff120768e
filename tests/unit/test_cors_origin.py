"""The origins of cors_origin, as a browser sends them, and the headers of cors_headers."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn import Api, ReadModel, build_template
from readmodel_cfn.config.schema import schema
from readmodel_cfn.template.cors_origin import browser_origin
from readmodel_cfn.template.options import OptionError

SENT = [
    "https://www.example.com",
    "http://localhost:3000",
    "http://127.0.0.1:8000",
    "https://www.example.com:8443",
    "https://www.example.com:80",
    "http://www.example.com:443",
    "https://xn--bcher-kva.example",
    "https://www.example.com.",
]
CORRECTED = [
    ("https://WWW.Example.com", "https://www.example.com"),
    ("HTTPS://www.example.com", "https://www.example.com"),
    ("https://www.example.com:443", "https://www.example.com"),
    ("http://www.example.com:80", "http://www.example.com"),
    ("https://www.example.com:08443", "https://www.example.com:8443"),
    ("https://www.example.com:", "https://www.example.com"),
    ("https://www.example.com/", "https://www.example.com"),
    ("https://www.example.com/shop?all#top", "https://www.example.com"),
    ("https://user@www.example.com", "https://www.example.com"),
    (" https://www.example.com\n", "https://www.example.com"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("https://BÜCHER.example", "https://xn--bcher-kva.example"),
    ("https://straße.example", "https://xn--strae-oqa.example"),
    ("https://例え。テスト", "https://xn--r8jz45g.xn--zckzah"),
    ("http://127.1:8000", "http://127.0.0.1:8000"),
    ("http://0x7f.0.0.01", "http://127.0.0.1"),
    ("http://2130706433", "http://127.0.0.1"),
]
NEVER_SENT = [
    *("", "null", "www.example.com", "www.example.com:8080", "ftp://www.example.com", "**"),
    *("https://", "https://*.example.com", "https://a.example,https://b.example", "https://a b"),
    *("https://a.example https://b.example", "https://a..b", "https://a.example:0"),
    *("https://a.example:65536", "http://1.2.3.256", "http://1.2.3.4.5", "'*'"),
]
PATTERN = schema()["properties"]["api"]["properties"]["cors_origin"]["anyOf"][0]["pattern"]


@pytest.mark.parametrize("origin", ["*", *SENT])
def test_origin_that_browsers_send_is_allowed(origin: str) -> None:
    assert Api(cors_origin=origin).cors_origin == origin
    assert re.search(PATTERN, origin)


@pytest.mark.parametrize(("origin", "sent"), CORRECTED)
def test_other_spelling_of_an_origin_is_refused_with_the_right_one(origin: str, sent: str) -> None:
    with pytest.raises(OptionError) as refused:
        Api(cors_origin=origin)
    assert refused.value.key == "api.cors_origin"
    assert sent in refused.value.allowed.replace(",", " ").split()
    assert Api(cors_origin=sent)


@pytest.mark.parametrize("origin", NEVER_SENT)
def test_text_that_no_browser_sends_is_refused(origin: str) -> None:
    with pytest.raises(OptionError) as refused:
        Api(cors_origin=origin)
    assert refused.value.key == "api.cors_origin"


@given(st.text() | st.text("aB.:/0189ü@x-", max_size=12).map("https://{}".format))
def test_spelling_of_a_browser_is_its_own_spelling(text: str) -> None:
    sent = browser_origin(text)
    if sent is not None:
        assert browser_origin(sent) == sent
        assert json.loads(json.dumps(sent)).isascii()
        assert re.search(PATTERN, sent)


@pytest.mark.parametrize(
    ("given", "origins"),
    [
        (None, ()),
        ("*", ("*",)),
        (("*",), ("*",)),
        (SENT[0], (SENT[0],)),
        ((SENT[0],), (SENT[0],)),
        ((SENT[1], SENT[0], SENT[1]), (SENT[1], SENT[0])),
        (tuple(SENT), tuple(SENT)),
    ],
)
def test_origins_are_each_once_in_their_order(given: Any, origins: tuple[str, ...]) -> None:
    assert Api(cors_origin=given).cors_origins == origins


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ((), "[]"),
        (("*", SENT[0]), "*"),
        ((SENT[0], None), "None"),
        ((SENT[0], 1), "1"),
        ((SENT[0], "HTTPS://B.example/"), "https://b.example"),
        ((SENT[0], "https://*.example.com"), "https://*.example.com"),
        ([SENT[0], SENT[1]], SENT[1]),
        (tuple(f"https://shop-{number}.example" for number in range(2000)), "65,536 bytes"),
    ],
)
def test_list_that_no_bucket_can_compare_is_refused(given: Any, fact: str) -> None:
    with pytest.raises(OptionError) as refused:
        Api(cors_origin=given)
    assert refused.value.key == "api.cors_origin"
    assert fact in str(refused.value)


def preflight_headers(*names: str) -> str:
    model = ReadModel(api=Api(cors_origin="*", cors_headers=names))
    method = build_template(model).to_dict()["Resources"]["SamplesOptionsMethod"]
    (response,) = method["Properties"]["Integration"]["IntegrationResponses"]
    name = "method.response.header.Access-Control-Allow-Headers"
    found: str = response["ResponseParameters"][name]
    return found


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        ((), "'If-None-Match,If-Modified-Since'"),
        (("Authorization",), "'If-None-Match,If-Modified-Since,Authorization'"),
        (("if-none-match",), "'If-None-Match,If-Modified-Since'"),
        (
            ("traceparent", "X-Request-Id", "TraceParent"),
            "'If-None-Match,If-Modified-Since,traceparent,X-Request-Id'",
        ),
    ],
)
def test_preflight_allows_each_header_once_whatever_its_case(
    names: tuple[str, ...], allowed: str
) -> None:
    assert preflight_headers(*names) == allowed


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "*",
            "X Trace",
            "X-Trace:",
            "X,Y",
            "X'Y",
            "\u00fc",
            "x\n",
            "-x",
            "x" * 101,
            "$context.x",
        ),
        *("Cookie", "origin", "HOST", "Sec-Fetch-Mode", "proxy-authorization", "Accept-Encoding"),
    ],
)
def test_header_that_no_page_can_set_is_refused(name: str) -> None:
    with pytest.raises(OptionError) as refused:
        Api(cors_origin="*", cors_headers=(name,))
    assert refused.value.key == "api.cors_headers"


def properties(origins: Any, logical_id: str) -> dict[str, Any]:
    model = ReadModel(api=Api(cors_origin=origins))
    found: dict[str, Any] = build_template(model).to_dict()["Resources"][logical_id]["Properties"]
    return found


def allowed_origins(origins: Any, verb: str) -> dict[str, str]:
    """What each response of a method has as Access-Control-Allow-Origin, by status."""
    method = properties(origins, f"Samples{verb}Method")
    return {
        response["StatusCode"]: response["ResponseParameters"][
            "method.response.header.Access-Control-Allow-Origin"
        ]
        for response in method["Integration"]["IntegrationResponses"]
    }


@pytest.mark.parametrize("verb", ["Get", "Head"])
def test_of_several_origins_s3_allows_the_one_that_asks(verb: str) -> None:
    by_s3 = "integration.response.header.Access-Control-Allow-Origin"
    fixed = {"403": "'*'", "503": "'*'"}
    assert allowed_origins(tuple(SENT[:2]), verb) == fixed | dict.fromkeys(
        ("200", "304", "404"), by_s3
    )
    assert allowed_origins(tuple(SENT[:2]), "Options") == {"204": "'*'"}
    method = properties(tuple(SENT[:2]), f"Samples{verb}Method")
    assert method["Integration"]["RequestParameters"]["integration.request.header.Origin"]
    for response in method["Integration"]["IntegrationResponses"][:3]:
        assert "Origin" in response["ResponseParameters"]["method.response.header.Vary"]


def test_bucket_has_the_exact_origins() -> None:
    (rule,) = properties(tuple(SENT[:3]), "DataStore")["CorsConfiguration"]["CorsRules"]
    assert rule == {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": SENT[:3]}


@pytest.mark.parametrize("origin", [None, "*", SENT[0]])
def test_one_origin_needs_no_rule_of_the_bucket(origin: str | None) -> None:
    assert "CorsConfiguration" not in properties(origin, "DataStore")
    headers = properties(origin, "SamplesGetMethod")["RequestParameters"]
    assert "method.request.header.Origin" not in headers


@pytest.mark.parametrize("origin", ["*", SENT[0]])
def test_list_of_one_origin_makes_the_same_resources(origin: str) -> None:
    templates = [
        build_template(ReadModel(api=Api(cors_origin=given))).to_dict()["Resources"]
        for given in (origin, (origin,), (origin, origin))
    ]
    assert templates[0] == templates[1] == templates[2]
