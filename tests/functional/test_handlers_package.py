"""A handler runs with the standard library, this package, obstore and msgspec on the path alone."""

import json
import subprocess
import sys
from importlib.metadata import files
from pathlib import Path

import pytest
from lambda_batches import FUNCTION, batch, failed
from processes import SOURCE

from memory_s3 import memory_s3
from stacks import TIMEOUT

PROGRAM = """
import json, sys
from readmodel_cfn.handlers import Document, from_sqs

def render(body):
    product = json.loads(body)
    version = product.get("version")
    return Document(f"products/{product['id']}.json", product, version)

failed = from_sqs(render)(json.load(sys.stdin), None)
print(json.dumps([failed, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


@pytest.fixture
def packages(tmp_path: Path) -> list[Path]:
    """The path of a function: this package, and a folder with what two distributions install."""
    folder = tmp_path / "packages"
    folder.mkdir()
    for distribution in ("obstore", "msgspec"):
        for name in {file.parts[0] for file in files(distribution) or () if ".." not in file.parts}:
            (found,) = {
                Path(str(file.locate())).parents[len(file.parts) - 2]
                for file in files(distribution) or ()
                if file.parts[0] == name and len(file.parts) > 1
            }
            (folder / name).symlink_to(found)
    return [SOURCE, folder]


def test_handler_needs_obstore_and_msgspec_only(packages: list[Path], tmp_path: Path) -> None:
    program = f"import sys; sys.path += {[*map(str, packages)]!r}\n{PROGRAM}"
    bodies = ['{"id": 1}', "x", '{"id": 2, "version": 5}', '{"id": 2, "version": 4}']
    with memory_s3() as s3:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", program],
            input=json.dumps(batch(*bodies)),
            env={**FUNCTION, "AWS_ENDPOINT_URL": s3.url, "HOME": str(tmp_path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )
        assert done.returncode == 0, done.stderr
        result, modules = json.loads(done.stdout)
        assert failed(result) == ["m1"]
        assert json.loads(s3.body("products/1.json")) == {"id": 1}
        assert json.loads(s3.body("products/2.json")) == {"id": 2, "version": 5}
    assert set(modules) - set(sys.stdlib_module_names) - {"__main__"} == {
        *("readmodel_cfn", "obstore", "msgspec")
    }
