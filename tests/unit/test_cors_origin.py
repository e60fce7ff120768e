"""The origin of cors_origin: only one that a browser sends, and the error has its spelling."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from readmodel_cfn import Api
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
PATTERN = schema()["properties"]["api"]["properties"]["cors_origin"]["pattern"]


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
