"""A folder as S3: requests answered as S3 would, were its files the objects of one bucket.

The key is the file's path below the folder. Every bucket name stands for this folder. Each read
reads the file, so that a change is served at once.
"""

import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG

from readmodel_cfn.local.gateway import S3Request, S3Response
from readmodel_cfn.local.serve import s3
from readmodel_cfn.local.serve.permissions import Permissions
from readmodel_cfn.local.serve.s3 import StoredObject
from readmodel_cfn.publish.documents import DEFAULT, Settings

_READS = ("GET", "HEAD")


class Folder:
    """A folder of documents, read with the permissions of the template's roles.

    `settings` are those of publishing, and `publishes` says whether it sends a key: the files of
    all others are missing. `tell` gets a line for each document that publishing would refuse, once
    until the document changes.

    Replace a file by renaming a new one over it: of a file that is being written readers get what
    is written so far, which S3 would never give.
    """

    def __init__(
        self,
        root: Path,
        permissions: Permissions,
        settings: Settings = DEFAULT,
        tell: Callable[[str], None] = lambda _: None,
        publishes: Callable[[str], bool] = lambda _: True,
    ) -> None:
        self._root, self._permissions = root, permissions
        self._settings, self._tell, self._publishes = settings, tell, publishes
        self._checked: dict[str, str] = {}  # the ETag of the document last checked, by key

    def answer(self, request: S3Request) -> S3Response:
        """S3's response to a request.

        Raises:
            OSError: the file cannot be read.
        """
        if request.method not in _READS or not request.key:
            return s3.error_response(s3.NOT_ALLOWED, request)
        if not self._permissions.of(request).get:
            return s3.error_response(s3.ACCESS_DENIED, request)
        stored = self.find(request.key)
        return s3.read(stored, request) if stored else self.missing(request)

    def missing(self, request: S3Request) -> S3Response:
        """S3's response where no object has the key: 404 only to those who may list the bucket.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Permissions
        """
        allowed = self._permissions.of(request)
        error = s3.NO_SUCH_KEY if allowed.get and allowed.list else s3.ACCESS_DENIED
        return s3.error_response(error, request)

    def find(self, key: str) -> StoredObject | None:
        """The object of the key, or None if no published file has that path.

        Raises:
            OSError: the file exists and cannot be read.
        """
        path = self._root / key
        if (
            not is_path(key)
            or not self._publishes(key)
            or not _is_file(path)
            or not self._holds(path)
        ):
            return None
        try:
            with path.open("rb") as file:
                modified = int(os.fstat(file.fileno()).st_mtime)
                document = file.read()
        except FileNotFoundError:  # removed since it was found
            return None
        stored = s3.store(key, document, modified, self._settings)
        if self._checked.get(key) != stored.etag:
            self._checked[key] = stored.etag
            if line := s3.objection(key, document, self._settings, str(path)):
                self._tell(line)
        return stored

    def _holds(self, path: Path) -> bool:
        """Is the file below the folder, wherever symbolic links lead?"""
        return path.resolve().is_relative_to(self._root.resolve())


def is_path(key: str) -> bool:
    """Can the key be a file's path below a folder? S3 has keys like `a//b`, folders do not."""
    return not any(part in ("", ".", "..") for part in key.split("/")) and "\0" not in key


def _is_file(path: Path) -> bool:
    """Does the path lead to a regular file?

    Raises:
        PermissionError: it may not be known.
    """
    try:
        return S_ISREG(path.stat().st_mode)
    except PermissionError:
        raise
    except (OSError, ValueError):  # no such file, a circle of links, an impossible name
        return False
