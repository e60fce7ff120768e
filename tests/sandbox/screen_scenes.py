"""The twelve outputs of docs/screens.md: each command with what is done before it, and the page.

The commands run in this process, one after another, on the sandbox of a home.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from click.testing import CliRunner
from verify_site import ORIGIN
from verify_site import TOML as READ_MODEL

from readmodel_cfn import build_template, lint, render
from readmodel_cfn.cli import main, reporter
from readmodel_cfn.config.file import parse
from readmodel_cfn.local import sandbox

PAGE = Path(__file__).parents[2] / "docs" / "screens.md"
PAGE_WIDTH = 80  # columns
STACK = "shop"
TOML = f'[stack]\nname = "{STACK}"\n\n{READ_MODEL}'
CHANGED = f"""\
{TOML.replace(ORIGIN, "*")}
[[routes]]
path = "prices"
key = "prices.json"
"""
REFUSED = f"""\
{CHANGED}
[writer]
permissions_boundary = "arn:aws:iam::123456789012:policy/none"
"""
DOCUMENTS = ("payload.json", "products/1.json", "products/2.json")
NEVER = 1e6  # seconds

Clients = Callable[[str], Any]


@dataclass(frozen=True)
class Scene:
    """A command, what is done before it in the working directory, and its exit code."""

    title: str
    introduction: str
    command: str
    before: Callable[[Clients], None] = lambda _: None
    exits: int = 0


@dataclass(frozen=True)
class Screen:
    """What a command has printed."""

    scene: Scene
    output: str


def write_toml(text: str) -> Callable[[Clients], None]:
    def write(_: Clients) -> None:
        Path("readmodel.toml").write_text(text)

    return write


def write_documents(_: Clients) -> None:
    for key in DOCUMENTS:
        file = Path("data", key)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"key": key}))


def write_template(_: Clients) -> None:
    """The stack's template after two careless changes."""
    template = json.loads(render(build_template(parse(TOML, "readmodel.toml").model)))
    resources = template["Resources"]
    del resources["DataStore"]["Properties"]["PublicAccessBlockConfiguration"]
    integration = resources["SamplesGetMethod"]["Properties"]["Integration"]
    del integration["RequestParameters"]["integration.request.header.If-None-Match"]
    Path("template.json").write_text(json.dumps(template, indent=2))


def remove_not_modified(clients: Clients) -> None:
    """Remove the 304 of a route, and deploy the stage again, as somebody may do in the console."""
    write_toml(CHANGED)(clients)
    listed = clients("cloudformation").list_stack_resources(StackName=STACK)
    ids = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in listed["StackResourceSummaries"]
    }
    api, gateway = ids["ApiGateway"], clients("apigateway")
    paths = {
        resource["path"]: resource["id"]
        for resource in gateway.get_resources(restApiId=api)["items"]
    }
    gateway.delete_integration_response(
        restApiId=api, resourceId=paths["/products/{id}"], httpMethod="GET", statusCode="304"
    )
    gateway.create_deployment(restApiId=api, stageName=ids["ApiGatewayStage"])


SCENES = (
    Scene(
        "Create a stack",
        "The resources, what becomes public and who may write; at the end the URLs.",
        "deploy --yes",
        write_toml(TOML),
    ),
    Scene("Deploy without a change", "Nothing is changed.", "deploy --yes"),
    Scene(
        "Publish documents",
        "Of a directory, only the documents that have changed are sent.",
        "publish data",
        write_documents,
    ),
    Scene(
        "Outputs",
        "The stack's outputs, and one URL for each route.",
        "outputs",
    ),
    Scene(
        "Status",
        "The stack, its last operation, what its stage serves, and its resources.",
        "status",
    ),
    Scene(
        "Verify",
        "Every promise is checked with requests; an emulator cannot show them all.",
        "verify --yes",
    ),
    Scene(
        "Compare before a deploy",
        "In `readmodel.toml`, `cors_origin` is now `*`, and the route `prices` is new: the "
        "settings come first, and what widens access is marked.",
        "diff",
        write_toml(CHANGED),
        exits=5,
    ),
    Scene(
        "Update a stack",
        "The same changes, deployed. The sandbox updates every resource, AWS only those that "
        "change.",
        "deploy --yes",
    ),
    Scene(
        "A deploy that fails",
        "The `permissions_boundary` under `[writer]` does not exist: the last line names the "
        "cause, its table in `readmodel.toml` and the fix.",
        "deploy --yes",
        write_toml(REFUSED),
        exits=4,
    ),
    Scene(
        "Verify a changed API",
        "Somebody has removed a response from the API without CloudFormation: what is broken comes "
        "first, each with its fix.",
        "verify --yes",
        remove_not_modified,
        exits=7,
    ),
    Scene(
        "Audit a template",
        "Any template can be audited; this one has two careless changes.",
        "audit template.json",
        write_template,
        exits=3,
    ),
    Scene(
        "Delete a stack with its documents",
        "What is deleted comes first; without `--with-data` the bucket is kept.",
        f"delete --yes --with-data={STACK}",
    ),
)


def play(home: Path, width: int) -> Iterator[Screen]:
    """Run all scenes on the sandbox of the home, with the working directory for their files."""
    box = sandbox.start(home=home)

    def clients(service: str) -> Any:
        return boto3.session.Session().client(  # type: ignore[call-overload]
            service,
            endpoint_url=box.endpoint_url,
            region_name=box.region,
            aws_access_key_id=box.access_key_id,
            aws_secret_access_key=box.secret_access_key,
        )

    environment = {
        "COLUMNS": str(width),
        "NO_COLOR": "1",
        "READMODEL_CFN_SANDBOX": "1",
        "READMODEL_CFN_HOME": str(home),
        **dict.fromkeys(("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL")),
    }
    with ExitStack() as patches:
        patches.enter_context(patch.object(lint, "lint_once", lambda *_, **__: []))
        for delay in ("_FIRST", "_STEP_AGAIN", "_COUNT_ELSEWHERE"):
            patches.enter_context(patch.object(reporter, delay, NEVER))
        for scene in SCENES:
            scene.before(clients)
            done = CliRunner().invoke(main, scene.command.split(), env=environment)
            assert done.exit_code == scene.exits, f"{scene.title}: {done.output}"
            yield Screen(scene, done.output)


def page(screens: list[Screen]) -> str:
    """docs/screens.md."""
    parts = [_TOP]
    fixed = _Fixed()
    for screen in screens:
        text = fixed(screen.output).rstrip()
        scene = screen.scene
        typed = f"$ readmodel-cfn {scene.command}"
        parts.append(
            f"## {scene.title}\n\n{scene.introduction}\n\n```console\n{typed}\n{text}\n```\n"
        )
    return "\n".join(parts)


_TOP = f"""\
# Screens

What the commands print at {PAGE_WIDTH} columns without colour, in a pipeline; on a terminal, one
block shows the resources in progress, instead of a line for each. The commands have run one after
another on the [sandbox](offline.md) with `READMODEL_CFN_SANDBOX=1`, which needs no AWS account. On
AWS, account and region stand in place of `the sandbox (eu-west-1)`. Times, identifiers and ports
are replaced by fixed ones.

The first commands use this `readmodel.toml`:

```toml
{TOML}```
"""


class _Fixed:
    """Replaces what differs from run to run by text of the same length."""

    _TEXTS = (
        (r"\b\d\d:\d\d:\d\d\b", "12:00:00"),
        (r"\b20\d\d-\d\d-\d\d\b", "2026-01-01"),
        (r"\bin \d+ s\b", "in 1 s"),
        (r"\bin [\d.]+ s \([\d,]+ per second\)", "in 0.1 s (30 per second)"),
        (r"\b\d+ of 2,048 bytes", "109 of 2,048 bytes"),
        (r"127\.0\.0\.1:\d+", "127.0.0.1:40000"),
        (r"\b0{12}\b", "123456789012"),
    )
    # Random parts of names and identifiers, such as the one of a bucket, an API and an access key.
    _ID = re.compile(
        r"(?<=AKIA)[0-9A-F]{16}|(?<=ployment)[0-9a-f]{10}\b"
        r"|(?<=-)[0-9a-f]{6}(?![0-9A-Za-z])"
        r"|(?<![0-9A-Za-z])(?:[0-9a-f]{8}|[0-9a-fA-F]{13}|[0-9a-f]{16}|[0-9a-f]{32})"
        r"(?![0-9A-Za-z])"
    )

    def __init__(self) -> None:
        self._ids: dict[str, str] = {}

    def __call__(self, text: str) -> str:
        for pattern, fixed in self._TEXTS:
            text = re.sub(pattern, fixed, text)
        return self._ID.sub(self._fixed_id, text)

    def _fixed_id(self, found: re.Match[str]) -> str:
        """The number of the identifier; the same identifier has the same one."""
        own = found[0]
        return self._ids.setdefault(own, str(len(self._ids) + 1).rjust(len(own), "0"))
