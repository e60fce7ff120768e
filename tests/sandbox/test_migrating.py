"""docs/migrating.md: stacks of the article, the CDK and Serverless become read models.

Readers of the old API and of the new one get the document until the old stack is deleted.
"""

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from test_journey import PRODUCTS, SAMPLES, Project

from readmodel_cfn import build_article, render
from readmodel_cfn.local.sandbox import Sandbox
from stacks import Answer

TEMPLATES = Path(__file__).parents[1] / "migrating"
DOCUMENT = b'{"id": 42}'


@dataclass(frozen=True)
class Kind:
    """A stack of another tool: its template, the logical ID of its bucket, its route and stage."""

    template: Callable[[], str]
    bucket: str
    route: tuple[str, str]
    path: str
    key: str


def read(name: str) -> Callable[[], str]:
    return (TEMPLATES / name).read_text


KINDS = {
    "article": Kind(
        lambda: render(build_article()), "DataStore", SAMPLES, "/v1/samples", "payload.json"
    ),
    "cdk": Kind(
        read("cdk.json"), "DataC3BC2E3D", PRODUCTS, "/prod/products/42", "products/42.json"
    ),
    "serverless": Kind(
        read("serverless.json"),
        "S3Bucket",
        ("products/{id}", "products/{id}"),
        "/dev/products/42",
        "products/42",
    ),
}


class OldStack:
    """A stack without the tag, with a document."""

    def __init__(self, kind: Kind, clients: Callable[..., Any]) -> None:
        self.kind, self.name = kind, f"old-{secrets.token_hex(4)}"
        self._cloudformation = clients("cloudformation")
        self.template = json.loads(kind.template())
        self._change("create")
        found = self.resources()
        self.bucket = found[kind.bucket][1]
        (self.api,) = (
            physical for kind, physical in found.values() if kind == "AWS::ApiGateway::RestApi"
        )
        clients("s3").put_object(
            Bucket=self.bucket, Key=kind.key, Body=DOCUMENT, ContentType="application/json"
        )

    def _change(self, operation: str) -> None:
        given = {"StackName": self.name} if "Parameters" in self.template else {}
        getattr(self._cloudformation, f"{operation}_stack")(
            StackName=self.name,
            TemplateBody=json.dumps(self.template),
            Capabilities=["CAPABILITY_NAMED_IAM"],
            Parameters=[
                {"ParameterKey": key, "ParameterValue": value} for key, value in given.items()
            ],
        )
        self._cloudformation.get_waiter(f"stack_{operation}_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1}
        )

    def resources(self) -> dict[str, tuple[str, str]]:
        """Type and physical ID of each resource."""
        found = self._cloudformation.list_stack_resources(StackName=self.name)
        return {
            each["LogicalResourceId"]: (each["ResourceType"], each["PhysicalResourceId"])
            for each in found["StackResourceSummaries"]
        }

    def release_bucket(self) -> None:
        """Keep the bucket on deletion, then remove it from the stack: its name is used instead."""
        resources = self.template["Resources"]
        if "DeletionPolicy" not in resources[self.kind.bucket]:
            resources[self.kind.bucket]["DeletionPolicy"] = "Retain"
            self._change("update")
        del resources[self.kind.bucket]
        self.template = _named(self.template, self.kind.bucket, self.bucket)
        self._change("update")

    def delete(self) -> None:
        self._cloudformation.delete_stack(StackName=self.name)
        self._cloudformation.get_waiter("stack_delete_complete").wait(
            StackName=self.name, WaiterConfig={"Delay": 1}
        )


def _named(value: Any, logical_id: str, name: str) -> Any:
    """The value with the bucket's name and ARN in place of references to it."""
    if value == {"Ref": logical_id}:
        return name
    if value == {"Fn::GetAtt": [logical_id, "Arn"]}:
        return f"arn:aws:s3:::{name}"
    if isinstance(value, dict):
        return {key: _named(each, logical_id, name) for key, each in value.items()}
    if isinstance(value, list):
        return [_named(each, logical_id, name) for each in value]
    return value


@pytest.fixture(params=KINDS)
def old(request: pytest.FixtureRequest, clients: Callable[..., Any]) -> OldStack:
    return OldStack(KINDS[request.param], clients)


@pytest.fixture
def new(old: OldStack, sandbox: Sandbox, tmp_path: Path) -> Iterator[Project]:
    """The read model with the route of the old stack."""
    made = Project(tmp_path, sandbox, f"new-{secrets.token_hex(4)}", [old.kind.route])
    yield made
    made.run("delete", "--yes", f"--with-data={made.name}")


def test_bucket_is_imported_while_both_apis_serve_its_documents(
    old: OldStack, new: Project, send: Callable[..., Answer]
) -> None:
    path = old.kind.path.split("/", 2)[2]
    assert send(old.api, old.kind.path).body == DOCUMENT
    new.more = f'[data_store]\nname = "{old.bucket}"'
    new("deploy", "--yes", exits=1)  # it belongs to the old stack
    assert old.bucket in new.stderr
    old.release_bucket()
    assert send(old.api, old.kind.path).body == DOCUMENT
    new("deploy", "--yes", "--import-existing")
    assert new.outputs()["S3BucketName"] == old.bucket
    assert send(old.api, old.kind.path).body == DOCUMENT
    assert json.loads(new.read(path)["body"]) == json.loads(DOCUMENT)
    old.delete()
    assert json.loads(new.read(path)["body"]) == json.loads(DOCUMENT)


def test_article_stack_is_adopted_under_another_stage_name(
    sandbox: Sandbox, clients: Callable[..., Any], tmp_path: Path
) -> None:
    old = OldStack(KINDS["article"], clients)
    project = Project(tmp_path, sandbox, old.name)
    project.more = f'[data_store]\nname = "{old.bucket}"'
    project("deploy", "--yes", "--adopt", old.name, exits=1)  # the stage v1 exists
    project.more += '\n[deployment]\nstage = "v2"'
    project("deploy", "--yes", "--adopt", old.name)
    found = old.resources()
    assert (found["DataStore"][1], found["ApiGateway"][1]) == (old.bucket, old.api)
    assert json.loads(project.read()["body"]) == json.loads(DOCUMENT)
    project("delete", "--yes", f"--with-data={old.name}")
