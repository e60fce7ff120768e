"""Deploy, publish, read, update and delete on the embedded AWS, with IAM and HTTP."""

import json
import secrets
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError
from ci_jobs import GITHUB, GITLAB, unsigned
from click.testing import CliRunner, Result

from readmodel_cfn.cli import main
from readmodel_cfn.local.sandbox import Sandbox

SAMPLES = ("samples", "payload.json")
PRODUCTS = ("products/{id}", "products/{id}.json")


@dataclass
class Project:
    """A folder with a readmodel.toml, and the command line in it."""

    folder: Path
    sandbox: Sandbox
    name: str
    routes: list[tuple[str, str]] = field(default_factory=lambda: [SAMPLES])
    more: str = ""

    def run(self, *arguments: str) -> Result:
        """Run a command that talks to AWS."""
        config = self.folder / "readmodel.toml"
        tables = [f'[[routes]]\npath = "{path}"\nkey = "{key}"\n' for path, key in self.routes]
        config.write_text(f'[stack]\nname = "{self.name}"\n{self.more}\n' + "\n".join(tables))
        is_article = "--article" in arguments
        model = ["--stack-name", self.name] if is_article else ["--config", str(config)]
        to_sandbox = [*model, "--endpoint-url", self.sandbox.endpoint_url]
        environment = {
            "AWS_ACCESS_KEY_ID": self.sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.sandbox.secret_access_key,
            "AWS_DEFAULT_REGION": self.sandbox.region,
        }
        return CliRunner().invoke(main, [*arguments, *to_sandbox], env=environment)

    def __call__(self, *arguments: str, exits: int = 0) -> str:
        """Run a command with this exit code; returns its stdout and keeps its `stderr`."""
        done = self.run(*arguments)
        self.stderr = done.stderr
        assert done.exit_code == exits, done.output
        return done.stdout

    def publish(self, value: object, *options: str) -> None:
        """Publish a value as a JSON document."""
        document = self.folder / "document.json"
        document.write_text(json.dumps(value))
        self("publish", str(document), *options)

    def read(self, *path: str, exits: int = 0) -> Any:
        """GET through the API: the parsed --json of `read`."""
        return json.loads(self("read", *path, "--json", exits=exits))

    def outputs(self) -> dict[str, str]:
        """The stack's outputs."""
        found: dict[str, str] = json.loads(self("outputs", "--json", "--show-secrets"))
        return found

    def resource(self, logical_id: str) -> str:
        """The physical id of a resource."""
        resources = json.loads(self("status", "--json"))["resources"]
        return str(next(r["physical_id"] for r in resources if r["logical_id"] == logical_id))


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Iterator[Project]:
    made = Project(tmp_path, sandbox, f"shop-{secrets.token_hex(4)}")
    yield made
    made.more = ""
    made.run(
        "delete", "--yes", f"--with-data={made.name}"
    )  # refused where the test deleted it itself


def test_document_published_by_the_writer_is_read_through_the_api(project: Project) -> None:
    value = {"value": secrets.token_hex(8)}
    project("deploy", "--yes")
    project.publish(value, "--as-writer")
    answer = project.read()
    assert json.loads(answer["body"]) == value
    assert answer["headers"]["content-type"] == "application/json"


def test_second_deploy_changes_nothing(project: Project) -> None:
    project("deploy", "--yes")
    project("deploy", "--yes")
    assert "UPDATE_IN_PROGRESS" not in project.stderr


def test_routes_can_be_added_changed_and_removed(project: Project) -> None:
    project("deploy", "--yes")
    project.publish(1)

    project.routes = [SAMPLES, PRODUCTS]
    project("deploy", "--yes")
    project.publish({"id": 42}, "--key", "products/42.json")
    assert json.loads(project.read("products/42")["body"]) == {"id": 42}
    assert json.loads(project.read("samples")["body"]) == 1

    project.routes = [("samples", "renamed.json"), PRODUCTS]
    project("deploy", "--yes")
    project.publish(2, "--route", "samples")
    assert json.loads(project.read("samples")["body"]) == 2

    project.routes = [PRODUCTS]
    project("deploy", "--yes")
    assert project.read("samples", exits=7)["status"] >= 400
    assert json.loads(project.read("products/42")["body"]) == {"id": 42}


def test_removed_route_is_403_until_a_raised_serial_makes_it_404(
    project: Project,
) -> None:
    """CloudFormation deletes a method only after it made the new deployment."""
    project.routes = [SAMPLES, PRODUCTS]
    project("deploy", "--yes")
    project.publish({"id": 42}, "--key", "products/42.json")
    project.routes = [SAMPLES]
    project("deploy", "--yes")
    assert "under [deployment]" in project.stderr
    assert project.read("products/42", exits=7)["status"] == 403
    project.more = "[deployment]\nserial = 2"
    project("deploy", "--yes")
    assert "under [deployment]" not in project.stderr
    assert project.read("products/42", exits=10)["status"] == 404


def test_old_path_of_a_renamed_route_answers_until_the_serial_is_raised(project: Project) -> None:
    """The new route has the same key, so the role can still read it."""
    project("deploy", "--yes")
    project.publish(1)
    project.routes = [("renamed", SAMPLES[1])]
    project("deploy", "--yes", "--remove-all-routes")
    assert "under [deployment]" in project.stderr
    assert project.read("samples")["status"] == 200
    project.more = "[deployment]\nserial = 2"
    project("deploy", "--yes")
    assert project.read("samples", exits=10)["status"] == 404
    assert project.read("renamed")["status"] == 200


def test_long_template_is_deployed_through_a_given_bucket(
    project: Project, clients: Callable[..., Any], make_bucket: Callable[..., None]
) -> None:
    project.routes = [(f"documents-{n}", f"documents/{n}.json") for n in range(20)]
    bucket = f"templates-{secrets.token_hex(4)}"
    make_bucket(clients("s3"), bucket)
    project("deploy", "--yes", "--template-bucket", bucket)
    project.publish("the last", "--route", "documents-19")
    assert json.loads(project.read("documents-19")["body"]) == "the last"
    project("deploy", "--yes", "--template-bucket", bucket)
    assert "UPDATE_IN_PROGRESS" not in project.stderr


def test_document_stays_readable_after_a_rolled_back_update(project: Project) -> None:
    project("deploy", "--yes")
    project.publish(1)
    project.more = '[writer]\npermissions_boundary = "arn:aws:iam::000000000000:policy/none"'
    project("deploy", "--yes", exits=4)
    line = project.stderr.strip().splitlines()[-1]
    for fact in ("DataStoreWriter", "[writer]", "permissions_boundary"):
        assert fact in line
    assert json.loads(project.read()["body"]) == 1


def test_replaced_bucket_is_served_at_once(project: Project) -> None:
    """The snapshot holds the old bucket's name: only a new deployment can serve the new one."""
    project("deploy", "--yes")
    project.publish("old")
    project.more = f'[data_store]\nname = "new-{project.name}"'
    project("deploy", "--yes", exits=1)
    project("deploy", "--yes", "--replace", "DataStore")
    project.publish("new")
    assert json.loads(project.read()["body"]) == "new"


@pytest.mark.parametrize("with_data", [True, False], ids=["with-data", "keeping-data"])
@pytest.mark.parametrize("article", [True, False], ids=["article", "production"])
def test_stack_can_be_deployed_deleted_and_deployed_again(
    project: Project, article: bool, with_data: bool
) -> None:
    kind = ["--article"] if article else []
    for round_ in (1, 2):
        project("deploy", "--yes", *kind)
        project.publish(round_, "--as-writer")
        assert json.loads(project.read()["body"]) == round_
        if article and not with_data:
            project("delete", "--yes", exits=1)  # its bucket is not empty, and goes with the stack
            assert "--with-data" in project.stderr
        project(
            "delete", "--yes", *([f"--with-data={project.name}"] if with_data or article else [])
        )
        project("status", exits=1)


def test_delete_keeps_the_documents_and_names_their_bucket(
    project: Project, clients: Callable[..., Any]
) -> None:
    project("deploy", "--yes")
    project.publish("kept")
    bucket = project.outputs()["S3BucketName"]
    project("delete", "--yes")
    assert bucket in project.stderr
    kept = clients("s3").get_object(Bucket=bucket, Key="payload.json")
    assert json.loads(kept["Body"].read()) == "kept"
    for version in clients("s3").list_object_versions(Bucket=bucket)["Versions"]:
        clients("s3").delete_object(
            Bucket=bucket, Key=version["Key"], VersionId=version["VersionId"]
        )
    clients("s3").delete_bucket(Bucket=bucket)


def test_protected_stack_is_not_deleted(project: Project) -> None:
    project.more = "termination_protection = true"
    project("deploy", "--yes")
    project("delete", "--yes", exits=1)
    project.more = ""
    project("deploy", "--yes")


def test_stack_has_the_tags_of_its_config_and_ours(project: Project) -> None:
    project.more = 'tags = { team = "web" }'
    project("deploy", "--yes")
    tags = json.loads(project("status", "--json"))["tags"]
    assert tags == {"team": "web", "readmodel-cfn": "managed"}


def writer_client(project: Project, clients: Callable[..., Any]) -> Any:
    """S3 with the writer's own key, from the secret."""
    secret = clients("secretsmanager").get_secret_value(
        SecretId=project.outputs()["DataStoreSecretArn"]
    )
    key = json.loads(secret["SecretString"])
    return clients("s3", key["access_key_id"], key["secret_access_key"])


def allowed(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AccessDenied", "403"):
            raise
        return False
    return True


def test_writer_may_put_only_the_keys_of_the_routes(
    project: Project, clients: Callable[..., Any]
) -> None:
    project.routes = [SAMPLES, PRODUCTS]
    project("deploy", "--yes")
    s3, bucket = writer_client(project, clients), project.outputs()["S3BucketName"]
    assert allowed(s3.put_object, Bucket=bucket, Key="payload.json", Body=b"1")
    assert allowed(s3.put_object, Bucket=bucket, Key="products/1.json", Body=b"1")
    # `*` in an ARN matches slashes: IAM cannot exclude these keys.
    assert allowed(s3.put_object, Bucket=bucket, Key="products/a/b.json", Body=b"1")
    assert not allowed(s3.put_object, Bucket=bucket, Key="other.json", Body=b"1")
    assert not allowed(s3.put_object, Bucket=bucket, Key="payload.json.bak", Body=b"1")
    assert not allowed(s3.put_object, Bucket=bucket, Key="products/1.txt", Body=b"1")
    assert not allowed(s3.get_object, Bucket=bucket, Key="payload.json")
    assert not allowed(s3.delete_object, Bucket=bucket, Key="payload.json")
    assert not allowed(s3.list_objects_v2, Bucket=bucket)
    assert not allowed(s3.get_bucket_policy, Bucket=bucket)
    # The API does not serve a document beyond the route either.
    assert project.read("products/a/b", exits=10)["status"] == 404


def test_writer_has_the_permissions_of_the_config(
    project: Project, clients: Callable[..., Any]
) -> None:
    project.routes = [PRODUCTS]
    project.more = '[writer]\nallow = ["put", "compare", "list", "delete"]'
    project("deploy", "--yes")
    s3, bucket = writer_client(project, clients), project.outputs()["S3BucketName"]
    etag = s3.put_object(Bucket=bucket, Key="products/1.json", Body=b"1")["ETag"]
    assert allowed(s3.put_object, Bucket=bucket, Key="products/1.json", Body=b"2", IfMatch=etag)
    assert allowed(s3.list_objects_v2, Bucket=bucket, Prefix="products/")
    assert not allowed(s3.list_objects_v2, Bucket=bucket, Prefix="private/")
    assert not allowed(s3.list_objects_v2, Bucket=bucket)
    assert allowed(s3.delete_object, Bucket=bucket, Key="products/1.json")


def test_gateway_role_may_get_only_the_keys_of_the_routes(
    project: Project, clients: Callable[..., Any]
) -> None:
    project("deploy", "--yes")
    project.publish(1)
    bucket, role = project.outputs()["S3BucketName"], project.resource("ApiGatewayRole")
    s3 = as_role(clients, clients("iam").get_role(RoleName=role)["Role"]["Arn"])
    assert allowed(s3.get_object, Bucket=bucket, Key="payload.json")
    assert not allowed(s3.get_object, Bucket=bucket, Key="other.json")
    assert not allowed(s3.put_object, Bucket=bucket, Key="payload.json", Body=b"2")
    assert not allowed(s3.delete_object, Bucket=bucket, Key="payload.json")
    assert not allowed(s3.list_objects_v2, Bucket=bucket)


def as_role(clients: Callable[..., Any], arn: str) -> Any:
    """S3 with the temporary credentials of a role, which the account's root may assume here."""
    taken = clients("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
    made = clients("s3")
    return boto3.client(
        "s3",
        endpoint_url=made.meta.endpoint_url,
        region_name=made.meta.region_name,
        aws_access_key_id=taken["AccessKeyId"],
        aws_secret_access_key=taken["SecretAccessKey"],
        aws_session_token=taken["SessionToken"],
        config=made.meta.config,
    )


def test_bucket_is_not_readable_without_a_key(project: Project) -> None:
    project("deploy", "--yes")
    project.publish(1)
    anonymous = boto3.client(
        "s3",
        endpoint_url=project.sandbox.endpoint_url,
        region_name=project.sandbox.region,
        config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}),
    )
    bucket = project.outputs()["S3BucketName"]
    assert not allowed(anonymous.get_object, Bucket=bucket, Key="payload.json")
    assert not allowed(anonymous.list_objects_v2, Bucket=bucket)


def test_raised_serial_replaces_the_key_of_the_writer(
    project: Project, clients: Callable[..., Any]
) -> None:
    project("deploy", "--yes")
    old, bucket = writer_client(project, clients), project.outputs()["S3BucketName"]
    project.more = "[writer]\nserial = 2"
    project("deploy", "--yes")
    with pytest.raises(ClientError) as refused:
        old.put_object(Bucket=bucket, Key="payload.json", Body=b"1")
    assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"
    project.publish("with the new key", "--as-writer")
    assert json.loads(project.read()["body"]) == "with the new key"


def test_role_of_the_writer_can_be_assumed_by_its_principals(
    project: Project, clients: Callable[..., Any]
) -> None:
    account = clients("sts").get_caller_identity()["Account"]
    project.more = f'[writer]\nkind = "role"\nprincipals = ["{account}"]'
    project("deploy", "--yes")
    outputs = project.outputs()
    assert "DataStoreSecretArn" not in outputs
    s3 = as_role(clients, outputs["DataStoreRoleArn"])
    assert allowed(s3.put_object, Bucket=outputs["S3BucketName"], Key="payload.json", Body=b"1")
    assert not allowed(s3.put_object, Bucket=outputs["S3BucketName"], Key="other", Body=b"1")


def test_both_keys_of_the_writer_are_valid_until_the_previous_one_is_removed(
    project: Project, clients: Callable[..., Any]
) -> None:
    project("deploy", "--yes")
    old, bucket = writer_client(project, clients), project.outputs()["S3BucketName"]
    document = {"Bucket": bucket, "Key": "payload.json", "Body": b"1"}

    project.more = "[writer]\nserial = 2\nkeep_previous_key = true"
    project("deploy", "--yes")
    new = writer_client(project, clients)
    old.put_object(**document)
    new.put_object(**document)

    project.more = "[writer]\nserial = 3\nkeep_previous_key = true"
    project("deploy", "--yes", exits=1)  # a third key; nothing is changed
    assert "keep_previous_key" in project.stderr
    old.put_object(**document)

    project.more = "[writer]\nserial = 2"
    project("deploy", "--yes")
    with pytest.raises(ClientError) as refused:
        old.put_object(**document)
    assert refused.value.response["Error"]["Code"] == "InvalidAccessKeyId"
    new.put_object(**document)
    project("deploy", "--yes")
    assert "UPDATE_IN_PROGRESS" not in project.stderr


@pytest.mark.parametrize(
    ("subject", "token"),
    [
        ("repo:acme@123/shop@456:environment:production", GITHUB),
        ("project_path:acme/web/shop:ref_type:branch:ref:main", GITLAB),
    ],
    ids=["GitHub", "GitLab"],
)
def test_job_publishes_with_its_token_and_no_other_job_does(
    project: Project, subject: str, token: dict[str, str]
) -> None:
    project.more = f'[writer]\nkind = "role"\nprincipals = ["{subject}"]'
    project("deploy", "--yes")
    outputs = project.outputs()
    document = project.folder / "document.json"
    document.write_text('"from a job"')

    def publish(**claims: str) -> int:
        """The exit code of `publish` with this token, as a job of a pipeline runs it."""
        file = project.folder / "token"
        file.write_text(unsigned(token | claims))
        config, bucket = str(project.folder / "readmodel.toml"), outputs["S3BucketName"]
        done = CliRunner().invoke(
            main,
            ["publish", str(document), "--bucket", bucket, "--config", config],
            env={
                "AWS_ENDPOINT_URL": project.sandbox.endpoint_url,
                "AWS_ACCESS_KEY_ID": None,
                "AWS_SECRET_ACCESS_KEY": None,
                "AWS_DEFAULT_REGION": project.sandbox.region,
                "AWS_ROLE_ARN": outputs["DataStoreRoleArn"],
                "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
            },
        )
        return done.exit_code

    assert publish(sub=subject) == 0
    assert json.loads(project.read()["body"]) == "from a job"
    assert publish(sub=subject.replace("shop", "other")) == 1
    assert publish(sub=f"{subject}-2") == 1
    assert publish(sub=subject, aud="https://example.com") == 1
    assert publish() == 1


@pytest.mark.parametrize(
    "subject", ["repo:a/b:environment:c", "project_path:a/b:ref_type:tag:ref:c"]
)
def test_command_of_init_creates_the_provider_that_the_role_trusts(
    project: Project, clients: Callable[..., Any], subject: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    to_sandbox = ["--stack-name", project.name, "--endpoint-url", project.sandbox.endpoint_url]
    written = CliRunner().invoke(
        main,
        ["init", "--yes", "--json", "--principal", subject, *to_sandbox],
        env={
            "AWS_ACCESS_KEY_ID": project.sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": project.sandbox.secret_access_key,
            "AWS_DEFAULT_REGION": project.sandbox.region,
        },
    )
    options = shlex.split(json.loads(written.stdout)["next"][0])[3:]
    values = dict(zip(options[::2], options[1::2], strict=True))
    provider = clients("iam").create_open_id_connect_provider(
        Url=values["--url"], ClientIDList=[values["--client-id-list"]]
    )["OpenIDConnectProviderArn"]
    clients("iam").delete_open_id_connect_provider(OpenIDConnectProviderArn=provider)

    project.more = f'[writer]\nkind = "role"\nprincipals = ["{subject}"]'
    project("deploy", "--yes")
    name = project.resource("DataStoreWriterRole")
    trust = clients("iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    (statement,) = trust["Statement"]
    assert statement["Principal"] == {"Federated": provider}
    audience = {
        key: value for key, value in statement["Condition"]["StringEquals"].items() if "aud" in key
    }
    assert list(audience.values()) == [values["--client-id-list"]]


def test_publish_to_a_bucket_needs_only_the_permissions_of_the_writer(
    project: Project, clients: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    project("deploy", "--yes")
    outputs = project.outputs()
    secret = clients("secretsmanager").get_secret_value(SecretId=outputs["DataStoreSecretArn"])
    key = json.loads(secret["SecretString"])
    as_writer = Sandbox(
        **{
            **vars(project.sandbox),
            "access_key_id": key["access_key_id"],
            "secret_access_key": key["secret_access_key"],
        }
    )
    monkeypatch.setattr(project, "sandbox", as_writer)
    project("status", exits=1)  # it may not describe the stack
    project.publish("enough", "--bucket", outputs["S3BucketName"])
    monkeypatch.undo()
    assert json.loads(project.read()["body"]) == "enough"


def test_secret_of_the_article_is_masked_unless_requested(project: Project) -> None:
    project("deploy", "--yes", "--article")
    masked = json.loads(project("outputs", "--json"))
    assert masked["DataStoreSecretAccessKey"] == "****"
    assert project.outputs()["DataStoreSecretAccessKey"] not in ("", "****")
