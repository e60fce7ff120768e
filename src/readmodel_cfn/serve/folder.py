"""A folder as S3: requests answered as S3 would, were its files the objects of one bucket.

The key is the file's path below the folder. Every bucket's name leads to the one folder.
"""

from collections.abc import Callable
from pathlib import Path

from readmodel_cfn.gateway import S3Request, S3Response
from readmodel_cfn.serve import conditions, ranges, s3_errors
from readmodel_cfn.serve.files import Files
from readmodel_cfn.serve.permissions import Permissions
from readmodel_cfn.serve.stored import Stored
from readmodel_cfn.store.publish import DEFAULT, Settings

_READS = ("GET", "HEAD")
_NOT_MODIFIED = ("etag", "last-modified", "cache-control")


class Folder:
    """A folder of payloads, read with the permissions of the template's roles.

    `settings` are those of publishing, `publishes` tells whether it sends a key; `tell` gets a line
    for each document that publishing would refuse.
    """

    def __init__(
        self,
        root: Path,
        permissions: Permissions,
        settings: Settings = DEFAULT,
        tell: Callable[[str], None] = lambda _: None,
        publishes: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._files = Files(root, settings, tell, publishes)
        self._permissions = permissions

    def answer(self, request: S3Request) -> S3Response:
        """S3's response to a request.

        Raises:
            OSError: the file cannot be read.
        """
        if request.method not in _READS or not request.key:
            return s3_errors.answer(s3_errors.NOT_ALLOWED, request)
        if not self._permissions.may_get(request):
            return s3_errors.answer(s3_errors.ACCESS_DENIED, request)
        stored = self._files.find(request.key)
        return _read(stored, request) if stored else self.missing(request)

    def missing(self, request: S3Request) -> S3Response:
        """S3's response where no object has the key: 404 only to those who may list the bucket.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Permissions
        """
        listed = self._permissions.may_get(request) and self._permissions.may_list(request)
        error = s3_errors.NO_SUCH_KEY if listed else s3_errors.ACCESS_DENIED
        return s3_errors.answer(error, request)


def _read(stored: Stored, request: S3Request) -> S3Response:
    status = conditions.status(request.headers, stored.etag, stored.modified)
    if status == 412:
        return s3_errors.answer(s3_errors.PRECONDITION_FAILED, request)
    if status == 304:
        kept = {name: stored.headers[name] for name in _NOT_MODIFIED if name in stored.headers}
        return S3Response(304, kept, b"")
    asked = request.headers.get("range")
    part = ranges.asked(asked, len(stored.body)) if asked else None
    if part is None:
        return S3Response(200, stored.headers, _body(stored.body, request))
    return _part(stored, part, request)


def _part(stored: Stored, part: range, request: S3Request) -> S3Response:
    if not part:
        return s3_errors.answer(s3_errors.INVALID_RANGE, request)
    headers = {
        **stored.headers,
        "content-length": str(len(part)),
        "content-range": f"bytes {part[0]}-{part[-1]}/{len(stored.body)}",
    }
    return S3Response(206, headers, _body(stored.body[part.start : part.stop], request))


def _body(body: bytes, request: S3Request) -> bytes:
    return b"" if request.method == "HEAD" else body
