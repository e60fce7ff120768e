"""`status` on the embedded AWS: does the stage serve what the template says, and what drifted?"""

import json
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sandbox_api import template

from readmodel_cfn.cli import main
from readmodel_cfn.deploy.live.compare import compare
from readmodel_cfn.deploy.live.expected import expected
from readmodel_cfn.deploy.live.snapshot import snapshot
from readmodel_cfn.deploy.live.values import Comparison
from readmodel_cfn.local.sandbox import Sandbox

SAMPLES = '[[routes]]\npath = "samples"\nkey = "payload.json"\n'
PRODUCTS = '[[routes]]\npath = "products/{id}"\nkey = "products/{id}.json"\n'
RAISED = "[deployment]\nserial = 2\n"
ALL = ["deployment", "canary", "method settings", "routes", "authorization", "integrations"]

Clients = Callable[..., Any]


@dataclass
class Project:
    """A stack of a readmodel.toml, and the command line for it."""

    folder: Path
    sandbox: Sandbox
    name: str
    clients: Clients

    def run(self, *arguments: str) -> Any:
        place = ["--stack-name", self.name, "--endpoint-url", self.sandbox.endpoint_url]
        environment = {
            "AWS_ACCESS_KEY_ID": self.sandbox.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.sandbox.secret_access_key,
            "AWS_DEFAULT_REGION": self.sandbox.region,
        }
        if "--article" not in arguments:
            place += ["--config", str(self.folder / "readmodel.toml")]
        return CliRunner().invoke(main, [*arguments, *place], env=environment)

    def deploy(self, content: str = SAMPLES, *arguments: str, exits: int = 0) -> None:
        (self.folder / "readmodel.toml").write_text(content)
        done = self.run("deploy", "--yes", *arguments)
        assert done.exit_code == exits, done.output

    def status(self, *arguments: str, exits: int = 0) -> Any:
        """The parsed --json of `status`; keeps its `stderr`."""
        done = self.run("status", "--json", *arguments)
        self.stderr = done.stderr
        assert done.exit_code == exits, done.output
        return json.loads(done.stdout)

    def live(self, exits: int = 0) -> Any:
        return self.status(exits=exits)["live"]

    def findings(self) -> list[str]:
        """Kind, method and route of each finding; at least one is required."""
        found = self.live(exits=7)["findings"]
        return [
            f"{finding['kind']} {finding['method']} {finding['route']}".strip() for finding in found
        ]

    def resource(self, logical_id: str) -> str:
        resources = self.status()["resources"]
        return str(next(r["physical_id"] for r in resources if r["logical_id"] == logical_id))


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox, clients: Clients) -> Iterator[Project]:
    made = Project(tmp_path, sandbox, f"live-{secrets.token_hex(4)}", clients)
    yield made
    made.run("delete", "--yes", f"--with-data={made.name}")


CORS = '[api]\ncors_origin = "*"\n'
GZIP = '[data_store]\nstored_encoding = "gzip"\n'
LIMITS = "[deployment]\nthrottle_rate = 5\nmetrics = true\n"
ROLE = '[gateway_role]\nname = "ROLE"\n'


@pytest.mark.parametrize(
    "content",
    [
        SAMPLES,
        SAMPLES + PRODUCTS,
        CORS + SAMPLES + PRODUCTS,
        GZIP + SAMPLES,
        LIMITS + SAMPLES + PRODUCTS + "throttle_burst = 7\n",
        ROLE + SAMPLES,
    ],
    ids=["one", "two", "cors", "gzip", "limits", "role"],
)
def test_new_stack_has_no_findings(project: Project, content: str) -> None:
    project.deploy(content.replace("ROLE", f"{project.name}-reader"))
    found = project.live()
    assert found["findings"] == []
    assert found["unknown"] == []
    assert list(found["compared"].values()) == [ALL]


def test_stack_of_the_article_has_no_findings(project: Project) -> None:
    project.deploy(SAMPLES, "--article")
    found = project.live()
    assert (found["findings"], found["unknown"]) == ([], [])
    assert list(found["compared"].values()) == [ALL]
    assert "readmodel-cfn diff" not in project.stderr


def test_stack_after_a_rolled_back_update_has_no_findings(project: Project) -> None:
    project.deploy(SAMPLES)
    broken = '[writer]\npermissions_boundary = "arn:aws:iam::000000000000:policy/none"\n'
    project.deploy(broken + SAMPLES + PRODUCTS, exits=4)
    found = project.status()
    assert found["status"] == "UPDATE_ROLLBACK_COMPLETE"
    assert found["live"]["findings"] == []
    assert list(found["live"]["compared"].values()) == [ALL]
    assert found["last_operation"]["kind"] == "UPDATE_STACK"
    assert "readmodel-cfn diff" in project.stderr


def test_removed_route_is_a_finding_until_the_serial_is_raised(project: Project) -> None:
    project.deploy(SAMPLES + PRODUCTS)
    project.deploy(SAMPLES)
    assert project.findings() == ["extra GET /products/{id}", "extra HEAD /products/{id}"]
    assert "[deployment]" in project.stderr
    project.deploy(RAISED + SAMPLES)
    assert project.live()["findings"] == []


def test_added_and_changed_routes_are_live_at_once(project: Project) -> None:
    project.deploy(SAMPLES)
    project.deploy(SAMPLES.replace("payload", "renamed") + PRODUCTS)
    assert project.live()["findings"] == []


def change_by_hand(project: Project) -> tuple[Any, str]:
    """Change the integration of GET /samples, without a deployment."""
    gateway, api = project.clients("apigateway"), project.resource("ApiGateway")
    gateway.update_integration(
        restApiId=api,
        resourceId=project.resource("SampleResource"),
        httpMethod="GET",
        patchOperations=[
            {"op": "replace", "path": "/uri", "value": "arn:aws:apigateway:eu-west-1:s3:path/b/k"}
        ],
    )
    return gateway, api


def test_method_changed_by_hand_is_a_finding_once_it_is_deployed(project: Project) -> None:
    project.deploy(SAMPLES)
    gateway, api = change_by_hand(project)
    assert project.live()["findings"] == []
    made = gateway.create_deployment(restApiId=api, stageName="v1")["id"]
    assert project.findings() == ["deployment", "differs GET /samples"]
    assert made in project.stderr
    found = project.live(exits=7)["findings"]
    assert "arn:aws:apigateway:eu-west-1:s3:path/b/k" in found[1]["detail"]

    own = project.stderr.partition("value=")[2].strip()  # of the command that it prints
    back = {"op": "replace", "path": "/deploymentId", "value": own}
    gateway.update_stage(restApiId=api, stageName="v1", patchOperations=[back])
    assert project.live()["findings"] == []


def test_method_added_by_hand_is_a_finding_once_the_stack_deploys_it(project: Project) -> None:
    """The stack's new deployment includes it, though CloudFormation does not know it."""
    project.deploy(SAMPLES)
    gateway, api = project.clients("apigateway"), project.resource("ApiGateway")
    ids = {
        "restApiId": api,
        "resourceId": project.resource("SampleResource"),
        "httpMethod": "DELETE",
    }
    gateway.put_method(**ids, authorizationType="AWS_IAM")
    gateway.put_integration(**ids, type="MOCK")
    assert project.live()["findings"] == []
    project.deploy(RAISED + SAMPLES)
    assert project.findings() == ["extra DELETE /samples"]


def test_deleted_stage_can_be_created_again_with_the_printed_command(project: Project) -> None:
    project.deploy(SAMPLES)
    gateway, api = project.clients("apigateway"), project.resource("ApiGateway")
    gateway.delete_stage(restApiId=api, stageName="v1")
    assert project.findings() == ["gone"]
    deployment = project.stderr.partition("--deployment-id ")[2].strip()
    gateway.create_stage(restApiId=api, stageName="v1", deploymentId=deployment)
    assert project.live()["findings"] == []


def test_throttling_changed_by_hand_is_a_finding(project: Project) -> None:
    project.deploy(LIMITS + SAMPLES)
    gateway, api = project.clients("apigateway"), project.resource("ApiGateway")
    patch = {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "0"}
    gateway.update_stage(restApiId=api, stageName="v1", patchOperations=[patch])
    assert project.findings() == ["settings"]
    assert re.search(r"throttlingRateLimit.*\b0\b.*\b5\b", project.stderr)


def test_bucket_and_role_changed_by_hand_have_drifted(project: Project) -> None:
    project.deploy(SAMPLES)
    assert not [
        resource for resource in drift(project).values() if resource["status"] == "MODIFIED"
    ]
    project.clients("s3").put_bucket_versioning(
        Bucket=project.resource("DataStore"), VersioningConfiguration={"Status": "Suspended"}
    )
    anybody = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    project.clients("iam").update_assume_role_policy(
        RoleName=project.resource("ApiGatewayRole"),
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [anybody]}),
    )
    found = drift(project)
    assert found["DataStore"]["status"] == "MODIFIED"
    difference = {"path": "/VersioningConfiguration/Status", "expected": "Enabled"}
    assert found["DataStore"]["differences"] == [{**difference, "actual": "Suspended"}]
    assert found["ApiGatewayRole"]["status"] == "MODIFIED"
    assert found["ApiGatewayStage"]["status"] == "NOT_CHECKED"


def drift(project: Project) -> dict[str, Any]:
    """All resources by logical ID; drift alone is no failure."""
    found = project.status("--drift")["drift"]["resources"]
    return {resource["logical_id"]: resource for resource in found}


def compared(stack: Any, clients: Clients, content: dict[str, Any]) -> Comparison:
    """The comparison of a stack that has a template of another project."""
    cloudformation = clients("cloudformation")
    listed = cloudformation.list_stack_resources(StackName=stack.name)["StackResourceSummaries"]
    ids = {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in listed}
    found = cloudformation.describe_stacks(StackName=stack.name)["Stacks"][0]
    (stage,) = expected(content, ids, found["StackId"], {})
    return compare(stage, snapshot(clients("apigateway"), stage.api, stage.stage))


def test_change_that_another_template_never_deploys_is_a_finding(
    stack: Any, clients: Clients
) -> None:
    """Its Deployment keeps its logical ID, so CloudFormation creates no new deployment."""
    stack.deploy(template("old.json"))
    assert compared(stack, clients, template("old.json")).findings == ()
    stack.deploy(template("new.json"))
    (found,) = compared(stack, clients, template("new.json")).findings
    assert (found.kind, found.route, found.method) == ("differs", "/samples", "GET")
    assert "old.json" in found.detail
    stack.deploy(template("new.json", deployment="Another"))
    assert compared(stack, clients, template("new.json", deployment="Another")).findings == ()
