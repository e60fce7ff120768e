"""What a worker of a pool does: it imports this, and gets its part as a value."""

from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.documents import Settings
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.results import PublishResult


def publish_part(part: range, to: Destination, settings: Settings) -> PublishResult:
    """Publish the products of these numbers."""
    return publish(((f"products/{n:05}.json", {"n": n}) for n in part), to, settings)
