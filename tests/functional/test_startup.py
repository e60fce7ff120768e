"""Start-up: which packages Python imports before a command does its work."""

import subprocess
import sys
from pathlib import Path

import pytest
from processes import environment

SLOW = {"boto3", "botocore", "cfnlint", "jsonschema_rs", "msgspec", "obstore", "rich"}


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        pytest.param(["-c", "import readmodel_cfn"], set(), id="import"),
        pytest.param(["-c", "from readmodel_cfn import ReadModelStack"], set(), id="class"),
        pytest.param(["-m", "readmodel_cfn", "--help"], {"click"}, id="help"),
        pytest.param(["-m", "readmodel_cfn", "template"], {"click", "troposphere"}, id="template"),
        pytest.param(
            ["-m", "readmodel_cfn", "template", "--article", "--format", "yaml"],
            {"click", "troposphere", "yaml"},
            id="article",
        ),
    ],
)
def test_start_imports_no_package_that_is_slow_to_load(
    arguments: list[str], needed: set[str], tmp_path: Path
) -> None:
    imported = {name.partition(".")[0] for name in imported_modules(arguments, tmp_path)}
    assert {"readmodel_cfn", *needed} <= imported
    assert not SLOW & imported


def test_articles_template_does_not_import_the_read_model(tmp_path: Path) -> None:
    """Importing it takes a third of the time that a bare script takes."""
    imported = imported_modules(["-m", "readmodel_cfn", "template", "--article"], tmp_path)
    assert "readmodel_cfn.template.article" in imported
    assert "readmodel_cfn.template.model" not in imported


def imported_modules(arguments: list[str], folder: Path) -> set[str]:
    """The modules that a Python process imports, as `-X importtime` reports them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    lines = (line for line in done.stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip() for line in lines}
