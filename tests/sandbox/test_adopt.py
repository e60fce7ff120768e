"""Stacks of other tools on the embedded AWS: never touched, unless they are adopted."""

import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from test_journey import Project

from readmodel_cfn import ReadModel, Route, build_template, render
from readmodel_cfn.aws.connection import Connection
from readmodel_cfn.consent import Consent, ConsentRequired
from readmodel_cfn.deploy.deploy import deploy
from readmodel_cfn.deploy.spec import StackSpec
from readmodel_cfn.local.sandbox import Sandbox

Clients = Callable[..., Any]
JSON_TEMPLATE = json.dumps(
    {
        "Description": "ApiGateway and DataStore are words here",
        "Resources": {
            "Orders": {"Type": "AWS::SQS::Queue"},
            "DataStore": {"Type": "AWS::S3::Bucket"},
        },
    }
)
YAML_TEMPLATE = """\
Description: ApiGateway and DataStore are words here
Resources:
  Orders:
    Type: AWS::SQS::Queue
  DataStore:
    Type: AWS::S3::Bucket
"""


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox, clients: Clients) -> Iterator[Project]:
    made = Project(tmp_path, sandbox, f"adopt-{secrets.token_hex(4)}")
    yield made
    clients("cloudformation").delete_stack(StackName=made.name)


@pytest.fixture
def make(project: Project, clients: Clients) -> Callable[[str], None]:
    """Makes the stack as another tool does: without the tag."""

    def make(template: str) -> None:
        cloudformation = clients("cloudformation")
        cloudformation.create_stack(
            StackName=project.name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"]
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=project.name)

    return make


@pytest.fixture
def resources(project: Project, clients: Clients) -> Callable[[], dict[str, str]]:
    """The stack's resources: the physical id of each logical id."""

    def resources() -> dict[str, str]:
        pages = clients("cloudformation").get_paginator("list_stack_resources")
        return {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"]
            for page in pages.paginate(StackName=project.name)
            for resource in page["StackResourceSummaries"]
            if resource["ResourceStatus"] != "DELETE_COMPLETE"
        }

    return resources


@pytest.mark.parametrize("template", [JSON_TEMPLATE, YAML_TEMPLATE], ids=["json", "yaml"])
def test_a_stack_without_the_tag_keeps_its_resources_until_it_is_adopted(
    template: str,
    project: Project,
    make: Callable[[str], None],
    resources: Callable[[], dict[str, str]],
) -> None:
    make(template)
    before = resources()
    for refused in (["--yes"], ["--yes", "--recreate"], ["--yes", "--adopt"], ["--adopt=other"]):
        assert project.run("deploy", *refused).exit_code in (1, 2)
    assert resources() == before
    project("deploy", "--yes", "--adopt", project.name)
    assert "  remove  Orders (AWS::SQS::Queue)" in project.stderr
    after = resources()
    assert "Orders" not in after
    assert after["DataStore"] == before["DataStore"]
    assert json.loads(project("status", "--json"))["tags"] == {"readmodel-cfn": "managed"}
    project("deploy", "--yes")
    project("delete", "--yes", f"--with-data={project.name}")


def test_a_read_model_that_another_tool_deployed_keeps_its_documents_and_its_url(
    project: Project, make: Callable[[str], None], resources: Callable[[], dict[str, str]]
) -> None:
    make(render(build_template(ReadModel(routes=[Route("samples", "payload.json")])), "yaml"))
    before = resources()
    project.publish({"kept": True})
    project("deploy", "--yes", exits=1)
    project("deploy", "--yes", "--adopt", project.name)
    assert resources() == before
    assert json.loads(project.read()["body"]) == {"kept": True}


def test_in_python_confirm_decides_and_is_given_what_would_be_lost(
    project: Project,
    make: Callable[[str], None],
    resources: Callable[[], dict[str, str]],
    connection: Connection,
) -> None:
    asked: list[Consent] = []

    def confirm(consent: Consent) -> bool:
        asked.append(consent)
        return True

    desired = StackSpec(project.name, render(build_template(ReadModel()), "compact"))
    make(YAML_TEMPLATE)
    before = resources()
    with pytest.raises(ConsentRequired):
        deploy(desired, connection)
    assert resources() == before
    deploy(desired, connection, confirm=confirm)
    assert [(consent.kind, consent.lost) for consent in asked] == [
        ("adopt", ("Orders (AWS::SQS::Queue)",)),
        ("update", ()),
    ]
    assert "Orders" not in resources()


def test_a_change_set_of_another_tool_that_waits_for_review_is_left_alone(
    project: Project, clients: Clients
) -> None:
    cloudformation = clients("cloudformation")
    cloudformation.create_change_set(
        StackName=project.name,
        ChangeSetName="theirs",
        ChangeSetType="CREATE",
        TemplateBody=JSON_TEMPLATE,
    )
    for option in ("--recreate", f"--adopt={project.name}", "--import-existing"):
        project("deploy", "--yes", option, exits=1)
        assert "change set" in project.stderr
    found = cloudformation.list_change_sets(StackName=project.name)["Summaries"]
    assert [change_set["ChangeSetName"] for change_set in found] == ["theirs"]
