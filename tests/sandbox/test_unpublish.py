"""`ls` and `unpublish` on the embedded AWS: deleted, restored and erased documents."""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from readmodel_cfn import ReadModel, ReadModelError, ReadModelStack, Route
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy.empty import remove
from readmodel_cfn.errors import ConfigError, NoSuchDocument
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.publish.destination import Destination
from readmodel_cfn.publish.publish import publish
from readmodel_cfn.publish.unpublish import unpublish

MODEL = ReadModel(routes=[Route("products/{id}", "products/{id}.json"), Route()])
KEY, OTHER, LONGER = "products/42.json", "products/43.json", "products/42.json.bak"


def agree(_: Consent) -> bool:
    return True


@pytest.fixture(scope="module")
def shop(sandbox: Sandbox) -> Iterator[ReadModelStack]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", sandbox.access_key_id)
        patch.setenv("AWS_SECRET_ACCESS_KEY", sandbox.secret_access_key)
        stack = ReadModelStack(
            f"everyday-{secrets.token_hex(4)}",
            MODEL,
            region=sandbox.region,
            endpoint_url=sandbox.endpoint_url,
        )
        stack.deploy()
        yield stack
        stack.delete(with_data=True, confirm=agree)


@dataclass
class Store:
    """A bucket of its own, which keeps versions, and its client."""

    s3: Any
    bucket: str
    destination: Destination

    def put(self, key: str, *values: object) -> None:
        for value in values:
            self.s3.put_object(Bucket=self.bucket, Key=key, Body=json.dumps(value).encode())

    def keys(self) -> list[tuple[str, bool]]:
        """Each version, and whether it is a delete marker."""
        page = self.s3.list_object_versions(Bucket=self.bucket)
        versions = [(each["Key"], False) for each in page.get("Versions", [])]
        return sorted(versions + [(each["Key"], True) for each in page.get("DeleteMarkers", [])])

    def unpublish(self, *keys: str, **options: Any) -> Any:
        return unpublish(keys, self.destination, confirm=agree, **options)


@pytest.fixture
def store(
    connection: Connection, clients: Any, make_bucket: Callable[..., None]
) -> Iterator[Store]:
    s3, bucket = clients("s3"), f"everyday-{secrets.token_hex(4)}"
    make_bucket(s3, bucket)
    keep = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=keep)
    yield Store(s3, bucket, Destination.from_connection(connection, bucket))
    remove(s3, bucket)


def test_listing_has_the_route_and_the_path_of_each_key(shop: ReadModelStack) -> None:
    shop.publish({KEY: 1, OTHER: 22, "payload.json": 333})
    shop.connection.client("s3").put_object(Bucket=shop.bucket(), Key="a//b/", Body=b"x")
    found = {each.key: each for each in shop.documents()}
    assert list(found) == sorted(found) == ["a//b/", "payload.json", KEY, OTHER]
    served = {key: (each.route, each.path) for key, each in found.items()}
    assert served == {
        "a//b/": (None, None),
        "payload.json": ("samples", "samples"),
        KEY: ("products/{id}", "products/42"),
        OTHER: ("products/{id}", "products/43"),
    }
    assert found["payload.json"].size == 3
    assert found[KEY].etag == shop.read("products/42").header("ETag")
    assert [each.key for each in shop.documents("products/43")] == [OTHER]
    assert list(shop.documents("nothing")) == []
    assert [each.key for each in shop.documents(KEY, bucket=shop.bucket())] == [KEY]


def test_unpublished_document_is_restored(shop: ReadModelStack) -> None:
    shop.publish({KEY: "back again", OTHER: 1}, force=True)
    done = shop.unpublish(KEY, "products/99.json", confirm=agree)
    assert [each.key for each in done.unpublished] == [KEY]
    assert done.missing == ("products/99.json",)
    with pytest.raises(NoSuchDocument):
        shop.read("products/42").raise_for_status()
    assert shop.read("products/43").json() == 1
    version = done.unpublished[0].version
    assert version is not None
    shop.restore(KEY, version)
    assert shop.read("products/42").json() == "back again"


def test_second_run_finds_nothing_and_does_not_ask(shop: ReadModelStack) -> None:
    shop.publish({KEY: 1})
    shop.unpublish(KEY, confirm=agree)
    done = shop.unpublish(KEY)
    assert (done.unpublished, done.missing) == ((), (KEY,))
    assert shop.history(KEY)[0].deletion
    assert not shop.history(KEY)[1].deletion, "no second delete marker"


def test_without_consent_nothing_changes(shop: ReadModelStack) -> None:
    shop.publish({KEY: 1})
    for all_versions in (False, True):
        before = shop.history(KEY)
        with pytest.raises(ConsentRequired) as raised:
            shop.unpublish(KEY, all_versions=all_versions)
        assert raised.value.consent.lost == (KEY,)
        assert raised.value.consent.target.stack == shop.name
        assert shop.history(KEY) == before


def test_path_is_refused_with_its_key(shop: ReadModelStack) -> None:
    shop.publish({KEY: 1})
    with pytest.raises(ConfigError, match=re.escape(KEY)):
        shop.unpublish(OTHER, "products/42", confirm=agree)
    assert shop.read("products/42").ok


def test_erased_document_has_no_version_left(shop: ReadModelStack) -> None:
    shop.publish({KEY: 1})
    shop.unpublish(KEY, confirm=agree)
    shop.publish({KEY: 2, OTHER: 1}, force=True)
    versions = len(shop.history(KEY))
    done = shop.unpublish(KEY, all_versions=True, confirm=agree)
    assert done.versions == done.unpublished[0].versions == versions
    with pytest.raises(ReadModelError, match="versions"):
        shop.history(KEY)
    assert shop.read("products/43").ok
    assert shop.unpublish(KEY, all_versions=True).missing == (KEY,)


def test_publish_compares_a_bucket_with_keys_that_obstore_does_not_support(store: Store) -> None:
    store.put("a//b/", 1)
    for sent in (1, 0):
        assert publish({KEY: 1}, store.destination).sent == sent


def test_longer_keys_keep_all_their_versions(store: Store) -> None:
    for key in (KEY, LONGER):
        store.put(key, 1, 2)
    store.s3.delete_object(Bucket=store.bucket, Key=KEY)
    store.s3.delete_object(Bucket=store.bucket, Key=LONGER)
    assert store.unpublish(KEY, all_versions=True).versions == 3
    assert store.keys() == [(LONGER, False), (LONGER, False), (LONGER, True)]


def test_many_versions_are_erased_page_by_page(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("readmodel_cfn.publish.deletion.BATCH", 3)
    store.put(KEY, *range(11))
    store.put(OTHER, 1)
    assert store.unpublish(KEY, OTHER, all_versions=True).versions == 12
    assert store.keys() == []


def test_bucket_without_versions_says_that_it_is_permanent(
    store: Store, clients: Any, make_bucket: Callable[..., None]
) -> None:
    s3, bucket = clients("s3"), f"everyday-{secrets.token_hex(4)}"
    make_bucket(s3, bucket)
    asked: list[Consent] = []

    def note(consent: Consent) -> bool:
        asked.append(consent)
        return True

    for all_versions in (False, True):
        s3.put_object(Bucket=bucket, Key=KEY, Body=b"1")
        to = Destination.from_connection(store.destination.connection, bucket)
        done = unpublish([KEY], to, all_versions=all_versions, confirm=note)
        assert done.unpublished[0].version is None
        assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert all("permanent" in consent.text for consent in asked)
    remove(s3, bucket)


def test_keys_that_obstore_changes_are_deleted_exactly(store: Store) -> None:
    for key in ("a", "a/", "/a", "b//c"):
        store.put(key, 1)
    store.unpublish("a/", "/a", "b//c", all_versions=True)
    assert store.keys() == [("a", False)]


@pytest.mark.parametrize(
    ("all_versions", "granted", "named"),
    [
        (False, ["s3:DeleteObject"], "s3:ListBucketVersions"),
        (False, ["s3:ListBucketVersions"], "s3:DeleteObject,"),
        # The embedded AWS requires s3:DeleteObject for versions too; AWS s3:DeleteObjectVersion.
        (True, ["s3:ListBucketVersions"], "s3:DeleteObjectVersion,"),
    ],
)
def test_missing_permission_is_named_and_nothing_is_deleted(
    store: Store, clients: Any, all_versions: bool, granted: list[str], named: str
) -> None:
    store.put(KEY, 1, 2)
    before, user, iam = store.keys(), f"everyday-{secrets.token_hex(4)}", clients("iam")
    iam.create_user(UserName=user)
    statement = {"Effect": "Allow", "Action": granted, "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="some", PolicyDocument=policy)
    made = iam.create_access_key(UserName=user)["AccessKey"]
    key = Credentials(made["AccessKeyId"], made["SecretAccessKey"])
    root = store.destination.connection
    limited = Connection(root.region, None, root.endpoint_url, key)
    to = Destination.from_connection(limited, store.bucket)
    with pytest.raises(ReadModelError) as raised:
        unpublish([KEY], to, all_versions=all_versions, confirm=agree)
    assert raised.value.exit_code == 1
    assert named in f"{raised.value.hint},"
    assert store.keys() == before
