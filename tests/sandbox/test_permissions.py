"""The deployer's policy with IAM enforced: it suffices, and each of its own calls is needed.

Each scene is a command in one situation. As a user with exactly the policy it works, and with the
calls of the command's row in the table alone, too. Without one of the calls that the scene `proves`
it fails, or says what it could not do.

The sandbox's CloudFormation asks IAM nothing for what it does for a resource. So these tests do not
show whether the permissions of handlers suffice.
"""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from permissions_site import ACCOUNT, LONG, MORE, ROUTES, Document, Site, without

from readmodel_cfn import ReadModelStack
from readmodel_cfn.aws.connection import Connection, Credentials
from readmodel_cfn.cli import main
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.local.sandbox import Sandbox
from readmodel_cfn.policy.calls import COMMANDS, EVERYTHING, PURPOSES
from readmodel_cfn.policy.grants import Grants
from readmodel_cfn.policy.names import Names, Place
from readmodel_cfn.policy.places import Places

# What the sandbox does not show, and why.
GAPS = {
    ("deploy", "cloudformation:CancelUpdateStack"): "its updates end at once; see below",
    ("deploy", "cloudformation:ContinueUpdateRollback"): "its rollbacks do not fail; see below",
    ("restore", "s3:GetObject"): "its S3 compares If-Match for everybody",
    ("verify", "s3:GetObjectVersion"): "only after a response was lost",
    ("verify", "s3:ListBucketVersions"): "only after a response was lost",
    ("verify with releases", "s3:GetObjectVersion"): "only after a response was lost",
    ("verify with releases", "s3:DeleteObject"): "only in a bucket without versions",
    **{
        (command, action): "its S3 does not call KMS"
        for command in COMMANDS
        for action in ("kms:Decrypt", "kms:GenerateDataKey")
    },
}
DENIED = re.compile(r"denied|may not |AccessDenied", re.IGNORECASE)
LESS = re.compile(
    r"denied|may not |not checked|not known|unknown|not compared|not continued|403", re.IGNORECASE
)
COMMANDS_WITHOUT_AWS = {
    *("init", "template", "lint", "audit", "graph", "policy", "estimate", "serve"),
    *("sandbox", "completion"),
}


@dataclass(frozen=True)
class Scene:
    """A command in one situation: what root does before, and what the command must show."""

    row: str
    prepare: Callable[[Site], Any]
    words: str
    proves: tuple[str, ...]
    exits: int = 0
    shows: str = ""
    check: Callable[[Site], bool] = lambda _: True


SCENES: dict[str, Scene] = {}


def spoken(words: str, site: Site) -> list[str]:
    """The words of a command, with the stack's name and the folder of documents."""
    data = str(site.folder / "data")
    return [word.replace("NAME", site.name).replace("DATA", data) for word in words.split()]


def scene(
    row: str,
    words: str,
    *proves: str,
    exits: int = 0,
    shows: str = "",
    check: Callable[[Site], bool] = lambda _: True,
) -> Callable[[Callable[[Site], Any]], Callable[[Site], Any]]:
    """Registers a scene by the function that prepares it; NAME in `words` is the stack's name."""

    def register(prepare: Callable[[Site], Any]) -> Callable[[Site], Any]:
        SCENES[prepare.__name__] = Scene(row, prepare, words, proves, exits, shows, check)
        return prepare

    return register


RELEASES = "[releases]\n" + ROUTES
WITH = " with releases"
BASES = {
    "deploy with alarms": "deploy",
    "status with alarms": "status",
    "publish with alarms": "publish",
    "release activate with alarms": "publish --release",
}
"""The row of the command that the calls of a row are added to."""
ALARMS = "[alarms]\npublished_within_hours = 24\n"
LEFT = "readmodel-cfn-diff-00000000-1-1-left"


def in_stack(*names: str) -> tuple[str, ...]:
    return tuple(f"cloudformation:{name}" for name in names)


def s3(*names: str) -> tuple[str, ...]:
    return tuple(f"s3:{name}" for name in names)


CHANGE_SETS = in_stack("CreateChangeSet", "DeleteChangeSet", "DescribeChangeSet")
NEW_BUCKET = s3(
    "CreateBucket",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutBucketTagging",
    "PutBucketVersioning",
    "PutEncryptionConfiguration",
    "PutLifecycleConfiguration",
    "PutObject",
)


def deployed(site: Site, tables: str = ROUTES) -> None:
    site.describe(tables)
    site.root("deploy", "--yes")


def template_bucket(site: Site) -> str:
    """Delete the template bucket; its name."""
    client, region = site.clients("s3"), site.sandbox.region
    name = f"readmodel-cfn-templates-000000000000-{region}-an"
    if name in [each["Name"] for each in client.list_buckets()["Buckets"]]:
        found = client.list_object_versions(Bucket=name)
        for each in (*found.get("Versions", []), *found.get("DeleteMarkers", [])):
            client.delete_object(Bucket=name, Key=each["Key"], VersionId=each["VersionId"])
        client.delete_bucket(Bucket=name)
    return name


def half_made_bucket(site: Site) -> None:
    """The template bucket as an interrupted run leaves it: without its settings."""
    name = template_bucket(site)
    site.clients("s3").create_bucket(
        Bucket=name,
        BucketNamespace="account-regional",
        CreateBucketConfiguration={"LocationConstraint": site.sandbox.region},
    )


def is_made(site: Site) -> bool:
    name = f"readmodel-cfn-templates-000000000000-{site.sandbox.region}-an"
    try:
        return bool(site.clients("s3").get_bucket_tagging(Bucket=name)["TagSet"])
    except ClientError:
        return False


@scene(
    "deploy",
    "deploy --yes",
    *in_stack("CreateStack", "DescribeStackEvents", "DescribeStacks"),
)
def create(site: Site) -> None:
    site.erase()


@scene("deploy", "deploy --yes", *in_stack("GetTemplate", "UpdateStack"), *CHANGE_SETS)
def update(site: Site) -> None:
    deployed(site)
    site.describe(MORE)


@scene("deploy", "deploy --yes", *in_stack("UpdateTerminationProtection"))
def protect(site: Site) -> None:
    deployed(site)
    site.describe(stack="termination_protection = true")


@scene("deploy", "deploy --yes --adopt NAME", *in_stack("ListStackResources"))
def adopt(site: Site) -> None:
    client = site.clients("cloudformation")
    site.erase()
    template = ReadModelStack.from_config(site.folder / "readmodel.toml").template()
    client.create_stack(StackName=site.name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"])
    client.get_waiter("stack_create_complete").wait(StackName=site.name)


@scene("deploy", "deploy --yes --recreate", *in_stack("DeleteStack"))
def recreate(site: Site) -> None:
    site.erase()
    site.clients("cloudformation").create_change_set(
        StackName=site.name,
        ChangeSetName="left",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
        Tags=[{"Key": "readmodel-cfn", "Value": "managed"}],
    )


@scene(
    "deploy",
    "deploy --yes --import-existing",
    *in_stack("ExecuteChangeSet"),
    *("iam:GetRole", "iam:GetUser"),
)
def import_kept(site: Site) -> None:
    site.erase()
    name = f"{site.name}-{secrets.token_hex(2)}"
    names = f'[data_store]\nname = "{name}"\n[writer]\nname = "{site.name}-w"\n'
    names += f'[gateway_role]\nname = "{site.name}-r"\n'
    deployed(site, names + ROUTES)
    site.root("delete", "--yes")


@scene(
    "deploy",
    "deploy --yes",
    *s3("GetBucketTagging", "ListBucket"),
    exits=1,
    shows="created as DataStore",
)
def create_over_a_kept_bucket(site: Site) -> None:
    import_kept(site)


@scene("deploy with access logs", "deploy --yes", "logs:DescribeLogGroups", shows="deployed")
def create_with_a_named_log_group(site: Site) -> None:
    account_with_role(site)
    site.describe(f'[logs]\nname = "/{site.name}/{secrets.token_hex(2)}"\n{ROUTES}')


@scene("deploy with access logs", "deploy --yes", "apigateway:GET", shows="deployed")
def create_with_access_logs(site: Site) -> None:
    account_with_role(site)
    site.describe(f"[logs]\n{ROUTES}")


def account_with_role(site: Site) -> None:
    """No stack, and an account whose API Gateway has a role for access logs."""
    site.erase()
    role = {
        "op": "replace",
        "path": "/cloudwatchRoleArn",
        "value": f"arn:aws:iam::{ACCOUNT}:role/l",
    }
    site.clients("apigateway").update_account(patchOperations=[role])


@scene("deploy", "deploy --yes", *NEW_BUCKET)
def create_with_a_long_template(site: Site) -> None:
    site.erase()
    template_bucket(site)
    site.describe(LONG)


def left_change_set(site: Site) -> None:
    """A change set that a killed process of this tool has left."""
    deployed(site)
    site.describe(MORE)
    if has_left(site):
        return
    site.clients("cloudformation").create_change_set(
        StackName=site.name,
        ChangeSetName=LEFT,
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
    )


def has_left(site: Site) -> bool:
    found = site.clients("cloudformation").list_change_sets(StackName=site.name)["Summaries"]
    return LEFT in [each["ChangeSetName"] for each in found]


@scene("deploy", "deploy --yes", *in_stack("ListChangeSets"), check=lambda s: not has_left(s))
def update_after_a_killed_run(site: Site) -> None:
    left_change_set(site)


@scene("diff", "diff --yes", *in_stack("ListChangeSets"), exits=5, check=lambda s: not has_left(s))
def diff_after_a_killed_run(site: Site) -> None:
    left_change_set(site)


@scene("deploy", "deploy --yes", *in_stack("DescribeEvents"), exits=4, shows="already exists")
def create_that_is_refused(site: Site) -> None:
    """A bucket with the given name is created just before CreateStack."""
    site.erase()
    name, create = f"{site.name}-{secrets.token_hex(2)}", StackClient.create
    site.describe(f'[data_store]\nname = "{name}"\n{ROUTES}')
    where = {"LocationConstraint": site.sandbox.region}

    def after(self: StackClient, spec: Any) -> str:
        site.patch.setattr(StackClient, "create", create)
        site.clients("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
        return create(self, spec)

    site.patch.setattr(StackClient, "create", after)


@scene("diff", "diff --yes", *in_stack("DescribeStacks", "GetTemplate"), *CHANGE_SETS, exits=5)
def diff(site: Site) -> None:
    deployed(site)
    site.describe(MORE)


@scene("deploy", "deploy --yes", *s3("GetBucketTagging", "ListBucket"), check=is_made)
def create_with_a_half_made_bucket(site: Site) -> None:
    site.erase()
    half_made_bucket(site)
    site.describe(LONG)


@scene("diff", "diff --yes", *s3("GetBucketTagging", "ListBucket"), exits=5, check=is_made)
def diff_with_a_half_made_bucket(site: Site) -> None:
    deployed(site)
    half_made_bucket(site)
    site.describe(LONG)


@scene("diff", "diff --yes", *NEW_BUCKET, exits=5)
def diff_with_a_long_template(site: Site) -> None:
    deployed(site)
    template_bucket(site)
    site.describe(LONG)


def failed(site: Site) -> None:
    """A creation whose cause only DescribeEvents has: the name of its bucket is taken."""
    site.erase()
    taken = f"{site.name}-taken"
    client, region = site.clients("s3"), site.sandbox.region
    if taken not in [each["Name"] for each in client.list_buckets()["Buckets"]]:
        where = {"LocationConstraint": region}
        client.create_bucket(Bucket=taken, CreateBucketConfiguration=where)
    bucket = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": taken}}
    site.clients("cloudformation").create_stack(
        StackName=site.name,
        TemplateBody=json.dumps({"Resources": {"DataStore": bucket}}),
        Tags=[{"Key": "readmodel-cfn", "Value": "managed"}],
    )
    site.root("follow", exits=4)


FOLLOW = in_stack("DescribeEvents", "DescribeStackEvents", "DescribeStacks")


@scene("follow", "follow", *FOLLOW, exits=4, shows="already exists")
def follow(site: Site) -> None:
    failed(site)


@scene("diagnose", "diagnose", *FOLLOW, shows="already exists")
def diagnose(site: Site) -> None:
    failed(site)


@scene("outputs", "outputs", *in_stack("DescribeStacks"))
def outputs(site: Site) -> None:
    deployed(site)


@scene("outputs", "outputs --stack-name NAME", *in_stack("GetTemplate"), shows="/offers")
def outputs_without_a_model(site: Site) -> None:
    deployed(site)


STATUS = (
    *in_stack("DescribeStackEvents", "DescribeStacks", "GetTemplate", "ListStackResources"),
    "apigateway:GET",
)
DRIFT = in_stack(
    "DescribeStackDriftDetectionStatus", "DescribeStackResourceDrifts", "DetectStackDrift"
)


@scene("status", "status", *STATUS)
def status(site: Site) -> None:
    deployed(site)


@scene("status --drift", "status --drift", *STATUS, *DRIFT)
def status_with_drift(site: Site) -> None:
    deployed(site)


def published(site: Site, *numbers: int) -> None:
    deployed(site)
    for number in numbers:
        site.clients("s3").put_object(
            Bucket=site.bucket, Key=f"products/{number}.json", Body=b'{"old":true}'
        )
    write_documents(site, 1)
    (site.folder / "data" / "products" / "2.json").write_text('{"old":false}')


def write_documents(site: Site, *numbers: int) -> None:
    folder = site.folder / "data" / "products"
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number}.json").write_text('{"old":true}')


@scene(
    "publish",
    "publish DATA --delete-missing --yes",
    "cloudformation:DescribeStacks",
    *s3("DeleteObject", "GetObject", "ListBucket", "PutObject"),
)
def publish(site: Site) -> None:
    published(site, 1, 2, 3)


@scene(
    "publish --as-writer",
    "publish DATA --as-writer --force",
    "cloudformation:DescribeStacks",
    "secretsmanager:GetSecretValue",
)
def publish_as_writer(site: Site) -> None:
    published(site)


@scene(
    "publish --invalidate",
    "publish DATA/products/1.json --key products/1.json --invalidate",
    "cloudformation:DescribeStacks",
    "s3:PutObject",
    "cloudfront:CreateInvalidation",
)
def publish_and_invalidate(site: Site) -> None:
    deployed(site, f"{ROUTES}[cdn]\n")
    write_documents(site, 1)


@scene(
    "history", "history products/1.json", "cloudformation:DescribeStacks", "s3:ListBucketVersions"
)
def history(site: Site) -> None:
    published(site, 1)


@scene(
    "restore",
    "restore products/1.json VERSION --yes",
    "cloudformation:DescribeStacks",
    *s3("GetObjectVersion", "ListBucketVersions", "PutObject"),
)
def restore(site: Site) -> None:
    published(site, 1)
    site.clients("s3").put_object(Bucket=site.bucket, Key="products/1.json", Body=b"{}")


@scene("ls", "ls", "cloudformation:DescribeStacks", "s3:ListBucket", shows="products/1.json")
def ls(site: Site) -> None:
    published(site, 1)


@scene(
    "unpublish",
    "unpublish products/1.json --yes",
    "cloudformation:DescribeStacks",
    *s3("DeleteObject", "ListBucketVersions"),
)
def unpublish(site: Site) -> None:
    published(site, 1)


@scene(
    "publish with a version",
    "publish DATA --version 2",
    "cloudformation:DescribeStacks",
    *s3("GetObject", "PutObject"),
)
def publish_version(site: Site) -> None:
    published(site, 1)
    site.root("publish", str(site.folder / "data"), "--version", "1")


@scene(
    "unpublish with a version",
    "unpublish products/1.json --version 9 --yes",
    "cloudformation:DescribeStacks",
    *s3("GetObject", "PutObject"),
)
def unpublish_version(site: Site) -> None:
    published(site, 1)
    site.root("publish", str(site.folder / "data"), "--version", "1")


@scene(
    "unpublish by age",
    "unpublish --older-than 0s --yes",
    "cloudformation:DescribeStacks",
    *s3("DeleteObject", "GetObject", "ListBucket"),
    shows="Pruned 1",
)
def prune_unpublished(site: Site) -> None:
    published(site, 1)
    site.root("unpublish", "products/1.json", "--version", "1", "--yes")


@scene(
    "unpublish --all-versions",
    "unpublish products/1.json --all-versions --yes",
    "cloudformation:DescribeStacks",
    *s3("DeleteObject", "DeleteObjectVersion", "ListBucketVersions"),
)
def unpublish_all_versions(site: Site) -> None:
    published(site, 1)


@scene("openapi --deployed", "openapi --deployed", *in_stack("DescribeStacks", "GetTemplate"))
def openapi(site: Site) -> None:
    deployed(site)


@scene("read", "read products/1", "cloudformation:DescribeStacks")
def read(site: Site) -> None:
    published(site, 1)


@scene(
    "verify",
    "verify --yes",
    *STATUS,
    *s3("DeleteObjectVersion", "GetObject", "ListBucket", "PutObject"),
)
def verify(site: Site) -> None:
    published(site, 1)


@scene("verify", "verify --yes", "s3:DeleteObject")
def verify_without_versions(site: Site) -> None:
    published(site, 1)
    site.clients("s3").put_bucket_versioning(
        Bucket=site.bucket, VersioningConfiguration={"Status": "Suspended"}
    )


def with_access(site: Site, auth: str) -> None:
    """A stack whose readers need credentials: the user's, which has no policy for other reads."""
    deployed(site, f'[access]\nauth = "{auth}"\n{ROUTES}')
    write_documents(site, 1)
    site.root("publish", str(site.folder / "data"))


@scene("read with access", "read products/1", "apigateway:GET")
def read_with_an_api_key(site: Site) -> None:
    with_access(site, "api-key")


@scene("read with access", "read products/1", "execute-api:Invoke")
def signed_read(site: Site) -> None:
    with_access(site, "iam")


@scene("verify with access", "verify --yes", "apigateway:GET")
def verify_with_an_api_key(site: Site) -> None:
    with_access(site, "api-key")


@scene("verify with access", "verify --yes", "execute-api:Invoke")
def verify_signed(site: Site) -> None:
    with_access(site, "iam")


@scene(
    "delete",
    "delete --yes --with-data=NAME",
    *in_stack("DeleteStack", "DescribeStackEvents", "DescribeStacks"),
    *in_stack("GetTemplate", "ListStackResources"),
    *s3("DeleteBucket", "DeleteObject", "DeleteObjectVersion", "ListBucketVersions"),
)
def delete(site: Site) -> None:
    site.erase()
    published(site, 1, 2, 3)


@scene("delete", "delete --yes", "cloudformation:ListStacks")
def delete_nothing(site: Site) -> None:
    site.name = f"never-{secrets.token_hex(4)}"
    site.describe()


@scene("delete", "delete --yes --with-data=NAME", *in_stack("DescribeStacks"))
def delete_what_a_stack_has_kept(site: Site) -> None:
    site.erase()
    published(site, 1)
    site.root("delete", "--yes")


def new_documents(site: Site) -> None:
    """Two documents that no release has."""
    folder = site.folder / "data" / "products"
    folder.mkdir(parents=True, exist_ok=True)
    for number in (1, 2):
        (folder / f"{number}.json").write_text(json.dumps(secrets.token_hex(4)))


@scene(
    f"deploy{WITH}",
    "deploy --yes",
    *("apigateway:GET", "apigateway:PATCH"),
    *s3("GetObject", "ListBucket", "PutObject"),
    check=lambda site: "v1 serves 2" in site.root("status").output,
)
def turn_releases_on(site: Site) -> None:
    deployed(site)
    new_documents(site)
    site.root("publish", str(site.folder / "data"))
    site.describe(RELEASES)


def with_releases(site: Site) -> None:
    """A stack with one release."""
    deployed(site, RELEASES)
    new_documents(site)
    site.root("publish", str(site.folder / "data"), "--release")


@scene(
    f"status{WITH}",
    "status",
    *("apigateway:GET", "s3:GetObject"),
    shows="is live",
)
def status_with_releases(site: Site) -> None:
    with_releases(site)


@scene(
    "publish --release",
    "publish DATA --release",
    *("apigateway:GET", "apigateway:PATCH"),
    *in_stack("DescribeStacks", "GetTemplate", "ListStackResources"),
    *s3("GetObject", "ListBucket", "PutObject"),
)
def publish_release(site: Site) -> None:
    with_releases(site)
    new_documents(site)


@scene(
    f"verify{WITH}",
    "verify --yes",
    "apigateway:GET",
    *s3("DeleteObjectVersion", "GetObject", "PutObject"),
)
def verify_with_releases(site: Site) -> None:
    with_releases(site)


@scene(f"verify{WITH}", "verify --releases --yes", "apigateway:PATCH")
def verify_releases(site: Site) -> None:
    with_releases(site)


@scene(
    "release list",
    "release list",
    "apigateway:GET",
    *in_stack("DescribeStacks", "GetTemplate", "ListStackResources"),
    *s3("GetObject", "ListBucket"),
    shows="live",
)
def list_releases(site: Site) -> None:
    with_releases(site)


@scene(
    "release activate",
    "release rollback",
    *("apigateway:GET", "apigateway:PATCH"),
    *in_stack("DescribeStacks", "GetTemplate", "ListStackResources"),
    *s3("GetObject", "PutObject"),
)
def roll_back(site: Site) -> None:
    with_releases(site)
    new_documents(site)
    site.root("publish", str(site.folder / "data"), "--release")


@scene(
    "release prune",
    "release prune --keep 1 --yes",
    "apigateway:GET",
    *in_stack("DescribeStacks", "GetTemplate", "ListStackResources"),
    *s3("DeleteObject", "GetObject", "ListBucket", "PutObject"),
)
def prune_releases(site: Site) -> None:
    with_releases(site)
    for _ in range(3):
        new_documents(site)
        site.root("publish", str(site.folder / "data"), "--release")


@scene(
    "deploy with alarms",
    "deploy --yes",
    *in_stack("ListStackResources"),
    "cloudwatch:DescribeAlarms",
    shows="watches",
)
def deploy_with_alarms(site: Site) -> None:
    deployed(site, ALARMS + ROUTES)
    site.describe(ALARMS + "latency_ms = 2000\n" + ROUTES)


@scene("status with alarms", "status", "cloudwatch:DescribeAlarms", shows="ErrorsAlarm")
def status_with_alarms(site: Site) -> None:
    deployed(site, ALARMS + ROUTES)


@scene("publish with alarms", "publish DATA", "cloudwatch:PutMetricData")
def publish_with_alarms(site: Site) -> None:
    deployed(site, ALARMS + ROUTES)
    new_documents(site)


@scene(
    "release activate with alarms",
    "publish DATA --release --watch 1",
    "cloudwatch:DescribeAlarms",
)
def watch_a_release(site: Site) -> None:
    """The first release is not watched to the end, so this takes no minute."""
    deployed(site, "[alarms]\n" + RELEASES)
    new_documents(site)


@pytest.fixture
def site(
    sandbox: Sandbox,
    clients: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    made = Site.of(tmp_path, sandbox, clients, monkeypatch)
    made.name = f"permissions-{secrets.token_hex(4)}"
    made.describe()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    yield made
    made.describe()
    made.erase()


def own_calls(site: Site, row: str) -> Document:
    """The policy with the calls of one row of the table."""
    stack = ReadModelStack.from_config(site.folder / "readmodel.toml")
    content, grants = json.loads(stack.template()), Grants()
    long_template = len(stack.template()) > 51_200
    names = Names(content, site.name, Place(site.sandbox.region, ACCOUNT), {})
    keys = [route.key_pattern for route in stack.model.routes]
    for each in dict.fromkeys((BASES.get(row, row.partition(" with ")[0]), row)):
        for place, actions in COMMANDS[each].items():
            for action in actions:
                grants.allow(action, Places(names, keys, long_template).arns(place))
    found: Document = json.loads(grants.document().to_json())
    return found


def run(site: Site, found: Scene, allowed: Callable[[], Document]) -> tuple[bool, int, str]:
    """The scene as the user with a policy: whether it ends as it must, what it says is missing."""
    found.prepare(site)
    site.allow(allowed())
    version = site.oldest("products/1.json") if "VERSION" in found.words else ""
    done = site.run([word.replace("VERSION", version) for word in spoken(found.words, site)])
    complete = done.exit_code == found.exits and found.shows in done.output and found.check(site)
    return complete, len(LESS.findall(done.output)), done.output


@pytest.mark.parametrize("name", SCENES)
def test_calls_of_its_row_suffice_and_each_is_needed(name: str, site: Site) -> None:
    found = SCENES[name]
    complete, most, output = run(site, found, lambda: own_calls(site, found.row))
    assert complete, output
    assert not DENIED.search(output), output
    for action in found.proves:
        less = partial(lambda lost: without(own_calls(site, found.row), lost), action)
        complete, count, output = run(site, found, less)
        assert not complete or count > most, f"{action} is not needed: {output}"


JOURNEY = """
deploy --yes
diff
status
status --drift
outputs
outputs --stack-name NAME
follow
diagnose
publish DATA
publish DATA --as-writer --force
publish DATA --delete-missing --yes
ls
history products/1.json
restore products/1.json VERSION --yes
unpublish products/2.json --yes
publish DATA --version 1
unpublish products/2.json --version 2 --yes
unpublish --older-than 0s --yes
unpublish products/2.json --all-versions --yes
openapi --deployed
read products/1
verify --yes
verify --concurrency --readers 1 --size 2000 --seconds 0.2 --yes
deploy --yes
delete --yes
deploy --yes --import-existing
delete --yes --with-data=NAME
"""


EDGE = "[cdn]\n[logs]\n" + ALARMS
EDGE_JOURNEY = """
deploy --yes
diff
status
status --drift
outputs
publish DATA --invalidate
read products/1
verify --yes
deploy --yes
delete --yes --with-data=NAME
"""
KEYS = '[access]\nauth = "api-key"\n[releases]\n' + ALARMS
KEYS_JOURNEY = """
deploy --yes
publish DATA --release --watch 1
status
release list
read products/1
verify --yes
delete --yes --with-data=NAME
"""


def without_namespace(document: Document) -> Document:
    """The policy without this condition, whose key the sandbox's IAM does not know."""
    limit = "cloudwatch:namespace"
    return {
        "Statement": [
            {key: value for key, value in each.items() if limit not in str(value)}
            for each in document["Statement"]
        ]
    }


def take(journey: str, site: Site) -> None:
    """Run one command after the other as the user with the whole policy."""
    site.allow(without_namespace(site.document()))
    write_documents(site, 1, 2)
    for line in journey.split("\n")[1:-1]:
        version = site.oldest("products/1.json") if "VERSION" in line else ""
        words = spoken(line, site)
        done = site.run([word.replace("VERSION", version) for word in words])
        assert done.exit_code == 0, f"{line}: {done.output}"
        assert not DENIED.search(done.output), f"{line}: {done.output}"


def test_every_command_works_with_exactly_the_whole_policy(site: Site) -> None:
    """With a template that is too long for a request, and with given names."""
    names = "".join(
        f'[{table}]\nname = "{site.name}-{table[0]}"\n'
        for table in ("data_store", "writer", "gateway_role")
    )
    template_bucket(site)
    site.describe(names + LONG + ROUTES)
    take(JOURNEY, site)


@pytest.mark.parametrize(("tables", "journey"), [(EDGE, EDGE_JOURNEY), (KEYS, KEYS_JOURNEY)])
def test_commands_work_with_exactly_the_policy_of_what_is_in_front_of_the_api(
    tables: str, journey: str, site: Site
) -> None:
    account_with_role(site)
    site.describe(tables + ROUTES)
    take(journey, site)


@pytest.mark.parametrize("tables", [LONG, EDGE + ROUTES, KEYS + ROUTES])
def test_each_statement_has_a_call_that_a_scene_proves(tables: str, site: Site) -> None:
    site.describe(tables)
    proved = {action for found in SCENES.values() for action in found.proves}
    own = {action for calls in COMMANDS.values() for each in calls.values() for action in each}
    for statement in site.document()["Statement"]:
        if own & set(statement["Action"]):
            assert proved & set(statement["Action"])


@pytest.mark.parametrize(
    ("call", "action"),
    [
        ("cancel_update", "cloudformation:CancelUpdateStack"),
        ("continue_rollback", "cloudformation:ContinueUpdateRollback"),
    ],
)
def test_calls_for_an_update_that_runs_or_has_failed_are_allowed(
    call: str, action: str, site: Site
) -> None:
    deployed(site)
    key = Credentials(site.key["AWS_ACCESS_KEY_ID"], site.key["AWS_SECRET_ACCESS_KEY"])
    connection = Connection(site.sandbox.region, None, site.sandbox.endpoint_url, key)
    client, whole = StackClient(connection.client("cloudformation")), site.document()
    for allowed in (whole, without(whole, action)):
        site.allow(allowed)
        with pytest.raises(ClientError) as refused:
            getattr(client, call)(site.name)
        assert ("AccessDenied" in str(refused.value)) == (allowed is not whole)


def test_publisher_can_assume_the_role_of_a_writer(site: Site) -> None:
    deployed(site, f'[writer]\nkind = "role"\nprincipals = ["{ACCOUNT}"]\n{ROUTES}')
    key = (site.key["AWS_ACCESS_KEY_ID"], site.key["AWS_SECRET_ACCESS_KEY"])
    sts, role = site.clients("sts", *key), site.output("DataStoreRoleArn")
    whole = site.document("publish")
    site.allow(whole)
    assert sts.assume_role(RoleArn=role, RoleSessionName="publish")["Credentials"]
    site.allow(without(whole, "sts:AssumeRole"))
    with pytest.raises(ClientError, match="AccessDenied"):
        sts.assume_role(RoleArn=role, RoleSessionName="publish")


def test_each_call_of_the_table_is_proved_or_a_named_gap() -> None:
    in_table = {
        (row, action)
        for row, calls in COMMANDS.items()
        for actions in calls.values()
        for action in actions
    }
    proved = {(found.row, action) for found in SCENES.values() for action in found.proves}
    assert proved & set(GAPS) == set()
    tested_below = {row_action for row_action in in_table if row_action[0] == "publish as a role"}
    assert in_table - proved - set(GAPS) - tested_below == set()
    assert proved - in_table == set()


def test_each_command_has_a_row() -> None:
    rows = {row.split()[0] for row in COMMANDS}
    assert set(main.list_commands(None)) - COMMANDS_WITHOUT_AWS == rows  # type: ignore[arg-type]
    assert {row for purpose in EVERYTHING for row in PURPOSES[purpose]} == set(COMMANDS)
