"""What an analysis did not look at."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Unchecked:
    """A part of a template that may read S3, and that was not looked at; `what` says why.

    `resource` is a logical ID, empty for the template itself; `path` is a path in it, such as
    Properties/BodyS3Location. `line` is the line of a template that was given as text or file,
    from 1.
    """

    resource: str
    path: str
    what: str
    line: int | None = None

    def __str__(self) -> str:
        place = "/".join(filter(None, (self.resource, self.path)))
        return f"{place}: {self.what}"

    def as_dict(self) -> dict[str, Any]:
        """The part as `audit --json` prints it."""
        return asdict(self)
