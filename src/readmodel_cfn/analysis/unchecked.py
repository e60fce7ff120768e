"""What an analysis did not look at."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Unchecked:
    """A part of a template that may read S3, and that was not looked at; `what` says why.

    `resource` is a logical ID, empty for the template itself; `path` is a path in it, such as
    Properties/BodyS3Location.
    """

    resource: str
    path: str
    what: str

    def __str__(self) -> str:
        place = "/".join(filter(None, (self.resource, self.path)))
        return f"{place}: {self.what}"

    def as_dict(self) -> dict[str, str]:
        """The part as `audit --json` prints it."""
        return asdict(self)
