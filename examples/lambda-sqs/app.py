"""The function: each message of the queue is an event of a product, which becomes a document."""

import json

from readmodel_cfn import Route
from readmodel_cfn.handlers import Document, Unpublish, from_sqs

ROUTES = [Route("products/{id}", "products/{id}.json")]


def render(body: str) -> Document | Unpublish:
    """The document of an event, such as {"id": 7, "revision": 3, "price": 12}."""
    event = json.loads(body)
    key = f"products/{event['id']}.json"
    if event.get("deleted"):
        return Unpublish(key, event["revision"])
    return Document(key, {"id": event["id"], "price": event["price"]}, event["revision"])


handler = from_sqs(render, routes=ROUTES)
