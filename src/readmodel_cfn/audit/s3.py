"""Objects in S3, as an integration's URI and as a policy's ARN name them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.audit.expressions import TOKEN
from readmodel_cfn.audit.globs import covers

_PIECE = r"(?:\$\{[^{}]*\}|[^:/])"
_URI = re.compile(rf":(?:(?P<bucket>{_PIECE}+?)\.)?s3:path/(?P<path>[^?]*)")
_FIRST_SLASH = re.compile(r"((?:\$\{[^{}]*\}|[^/])*)/(.*)", re.DOTALL)
_PARAMETER = re.compile(r"(?<!\$)\{([^{}]*)\}")


@dataclass(frozen=True)
class Objects:
    """The objects that a bucket's name and a key name, both patterns; None is the bucket itself."""

    bucket: str
    key: str | None


@dataclass(frozen=True)
class S3Uri:
    """Where an integration finds its object; `{parameters}` are written as in the URI."""

    bucket: str
    key: str

    @property
    def parameters(self) -> list[str]:
        """The names of the path parameters in bucket and key."""
        return _PARAMETER.findall(f"{self.bucket}/{self.key}")

    def objects(self, fixed: Mapping[str, str]) -> Objects:
        """All objects that it may name: a parameter without a `fixed` value can be any text."""

        def fill(match: re.Match[str]) -> str:
            return fixed.get(match[1], "*")

        return Objects(_PARAMETER.sub(fill, self.bucket), _PARAMETER.sub(fill, self.key))


def s3_uri(text: str) -> S3Uri | None:
    """The S3 integration's URI, `arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY`, or None."""
    match = _URI.search(text)
    if match is None:
        return None
    if match["bucket"]:
        return S3Uri(match["bucket"], match["path"])
    bucket, key = _split(match["path"])
    return S3Uri(bucket, key or "")


def objects_of(arn: str) -> Objects | None:
    """What the resource of a policy's statement names in S3, or None for another service's."""
    if arn == "*":
        return Objects("*", "*")
    before, s3, path = arn.partition(":s3:::")
    if not s3 and not TOKEN.match(arn):
        return None
    bucket, key = _split(path if s3 else before)  # the latter is an ARN not known, as an import's
    if key is None and bucket.endswith("*"):
        return Objects(bucket, "*")  # a star crosses the slash behind the bucket too
    return Objects(bucket, key)


def _split(path: str) -> tuple[str, str | None]:
    match = _FIRST_SLASH.fullmatch(path)
    return (match[1], match[2]) if match else (path, None)


def within(wide: Objects, narrow: Objects, certain: bool) -> bool:
    """May all of `narrow` be in `wide`? Buckets of which one is not `certain` may be the same."""
    everywhere = "*" in narrow.bucket and "*" not in wide.bucket
    if everywhere or (certain and not covers(wide.bucket, narrow.bucket)):
        return False
    return covers(wide.key or "", narrow.key or "")
