"""The public names of the package, and what its import loads."""

import subprocess
import sys
from pkgutil import iter_modules

import pytest

import readmodel_cfn
from readmodel_cfn import config


@pytest.mark.parametrize("name", readmodel_cfn.__all__)
def test_every_public_name_is_importable(name: str) -> None:
    assert getattr(readmodel_cfn, name) is not None
    assert name in dir(readmodel_cfn)


def test_no_module_hides_a_public_name_of_config() -> None:
    modules = {module.name for module in iter_modules(config.__path__)}
    assert not modules & set(config.__all__)


def test_every_listed_module_has_a_public_name() -> None:
    assert list(readmodel_cfn._MODULES) == readmodel_cfn.__all__


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="ReadModle"):
        _ = readmodel_cfn.ReadModle  # type: ignore[attr-defined] # which mypy says too


@pytest.mark.parametrize("module", ["readmodel_cfn", "readmodel_cfn.cli"])
def test_import_of_the_package_imports_no_slow_modules(module: str) -> None:
    line = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", line], capture_output=True, check=True).stdout
    assert module in loaded.decode().split()
    assert not {"troposphere", "awacs", "boto3", "rich"} & set(loaded.decode().split())
