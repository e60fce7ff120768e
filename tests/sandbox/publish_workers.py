"""What a worker of a pool does: it imports this, and gets its part as a value."""

from readmodel_cfn.publish.publish import Destination, Result, Settings, publish


def publish_part(part: range, to: Destination, settings: Settings) -> Result:
    """Publish the products of these numbers."""
    return publish(((f"products/{n:05}.json", {"n": n}) for n in part), to, settings)
