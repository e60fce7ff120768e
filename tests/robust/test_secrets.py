"""No command prints a secret: not with --debug, not in an error, not in a traceback or a log."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from readmodel_cfn.local.sandbox import Sandbox
from robust_budget import Budget

PROGRAM = (sys.executable, "-m", "readmodel_cfn")
API_KEYS = """
[stack]
name = "robust-keys"
[[routes]]
path = "samples/{id}"
key = "samples/{id}.json"
[access]
auth = "api-key"
keys = ["web", "partner"]
[alarms]
"""
RELEASES = """
[stack]
name = "robust-releases"
[[routes]]
path = "samples/{id}"
key = "samples/{id}.json"
[releases]
[writer]
kind = "role"
principals = ["{account}"]
"""
# A secret whose value the test does not know, such as the session token of a role.
FIELD = re.compile(
    r"(?:SecretAccessKey|SessionToken|SecretString|secret_access_key)"
    r"""\\?["']?\s*[>:=]\s*\\?["']?[A-Za-z0-9/+=]{16,}"""
)
OF_KEYS = [
    "deploy --yes --json",
    "deploy --yes",
    "diff --full",
    "status",
    "status --json",
    "outputs --json",
    "follow",
    "diagnose",
    "publish data --as-writer",
    "publish data/samples/1.json --key samples/1.json --as-writer",
    "publish data --dry-run",
    "ls",
    "history samples/1.json",
    "restore samples/1.json no-such-version --yes",
    "read samples/1",
    "read samples/none --json",
    "verify --yes",
    "unpublish samples/1.json --yes",
    "openapi --deployed",
    "deploy --yes --template-bucket no-such-bucket-anywhere",
    "publish data --bucket no-such-bucket-anywhere",
    "delete --yes --with-data=robust-keys",
    "status",
]
OF_RELEASES = [
    "deploy --yes",
    "publish data --release one",
    "publish data --release two",
    "release list",
    "release rollback",
    "release activate no-such-release",
    "release prune --keep 1 --yes",
    "read samples/1",
    "delete --yes --with-data=robust-releases",
]
SHORT = ["deploy --yes", "publish data --as-writer", "status --json", "read samples/1", OF_KEYS[-2]]
WITHOUT_AWS = [
    "template",
    "lint",
    "audit",
    "graph",
    "openapi",
    "policy",
    "estimate data --reads 1 --writes 1",
    "init --yes",
    "sandbox env",
    "completion bash",
]
TEMPORARY = {
    "AWS_ACCESS_KEY_ID": "ASIAROBUSTEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "robustSecretAccessKey/EXAMPLE+of+nobody",
    "AWS_SESSION_TOKEN": "IQoJrobustSessionToken/EXAMPLE//////////of+nobody==",
}
BROKEN = """
import sys
from readmodel_cfn.cli import main
from readmodel_cfn.deploy.client import StackClient

def describe(self, *_):
    raise RuntimeError(f"provoked: {vars(self)!r}")

StackClient.describe = describe
sys.argv[0] = "readmodel-cfn"
main()
"""


class Commands:
    """Runs commands in a project, and keeps all that they print."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.printed: list[tuple[str, str]] = []
        self.codes: dict[str, int] = {}
        for name in ("1", "2"):
            file = folder / "data" / "samples" / f"{name}.json"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text('{"a": 1}')

    def run(
        self,
        *words: str,
        program: tuple[str, ...] = PROGRAM,
        more: Mapping[str, str] | None = None,
    ) -> None:
        done = subprocess.run(
            [*program, *words],
            cwd=self.folder,
            env={**self.environment, **(more or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        line = " ".join(words)
        self.codes[line] = done.returncode
        self.printed += [(line, done.stdout), (line, done.stderr)]

    def leaks(self, secrets: list[str]) -> list[str]:
        """The commands that printed a secret, each with the text around it."""
        found = []
        for line, text in self.printed:
            for secret in secrets:
                if (at := text.find(secret)) >= 0:
                    found.append(f"{line}: ...{text[max(at - 80, 0) : at]}(a secret)")
            if match := FIELD.search(text):
                found.append(f"{line}: {text[max(match.start() - 80, 0) : match.end()]}")
        return found


@pytest.fixture
def commands(environment_of_sandbox: dict[str, str], tmp_path: Path) -> Commands:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    home = {"READMODEL_CFN_HOME": environment_of_sandbox["READMODEL_CFN_HOME"]}
    nowhere = {"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere"}
    return Commands(tmp_path, {**kept, **home, **nowhere, "AWS_EC2_METADATA_DISABLED": "true"})


def secrets_of_account(clients: Callable[..., Any]) -> list[str]:
    """The values of all API keys and of all secrets."""
    keys = clients("apigateway").get_api_keys(includeValues=True)["items"]
    manager = clients("secretsmanager")
    found = [key["value"] for key in keys]
    for secret in manager.list_secrets()["SecretList"]:
        text = manager.get_secret_value(SecretId=secret["ARN"])["SecretString"]
        fields = json.loads(text) if text.startswith("{") else {"": text}
        found += [value for name, value in fields.items() if "access_key_id" not in name]
    return found


def test_no_command_prints_a_secret(
    budget: Budget,
    sandbox: Sandbox,
    sandbox_home: Path,
    clients: Callable[..., Any],
    commands: Commands,
) -> None:
    account = clients("sts").get_caller_identity()["Account"]
    secrets = [sandbox.secret_access_key, sandbox.token, *TEMPORARY.values()]
    secrets.remove(TEMPORARY["AWS_ACCESS_KEY_ID"])
    config = commands.folder / "readmodel.toml"
    projects = ((API_KEYS, OF_KEYS), (RELEASES, OF_RELEASES))
    for text, lines in projects if budget.is_long else ((API_KEYS, SHORT),):
        config.write_text(text.replace("{account}", account))
        for line in lines:
            if line.startswith("delete"):
                secrets += secrets_of_account(clients)
            commands.run(*line.split(), "--sandbox", "--debug")
    assert len(secrets) >= 6  # two API keys, and the key of the writer
    for line in budget.sample(WITHOUT_AWS, 2):
        commands.run(*line.split(), "--debug")
    elsewhere = ("--endpoint-url", sandbox.endpoint_url, "--region", sandbox.region)
    for line in ("status", "publish data --bucket other"):  # with a key that nobody knows
        commands.run(*line.split(), "--debug", *elsewhere, more=TEMPORARY)
    for options in ((), ("-X", "dev")):  # in one line, and as a traceback
        program = (sys.executable, "-W", "ignore", *options, "-c", BROKEN)
        commands.run("status", "--sandbox", "--debug", program=program)
        commands.run("status", *elsewhere, program=program, more=TEMPORARY)
    logs = [path for path in sandbox_home.iterdir() if path.suffix == ".log"]
    assert logs
    commands.printed += [(path.name, path.read_text(errors="replace")) for path in logs]
    budget.record("commands of which a secret is searched", len(commands.codes))
    assert any("Traceback" in text for _, text in commands.printed)
    assert commands.leaks(secrets) == []
    expected = ["deploy --yes", "publish data --as-writer"]
    expected += ["publish data --release one"] * budget.is_long
    done = {line: commands.codes[f"{line} --sandbox --debug"] for line in expected}
    assert done == dict.fromkeys(expected, 0)
