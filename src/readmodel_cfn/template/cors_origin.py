"""Origins as browsers send them, which they compare byte by byte with Access-Control-Allow-Origin.

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
    "* or one origin as browsers send it, such as https://www.example.com: in lower case, without "
    "a path and without the default port"
)

_DEFAULT_PORTS = {"http": 80, "https": 443}
_FULL_STOPS = "\u3002\uff0e\uff61"  # of East Asian scripts; browsers take them for dots


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
