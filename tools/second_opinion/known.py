"""The differences that are known: each by name, where it shows, what each place says, and why.

A difference is known only as it is written here. Another value in the same place is a new one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Difference:
    """A part of an answer that the two places do not agree on, or that is not as AWS has it."""

    part: str
    sandbox: str
    localstack: str


@dataclass(frozen=True)
class Known:
    """A known difference, in regular expressions.

    `where` is one over STACK/REQUEST, `status` one over how the sandbox answered. `parts` has, for
    each part that differs, one over what the sandbox says and one over what LocalStack says.
    """

    name: str
    where: str
    parts: Mapping[str, tuple[str, str]]
    reason: str
    status: str = ".*"

    def covers(self, place: str, status: str, found: Difference) -> bool:
        """Is the difference found at that STACK/REQUEST, where the sandbox said so, this one?"""
        if found.part not in self.parts:
            return False
        pairs = (
            (self.where, place),
            (self.status, status),
            *zip(self.parts[found.part], (found.sandbox, found.localstack), strict=True),
        )
        return all(re.fullmatch(pattern, value, re.DOTALL) for pattern, value in pairs)


_NONE = r"\(none\)"
_ETAG = '"[0-9a-f]{32}"'
_JSON = "application/json"
_PAYLOAD = r"b'\{.*"  # JSON objects, all of them
_NOT_FOUND = r'\{"message": "Not Found"\}'
# The headers that come with a payload alone, where one place has it and the other does not.
_WITH_PAYLOAD = {
    "cache-control": "no-cache",
    "etag": _ETAG,
    "last-modified": "a time",
    "vary": "Accept-Encoding",
}
_ONLY_IN_SANDBOX = {name: (value, _NONE) for name, value in _WITH_PAYLOAD.items()}
_ONLY_IN_LOCALSTACK = {name: (_NONE, value) for name, value in _WITH_PAYLOAD.items()}
_LACKS_304 = {name: pair for name, pair in _ONLY_IN_SANDBOX.items() if name != "vary"} | {
    "content-type": (_JSON, _NONE)
}

KNOWN: tuple[Known, ...] = (
    Known(
        "policy-version",
        "article/deploy",
        {"end": ("CREATE_COMPLETE", "CREATE_FAILED: .*must be version 2012-10-17 or greater.*")},
        "AWS reads a policy without Version as of 2008-10-17, LocalStack refuses it; the rest is "
        "compared with Version added to the article's documents",
    ),
    Known(
        "error-type",
        "article/not yet published",
        {"x-amzn-errortype": ("InternalServerErrorException", "ApiConfigurationException")},
        "in public reports AWS gives the sandbox's type to configuration errors; LocalStack's code "
        "says of its own that it was never compared with AWS",
    ),
    Known(
        "gateway-response",
        ".*",
        {
            "body": (_NOT_FOUND, r'\{"message": "Missing Authentication Token"\}'),
            "access-control-allow-origin": (r"\*|https://www\.example\.com", _NONE),
        },
        "of a gateway response LocalStack takes the status alone, as its code says: no template, "
        "no header",
        status="404",
    ),
    Known(
        "bare-304",
        ".*",
        _LACKS_304,
        "LocalStack's S3 gives no header with a 304, so none is left to map; and its web framework "
        "takes the Content-Type away, of which no source tells what AWS does",
        status="304",
    ),
    Known(
        "tags-as-text",
        "production/If-None-Match, (any|list with it|weak)",
        {"status": ("304", "200"), "body": ("b''", _PAYLOAD)},
        "RFC 7232, to which S3's reference refers, knows *, lists and weak ETags; LocalStack "
        "compares the header's whole text. Of lists and weak ones no source tells what S3 does",
    ),
    Known(
        "date-beside-tag",
        "production/both, other and same",
        {"status": ("200", "304"), "body": (_PAYLOAD, "b''"), "content-type": (_JSON, _NONE)}
        | _ONLY_IN_SANDBOX,
        "If-None-Match wins over If-Modified-Since, in S3's reference as in RFC 7232; to "
        "LocalStack either is enough for a 304",
    ),
    Known(
        "future-date",
        "production/If-Modified-Since, future",
        {"status": ("304", "200"), "body": ("b''", _PAYLOAD)},
        "S3 ignores a date later than now, as was measured and as LocalStack does; the sandbox's "
        "S3 takes it, which is wrong",
    ),
    Known(
        "no-date",
        "production/If-Modified-Since, no date",
        {
            "status": ("200", "500"),
            "body": (_PAYLOAD, r'\{"message": "Internal Server Error"\}'),
        }
        | _ONLY_IN_SANDBOX,
        "RFC 7232 ignores what is no date; LocalStack's S3 fails to read it",
    ),
    Known(
        "no-compression",
        "production/large, (gzip|deflate|gzip, deflate, br, zstd)",
        {"content-encoding": ("gzip|deflate", _NONE)},
        "LocalStack compresses nothing; the bodies are the same once a client has decompressed",
        status="200",
    ),
    Known(
        "binary",
        "gzip/.*",
        {"body": (r"b'\{\"text\": \"small .*", r"b'\\xb5\\xecm\\xb2f.*")},
        "LocalStack decompresses S3's answer, which it still calls gzip, and then takes the JSON "
        "for Base64, as it does not know */* for all types",
        status="200",
    ),
    Known(
        "semicolon",
        "production/parameter with ;",
        {"status": ("200", "404"), "body": (".*a;b.*", _NOT_FOUND)} | _ONLY_IN_SANDBOX,
        "LocalStack cuts a path at its ; which no route's key may have",
    ),
    Known(
        "encoded-slash",
        "production/parameter with %2F",
        {
            "status": ("404", "200"),
            "body": (_NOT_FOUND, ".*a/b.*"),
            "x-amzn-errortype": ("MissingAuthenticationTokenException", _NONE),
        }
        | _ONLY_IN_LOCALSTACK,
        "the sandbox decodes a path before it looks for the route, LocalStack afterwards; events "
        "recorded on AWS have encoded parameters, so LocalStack may be right, but no source tells",
    ),
)


def known(place: str, status: str, found: Difference) -> Known | None:
    """The known difference that this is, or None."""
    return next((one for one in KNOWN if one.covers(place, status, found)), None)
