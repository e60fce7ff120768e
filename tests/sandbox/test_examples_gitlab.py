"""The pipeline for GitLab: it is valid in its schema, and each of its scripts works."""

import json
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import yaml
from ci_jobs import GITLAB, roles, unsigned
from example_tools import EXAMPLES, Example, copied, programs

from readmodel_cfn.local.sandbox import Sandbox
from stacks import Stack

NAME = "merge-request"
EXAMPLE = EXAMPLES / "gitlab-ci"
PIPELINE = EXAMPLE / ".gitlab-ci.yml"
PROJECT = "acme/web/shop"
SUBJECT = f"project_path:{PROJECT}:ref_type:branch:ref:"
TOML = f"""\
[stack]
name = "{NAME}"
[[routes]]
path = "products/{{id}}"
key = "products/{{id}}.json"
[writer]
kind = "role"
principals = ["{SUBJECT}main"]
"""
NOTES = "/api/v4/projects/7/merge_requests/3/notes"
MARK = "<!-- readmodel-cfn -->\n"


@dataclass
class Notes:
    """The comments of a merge request, as GitLab's API has them."""

    bodies: list[str] = field(default_factory=lambda: [f"note {n}" for n in range(150)])

    def answer(self, method: str, url: str, data: str) -> Any:
        path, query = urlsplit(url).path, parse_qs(urlsplit(url).query)
        if method == "GET":
            start = 100 * (int(query["page"][0]) - 1)
            listed = [{"id": number, "body": body} for number, body in enumerate(self.bodies)]
            return listed[start : start + 100]
        (body,) = parse_qs(data)["body"]
        if method == "POST":
            assert path == NOTES
            self.bodies.append(body)
        else:
            self.bodies[int(path.removeprefix(f"{NOTES}/"))] = body
        return {}


@pytest.fixture
def gitlab() -> Iterator[tuple[str, Notes]]:
    """The URL of a server with GitLab's API, and its comments."""
    notes = Notes()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            assert self.headers["PRIVATE-TOKEN"] == "token"
            data = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
            body = json.dumps(notes.answer(self.command, self.path, data)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = answer  # noqa: N815

        def log_message(self, *_: Any) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4", notes
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass(frozen=True)
class Runner:
    """A runner with the project, and the variables that GitLab sets."""

    checkout: Example
    variables: dict[str, str]

    def describe(self, text: str) -> None:
        (self.checkout.folder / "readmodel.toml").write_text(text)

    def run(self, job: str, branch: str, exits: int = 0) -> str:
        """Run a job of a branch in the shell that GitLab runs it in; return its stderr.

        Its own variables refer to the project's. https://docs.gitlab.com/ci/variables/
        """
        pipeline = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))
        (audience,) = [token["aud"] for token in pipeline["default"]["id_tokens"].values()]
        claims = {**GITLAB, "aud": audience, "sub": f"{SUBJECT}{branch}"}
        own = {
            name: self.variables[str(value)[1:]] if str(value).startswith("$") else str(value)
            for name, value in pipeline[job]["variables"].items()
        }
        before = [
            line for line in pipeline["default"]["before_script"] if "pip install" not in line
        ]
        script = "\n".join(["set -eo pipefail", *before, *pipeline[job]["script"]])
        # The example is in no credential chain but by its token.
        keys = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        token = {
            "AWS_TOKEN": unsigned(claims),
            "AWS_WEB_IDENTITY_TOKEN_FILE": str(self.checkout.folder.parent / "token"),
        }
        done = self.checkout.run(
            "bash", "-c", script, exits=exits, **keys, **self.variables, **own, **token
        )
        return done.stderr


@pytest.fixture
def runner(
    tmp_path: Path, sandbox: Sandbox, clients: Callable[..., Any], gitlab: tuple[str, Notes]
) -> Iterator[Runner]:
    checkout = copied("gitlab-ci", tmp_path, [], sandbox)
    with roles(EXAMPLE, clients, NAME, Project=PROJECT) as arns:
        made = Runner(
            checkout,
            {
                "READMODEL_PLAN_ROLE": arns["PlanRole"],
                "READMODEL_DEPLOY_ROLE": arns["DeployRole"],
                "CI_API_V4_URL": gitlab[0],
                "CI_PROJECT_ID": "7",
                "CI_MERGE_REQUEST_IID": "3",
                "COMMENT_TOKEN": "token",
            },
        )
        made.describe(TOML)
        document = checkout.folder / "documents" / "products" / "42.json"
        document.parent.mkdir(parents=True)
        document.write_text('{"id": 42}')
        yield made
        Stack(NAME, clients("cloudformation")).delete()


def test_pipeline_is_valid_in_the_schema_of_gitlab() -> None:
    check = [str(programs("gitlab-ci") / "check-jsonschema"), "--builtin-schema"]
    subprocess.run([*check, "vendor.gitlab-ci", str(PIPELINE)], check=True)


def test_merge_request_has_one_comment_and_a_merge_deploys_and_publishes(
    runner: Runner, gitlab: tuple[str, Notes]
) -> None:
    _, notes = gitlab
    others = list(notes.bodies)
    runner.run("diff", "feature")
    assert notes.bodies[:-1] == others
    assert notes.bodies[-1].startswith(MARK)
    assert "DataStore" in notes.bodies[-1]

    runner.run("deploy", "main")
    read = runner.checkout.run("readmodel-cfn", "read", "products/42", "--json")
    assert json.loads(json.loads(read.stdout)["body"]) == {"id": 42}

    runner.run("diff", "feature")
    assert notes.bodies[:-1] == others, "the comment is updated"
    assert notes.bodies[-1].endswith("    no changes")


def test_other_branches_cannot_deploy(runner: Runner) -> None:
    assert "AccessDenied" in runner.run("deploy", "feature", exits=1)


def test_job_fails_with_its_command(runner: Runner, gitlab: tuple[str, Notes]) -> None:
    runner.describe("routes = 1")
    runner.run("diff", "feature", exits=2)
    assert not [body for body in gitlab[1].bodies if body.startswith(MARK)]
