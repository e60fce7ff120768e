"""A bucket that `delete` has kept is taken into a new stack, with its payloads."""

import json
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from test_journey import Project

from readmodel_cfn.sandbox import Sandbox


@pytest.fixture
def kept(tmp_path: Path, sandbox: Sandbox) -> Iterator[Project]:
    """A stack is deployed, published to and deleted; its bucket has a name and stays."""
    name = f"kept-{secrets.token_hex(4)}"
    project = Project(tmp_path, sandbox, name, more=f'[data_store]\nname = "{name}-data"')
    project("deploy", "--yes")
    project.publish({"kept": True})
    project("delete", "--yes")
    yield project
    project.run("delete", "--yes", "--with-data")


def test_deploy_over_a_kept_bucket_offers_its_import(kept: Project) -> None:
    kept("deploy", "--yes", exits=1)
    assert f"bucket {kept.name}-data exists, made as DataStore by stack {kept.name}" in kept.told
    assert "give --import-existing to take it, with its documents, into this stack" in kept.told
    kept("status", exits=1)


def test_imported_bucket_is_read_through_the_new_api(kept: Project) -> None:
    kept("deploy", "--yes", "--import-existing")
    assert "import  DataStore" in kept.told
    assert json.loads(kept.read()["body"]) == {"kept": True}
    kept("deploy", "--yes")
    assert "No change." in kept.told


def test_import_without_consent_leaves_no_stack_and_no_change_set(kept: Project) -> None:
    kept("deploy", "--import-existing", exits=1)
    assert "give --yes" in kept.told
    kept("status", exits=1)
    kept("deploy", "--yes", "--import-existing")
