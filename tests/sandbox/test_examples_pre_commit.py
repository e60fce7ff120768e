"""The hooks for pre-commit, used as `examples/pre-commit` shows."""

import shutil
from pathlib import Path

import pytest
import yaml
from example_tools import ROOT, Example, copied, programs

from readmodel_cfn.local.sandbox import Sandbox

CONFIG = ".pre-commit-config.yaml"
RUN = ("pre-commit", "run", "--all-files", "--verbose")
WRITE = ("readmodel-cfn", "template", "--output", "read-model.json")


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox) -> Example:
    """A repository of a user's with the example in it, its template rendered."""
    example = copied("pre-commit", tmp_path, [programs("pre-commit")], sandbox)
    example.variables["PRE_COMMIT_HOME"] = str(tmp_path / "pre-commit-home")
    example.run(*WRITE)
    example.run("git", "init", "--quiet")
    example.run("git", "add", "--all")
    return example


@pytest.fixture
def hooks(project: Example) -> Example:
    """The same; the hooks that it names are this project's, with what is installed here."""
    config = project.folder / CONFIG
    (repo,) = yaml.safe_load(config.read_text())["repos"]
    ours = {
        hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    }
    local = [ours[hook["id"]] | hook | {"language": "system"} for hook in repo["hooks"]]
    config.write_text(yaml.safe_dump({"repos": [{"repo": "local", "hooks": local}]}))
    return project


def test_both_hooks_pass_with_an_up_to_date_template(hooks: Example) -> None:
    assert hooks.run(*RUN).stdout.count("Passed") == 2


def test_outdated_template_stops_the_commit(hooks: Example) -> None:
    description = hooks.folder / "readmodel.toml"
    description.write_text(description.read_text() + "\n[data_store]\nretain = false\n")
    output = hooks.run(*RUN, exits=1).stdout
    assert output.count("Passed") == 1
    assert "exit code: 5" in output
    assert "read-model.json: " in output
    hooks.run(*WRITE)
    assert hooks.run(*RUN).stdout.count("Passed") == 2


def test_invalid_config_stops_the_commit(hooks: Example) -> None:
    (hooks.folder / "readmodel.toml").write_text("[[routes]]")
    assert hooks.run(*RUN, exits=1).stdout.count("routes[1]: ") == 2


@pytest.mark.examples
def test_pre_commit_installs_the_hooks_from_a_clone(project: Example, tmp_path: Path) -> None:
    config = project.folder / CONFIG
    (repo,) = yaml.safe_load(config.read_text())["repos"]
    there = {"repo": clone(project, tmp_path / "clone", repo["rev"])}
    config.write_text(yaml.safe_dump({"repos": [repo | there]}))
    assert project.run(*RUN, PYTHONPATH="").stdout.count("Passed") == 2
    assert list((tmp_path / "pre-commit-home").rglob("bin/readmodel-cfn"))


def clone(project: Example, to: Path, tag: str) -> str:
    """A repository of what is here, committed or not, with a tag."""
    listed = ("git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others")
    for name in project.run(*listed, "--exclude-standard").stdout.split("\0"):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, to / name)
    git = ("git", "-C", str(to), "-c", "user.name=tests", "-c", "user.email=tests@example.com")
    project.run(*git, "init", "--quiet")
    project.run(*git, "add", "--all")
    project.run(*git, "commit", "--quiet", "--message", "working copy")
    project.run(*git, "tag", tag)
    return str(to)
