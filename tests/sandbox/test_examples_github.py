"""The workflow for GitHub: it is valid in its schema, and each of its scripts works."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from ci_jobs import GITHUB as TOKEN
from ci_jobs import roles, unsigned
from example_tools import EXAMPLES, Example, copied, programs

from readmodel_cfn.local.sandbox import Sandbox
from stacks import Stack

NAME = "pull-request"
EXAMPLE = EXAMPLES / "github-actions"
WORKFLOW = EXAMPLE / "readmodel.yml"
REPOSITORY = "acme@123/shop@456"
PULL_REQUEST, PRODUCTION = (
    f"repo:{REPOSITORY}:{job}" for job in ("pull_request", "environment:production")
)
TOML = f"""\
[stack]
name = "{NAME}"
[[routes]]
path = "products/{{id}}"
key = "products/{{id}}.json"
[writer]
kind = "role"
principals = ["{PRODUCTION}"]
allow = ["put", "compare", "list"]
"""
HEAD = "<!-- readmodel-cfn -->\nChanges of a deploy:\n\n"
NO_CHANGES = f"{HEAD}    no changes\n"


def jobs() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    return found


def step(name: str) -> dict[str, Any]:
    steps = [step for job in jobs().values() for step in job["steps"]]
    found: dict[str, Any] = next(step for step in steps if step.get("name") == name)
    return found


@dataclass(frozen=True)
class Runner:
    """A runner with the repository, and the roles that its jobs can assume."""

    checkout: Example
    roles: dict[str, str]
    sts: Any

    def describe(self, text: str) -> None:
        (self.checkout.folder / "readmodel.toml").write_text(text)

    def configure(self, role: str, subject: str) -> dict[str, str]:
        """The variables that aws-actions/configure-aws-credentials sets for a job."""
        found = self.sts.assume_role_with_web_identity(
            RoleArn=role,
            RoleSessionName="GitHubActions",
            WebIdentityToken=unsigned({**TOKEN, "sub": subject}),
        )["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": found["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": found["SecretAccessKey"],
            "AWS_SESSION_TOKEN": found["SessionToken"],
        }

    def run(self, name: str, key: dict[str, str], exits: int = 0, **variables: str) -> None:
        """Run a step in the shell that GitHub runs it in.

        https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
        """
        shells = {"": ["bash", "-e"], "python": [sys.executable]}
        script = self.checkout.folder.parent / "script"
        script.write_text(step(name)["run"])
        shell = shells[step(name).get("shell", "")]
        self.checkout.run(*shell, str(script), exits=exits, **key, **variables)

    def comment(self) -> str:
        key = self.configure(self.roles["PlanRole"], PULL_REQUEST)
        for name in ("lint", "diff", "write the comment"):
            self.run(name, key)
        return (self.checkout.folder / "comment.md").read_text()


@pytest.fixture
def runner(tmp_path: Path, sandbox: Sandbox, clients: Callable[..., Any]) -> Iterator[Runner]:
    checkout = copied("github-actions", tmp_path, [], sandbox)
    with roles(EXAMPLE, clients, NAME, Repository=REPOSITORY) as arns:
        made = Runner(checkout, arns, clients("sts"))
        made.describe(TOML)
        yield made
        Stack(NAME, clients("cloudformation")).delete()


def test_workflow_is_valid_in_the_schema_of_github() -> None:
    check = [str(programs("github-actions") / "check-jsonschema"), "--builtin-schema"]
    subprocess.run([*check, "vendor.github-workflows", str(WORKFLOW)], check=True)


def test_actions_are_pinned_to_a_commit_and_jobs_have_the_least_permissions() -> None:
    used = [step["uses"] for job in jobs().values() for step in job["steps"] if "uses" in step]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)
    written = {
        "diff": {"id-token", "pull-requests"},
        "deploy": {"id-token"},
        "publish": {"id-token"},
    }
    for name, job in jobs().items():
        assert {key for key, value in job["permissions"].items() if value == "write"} == written[
            name
        ]
    assert yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["permissions"] == {}


def test_comment_shows_a_new_stack_no_change_and_changed_values(runner: Runner) -> None:
    comment = runner.comment()
    assert comment.startswith(HEAD)
    assert re.search(r"\n      add +DataStore +AWS::S3::Bucket\n", comment)

    deploy = runner.configure(runner.roles["DeployRole"], PRODUCTION)
    runner.run("deploy", deploy)
    assert runner.comment() == NO_CHANGES

    runner.describe(TOML.replace("{id}.json", "{id}"))
    comment = runner.comment()
    assert "products/{id}.json -> products/{id}" in comment
    assert all(line.startswith("    ") for line in comment.removeprefix(HEAD).splitlines())
    assert runner.roles["PlanRole"].split(":")[4] not in comment, "it does not name the account"


def test_merge_deploys_and_the_writer_publishes(runner: Runner, tmp_path: Path) -> None:
    runner.run("deploy", runner.configure(runner.roles["DeployRole"], PRODUCTION))
    written = tmp_path / "outputs"
    key = runner.configure(runner.roles["DeployRole"], PRODUCTION)
    runner.run("outputs", key, GITHUB_OUTPUT=str(written))
    outputs = dict(line.split("=", 1) for line in written.read_text().splitlines())

    document = runner.checkout.folder / "documents" / "products" / "42.json"
    document.parent.mkdir(parents=True)
    document.write_text('{"id": 42}')
    writer = runner.configure(outputs["role"], PRODUCTION)
    for _ in range(2):  # the second time nothing has changed
        runner.run("publish", writer, BUCKET=outputs["bucket"])
    read = runner.checkout.run("readmodel-cfn", "read", "products/42", "--json")
    assert json.loads(json.loads(read.stdout)["body"]) == {"id": 42}


def test_other_jobs_cannot_assume_the_roles_and_the_plan_role_cannot_deploy(
    runner: Runner,
) -> None:
    for role, subject in (
        ("PlanRole", PRODUCTION),
        ("DeployRole", PULL_REQUEST),
        ("DeployRole", "repo:acme/shop:environment:production"),
        ("DeployRole", f"repo:{REPOSITORY}:environment:staging"),
    ):
        with pytest.raises(ClientError) as refused:
            runner.configure(runner.roles[role], subject)
        assert refused.value.response["Error"]["Code"] == "AccessDenied"
    runner.run("deploy", runner.configure(runner.roles["PlanRole"], PULL_REQUEST), exits=1)


def test_step_fails_with_its_command(runner: Runner) -> None:
    runner.describe("routes = 1")
    key = runner.configure(runner.roles["PlanRole"], PULL_REQUEST)
    runner.run("lint", key, exits=2)
    runner.run("diff", key, exits=1)


# What github-script gives a script, with the comments of the pull request kept in a list.
# https://github.com/actions/github-script#readme
GITHUB = """\
const comments = [{ id: 1, body: "Another comment" }];
const issues = {
  listComments: "listComments",
  createComment: ({ owner, repo, issue_number, body }) =>
    comments.push({ id: 1 + comments.length, owner, repo, issue_number, body }),
  updateComment: ({ comment_id, body }) => {
    comments.find((comment) => comment.id === comment_id).body = body;
  },
};
const github = { rest: { issues }, paginate: async () => comments };
const context = { repo: { owner: "a", repo: "b" }, issue: { number: 7 } };
const [script, ...bodies] = JSON.parse(process.argv[1]);
const AsyncFunction = (async () => {}).constructor;
const run = new AsyncFunction("require", "github", "context", script);
(async () => {
  for (const body of bodies) {
    require("fs").writeFileSync("comment.md", body);
    await run(require, github, context);
  }
  console.log(JSON.stringify(comments));
})();
"""


@pytest.mark.examples
def test_comment_is_created_once_and_then_updated(tmp_path: Path, sandbox: Sandbox) -> None:
    first_and_next = (NO_CHANGES, f"{HEAD}    others\n")
    given = json.dumps([step("comment")["with"]["script"], *first_and_next])
    example = copied("github-actions", tmp_path, [], sandbox)
    first, ours = json.loads(example.run("node", "-e", GITHUB, given).stdout)
    assert first == {"id": 1, "body": "Another comment"}
    place = {"owner": "a", "repo": "b", "issue_number": 7}
    assert ours == {"id": 2, **place, "body": first_and_next[1]}
