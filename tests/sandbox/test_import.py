"""A bucket that `delete` has kept is imported into a new stack, with its documents."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_journey import Project

from readmodel_cfn.local.sandbox import Sandbox


@pytest.fixture
def kept(tmp_path: Path, sandbox: Sandbox) -> Iterator[Project]:
    """A stack that was deployed, published to and deleted; its named bucket was kept."""
    name = f"kept-{secrets.token_hex(4)}"
    project = Project(tmp_path, sandbox, name, more=f'[data_store]\nname = "{name}-data"')
    project("deploy", "--yes")
    project.publish({"kept": True})
    project("delete", "--yes")
    yield project
    project.run("delete", "--yes", f"--with-data={project.name}")


def test_deploy_over_a_kept_bucket_offers_its_import(kept: Project) -> None:
    kept("deploy", "--yes", exits=1)
    for fact in (f"{kept.name}-data", f"stack {kept.name}", "--import-existing"):
        assert fact in kept.stderr
    kept("status", exits=1)


def test_imported_bucket_is_read_through_the_new_api(kept: Project) -> None:
    kept("deploy", "--yes", "--import-existing")
    assert "import DataStore" in " ".join(kept.stderr.split())
    assert json.loads(kept.read()["body"]) == {"kept": True}
    kept("deploy", "--yes")
    assert "UPDATE_IN_PROGRESS" not in kept.stderr


def test_import_without_consent_leaves_no_stack_and_no_change_set(kept: Project) -> None:
    kept("deploy", "--import-existing", exits=1)
    assert "--yes" in kept.stderr
    kept("status", exits=1)
    kept("deploy", "--yes", "--import-existing")
