"""The differences that are known: each by name, where it shows, what each place says, and why.

A difference is known only as it is written here. Another value in the same place is a new one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True)
class Difference:
    """A part of an answer that the two places do not agree on, or that no API Gateway gives."""

    part: str
    sandbox: str
    localstack: str


@dataclass(frozen=True)
class Known:
    """A known difference: `where` is a pattern over STACK/REQUEST.

    `parts` has, for each part that differs, what the sandbox and what LocalStack says: two regular
    expressions.
    """

    name: str
    where: str
    parts: Mapping[str, tuple[str, str]]
    reason: str

    def covers(self, place: str, found: Difference) -> bool:
        """Is the difference found at that STACK/REQUEST this one?"""
        if found.part not in self.parts or not fnmatchcase(place, self.where):
            return False
        said = found.sandbox, found.localstack
        pairs = zip(self.parts[found.part], said, strict=True)
        return all(re.fullmatch(pattern, value, re.DOTALL) for pattern, value in pairs)


_NO_ROUTE = ".*Missing Authentication Token.*"
KNOWN: tuple[Known, ...] = (
    Known(
        "policy-version",
        "article/deploy",
        {"end": ("CREATE_COMPLETE", "CREATE_FAILED: .*must be version 2012-10-17 or greater.*")},
        "AWS reads a policy without Version as of 2008-10-17, LocalStack refuses it; the rest is "
        "compared with Version added to the article's documents",
    ),
    Known(
        "no-iam",
        "production/*",
        {"body": ("S3's AccessDenied", "S3's NoSuchKey")},
        "S3 tells only those who may list the bucket that an object is missing, and the gateway's "
        "role may not; LocalStack enforces no IAM",
    ),
    Known(
        "error-type",
        "*/not yet published",
        {"x-amzn-errortype": ("InternalServerErrorException", "ApiConfigurationException")},
        "in public reports AWS gives the sandbox's type to configuration errors; LocalStack's code "
        "says of its own that it was never compared with AWS",
    ),
    Known(
        "semicolon",
        "production/parameter with ;",
        {"status": ("200", "502"), "body": (".*a;b.*", "S3's NoSuchKey")},
        "LocalStack cuts a path at its ; which no route's key may have",
    ),
    Known(
        "encoded-slash",
        "production/parameter with %2F",
        {
            "status": ("403", "200"),
            "body": (_NO_ROUTE, ".*a/b.*"),
            "x-amzn-errortype": ("MissingAuthenticationTokenException", r"\(none\)"),
        },
        "the sandbox decodes a path before it looks for the route, LocalStack afterwards; events "
        "recorded on AWS have encoded parameters, so LocalStack may be right, but no source tells",
    ),
)


def known(place: str, found: Difference) -> Known | None:
    """The known difference that this is, or None."""
    return next((one for one in KNOWN if one.covers(place, found)), None)
