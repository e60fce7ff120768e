"""Deploys that fail on the embedded AWS: the error line and `diagnose` name the cause.

`deploy` refuses what it can foresee; so here a name is taken after its checks.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from readmodel_cfn.cli import main
from readmodel_cfn.deploy.client import StackClient
from readmodel_cfn.local.sandbox import Sandbox

Meanwhile = Callable[..., None]

NOWHERE = "arn:aws:iam::000000000000:policy/none"
BOUNDED = f'[writer]\npermissions_boundary = "{NOWHERE}"'


@dataclass
class Project:
    """A folder with a readmodel.toml, and the command line in it."""

    folder: Path
    sandbox: Sandbox
    name: str

    def run(self, command: str, *options: str) -> Result:
        place = ["--stack-name", self.name, "--endpoint-url", self.sandbox.endpoint_url]
        file = ["--config", str(self.folder / "readmodel.toml")]
        environment = {
            "AWS_ACCESS_KEY_ID": self.sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.sandbox.secret_access_key,
            "AWS_DEFAULT_REGION": self.sandbox.region,
        }
        return CliRunner().invoke(main, [command, *options, *place, *file], env=environment)

    def describe(self, tables: str) -> None:
        """Write readmodel.toml."""
        (self.folder / "readmodel.toml").write_text(tables)

    def deploy(self, tables: str = "", *options: str, exits: int = 0) -> str:
        """Deploy the config; returns the last line of stderr."""
        self.describe(tables)
        done = self.run("deploy", "--yes", *options)
        assert done.exit_code == exits, done.output
        return done.stderr.strip().splitlines()[-1]

    def diagnosis(self) -> Any:
        """The JSON of `diagnose`, whose values its text has too."""
        shown, done = self.run("diagnose"), self.run("diagnose", "--json")
        assert shown.exit_code == done.exit_code == 0, shown.output + done.output
        found = json.loads(done.stdout)
        cause = found["cause"] or {}
        words = [cause.get("logical_id"), cause.get("table"), cause.get("reason"), found["next"]]
        assert all(word in shown.stdout for word in words if word), shown.stdout
        return found


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Iterator[Project]:
    made = Project(tmp_path, sandbox, f"failing-{secrets.token_hex(4)}")
    made.describe("")
    yield made
    made.describe("")
    made.run("delete", "--yes", f"--with-data={made.name}")  # refused where there is none


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Does something once, just before the next `call` of deploy, such as "create"."""

    def arrange(call: str, act: Callable[..., object], **arguments: object) -> None:
        real = getattr(StackClient, call)

        def after(*given: Any, **more: Any) -> Any:
            monkeypatch.setattr(StackClient, call, real)
            act(**arguments)
            return real(*given, **more)

        monkeypatch.setattr(StackClient, call, after)

    return arrange


@pytest.fixture
def take_bucket(
    clients: Callable[..., Any], make_bucket: Callable[..., None], meanwhile: Meanwhile
) -> Iterator[Callable[[str], str]]:
    """Creates a bucket just before a call; returns its name."""
    name, s3 = f"taken-{secrets.token_hex(4)}", clients("s3")

    def take(call: str) -> str:
        meanwhile(call, make_bucket, s3=s3, name=name)
        return name

    yield take
    s3.delete_bucket(Bucket=name)


def test_create_refused_by_a_validation_names_the_bucket_and_its_table(
    project: Project, take_bucket: Callable[[str], str]
) -> None:
    """Only DescribeEvents has the cause: the stack's events just say that validation failed."""
    taken = take_bucket("create")
    line = project.deploy(f'[data_store]\nname = "{taken}"', exits=4)
    for fact in ("DataStore", "AWS::S3::Bucket", "[data_store]", f"'{taken}' already exists"):
        assert fact in line
    found = project.diagnosis()
    assert (found["operation"], found["succeeded"]) == ("create", False)
    assert found["cause"]["table"] == "[data_store]"
    assert taken in found["cause"]["reason"]
    assert found["cause"]["path"] == "/Resources/DataStore"


def test_create_that_fails_later_names_the_resource_and_its_table(
    project: Project, clients: Callable[..., Any], meanwhile: Meanwhile
) -> None:
    iam = clients("iam")
    meanwhile("create", iam.create_user, UserName=project.name)
    line = project.deploy(f'[writer]\nname = "{project.name}"', exits=4)
    iam.delete_user(UserName=project.name)
    for fact in ("DataStoreWriter", "AWS::IAM::User", "[writer]", f"{project.name} already exists"):
        assert fact in line
    found = project.diagnosis()
    assert (found["operation"], found["status"]) == ("create", "ROLLBACK_COMPLETE")
    assert found["cause"]["logical_id"] == "DataStoreWriter"
    assert found["cause"]["table"] == "[writer]"


def test_failed_update_names_the_resource_and_its_table(project: Project) -> None:
    project.deploy()
    line = project.deploy(BOUNDED, exits=4)
    facts = ("DataStoreWriter", "AWS::IAM::User", "[writer]", f"{NOWHERE} does not exist")
    for fact in (*facts, "permissions_boundary"):
        assert fact in line
    found = project.diagnosis()
    assert (found["operation"], found["status"]) == ("update", "UPDATE_ROLLBACK_COMPLETE")
    assert found["cause"]["table"] == "[writer]"
    assert found["also_failed"] == []


def test_taken_path_names_the_route(
    project: Project, clients: Callable[..., Any], meanwhile: Meanwhile
) -> None:
    products = '[[routes]]\npath = "products"\nkey = "products.json"\n'
    product = '[[routes]]\npath = "products/{sku}"\nkey = "products/{sku}.json"'
    project.deploy(products)
    listed = clients("cloudformation").list_stack_resources(StackName=project.name)
    ids = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in listed["StackResourceSummaries"]
    }
    place = {"restApiId": ids["ApiGateway"], "parentId": ids["ProductsResource"]}
    meanwhile("update", clients("apigateway").create_resource, **place, pathPart="{id}")
    line = project.deploy(products + product, exits=4)
    assert "AWS::ApiGateway::Resource" in line
    assert '[[routes]] path = "products/{sku}"' in line
    assert project.diagnosis()["cause"]["table"] == '[[routes]] path = "products/{sku}"'


def test_earlier_failure_is_not_shown_again(
    project: Project, take_bucket: Callable[[str], str]
) -> None:
    """AWS still lists the failure of the deploy before, milliseconds ago."""
    project.deploy()
    taken = take_bucket("update")
    named = f'[data_store]\nname = "{taken}"'
    assert taken in project.deploy(named, "--replace", "DataStore", exits=4)
    line = project.deploy(BOUNDED, exits=4)
    assert "DataStoreWriter" in line
    assert taken not in line
    assert project.diagnosis()["cause"]["logical_id"] == "DataStoreWriter"


def test_failure_without_rollback_and_its_later_rollback_have_the_same_cause(
    project: Project, clients: Callable[..., Any]
) -> None:
    project.deploy()
    line = project.deploy(BOUNDED, "--disable-rollback", exits=6)
    for fact in ("UPDATE_FAILED", "DataStoreWriter", "AWS::IAM::User", "[writer]"):
        assert fact in line
    kept = project.diagnosis()
    assert (kept["succeeded"], kept["status"]) == (False, "UPDATE_FAILED")
    assert kept["cause"]["table"] == "[writer]"
    cloudformation = clients("cloudformation")
    cloudformation.rollback_stack(StackName=project.name)
    waiter = cloudformation.get_waiter("stack_rollback_complete")
    waiter.wait(StackName=project.name, WaiterConfig={"Delay": 0.05, "MaxAttempts": 2000})
    undone = project.diagnosis()
    assert (undone["operation"], undone["status"]) == ("update", "UPDATE_ROLLBACK_COMPLETE")
    assert undone["cause"] == kept["cause"]


def test_diagnosis_of_a_success_has_no_cause(project: Project) -> None:
    project.deploy()
    found = project.diagnosis()
    assert (found["operation"], found["succeeded"]) == ("create", True)
    assert found["cause"] is found["next"] is None
    assert found["also_failed"] == []


def test_diagnosis_of_a_deleted_stack_is_an_error(project: Project) -> None:
    project.deploy()
    assert project.run("delete", "--yes", f"--with-data={project.name}").exit_code == 0
    done = project.run("diagnose")
    assert done.exit_code == 1
    assert project.name in done.stderr
