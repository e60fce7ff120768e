"""Templates of more than 51,200 bytes: their bucket, its settings and its owner.

The embedded AWS ignores ExpectedBucketOwner and BucketNamespace, so their effect is shown here.
"""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import ANY
from functional_aws import STACK_ID, Aws, error_of, run, stubbed

from readmodel_cfn import ReadModelStack, lint
from readmodel_cfn.consent import Consent, ConsentRequired

CREATED = {"StackId": STACK_ID}
ACCOUNT = "123456789012"
BUCKET = f"readmodel-cfn-templates-{ACCOUNT}-eu-west-1-an"
OWNED = {"Bucket": BUCKET, "ExpectedBucketOwner": ACCOUNT}
SETTINGS = [
    "PutPublicAccessBlock",
    "PutBucketEncryption",
    "PutBucketVersioning",
    "PutBucketLifecycleConfiguration",
    "PutBucketPolicy",
    "PutBucketTagging",
]
TAGGED = {"TagSet": [{"Key": "readmodel-cfn", "Value": "managed"}]}


@pytest.fixture(autouse=True)
def _long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A directory with a configuration whose template is too long, without cfn-lint."""
    routes = [f'[[routes]]\npath = "r{n}"\nkey = "k{n}"' for n in range(60)]
    (tmp_path / "readmodel.toml").write_text("\n".join(routes))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lint, "lint_once", lambda *_, **__: [])


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    with stubbed(monkeypatch) as made:
        yield made


@pytest.fixture
def read_model() -> ReadModelStack:
    return ReadModelStack.from_config("readmodel.toml", name="read-model", region="eu-west-1")


def deploy(*arguments: str, typed: str | None = None) -> Any:
    return run("deploy", "--region", "eu-west-1", *arguments, typed=typed)


def sent_to(aws: Aws, service: str, operation: str) -> list[dict[str, Any]]:
    """The arguments of every call of an operation, as they are made."""
    sent: list[dict[str, Any]] = []
    events = aws.client(service).meta.events
    name = f"provide-client-params.{service}.{operation}"
    events.register(name, lambda params, **_: sent.append(dict(params)))
    return sent


def stored(aws: Aws, bucket: str = BUCKET, **more: Any) -> None:
    """The next PutObject succeeds."""
    expected = {"Bucket": bucket, "ExpectedBucketOwner": ACCOUNT}
    content = {"Key": ANY, "Body": ANY, "ContentType": "application/json"}
    aws.answers("s3", "put_object", {"ETag": '"e"', **more}, **expected, **content)


def configured(aws: Aws) -> None:
    """Every setting of the bucket is accepted."""
    calls = {
        "put_public_access_block": "PublicAccessBlockConfiguration",
        "put_bucket_encryption": "ServerSideEncryptionConfiguration",
        "put_bucket_versioning": "VersioningConfiguration",
        "put_bucket_lifecycle_configuration": "LifecycleConfiguration",
        "put_bucket_policy": "Policy",
        "put_bucket_tagging": "Tagging",
    }
    for call, argument in calls.items():
        aws.answers("s3", call, {}, **OWNED, **{argument: ANY})


def new_bucket(aws: Aws) -> None:
    """There is no bucket yet, and it is created."""
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    place = {"LocationConstraint": "eu-west-1"}
    aws.answers(
        "s3",
        "create_bucket",
        {},
        Bucket=BUCKET,
        BucketNamespace="account-regional",
        CreateBucketConfiguration=place,
    )
    configured(aws)


def created(aws: Aws) -> None:
    """The stack is created."""
    aws.answers("cloudformation", "create_stack", CREATED)
    aws.stack()
    aws.events()


def test_first_long_template_creates_a_private_bucket(aws: Aws) -> None:
    put = {operation: sent_to(aws, "s3", operation) for operation in SETTINGS}
    aws.no_stack()
    new_bucket(aws)
    stored(aws, VersionId="v1")
    created(aws)
    assert deploy("--yes").exit_code == 0
    assert aws.wrote() == ["CreateBucket", *SETTINGS, "PutObject", "CreateStack"]
    blocked = put["PutPublicAccessBlock"][0]["PublicAccessBlockConfiguration"]
    assert len(blocked) == 4
    assert all(blocked.values())
    assert "AES256" in json.dumps(put["PutBucketEncryption"])
    assert put["PutBucketVersioning"][0]["VersioningConfiguration"] == {"Status": "Enabled"}
    (denied,) = json.loads(put["PutBucketPolicy"][0]["Policy"])["Statement"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Resource"] == [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert put["PutBucketTagging"][0]["Tagging"] == TAGGED


def test_templates_and_delete_markers_expire_after_a_day(aws: Aws) -> None:
    sent = sent_to(aws, "s3", "PutBucketLifecycleConfiguration")
    aws.no_stack()
    new_bucket(aws)
    stored(aws)
    created(aws)
    assert deploy("--yes").exit_code == 0
    versions, markers = sent[0]["LifecycleConfiguration"]["Rules"]
    assert versions["Expiration"] == {"Days": 1}
    assert versions["NoncurrentVersionExpiration"] == {"NoncurrentDays": 1}
    assert versions["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert markers["Expiration"] == {"ExpiredObjectDeleteMarker": True}


def test_key_is_the_digest_and_cloudformation_gets_the_version(aws: Aws) -> None:
    put, sent = sent_to(aws, "s3", "PutObject"), sent_to(aws, "cloudformation", "CreateStack")
    aws.no_stack()
    aws.answers("s3", "head_bucket", {}, **OWNED)
    aws.answers("s3", "get_bucket_tagging", TAGGED, **OWNED)
    stored(aws, VersionId="a+b")
    created(aws)
    assert deploy("--yes").exit_code == 0
    digest = hashlib.sha256(put[0]["Body"]).hexdigest()
    assert digest in put[0]["Key"]
    assert "TemplateBody" not in sent[0]
    assert sent[0]["TemplateURL"].endswith(f"/{BUCKET}/{put[0]['Key']}?versionId=a%2Bb")


def test_existing_bucket_is_used_without_a_question(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("s3", "head_bucket", {}, **OWNED)
    aws.answers("s3", "get_bucket_tagging", TAGGED, **OWNED)
    stored(aws)
    created(aws)
    result = deploy(typed="y\n")  # one question: create the stack
    assert result.exit_code == 0
    assert aws.wrote() == ["PutObject", "CreateStack"]


def test_interrupted_creation_is_completed(aws: Aws) -> None:
    """The tag is set last: a bucket without it gets all settings again."""
    aws.no_stack()
    aws.answers("s3", "head_bucket", {}, **OWNED)
    aws.refuses("s3", "get_bucket_tagging", "NoSuchTagSet", "none", 404)
    configured(aws)
    stored(aws)
    created(aws)
    assert deploy("--yes").exit_code == 0
    assert aws.wrote() == [*SETTINGS, "PutObject", "CreateStack"]


def test_completed_bucket_keeps_its_other_tags(aws: Aws) -> None:
    sent = sent_to(aws, "s3", "PutBucketTagging")
    owner = {"Key": "owner", "Value": "shop"}
    aws.no_stack()
    aws.answers("s3", "head_bucket", {}, **OWNED)
    aws.answers("s3", "get_bucket_tagging", {"TagSet": [owner]}, **OWNED)
    configured(aws)
    stored(aws)
    created(aws)
    assert deploy("--yes").exit_code == 0
    assert sent[0]["Tagging"]["TagSet"] == [owner, *TAGGED["TagSet"]]


@pytest.mark.parametrize("denied", ["head_bucket", "get_bucket_tagging"])
def test_bucket_that_cannot_be_checked_is_used(aws: Aws, denied: str) -> None:
    """s3:PutObject includes neither s3:ListBucket nor s3:GetBucketTagging."""
    aws.no_stack()
    if denied == "get_bucket_tagging":
        aws.answers("s3", "head_bucket", {}, **OWNED)
    aws.refuses("s3", denied, "403" if denied == "head_bucket" else "AccessDenied", "", 403)
    stored(aws)
    created(aws)
    assert deploy("--yes").exit_code == 0
    assert aws.wrote() == ["PutObject", "CreateStack"]


def test_bucket_that_another_deploy_is_creating_is_used(aws: Aws) -> None:
    aws.no_stack()
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    aws.refuses("s3", "create_bucket", "OperationAborted", "a conflicting operation", 409)
    aws.refuses("s3", "create_bucket", "BucketAlreadyOwnedByYou", "yours", 409)
    aws.refuses("s3", "put_public_access_block", "OperationAborted", "a conflict", 409)
    configured(aws)
    stored(aws)
    created(aws)
    assert deploy("--yes").exit_code == 0


def test_bucket_is_created_after_one_question(aws: Aws) -> None:
    aws.no_stack()
    new_bucket(aws)
    stored(aws)
    created(aws)
    result = deploy(typed="y\ny\n")
    assert result.exit_code == 0
    assert result.stderr.count(BUCKET) >= 1


def test_no_bucket_is_created_after_the_answer_no(aws: Aws) -> None:
    aws.no_stack()
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    done = deploy(typed="y\nn\n")
    error_of(done, 1)
    assert BUCKET in done.stderr.splitlines()[-2]  # the question
    assert aws.wrote() == []


def test_diff_without_a_terminal_names_both_ways(aws: Aws) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    line = error_of(run("diff", "--region", "eu-west-1"), 1)
    for fact in (BUCKET, "--yes", "--template-bucket"):
        assert fact in line
    assert aws.wrote() == []


def test_diff_with_yes_creates_the_bucket_for_its_change_set(aws: Aws) -> None:
    sent = sent_to(aws, "cloudformation", "CreateChangeSet")
    aws.stack()
    aws.template({"Resources": {}})
    new_bucket(aws)
    stored(aws, VersionId="v1")
    aws.change_set()
    assert run("diff", "--region", "eu-west-1", "--yes").exit_code in (0, 5)
    assert aws.wrote() == ["CreateBucket", *SETTINGS, "PutObject"]
    assert sent[0]["TemplateURL"].endswith("?versionId=v1")


def test_diff_of_a_new_stack_needs_no_bucket(aws: Aws) -> None:
    aws.no_stack()
    assert run("diff", "--region", "eu-west-1").exit_code == 5
    assert aws.wrote() == []


def test_in_python_confirm_can_refuse_the_bucket(aws: Aws, read_model: ReadModelStack) -> None:
    asked: list[Consent] = []

    def confirm(consent: Consent) -> bool:
        asked.append(consent)
        return consent.kind != "template-bucket"

    aws.no_stack()
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    with pytest.raises(ConsentRequired) as refused:
        read_model.deploy(confirm=confirm)
    assert refused.value.consent.kind == "template-bucket"
    assert [consent.kind for consent in asked] == ["create", "template-bucket"]
    assert BUCKET in asked[-1].text
    assert aws.wrote() == []


def test_in_python_the_call_is_consent(aws: Aws, read_model: ReadModelStack) -> None:
    aws.no_stack()
    new_bucket(aws)
    stored(aws)
    created(aws)
    assert read_model.deploy().status == "CREATE_COMPLETE"


@pytest.mark.parametrize("call", ["create_bucket", "put_bucket_policy"])
def test_denied_creation_is_one_line_with_the_way_out(aws: Aws, call: str) -> None:
    aws.no_stack()
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    if call != "create_bucket":
        aws.answers("s3", "create_bucket", {})
        for setting in SETTINGS[:4]:
            name = "put" + "".join(f"_{c.lower()}" if c.isupper() else c for c in setting[3:])
            aws.answers("s3", name, {})
    aws.refuses("s3", call, "AccessDenied", "not authorized", 403)
    line = error_of(deploy("--yes"), 1)
    for fact in (BUCKET, "AccessDenied", "--template-bucket"):
        assert fact in line
    assert "CreateStack" not in aws.calls


def test_given_bucket_is_used_and_nothing_is_created(aws: Aws) -> None:
    sent = sent_to(aws, "cloudformation", "CreateStack")
    aws.no_stack()
    aws.answers("s3", "head_bucket", {}, Bucket="handover", ExpectedBucketOwner=ACCOUNT)
    stored(aws, "handover")
    created(aws)
    assert deploy("--yes", "--template-bucket", "handover").exit_code == 0
    assert aws.wrote() == ["PutObject", "CreateStack"]
    assert "/handover/" in sent[0]["TemplateURL"]
    assert "versionId" not in sent[0]["TemplateURL"]  # it has no versioning


@pytest.mark.parametrize("command", ["deploy", "diff"])
@pytest.mark.parametrize(
    ("status", "region", "fact"),
    [(404, {}, "does not exist"), (200, {"BucketRegion": "eu-north-1"}, "eu-north-1")],
)
def test_given_bucket_that_cannot_be_used_is_named(
    aws: Aws, command: str, status: int, region: dict[str, str], fact: str
) -> None:
    aws.stack()
    aws.template({"Resources": {}})
    if status == 404:
        aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    else:
        aws.answers("s3", "head_bucket", region)
    where = ("--region", "eu-west-1", "--template-bucket", "handover")
    line = error_of(run(command, *where, *(["--yes"] if command == "deploy" else [])), 1)
    assert "--template-bucket handover" in line
    assert fact in line
    assert aws.wrote() == []


def test_account_of_an_existing_stack_is_that_of_its_arn(aws: Aws) -> None:
    """A call to STS has no response here."""
    aws.stack()
    aws.template({"Resources": {}})
    aws.answers("s3", "head_bucket", {}, Bucket="handover", ExpectedBucketOwner=ACCOUNT)
    stored(aws, "handover")
    aws.change_set()
    aws.events()
    aws.answers("cloudformation", "update_stack", CREATED)
    aws.stack("UPDATE_COMPLETE")
    aws.events()
    assert deploy("--yes", "--template-bucket", "handover").exit_code == 0


@pytest.mark.parametrize("command", ["deploy", "diff"])
def test_bucket_of_another_account_is_refused(aws: Aws, command: str) -> None:
    """S3 denies every call whose ExpectedBucketOwner is another account, with 403."""
    aws.stack()
    aws.template({"Resources": {}})
    if command == "deploy":  # HEAD has no body, so that the reason of the 403 is not known yet
        aws.refuses("s3", "head_bucket", "403", "Forbidden", 403)
    aws.refuses("s3", "put_object", "AccessDenied", "Access Denied", 403)
    arguments = ("--yes", "--region", "eu-west-1", "--template-bucket", "theirs")
    line = error_of(run(command, *arguments), 1)
    for fact in ("theirs", ACCOUNT, "--template-bucket"):
        assert fact in line
    assert aws.wrote() == ["PutObject"]


def test_failed_upload_stops_the_deploy(aws: Aws) -> None:
    aws.no_stack()
    aws.answers("s3", "head_bucket", {})
    aws.refuses("s3", "put_object", "NoSuchBucket", "none", 404)
    line = error_of(deploy("--yes", "--template-bucket", "handover"), 1)
    assert "PutObject" in line
    assert "NoSuchBucket" in line
    assert aws.wrote() == ["PutObject"]


def test_us_east_1_has_no_location_constraint(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = sent_to(aws, "s3", "CreateBucket")
    monkeypatch.setattr(aws.client("s3").meta._client_config, "region_name", "us-east-1")
    aws.no_stack()
    aws.refuses("s3", "head_bucket", "404", "Not Found", 404)
    aws.refuses("s3", "create_bucket", "AccessDenied", "not authorized", 403)
    error_of(deploy("--yes"), 1)
    assert sent == [
        {
            "Bucket": f"readmodel-cfn-templates-{ACCOUNT}-us-east-1-an",
            "BucketNamespace": "account-regional",
        }
    ]
