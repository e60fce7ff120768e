"""Publish: one JSON document to the key that a route serves, whole or not at all."""

import base64
import gzip
import hashlib
import json
from dataclasses import dataclass
from typing import Any, NoReturn

from readmodel_cfn.errors import ConfigError

# API Gateway answers with at most 10 MB, a hard limit:
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
MOST_BYTES = 10 * 1024 * 1024
CONTENT_TYPE = "application/json"


@dataclass(frozen=True)
class Settings:
    """How documents are kept: the Cache-Control that goes with them, and whether compressed."""

    cache_control: str = "no-cache"
    gzip: bool = False

    def stored(self, body: bytes) -> bytes:
        """The bytes that are kept; the same for the same document, so that its ETag is too."""
        return gzip.compress(body, compresslevel=9, mtime=0) if self.gzip else body

    @property
    def headers(self) -> dict[str, str]:
        """What S3 keeps with a document and gives back, as arguments of PutObject."""
        encoding = {"ContentEncoding": "gzip"} if self.gzip else {}
        return {"ContentType": CONTENT_TYPE, "CacheControl": self.cache_control, **encoding}


DEFAULT = Settings()


@dataclass(frozen=True)
class Published:
    """What S3 stored: `version` is None in a bucket without versions; the ETag has its quotes.

    `bytes` is the size as it is kept.
    """

    bucket: str
    key: str
    etag: str
    version: str | None
    bytes: int


def check_document(body: bytes, source: str, settings: Settings = DEFAULT) -> None:
    """Check that a document may be published; `source` names it in errors.

    Raises:
        ConfigError: it is not JSON in UTF-8 (RFC 8259), or larger than API Gateway can answer with.
    """
    if len(body) > MOST_BYTES and (size := len(settings.stored(body))) > MOST_BYTES:
        what = f"{size:,} bytes are more than the {MOST_BYTES:,} that API Gateway answers with"
        raise ConfigError(what, where=source, hint="split it over several keys")
    try:
        # parse_int: Python's int takes no number of more than 4300 digits, JSON does.
        json.loads(body.decode("utf-8"), parse_int=str, parse_constant=_no_json)
    except (ValueError, RecursionError) as error:
        what = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise ConfigError(f"not JSON: {what}", where=source, hint="publish a JSON file") from error


def _no_json(constant: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads but no browser does."""
    raise ValueError(f"{constant} is no JSON value")


def put(s3: Any, bucket: str, key: str, body: bytes, settings: Settings = DEFAULT) -> Published:
    """Put the document; S3 compares the checksum and stores it whole or not at all.

    A PUT of one key is atomic: readers see the old document or the new one, never a part
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).
    """
    stored = settings.stored(body)
    answer = s3.put_object(
        Bucket=bucket,
        Key=key,
        Body=stored,
        **settings.headers,
        ChecksumSHA256=base64.b64encode(hashlib.sha256(stored).digest()).decode(),
    )
    return Published(bucket, key, answer["ETag"], answer.get("VersionId"), len(stored))
