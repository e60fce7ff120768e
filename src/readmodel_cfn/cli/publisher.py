"""As whom `publish` publishes and where to, and whether that writer may do what is asked."""

from collections.abc import Sequence
from dataclasses import dataclass

from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.cli.target import Target
from readmodel_cfn.errors import ConfigError
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.writer_key import writer_credentials

EVERYTHING = frozenset(("put", "compare", "list", "delete"))


@dataclass(frozen=True)
class Publisher:
    """The bucket, the way to it, and what is known to be allowed there."""

    bucket: str
    connection: Connection
    allowed: frozenset[str]

    def require(self, option: str, *needed: str) -> None:
        """Name what a writer is not allowed before anything is done.

        Raises:
            ConfigError: something is not.
        """
        if missing := [word for word in needed if word not in self.allowed]:
            words = " and ".join(f'"{word}"' for word in missing)
            hint = "add it in readmodel.toml and deploy, or publish without --as-writer"
            raise ConfigError(f"needs {words} under [writer] allow", where=option, hint=hint)

    @property
    def destination(self) -> Destination:
        """The same for the many."""
        at = self.connection
        return Destination(self.bucket, at.region, at.endpoint_url, at.profile, at.credentials)


def publisher(target: Target, bucket: str | None, as_writer: bool) -> Publisher:
    """Find out; with a bucket the stack is asked only for its writer's key."""
    outputs = {} if bucket and not as_writer else target.outputs()
    found = bucket or target.required(outputs, "S3BucketName")
    connection, allowed = target.connection, EVERYTHING
    if as_writer:
        key = writer_credentials(outputs, connection.client("secretsmanager"))
        connection = connection.with_credentials(key)
        allowed = _allowed(target, outputs)
    return Publisher(found, connection, allowed)


def _allowed(target: Target, outputs: Sequence[str] | dict[str, str]) -> frozenset[str]:
    """What the writer may do; all where the stack is the article's, which has no ApiUrl."""
    return frozenset(target.config.model.writer.allow) if "ApiUrl" in outputs else EVERYTHING
