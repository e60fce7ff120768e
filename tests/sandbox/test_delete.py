"""`delete` on the embedded AWS: buckets with thousands of versions, and deletions that fail."""

import json
import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner

from readmodel_cfn.cli import main
from readmodel_cfn.deploy.empty import Content, content_of, empty, remove
from readmodel_cfn.errors import Stuck
from readmodel_cfn.local.sandbox import Sandbox

Clients = Callable[..., Any]
Command = Callable[..., str]


@pytest.fixture
def name() -> str:
    return f"gone-{secrets.token_hex(4)}"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "readmodel.toml"
    file.write_text('[[routes]]\npath = "samples"\nkey = "payload.json"\n')
    return file


@pytest.fixture
def command(name: str, sandbox: Sandbox, config: Path) -> Iterator[Command]:
    """Runs a command about one stack, or another that is named: its stdout and stderr."""
    where = ["--config", str(config), "--stack-name", name, "--endpoint-url", sandbox.endpoint_url]
    environment = {
        "AWS_ACCESS_KEY_ID": sandbox.access_key_id,
        "AWS_SECRET_ACCESS_KEY": sandbox.secret_access_key,
        "AWS_DEFAULT_REGION": sandbox.region,
    }

    def run(*arguments: str, exits: int = 0) -> str:
        done = CliRunner().invoke(main, [arguments[0], *where, *arguments[1:]], env=environment)
        assert done.exit_code == exits, done.output
        return done.output

    yield run
    CliRunner().invoke(main, ["delete", "--yes", f"--with-data={name}", *where], env=environment)


@pytest.fixture
def s3(clients: Clients) -> Any:
    return clients("s3")


@pytest.fixture
def bucket(s3: Any, make_bucket: Callable[..., None]) -> Iterator[str]:
    made = f"full-{secrets.token_hex(4)}"
    make_bucket(s3, made)
    versioned = {"Status": "Enabled"}
    s3.put_bucket_versioning(Bucket=made, VersioningConfiguration=versioned)
    yield made
    remove(s3, made)


def fill(s3: Any, bucket: str, *keys: str) -> None:
    """A version under each key, in this order where a key comes again."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=b"{}"), keys))


def resources(clients: Clients, name: str) -> dict[str, str]:
    """Logical id to physical id."""
    listed = clients("cloudformation").describe_stack_resources(StackName=name)["StackResources"]
    return {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}


def is_there(s3: Any, bucket: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket)
    except ClientError:
        return False
    return True


def test_more_than_a_page_of_versions_and_delete_markers_are_deleted(s3: Any, bucket: str) -> None:
    many = [f"documents/{number}.json" for number in range(500)]
    fill(s3, bucket, *many, *["samples.json"] * 500)
    for key in many[:3]:
        s3.delete_object(Bucket=bucket, Key=key)
    seen = content_of(s3, bucket)
    assert seen
    assert (seen.versions, seen.more) == (1000, True)
    counts: list[int] = []
    assert remove(s3, bucket, counts.append) == 1003
    assert counts[-1] == 1003
    assert not is_there(s3, bucket)


def test_keys_with_special_characters_are_deleted(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a b", "a+b", "a&<>\"'b", "ä/ß", "a%20b", "a//b", " ", "\N{GRINNING FACE}")
    assert empty(s3, bucket) == 8
    assert content_of(s3, bucket) == Content(versions=0, bytes=0, more=False)


def test_locked_object_is_named(s3: Any) -> None:
    bucket = f"locked-{secrets.token_hex(4)}"
    where = {"LocationConstraint": s3.meta.region_name}
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True
    )
    fill(s3, bucket, "a.json", "held.json")
    s3.put_object_legal_hold(Bucket=bucket, Key="held.json", LegalHold={"Status": "ON"})
    with pytest.raises(Stuck, match=rf"^{bucket}/held.json: .*AccessDenied"):
        remove(s3, bucket)
    s3.put_object_legal_hold(Bucket=bucket, Key="held.json", LegalHold={"Status": "OFF"})
    assert remove(s3, bucket) == 1


def test_objects_written_while_emptying_are_deleted(s3: Any, bucket: str) -> None:
    fill(s3, bucket, *[f"{number}.json" for number in range(50)])
    late = iter(range(3))

    def write(_: int) -> None:
        if next(late, None) is not None:
            s3.put_object(Bucket=bucket, Key="late.json", Body=b"{}")

    assert remove(s3, bucket, write) == 53


@pytest.mark.parametrize("kind", [(), ("--article",)], ids=["retained", "goes with the stack"])
def test_with_data_deletes_and_counts_all_versions(
    command: Command, clients: Clients, s3: Any, name: str, kind: tuple[str, ...]
) -> None:
    command("deploy", "--yes", *kind)
    bucket = resources(clients, name)["DataStore"]
    fill(s3, bucket, *["payload.json"] * 3, "other.json")
    count = 4 if not kind else 2  # the article's bucket keeps no versions
    assert f"{bucket}: {count} versions" in command("delete", f"--with-data={name}", exits=1)
    said = command("delete", "--yes", f"--with-data={name}", "--json")
    result = json.loads(said[said.index("{") :])
    expected = {"deleted": name, "kept": [], "removed_buckets": {bucket: count}, "stack": name}
    assert expected.items() <= result.items()
    assert not is_there(s3, bucket)


def test_kept_bucket_can_be_removed_later(
    command: Command, clients: Clients, s3: Any, name: str
) -> None:
    command("deploy", "--yes")
    bucket = resources(clients, name)["DataStore"]
    fill(s3, bucket, "payload.json")
    assert bucket in command("delete", "--yes")
    command("delete")
    assert is_there(s3, bucket)
    assert f"Deleted {bucket}: 1 version." in command("delete", "--yes", f"--with-data={name}")
    assert not is_there(s3, bucket)
    assert bucket not in command("delete", f"--with-data={name}")


def test_kept_bucket_that_another_stack_imported_is_not_removed(
    command: Command, s3: Any, name: str, config: Path
) -> None:
    config.write_text(f'{config.read_text()}[data_store]\nname = "{name}-data"\n')
    command("deploy", "--yes")
    fill(s3, f"{name}-data", "payload.json")
    command("delete", "--yes")
    command("deploy", "--yes", "--import-existing", "--stack-name", f"{name}-new")
    said = command("delete", "--yes", f"--with-data={name}", exits=1)
    assert f"{name}-data: " in said
    assert said.rstrip().endswith(f"--stack-name {name}-new")
    assert is_there(s3, f"{name}-data")
    command("delete", "--yes", f"--with-data={name}-new", "--stack-name", f"{name}-new")
    assert not is_there(s3, f"{name}-data")


def test_delete_of_a_new_stack_keeps_the_bucket_of_an_old_stack_of_the_name(
    command: Command, clients: Clients, s3: Any, name: str
) -> None:
    command("deploy", "--yes")
    kept = resources(clients, name)["DataStore"]
    fill(s3, kept, "payload.json")
    command("delete", "--yes")
    command("deploy", "--yes")
    command("delete", "--yes", f"--with-data={name}")
    assert is_there(s3, kept)
    assert remove(s3, kept) == 1


def test_failed_deletion_names_its_cause_and_can_be_repeated(
    command: Command, clients: Clients, name: str
) -> None:
    command("deploy", "--yes")
    user = resources(clients, name)["DataStoreWriter"]
    key = clients("iam").create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    line = command("delete", "--yes", exits=6).splitlines()[-1]
    for fact in ("DELETE_FAILED", "DataStoreWriter", "AWS::IAM::User", "--force"):
        assert fact in line
    listed = " ".join(command("delete", exits=1).split())
    assert "failed DataStoreWriter AWS::IAM::User" in listed
    clients("iam").delete_access_key(UserName=user, AccessKeyId=key)
    command("delete", "--yes")
    command("delete")


def test_forced_deletion_reports_retained_resources(
    command: Command, clients: Clients, s3: Any, name: str
) -> None:
    command("deploy", "--yes")
    made = resources(clients, name)
    user, bucket = made["DataStoreWriter"], made["DataStore"]
    fill(s3, bucket, "payload.json")
    assert "--force" in command("delete", "--force", exits=1)
    key = clients("iam").create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    command("delete", "--yes", f"--with-data={name}", exits=6)
    assert is_there(s3, bucket)
    said = command("delete", "--yes", f"--with-data={name}", "--force")
    assert "  leave   DataStoreWriter  AWS::IAM::User  " in said
    assert f"Kept {user} (AWS::IAM::User)." in said
    assert f"Deleted {bucket}: 1 version." in said
    clients("iam").delete_access_key(UserName=user, AccessKeyId=key)
    clients("iam").delete_user(UserName=user)


def test_stack_of_another_tool_is_not_deleted(
    command: Command, clients: Clients, name: str
) -> None:
    template = {"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}}
    cloudformation = clients("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name)
    said = command("delete", "--yes", f"--with-data={name}", exits=1)
    assert "readmodel-cfn = managed" in said
    assert resources(clients, name)
    cloudformation.delete_stack(StackName=name)
