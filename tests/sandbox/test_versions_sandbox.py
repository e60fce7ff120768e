"""Versions on the embedded AWS, which enforces the permissions of the stack's writer."""

import json
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest

from readmodel_cfn import ReadModel, ReadModelStack, Route, Writer
from readmodel_cfn.consent import Consent
from readmodel_cfn.errors import LostRace, NoSuchDocument, ReadModelError
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.progress import Note

ROUTE = Route("products/{id}", "products/{id}.json", version_field="updated_at")
KEY, PATH = "products/42.json", "products/42"
DAYS = [f"2026-01-0{day}T12:00:00Z" for day in range(1, 10)]


def agree(_: Consent) -> bool:
    return True


def product(day: int, **more: Any) -> dict[str, Any]:
    return {"updated_at": DAYS[day], **more}


def deployed(
    sandbox: Sandbox, patch: pytest.MonkeyPatch, writer: Writer, route: Route = ROUTE
) -> ReadModelStack:
    patch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
    patch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
    name, model = f"versions-{secrets.token_hex(4)}", ReadModel(routes=[route], writer=writer)
    place: dict[str, Any] = {"region": sandbox.region, "endpoint_url": sandbox.endpoint_url}
    stack = ReadModelStack(name, model, **place)
    stack.deploy()
    return stack


@pytest.fixture
def make(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[ReadModelStack, ReadModelStack]]]:
    """The stack as root, and the same as its writer, who knows the bucket by name."""
    made: list[ReadModelStack] = []

    def both(*allow: Any, route: Route = ROUTE) -> tuple[ReadModelStack, ReadModelStack]:
        root = deployed(sandbox, monkeypatch, Writer(allow=allow or ("put",)), route)
        made.append(root)
        outputs = root.outputs(show_secrets=True)
        client = root.connection.client("secretsmanager")
        secret = client.get_secret_value(SecretId=outputs["DataStoreSecretArn"])
        key = json.loads(secret["SecretString"])
        session = boto3.Session(
            key["access_key_id"], key["secret_access_key"], region_name=sandbox.region
        )
        place: Any = {"session": session, "endpoint_url": sandbox.endpoint_url}
        return root, ReadModelStack(root.name, root.model, **place)

    yield both
    for stack in made:
        stack.delete(with_data=True, confirm=agree)


def test_whole_life_of_a_document_with_versions(make: Any) -> None:
    root, writer = make("put", "list", "delete")
    here = {"bucket": root.bucket()}
    assert writer.publish_document(KEY, product(2, price=2), **here).outcome == "sent"
    assert writer.publish_document(KEY, product(1, price=1), **here).outcome == "stale"
    assert writer.publish({KEY: product(2, price=2)}, **here).unchanged == 1
    assert root.read(PATH).json()["price"] == 2
    with pytest.raises(LostRace):
        writer.publish_document(KEY, product(2, price=9), **here)

    assert writer.unpublish(KEY, version=DAYS[5], **here).unpublished
    gone = root.read(PATH)
    assert (gone.status, gone.json()) == (200, None)
    assert writer.publish({KEY: product(4)}, **here).stale == 1
    assert writer.prune_unpublished(timedelta(days=30), **here).pruned == ()
    assert root.read(PATH).json() is None

    assert writer.prune_unpublished(timedelta(0), **here).pruned == (KEY,)
    with pytest.raises(NoSuchDocument):
        root.read(PATH).raise_for_status()
    assert writer.publish({KEY: product(4, price=4)}, **here).sent == 1
    assert root.read(PATH).json()["price"] == 4


def test_version_field_alone_gives_the_writer_what_it_needs(make: Any) -> None:
    root, writer = make("put")
    here = {"bucket": root.bucket()}
    assert [writer.publish({KEY: product(day)}, **here).sent for day in (1, 3, 2)] == [1, 1, 0]
    assert root.publish({KEY: product(4)}, as_writer=True).sent == 1
    with pytest.raises(ReadModelError):
        writer.prune_unpublished(timedelta(0), **here)


def test_writer_without_a_version_field_may_not_read(make: Any) -> None:
    root, writer = make("put", route=Route(ROUTE.path, ROUTE.key))
    here = {"bucket": root.bucket()}
    root.publish({KEY: 1}, version=1)
    with pytest.raises(ReadModelError, match="GetObject"):
        writer.publish({KEY: 2}, version=2, **here)
    assert root.read(PATH).json() == 1


def test_plain_unpublish_says_that_late_events_are_not_kept_out(make: Any) -> None:
    root, _ = make("put")
    root.publish({KEY: product(5)})
    notes: list[Any] = []
    root.unpublish(KEY, confirm=agree, on_progress=notes.append)
    assert any("late event" in note.text for note in notes if isinstance(note, Note))
    assert root.publish({KEY: product(1)}).sent == 1
