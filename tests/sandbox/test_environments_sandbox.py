"""Two environments of one readmodel.toml on the embedded AWS, from the command line."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from readmodel_cfn import ReadModelStack
from readmodel_cfn.cli import main

STAGING, PRODUCTION = ("--env", "staging"), ("--env", "production")
FILE = """\
[stack]
tags = {{ team = "shop" }}
[[routes]]
path = "products/{{id}}"
key = "products/{{id}}.json"
[env.staging.stack]
name = "{name}-staging"
[env.production.stack]
name = "{name}-production"
[env.production.api]
cors_origin = "https://shop.example"
"""


@pytest.fixture
def file(
    tmp_path: Path,
    use_sandbox: None,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """A file with two environments."""
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "readmodel.toml"
    made.write_text(FILE.format(name=f"env-{secrets.token_hex(4)}"))
    yield made
    for env in ("staging", "production"):
        stack = ReadModelStack.from_config(made, env=env)
        stack.delete(with_data=True, confirm=lambda _: True)


def run(*words: str, exits: int = 0) -> Result:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == exits, done.output
    return done


def test_two_environments_are_two_stacks(file: Path) -> None:
    for env in (STAGING, PRODUCTION):
        assert f"environment {env[1]}" in run("deploy", *env, "--yes").stderr
    Path("42.json").write_text("{}")
    published = run("publish", "42.json", "--key", "products/42.json", *STAGING)
    assert "environment staging" in published.stderr
    run("read", "products/42", *STAGING)
    run("read", "products/42", *PRODUCTION, exits=10)

    file.write_text(file.read_text().replace("https://shop.example", "*"))
    run("diff", *STAGING)
    changed = json.loads(run("diff", *PRODUCTION, "--json", exits=5).stdout)
    (setting,) = changed["settings"]
    assert (setting["table"], setting["key"]) == ("env.production.api", "cors_origin")

    found = json.loads(run("status", "--all", "--json").stdout)["environments"]
    assert [(each["env"], each["differs"]) for each in found] == [
        ("staging", False),
        ("production", True),
    ]
    deleted = run("delete", *STAGING, "--yes")
    assert "environment staging" in deleted.stderr
    found = json.loads(run("status", "--all", "--json", exits=1).stdout)["environments"]
    assert [bool(each["status"]) for each in found] == [False, True]
