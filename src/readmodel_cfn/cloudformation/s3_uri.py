"""The URI of an integration with S3, and the objects that a URI or a policy's ARN names.

    arn:PARTITION:apigateway:REGION:s3:path/BUCKET/KEY
    arn:PARTITION:apigateway:REGION:BUCKET.s3:path/KEY
    arn:PARTITION:apigateway:REGION:s3:action/ACTION

https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html#apigw-Type-Integration-uri
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from readmodel_cfn.cloudformation.patterns import covers, has_star
from readmodel_cfn.cloudformation.values import (
    UNKNOWN_MARK,
    PartialText,
    Text,
    Unknown,
    join_texts,
    match_text,
    parts_of,
    substitute,
    units,
)

_MAX_LENGTH = 5_000  # characters; a longer URI is not parsed

# An unknown part counts as one character. The beginning of a URI may be unknown.
_URI = re.compile(
    rf"(?:arn:(?P<partition>[^:/]*):apigateway:(?P<region>[^:/]*)|(?P<unknown>.*{UNKNOWN_MARK}.*?))"
    r":(?:(?P<host>[^:/]+)\.)?s3:(?P<kind>path|action)/(?P<path>[^?]*)(?:\?(?P<query>.*))?",
    re.DOTALL,
)
_ARN = re.compile(r"(?P<service>[^/]*?):s3:::(?P<path>.*)", re.DOTALL)
_BUCKET_AND_KEY = re.compile(r"(?P<bucket>[^/]*)(?:/(?P<key>.*))?", re.DOTALL)
# https://docs.aws.amazon.com/apigateway/latest/developerguide/stage-variables.html
_STAGE_VARIABLE = re.compile(r"\$\{(stageVariables\.[^{}]*)\}")
_PARAMETER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Objects:
    """The objects with this bucket and key, both patterns; the key None is the bucket itself."""

    bucket: PartialText
    key: PartialText | None

    @property
    def names_bucket(self) -> bool:
        """Whether a policy's ARN of these objects is that of the bucket itself, too."""
        return self.key is None or (self.key == "*" and str(self.bucket).endswith("*"))


@dataclass(frozen=True)
class S3Uri:
    """An `s3:path` URI. `{parameters}` in bucket and key are written as in the URI.

    A stage variable is an unknown part. `key` is empty if the URI names a bucket alone. `query`
    is None if there is none; `in_host` is true if the bucket is written before `s3`;
    `is_website` is true for a website endpoint, which can only be read.
    """

    partition: PartialText
    region: PartialText
    bucket: PartialText
    key: PartialText
    query: PartialText | None = None
    in_host: bool = False
    is_website: bool = False

    @property
    def parameters(self) -> list[str]:
        """The names of the path parameters in bucket and key, in order."""
        return [
            name
            for part in (self.bucket, self.key)
            for literal in parts_of(part)
            if isinstance(literal, str)
            for name in _PARAMETER.findall(literal)
        ]

    def filled(self, values: Mapping[str, PartialText]) -> tuple[PartialText, PartialText]:
        """Bucket and key with the parameters' values; those without a value are left unchanged.

        A bucket in the path ends at the first slash after the values are filled in.
        """
        bucket, key = (
            substitute(_PARAMETER, part, lambda match: values.get(match[1], match[0]))
            for part in (self.bucket, self.key)
        )
        if self.in_host:
            return bucket, key
        return split_path(join_texts([bucket, "/", key]))

    def objects(self, fixed: Mapping[str, PartialText]) -> Objects:
        """All objects that the URI can name: a parameter without a `fixed` value is any text.

        So is a stage variable in the key that no stage of the template sets.
        """
        bucket, key = self.filled({**dict.fromkeys(self.parameters, "*"), **fixed})
        return Objects(bucket, join_texts(map(_any_if_variable, parts_of(key))))

    @property
    def bucket_parameters(self) -> list[str]:
        """The names of the path parameters in the bucket, in order."""
        literals = (part for part in parts_of(self.bucket) if isinstance(part, str))
        return [name for literal in literals for name in _PARAMETER.findall(literal)]


@dataclass(frozen=True)
class S3Action:
    """An `s3:action` URI, for example for ListBuckets."""

    action: PartialText


def with_variables(text: PartialText, variables: Mapping[str, PartialText]) -> PartialText:
    """The text with the known ones of its stage variables filled in."""

    def value(match: re.Match[str]) -> PartialText:
        return variables.get(match[1].removeprefix("stageVariables."), match[0])

    return substitute(_STAGE_VARIABLE, text, value)


def parse_uri(uri: PartialText) -> S3Uri | S3Action | None:
    """The URI of an integration with S3, or None for any other."""
    text = substitute(_STAGE_VARIABLE, uri, lambda match: Unknown(match[1]))
    found = match_text(_URI, text) if len(units(text)) <= _MAX_LENGTH else None
    if found is None:
        return None
    path = found["path"]
    if found["kind"] == "action":
        return S3Action(path)
    beginning = found.get("unknown", "")
    bucket, key = (found["host"], path) if "host" in found else split_path(path)
    return S3Uri(
        partition=found.get("partition", beginning),
        region=found.get("region", beginning),
        bucket=bucket,
        key=key,
        query=found.get("query"),
        in_host="host" in found,
    )


def parse_path(uri: PartialText) -> S3Uri | None:
    """The `s3:path` URI of an integration with S3, or None for any other."""
    found = parse_uri(uri)
    return found if isinstance(found, S3Uri) else None


def objects_of(arn: PartialText) -> Objects | None:
    """The S3 objects that an ARN in a policy names, or None for an ARN of another service."""
    if arn == "*":
        return Objects("*", "*")
    found = match_text(_ARN, arn)
    if found is None and not (isinstance(arn, Text) and isinstance(arn.parts[0], Unknown)):
        return None
    path = found["path"] if found else arn  # without a match, an unknown ARN, such as an import
    parts = match_text(_BUCKET_AND_KEY, path) or {"bucket": path}
    bucket, key = parts["bucket"], parts.get("key")
    if key is None and isinstance(_last(bucket), str) and str(_last(bucket)).endswith("*"):
        return Objects(bucket, "*")  # a star also matches the slash after the bucket
    return Objects(bucket, key)


def within(wide: Objects, narrow: Objects, certain: bool) -> bool:
    """Whether `wide` may include all of `narrow`.

    If not `certain`, buckets with different names may be the same bucket.
    """
    everywhere = has_star(narrow.bucket) and not has_star(wide.bucket)
    if everywhere or (certain and not covers(wide.bucket, narrow.bucket)):
        return False
    return covers(wide.key or "", narrow.key or "")


def split_path(path: PartialText) -> tuple[PartialText, PartialText]:
    """The bucket and the key of a path; the key is empty if the path names a bucket alone."""
    parts = match_text(_BUCKET_AND_KEY, path) or {"bucket": path}
    return parts["bucket"], parts.get("key", "")


def _any_if_variable(part: str | Unknown) -> str | Unknown:
    is_variable = isinstance(part, Unknown) and part.name.startswith("stageVariables.")
    return "*" if is_variable else part


def _last(text: PartialText) -> str | Unknown:
    return parts_of(text)[-1]
