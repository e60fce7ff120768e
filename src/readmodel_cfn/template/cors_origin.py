"""The origins of `cors_origin` as browsers send them, and the request headers of `cors_headers`.

A browser compares its page's origin byte by byte with Access-Control-Allow-Origin, which names one
origin or `*`. Several origins are thus compared by S3, by the CORS rules of the bucket.

https://fetch.spec.whatwg.org/#cors-check
https://html.spec.whatwg.org/multipage/browsers.html#ascii-serialisation-of-an-origin
https://url.spec.whatwg.org/#host-parsing
"""

import re

_LABEL = "[a-z0-9-]+"
_PORT = r"(?!0)\d{1,5}"
ORIGIN = (
    rf"\*|http://{_LABEL}(\.{_LABEL})*\.?(:(?!80$){_PORT})?"
    rf"|https://{_LABEL}(\.{_LABEL})*\.?(:(?!443$){_PORT})?"
)
"""Origins as browsers send them, or *. It is in the JSON Schema too, so it has no flags."""
ORIGIN_IN_WORDS = (
    "* or an origin as browsers send it, such as https://www.example.com: in lower case, without "
    "a path and without the default port"
)

HEADER_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}"
HEADER_NAME_IN_WORDS = (
    "the name of a request header that a page sets, such as traceparent: A-Z a-z 0-9 . _ -"
)
# https://fetch.spec.whatwg.org/#forbidden-request-header
_FORBIDDEN_HEADERS = frozenset(
    {
        *("accept-charset", "accept-encoding", "access-control-request-headers"),
        *("access-control-request-method", "access-control-request-private-network"),
        *("connection", "content-length", "cookie", "cookie2", "date", "dnt", "expect", "host"),
        *("keep-alive", "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding"),
        *("upgrade", "via"),
    }
)
_FORBIDDEN_BEGINNINGS = ("proxy-", "sec-")

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FULL_STOPS = "\u3002\uff0e\uff61"  # of East Asian scripts; browsers take them for dots


def unique_origins(origins: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """The origins as a tuple without duplicates."""
    return (origins,) if isinstance(origins, str) else tuple(dict.fromkeys(origins or ()))


def fixed_origin(origins: tuple[str, ...]) -> str | None:
    """The Access-Control-Allow-Origin of responses without a document; None without origins.

    For several origins it is `*`: a browser checks each response on its own, and a preflight or an
    error reveals no document.
    """
    return "*" if len(origins) > 1 else next(iter(origins), None)


def is_forbidden_header(name: str) -> bool:
    """Whether browsers let no page set the request header, so that no preflight asks for it."""
    name = name.lower()
    return name in _FORBIDDEN_HEADERS or name.startswith(_FORBIDDEN_BEGINNINGS)


def browser_origin(text: str) -> str | None:
    """The origin that a browser sends for the pages of a URL; None if it is no such URL."""
    from urllib.parse import urlsplit

    if not re.match(r"\s*https?://", text, re.IGNORECASE):
        return None
    try:
        url = urlsplit(text.strip())
        host, port = _host(url.hostname or ""), url.port
    except ValueError:
        return None
    is_default = port in (None, _DEFAULT_PORTS[url.scheme])
    origin = f"{url.scheme}://{host}" + ("" if is_default else f":{port}")
    return origin if re.fullmatch(ORIGIN, origin) else None


def _host(name: str) -> str:
    """A host in lower case, in Punycode, and if it is an IPv4 address as four decimal numbers.

    Raises:
        ValueError: it is an address that browsers refuse.
    """
    labels = re.split(f"[.{_FULL_STOPS}]", name)
    host = ".".join(map(_label, labels))
    last = host.rstrip(".").rpartition(".")[2]
    return _ipv4(host.rstrip(".")) if re.fullmatch(r"\d+|0x[0-9a-f]*", last) else host


def _label(label: str) -> str:
    from unicodedata import normalize

    label = normalize("NFKC", normalize("NFKC", label).lower())
    return label if label.isascii() else f"xn--{label.encode('punycode').decode('ascii')}"


def _ipv4(address: str) -> str:
    """An IPv4 address as browsers send it: 127.0.0.1 for 0x7f.1.

    Raises:
        ValueError: it is no address.
    """
    *first, last = [_number(part) for part in address.split(".")]
    if len(first) > 3 or max([0, *first]) > 255 or last >= 256 ** (4 - len(first)):
        raise ValueError(address)
    numbers = [*first, *last.to_bytes(4 - len(first), "big")]
    return ".".join(map(str, numbers))


def _number(text: str) -> int:
    """A number of an address: hexadecimal after 0x, octal after 0."""
    if text.startswith("0x"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if text.startswith("0") and len(text) > 1 else int(text)
