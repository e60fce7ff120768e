"""The origins of cors_origin, as a browser sends them, and the headers of cors_headers."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from troposphere import Template, s3
from troposphere import apigateway as ag

from readmodel_cfn import (
    Api,
    ReadModel,
    Route,
    Writer,
    add_read_model,
    build_template,
    deploy_api,
)
from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.analysis.openapi import openapi
from readmodel_cfn.config.changes import changed_settings
from readmodel_cfn.config.file import parse
from readmodel_cfn.config.schema import schema
from readmodel_cfn.deploy.settings import setting_changes
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
        ([SENT[1], SENT[0]], (SENT[1], SENT[0])),
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


def test_lists_are_kept_as_tuples() -> None:
    made = Api(cors_origin=SENT[:2], cors_headers=["X-A"])  # type: ignore[arg-type]
    assert made == Api(cors_origin=tuple(SENT[:2]), cors_headers=("X-A",))
    assert hash(made)


def test_file_has_lists_of_origins_and_headers() -> None:
    text = f"[api]\ncors_origin = {json.dumps(SENT[:2])}\ncors_headers = ['X-A']\n"
    api = parse(text, "readmodel.toml").model.api
    assert (api.cors_origins, api.cors_headers) == (tuple(SENT[:2]), ("X-A",))


@pytest.mark.parametrize(
    ("before", "after", "changed", "widens"),
    [
        (SENT[0], tuple(SENT[:2]), {"DataStore", "SamplesGetMethod"}, True),
        (tuple(SENT[:2]), tuple(SENT[:3]), {"DataStore"}, True),
        (tuple(SENT[:3]), tuple(SENT[:2]), {"DataStore"}, False),
        (tuple(SENT[:2]), "*", {"DataStore", "SamplesGetMethod"}, True),
        (tuple(SENT[:2]), SENT[1], {"DataStore", "SamplesGetMethod"}, False),
        (tuple(SENT[:2]), SENT[2], {"DataStore", "SamplesGetMethod"}, True),
        (tuple(SENT[:2]), None, {"DataStore", "SamplesGetMethod"}, False),
    ],
)
def test_changed_origins_are_one_setting_with_its_resources(
    before: Any, after: Any, changed: set[str], widens: bool
) -> None:
    deployed = build_template(ReadModel(api=Api(cors_origin=before))).to_dict()
    found = changed_settings(deployed, ReadModel(api=Api(cors_origin=after)))
    (setting,) = setting_changes(found)
    assert (setting.table, setting.key, setting.access) == ("api", "cors_origin", widens)
    assert changed <= {*setting.resources}
    assert ("SamplesGetMethod" in setting.resources) == ("SamplesGetMethod" in changed)


def test_origin_is_no_parameter_for_other_clients() -> None:
    paths = openapi(build_template(ReadModel(api=Api(cors_origin=tuple(SENT[:2])))))["paths"]
    names = {parameter["name"] for parameter in paths["/samples"]["get"].get("parameters", ())}
    assert "If-None-Match" in names
    assert "Origin" not in names


def test_audit_says_that_the_owner_of_a_given_bucket_sets_the_rules() -> None:
    model = ReadModel(api=Api(cors_origin=tuple(SENT[:2])), writer=Writer(kind="none"))
    template = Template()
    add_read_model(template, model, data_store="shop-payloads")
    assert {finding.rule for finding in audit(template)} == {"R58"}
    template = Template()
    add_read_model(template, model, data_store=template.add_resource(s3.Bucket("Own")))
    assert "R57" in {finding.rule for finding in audit(template)}


def test_read_models_of_one_api_can_have_different_lists() -> None:
    template = Template()
    site = template.add_resource(ag.RestApi("Site", Name="site", MinimumCompressionSize=1024))
    handles = [
        add_read_model(
            template,
            ReadModel(routes=(Route(name, f"{name}.json"),), api=Api(cors_origin=origins)),
            name.capitalize(),
            api=site,
        )
        for name, origins in (("shop", tuple(SENT[:2])), ("orders", tuple(SENT[1:4])))
    ]
    deploy_api(template, site, handles)
    assert audit(template) == []
