"""The workflow for GitHub: it is valid in its schema, and each of its scripts works."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from example_tools import EXAMPLES, Example, copied, programs

from readmodel_cfn.local.sandbox import Sandbox
from stacks import Stack

NAME = "pull-request"
WORKFLOW = EXAMPLES / "github-actions" / "readmodel.yml"
TOML = f"""\
[stack]
name = "{NAME}"
[[routes]]
path = "products/{{id}}"
key = "products/{{id}}.json"
"""
HEAD = "<!-- readmodel-cfn -->\nRead model: "


def step(name: str) -> dict[str, Any]:
    (job,) = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"].values()
    found: dict[str, Any] = next(step for step in job["steps"] if step.get("name") == name)
    return found


@dataclass(frozen=True)
class Runner:
    """A runner with the repository of a pull request; its credentials may what policy.json says."""

    checkout: Example
    key: dict[str, str]

    def describe(self, text: str) -> None:
        (self.checkout.folder / "readmodel.toml").write_text(text)

    def run(self, name: str, exits: int = 0) -> None:
        """Run a step in the shell that GitHub runs it in.

        https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
        """
        shells = {"": ["bash", "-e"], "python": [sys.executable]}
        script = self.checkout.folder.parent / "script"
        script.write_text(step(name)["run"])
        self.checkout.run(
            *shells[step(name).get("shell", "")], str(script), exits=exits, **self.key
        )

    def comment(self) -> str:
        for name in ("lint", "diff", "write the comment"):
            self.run(name)
        return (self.checkout.folder / "comment.md").read_text()


@pytest.fixture
def runner(tmp_path: Path, sandbox: Sandbox, clients: Callable[..., Any]) -> Iterator[Runner]:
    checkout, iam = copied("github-actions", tmp_path, [], sandbox), clients("iam")
    user = {"UserName": f"runner-{secrets.token_hex(4)}"}
    iam.create_user(**user)
    policy = (checkout.folder / "policy.json").read_text()
    iam.put_user_policy(**user, PolicyName="diff", PolicyDocument=policy)
    key = iam.create_access_key(**user)["AccessKey"]
    id_and_secret = (key["AccessKeyId"], key["SecretAccessKey"])
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    made = Runner(checkout, dict(zip(names, id_and_secret, strict=True)))
    made.describe(TOML)
    yield made
    iam.delete_access_key(**user, AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(**user, PolicyName="diff")
    iam.delete_user(**user)
    Stack(NAME, clients("cloudformation")).delete()


def test_workflow_is_valid_in_the_schema_of_github() -> None:
    check = [str(programs("github-actions") / "check-jsonschema"), "--builtin-schema"]
    subprocess.run([*check, "vendor.github-workflows", str(WORKFLOW)], check=True)


def test_comment_shows_a_new_stack_no_change_and_changed_values(
    runner: Runner,
) -> None:
    comment = runner.comment()
    assert comment.startswith(f"{HEAD}create\n\n```\n  add DataStore AWS::S3::Bucket\n")
    assert "\n  add ApiGatewayStage AWS::ApiGateway::Stage\n" in comment

    runner.checkout.run("readmodel-cfn", "deploy", "--yes")
    assert runner.comment() == f"{HEAD}nothing\n"

    runner.describe(TOML.replace("{id}.json", "{id}"))
    comment = runner.comment()
    assert comment.startswith(f"{HEAD}update\n\n```\n")
    assert '[routes] products/{id} key: "products/{id}.json" -> "products/{id}"' in comment
    assert "Properties/Integration/Uri" in comment


@pytest.mark.parametrize(("name", "exits"), [("lint", 2), ("diff", 1)])
def test_step_fails_with_its_command(runner: Runner, name: str, exits: int) -> None:
    runner.describe("routes = 1")
    runner.run(name, exits)


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
    given = json.dumps([step("comment")["with"]["script"], f"{HEAD}create", f"{HEAD}update"])
    example = copied("github-actions", tmp_path, [], sandbox)
    first, ours = json.loads(example.run("node", "-e", GITHUB, given).stdout)
    assert first == {"id": 1, "body": "Another comment"}
    assert ours == {"id": 2, "owner": "a", "repo": "b", "issue_number": 7, "body": f"{HEAD}update"}
