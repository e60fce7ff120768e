"""An object as S3 keeps it: its bytes, and the headers that it answers with."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from functools import cache

from readmodel_cfn.errors import ConfigError
from readmodel_cfn.store.publish import CONTENT_TYPE, Settings, check_document

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Stored:
    """One object; `modified` is in seconds."""

    body: bytes
    etag: str
    modified: int
    headers: Mapping[str, str]


def store(key: str, document: bytes, modified: int, settings: Settings) -> Stored:
    """The object that publishing the document under the key leaves in S3."""
    body = settings.stored(document)
    # The ETag of an upload in one part, with S3's own keys or none.
    etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
    # Publishing speaks of headers by boto3's names, such as CacheControl.
    published = {_WORD.sub("-", name).lower(): value for name, value in settings.headers.items()}
    headers = published | {
        "accept-ranges": "bytes",
        "content-length": str(len(body)),
        "content-type": content_type(key),
        "etag": etag,
        "last-modified": formatdate(modified, usegmt=True),
    }
    return Stored(body, etag, modified, headers)


def content_type(key: str) -> str:
    """A payload's type, `application/json`, unless the key's suffix is known to mean another."""
    _, dot, suffix = key.rpartition("/")[2].rpartition(".")
    return (_suffixes().get(f".{suffix}".lower()) if dot else None) or CONTENT_TYPE


@cache
def _suffixes() -> Mapping[str, str]:
    """Python's own table, without the machine's, which would answer differently on each."""
    from mimetypes import MimeTypes

    return MimeTypes().types_map[True]


def objection(key: str, document: bytes, settings: Settings, source: str) -> str | None:
    """Why publishing would refuse the document, in one line that names `source`, or None."""
    if content_type(key) != CONTENT_TYPE:
        return None
    try:
        check_document(document, source, settings)
    except ConfigError as error:
        return str(error)
    return None
