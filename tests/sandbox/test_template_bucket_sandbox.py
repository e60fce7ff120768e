"""Templates of more than 51,200 bytes are deployed without a bucket made by hand."""

import json
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from readmodel_cfn import Api, ReadModel, ReadModelStack, Route
from readmodel_cfn.aws.caller import in_callers_account
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.aws.location import StackLocation
from readmodel_cfn.consent import Consent
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.diff import diff
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.deploy.template_bucket import TemplateBucket, prepare, upload
from readmodel_cfn.progress import ignore

Clients = Callable[..., Any]
ROUTES = [Route(f"documents-{number}", f"documents/{number}.json") for number in range(60)]


@pytest.fixture
def own_bucket(connection: Connection) -> Iterator[TemplateBucket]:
    """The bucket of the sandbox's account; it does not exist before and after the test."""
    bucket = TemplateBucket.of(in_callers_account(StackLocation("any", connection)), None)
    _delete(bucket)
    yield bucket
    _delete(bucket)


@pytest.fixture
def name(clients: Clients) -> Iterator[str]:
    made = f"long-{secrets.token_hex(4)}"
    yield made
    clients("cloudformation").delete_stack(StackName=made)


def _delete(bucket: TemplateBucket) -> None:
    names = [found["Name"] for found in bucket.s3.list_buckets()["Buckets"]]
    if bucket.name not in names:
        return
    versions = bucket.call("list_object_versions")
    for found in (*versions.get("Versions", []), *versions.get("DeleteMarkers", [])):
        bucket.call("delete_object", Key=found["Key"], VersionId=found["VersionId"])
    bucket.call("delete_bucket")


def _spec(name: str, origin: str) -> StackSpec:
    model = ReadModel(routes=ROUTES, api=Api(cors_origin=origin))
    return StackSpec(name, ReadModelStack(name, model).template())


@pytest.mark.usefixtures("own_bucket")
def test_60_routes_with_cors_are_deployed_compared_and_updated_without_a_given_bucket(
    connection: Connection, name: str
) -> None:
    asked: list[str] = []

    def confirm(consent: Consent) -> bool:
        asked.append(consent.kind)
        return True

    deploy(_spec(name, "https://a.example"), connection, lint=False, confirm=confirm)
    assert asked == ["create", "template-bucket"]
    asked.clear()
    assert not diff(_spec(name, "*"), connection, confirm=confirm).up_to_date
    changed = deploy(_spec(name, "*"), connection, lint=False, confirm=confirm)
    assert changed.status == "UPDATE_COMPLETE"
    assert asked == ["update"]


def test_on_the_sandbox_there_is_no_question(
    connection: Connection, own_bucket: TemplateBucket, name: str
) -> None:
    asked: list[str] = []

    def confirm(consent: Consent) -> bool:
        asked.append(consent.kind)
        return True

    resources = {"Topic": {"Type": "AWS::SNS::Topic"}}
    deploy(StackSpec(name, json.dumps({"Resources": resources})), connection, lint=False)
    long = {"Mappings": {"Long": {"Text": {"Value": "x" * 60_000}}}, "Resources": resources}
    sandbox = replace(connection, sandbox=True)
    diff(StackSpec(name, json.dumps(long)), sandbox, confirm=confirm)
    assert own_bucket.call("head_bucket")
    assert asked == []


def test_bucket_is_private_encrypted_versioned_and_emptied_by_s3(
    own_bucket: TemplateBucket,
) -> None:
    prepare(own_bucket, lambda _: None, ignore)
    get = own_bucket.call
    blocked = get("get_public_access_block")["PublicAccessBlockConfiguration"]
    assert all(blocked.values())
    assert get("get_bucket_versioning")["Status"] == "Enabled"
    assert "AES256" in json.dumps(get("get_bucket_encryption")["ServerSideEncryptionConfiguration"])
    assert "aws:SecureTransport" in get("get_bucket_policy")["Policy"]
    assert {"Key": "readmodel-cfn", "Value": "managed"} in get("get_bucket_tagging")["TagSet"]
    assert len(get("get_bucket_lifecycle_configuration")["Rules"]) == 2
    spec = upload(own_bucket, StackSpec("any", '{"Resources": {}}'))
    assert spec.template_url is not None
    assert "?versionId=" in spec.template_url


def test_two_deploys_at_once_create_the_bucket_and_both_use_it(
    connection: Connection, own_bucket: TemplateBucket
) -> None:
    together, urls, errors = threading.Barrier(2), list[str | None](), list[Exception]()

    def run() -> None:
        bucket = TemplateBucket.of(in_callers_account(StackLocation("any", connection)), None)
        together.wait()
        try:
            prepare(bucket, lambda _: None, ignore)
            urls.append(upload(bucket, StackSpec("any", '{"Resources": {}}')).template_url)
        except Exception as error:  # noqa: BLE001 - shown by the test
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(urls) == 2
    assert own_bucket.call("get_bucket_tagging")["TagSet"]
