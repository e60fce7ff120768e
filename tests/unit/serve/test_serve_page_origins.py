"""Which pages of other origins may read a served API, besides those that its template allows."""

import pytest

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.local.gateway import Response
from readmodel_cfn.local.serve.page_origins import PageOrigins
from serve_templates import get

PAGE = "http://localhost:3000"
OK = Response(200, {"ETag": '"1"'}, b"{}")
REFUSED = Response(404, {}, b"{}")
ASKED = {"access-control-request-method": "GET", "access-control-request-headers": "x-a,if-match"}


@pytest.mark.parametrize(
    ("given", "origin", "allowed"),
    [
        ((), "http://localhost", True),
        ((), "http://localhost:1", True),
        ((), "http://127.0.0.1:65535", True),
        ((), "https://localhost:3000", False),
        ((), "http://localhost.example:3000", False),
        ((), "http://shop.localhost:3000", False),
        ((), "http://192.168.0.1:3000", False),
        ((), "null", False),
        (("http://192.168.0.1:3000",), "http://192.168.0.1:3000", True),
        (("http://192.168.0.1:3000",), "http://192.168.0.1:3001", False),
        (("http://192.168.0.1:3000",), PAGE, False),
        (("https://a.example", "http://b.example:*"), "http://b.example:8080", True),
        (("*",), "https://a.example", True),
        (("none",), PAGE, False),
    ],
)
def test_pages_of_this_machine_are_allowed_by_default(
    given: tuple[str, ...], origin: str, allowed: bool
) -> None:
    assert PageOrigins.of(given).allows(origin) == allowed


@pytest.mark.parametrize(
    ("given", "host", "allowed"),
    [
        ((), "shop.example:8000", False),
        ((), "", False),
        (("none",), "shop.example", False),
        (("http://shop.example:*",), "shop.example:8000", True),
        (("http://shop.example:*",), "SHOP.example:8000", True),
        (("http://shop.example:*",), "other.example:8000", False),
        (("*",), "shop.example", True),
    ],
)
def test_host_of_an_allowed_page_is_allowed(
    given: tuple[str, ...], host: str, allowed: bool
) -> None:
    assert PageOrigins.of(given).allows_host(host) == allowed


@pytest.mark.parametrize(
    "given",
    [
        "",
        "localhost",
        "http://localhost:3000/",
        "HTTP://localhost",
        "http://*:80",
        "*:*",
        "http://a:1:*",
    ],
)
def test_text_that_is_no_origin_is_refused(given: str) -> None:
    with pytest.raises(ConfigError) as refused:
        PageOrigins.of((PAGE, given))
    assert refused.value.where == "--origin"


def test_none_is_not_combined_with_origins() -> None:
    with pytest.raises(ConfigError):
        PageOrigins.of((PAGE, "none"))


def adapted(
    response: Response, origin: str | None = PAGE, method: str = "GET", preflights: bool = False
) -> Response:
    headers = {} if origin is None else {"origin": origin}
    headers |= ASKED if method == "OPTIONS" else {}
    request = get("/samples", headers, method)
    return PageOrigins().adapted(request, response, answers_preflights=preflights)


@pytest.mark.parametrize("response", [OK, Response(304, {"ETag": '"1"'}, b""), REFUSED])
def test_page_can_read_every_response_and_its_etag(response: Response) -> None:
    found = adapted(response)
    assert (found.status, found.body) == (response.status, response.body)
    assert found.headers["Access-Control-Allow-Origin"] == PAGE
    assert found.headers["Access-Control-Expose-Headers"] == "ETag"
    assert found.headers["Vary"] == "Origin"


@pytest.mark.parametrize("origin", [None, "https://a.example"])
def test_response_to_others_is_unchanged(origin: str | None) -> None:
    assert adapted(OK, origin) is OK


@pytest.mark.parametrize("allowed", ["*", PAGE])
def test_response_that_the_template_lets_the_page_read_is_unchanged(allowed: str) -> None:
    response = Response(200, {"access-control-allow-origin": allowed}, b"{}")
    assert adapted(response) is response


def test_origin_of_the_template_is_replaced_for_the_page() -> None:
    own = {"access-control-allow-origin": "https://a.example", "vary": "Accept-Encoding"}
    found = adapted(Response(200, {**own, "Access-Control-Expose-Headers": "X-A"}, b"{}"))
    assert found.headers == {
        "Access-Control-Allow-Origin": PAGE,
        "Access-Control-Expose-Headers": "X-A",
        "Vary": "Accept-Encoding,Origin",
    }


def test_preflight_of_a_template_without_cors_allows_what_it_asks_for() -> None:
    found = adapted(REFUSED, method="OPTIONS")
    assert (found.status, found.body) == (204, b"")
    assert found.headers["Access-Control-Allow-Origin"] == PAGE
    assert found.headers["Access-Control-Allow-Headers"] == "x-a,if-match"
    assert "GET" in found.headers["Access-Control-Allow-Methods"]


def test_preflight_of_a_template_with_cors_allows_the_headers_of_the_template() -> None:
    own = {"Access-Control-Allow-Origin": "https://a.example", "Access-Control-Allow-Headers": "X"}
    found = adapted(Response(204, own, b""), method="OPTIONS", preflights=True)
    assert found.headers["Access-Control-Allow-Origin"] == PAGE
    assert found.headers["Access-Control-Allow-Headers"] == "X"
    assert adapted(REFUSED, method="OPTIONS", preflights=True) is REFUSED
