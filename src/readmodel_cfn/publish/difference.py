"""Difference: what is to be sent and deleted for a bucket to hold what was checked."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

from readmodel_cfn.publish.comparison import trusted_since
from readmodel_cfn.publish.objects import Listed, Objects
from readmodel_cfn.publish.spool import Spool
from readmodel_cfn.publish.sync import Sample, merged

if TYPE_CHECKING:
    from readmodel_cfn.publish.publish import Settings


class Checked(NamedTuple):
    """A document that was checked: what its file held, as it would be kept, had this MD5."""

    key: str
    source: str
    md5: str


class Difference:
    """What is to be sent, rows of Checked, and what is missing, rows of a key.

    `close` forgets it.
    """

    def __init__(self) -> None:
        self.send, self.missing, self._same = Spool(), Spool(), Spool()
        self.unchanged, self._sample = 0, Sample()

    def close(self) -> None:
        """Forget it."""
        for spool in (self.send, self.missing, self._same):
            spool.close()

    def send_all(self, checked: Iterable[Checked]) -> None:
        """Compare nothing."""
        self.send.clear()
        for one in checked:
            self.send.add(*one)

    def find(
        self,
        checked: Iterable[Checked],
        listed: Iterable[Listed],
        deletes: Callable[[str], bool] | None,
    ) -> None:
        """Compare what was checked with what there is, both sorted by key.

        What was not checked is missing where `deletes` says that its key is deleted.
        """
        for one, other in merged(checked, listed):
            if one is None:
                if deletes and other and deletes(other.key):
                    self.missing.add(other.key)
            elif other and other.etag == one.md5:
                self._same.add(*one, other.modified.timestamp())
                self._sample.add(other)
            else:
                self.send.add(*one)

    def trust(self, objects: Objects, settings: "Settings") -> str | None:
        """Send what is the same also where it has other headers or nobody can tell; says why."""
        since, why = trusted_since(objects, self._sample, settings.attributes)
        for *one, modified in self._same:
            if modified < since:
                self.send.add(*one)
            else:
                self.unchanged += 1
        return why
