"""IAM policy statements about S3, compiled: which actions on which keys they are about.

Evaluated are Action and Resource with their wildcards, and the conditions StringLike and
StringEquals on `s3:prefix` and Bool on `aws:SecureTransport` (API Gateway speaks TLS to S3). A
statement with any other condition, NotAction or NotResource does not apply.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ARN = re.compile(r"arn:[^:]*:s3:::|([A-Za-z0-9]+)\.Arn(?=/|$)")
_NOTHING = re.compile(r"(?!)")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; `prefixes` are the patterns that `s3:prefix` must match, each of them."""

    allow: bool
    actions: re.Pattern[str]
    resources: re.Pattern[str]
    prefixes: tuple[re.Pattern[str], ...]

    def applies(self, action: str, names: Iterable[str], prefix: str | None) -> bool:
        """Is it about the action on a resource, `BUCKET` or `BUCKET/KEY`, under one of its names?

        `prefix` is the request's `s3:prefix`, None where it has none.
        """
        return (
            self.actions.fullmatch(action) is not None
            and any(self.resources.fullmatch(name) for name in names)
            and all(prefix is not None and one.fullmatch(prefix) for one in self.prefixes)
        )


def compiled(document: Mapping[str, Any]) -> Iterator[Statement]:
    """The statements of a policy document whose functions are carried out."""
    for one in _listed(document.get("Statement")):
        yield Statement(
            allow=one.get("Effect") == "Allow",
            actions=_patterns(_listed(one.get("Action")), re.IGNORECASE),
            resources=_patterns(_resource(arn) for arn in _listed(one.get("Resource"))),
            prefixes=tuple(_conditions(one.get("Condition") or {})),
        )


def _resource(arn: str) -> str:
    """`BUCKET` or `BUCKET/KEY`: a bucket of the template goes by its logical id."""
    return _ARN.sub(lambda match: match[1] or "", arn, count=1)


def _conditions(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[re.Pattern[str]]:
    for operator, keys in condition.items():
        for key, values in keys.items():
            wanted = [str(value) for value in _listed(values)]
            match operator, key.lower():
                case "StringLike", "s3:prefix":
                    yield _patterns(wanted)
                case "StringEquals", "s3:prefix":
                    yield re.compile("|".join(map(re.escape, wanted)))
                case "Bool", "aws:securetransport" if "true" in map(str.lower, wanted):
                    pass
                case _:
                    yield _NOTHING


def _patterns(texts: Iterable[str], flags: int = 0) -> re.Pattern[str]:
    """One pattern for texts with IAM's wildcards: `*` is anything, `/` too, `?` one character."""
    alternatives = [re.escape(text).replace(r"\*", ".*").replace(r"\?", ".") for text in texts] or [
        "(?!)"
    ]
    return re.compile("|".join(alternatives), flags | re.DOTALL)


def _listed(value: Any) -> Sequence[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)
