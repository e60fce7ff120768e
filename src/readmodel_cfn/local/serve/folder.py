"""A folder that answers as S3; its files are the objects of a bucket.

The key is the file's path below the folder; the name of the bucket is ignored. Each request reads
the file, or the metadata of a long one, so a change is served immediately. For a template that
reads releases the whole folder is the live one: the key `releases/local/KEY` is the file KEY.
"""

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from stat import S_ISREG

from readmodel_cfn.local.gateway import S3Request, S3Response
from readmodel_cfn.local.serve import s3
from readmodel_cfn.local.serve.bucket_cors import CorsRules, cors_headers
from readmodel_cfn.local.serve.permissions import Permissions
from readmodel_cfn.local.serve.s3 import StoredObject
from readmodel_cfn.local.serve.source import Storage
from readmodel_cfn.template.releases import release_key

FOLDER_RELEASE = "local"
"""The release that a folder is, for a template that reads releases."""
_READS = ("GET", "HEAD")
_LONG = 256 * 1024
"""The size of the documents that are kept: many readers of one share it in memory."""
_MOST_KEPT = 8
_TICK = 2.0
"""Seconds after which another change of a file has another time, on every file system."""

_Version = tuple[int, ...]
"""What changes with every change of a file."""


class Folder:
    """A folder of documents, read with the permissions of the template's roles.

    `cors_rules` are those of the template's buckets. `note` gets a line for each document that
    publishing would reject, once for each version of it.

    Replace a file by renaming a new one over it. While a file is being written, clients get
    an incomplete document; S3 never returns one.
    """

    is_remote = False

    def __init__(
        self,
        root: Path,
        permissions: Permissions,
        storage: Storage | None = None,
        note: Callable[[str], None] = lambda _: None,
        cors_rules: CorsRules | None = None,
    ) -> None:
        self._root, self._permissions = root, permissions
        self._storage, self._note = storage or Storage(), note
        self._cors_rules = cors_rules or {}
        self._checked: dict[str, str] = {}  # the ETag of the document last checked, by key
        self._kept: dict[str, tuple[_Version, StoredObject]] = {}

    def answer(self, request: S3Request) -> S3Response:
        """S3's response to a request, with the headers of the bucket's CORS rules.

        Raises:
            OSError: the file cannot be read.
        """
        response, cors = self._answer(request), cors_headers(self._cors_rules, request)
        return replace(response, headers={**response.headers, **cors}) if cors else response

    def _answer(self, request: S3Request) -> S3Response:
        if request.method not in _READS or not request.key:
            return s3.error_response(s3.NOT_ALLOWED, request)
        if not self._permissions.of(request).get:
            return s3.error_response(s3.ACCESS_DENIED, request)
        stored = self.find(request.key.removeprefix(release_key(FOLDER_RELEASE, "")))
        return s3.read(stored, request) if stored else self.missing(request)

    def missing(self, request: S3Request) -> S3Response:
        """S3's response for a key without an object: 404 if the role may list the bucket, else 403.

        https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_Permissions
        """
        allowed = self._permissions.of(request)
        error = s3.NO_SUCH_KEY if allowed.get and allowed.list else s3.ACCESS_DENIED
        return s3.error_response(error, request)

    def find(self, key: str) -> StoredObject | None:
        """The object with this key, or None if there is no such file, or it is not published.

        Raises:
            OSError: the file exists and cannot be read.
        """
        path = self._root / key
        if (
            not is_path(key)
            or not self._storage.publishes(key)
            or not _is_file(path)
            or not self._is_inside(path)
        ):
            return None
        try:
            with path.open("rb") as file:
                status = os.fstat(file.fileno())
                version, stored = self._kept.get(key, (None, None))
                if stored and version == _version(status):
                    return stored
                document = file.read()
        except FileNotFoundError:  # removed in the meantime
            return None
        stored = s3.store(key, document, int(status.st_mtime), self._storage)
        self._keep(key, status, stored)
        if self._checked.get(key) != stored.etag:
            self._checked[key] = stored.etag
            if line := s3.publish_error(key, document, self._storage, str(path)):
                self._note(line)
        return stored

    def _keep(self, key: str, status: os.stat_result, stored: StoredObject) -> None:
        """Keep a long document, unless its file may change again without another time."""
        self._kept.pop(key, None)
        if len(stored.body) > _LONG and time.time() - status.st_ctime > _TICK:
            self._kept[key] = _version(status), stored
            if len(self._kept) > _MOST_KEPT:
                del self._kept[next(iter(self._kept))]

    def _is_inside(self, path: Path) -> bool:
        """Whether the file is below the folder, after symbolic links are resolved."""
        return path.resolve().is_relative_to(self._root.resolve())


def _version(status: os.stat_result) -> _Version:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_path(key: str) -> bool:
    """Whether the key can be a path below a folder; S3 also allows keys like `a//b`."""
    return not any(part in ("", ".", "..") for part in key.split("/")) and "\0" not in key


def _is_file(path: Path) -> bool:
    """Whether the path is a regular file.

    Raises:
        PermissionError: a folder above it cannot be read.
    """
    try:
        return S_ISREG(path.stat().st_mode)
    except PermissionError:
        raise
    except (OSError, ValueError):  # no such file, a loop of links, a name that is not allowed
        return False
