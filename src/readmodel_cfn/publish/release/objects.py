"""The objects of one release."""

from collections.abc import Mapping

from readmodel_cfn.publish.objects import Objects
from readmodel_cfn.publish.release.names import METADATA, prefix_of


class ReleaseObjects:
    """The objects of a bucket below the prefix of a release, with its ID in their metadata."""

    def __init__(self, objects: Objects, release: str) -> None:
        self._objects, self._prefix, self._release = objects, prefix_of(release), release
        self.watch, self.stalled = objects.watch, objects.stalled

    def put(self, key: str, body: bytes, headers: Mapping[str, str], create: bool) -> str:
        """Put a document of the release."""
        named = {**headers, METADATA: self._release}
        return self._objects.put(self._prefix + key, body, named, create)

    def etag(self, key: str) -> str | None:
        """The ETag of a document of the release."""
        return self._objects.etag(self._prefix + key)
