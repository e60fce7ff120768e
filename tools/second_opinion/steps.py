"""What a case is made of: a stack, the documents published to it, and the requests made."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from readmodel_cfn import ReadModel
from readmodel_cfn.store.publish import CONTENT_TYPE, Settings

LAST_MODIFIED = "the last answer's"
"""As the value of a request's header: the Last-Modified that the same place gave last."""
ABSENT = "(none)"
"""As the value of an answer's header: it must not be there."""


@dataclass(frozen=True)
class Publish:
    """Put a document to a key of the data store, compressed where the stack keeps it so."""

    key: str
    body: bytes
    content_type: str = CONTENT_TYPE
    gzip: bool = False

    @property
    def settings(self) -> Settings:
        """How the library publishes it."""
        return Settings(gzip=self.gzip)

    @property
    def stored(self) -> bytes:
        """The bytes that S3 keeps."""
        return self.settings.stored(self.body)

    @property
    def etag(self) -> str:
        """Its ETag in S3: the MD5, as it is put in one part and not encrypted with KMS."""
        return f'"{hashlib.md5(self.stored, usedforsecurity=False).hexdigest()}"'


@dataclass(frozen=True)
class Ask:
    """Make a request below the stage; and what must come back, besides that both places agree.

    A `status` of None is one that no source tells. `body` must arrive byte for byte, unless it is
    None. `gives` are headers of the answer, their names in lower case.
    """

    name: str
    path: str
    status: int | None
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    gives: Mapping[str, str] = field(default_factory=dict)


Step = Publish | Ask


@dataclass(frozen=True)
class Case:
    """One stack, and what happens to it."""

    name: str
    model: ReadModel
    steps: tuple[Step, ...]
