"""Snapshots: definitions that AWS refuses, and the imports of the package."""

import subprocess
import sys
from pathlib import Path

import pytest
from gateway_definitions import api, mock_method, s3_method

import readmodel_cfn.local.gateway
from readmodel_cfn.local.gateway import DefinitionError, Snapshot


def test_method_without_integration_is_refused() -> None:
    """AWS: No integration defined for method."""
    with pytest.raises(DefinitionError, match=r"^GET /x: "):
        Snapshot.from_definition(api({"/x": {"GET": {}}}))


@pytest.mark.parametrize("status", ["OK", 42, "2xx", 600])
def test_invalid_status_is_refused(status: object) -> None:
    """The message names method, path and the value."""
    method = mock_method()
    method["methodIntegration"]["integrationResponses"] = {"200": {"statusCode": status}}
    with pytest.raises(DefinitionError, match=f"GET /x: {status!r}"):
        Snapshot.from_definition(api({"/x": {"GET": method}}))


def test_resource_without_full_path_is_refused() -> None:
    """A path part alone cannot be routed."""
    with pytest.raises(DefinitionError, match="resource r1"):
        Snapshot.from_definition({"resources": [{"id": "r1", "pathPart": "x"}]})


def test_empty_definition_compiles() -> None:
    """Every part may be missing or null."""
    Snapshot.from_definition({"resources": None, "gatewayResponses": None})
    Snapshot.from_definition({"resources": [{"id": "r0", "path": "/", "resourceMethods": None}]})


def test_definition_error_is_a_value_error() -> None:
    """Callers without this package's names can catch it."""
    with pytest.raises(ValueError, match="r1"):
        Snapshot.from_definition({"resources": [{"id": "r1"}]})


ALONE = """
import sys
sys.path.insert(0, sys.argv[1])
import readmodel_cfn.local.gateway
print(sorted(readmodel_cfn.local.gateway.__all__))
"""


def test_the_gateway_needs_nothing_but_the_standard_library() -> None:
    """It loads in an interpreter that sees no installed package."""
    source = Path(readmodel_cfn.local.gateway.__file__).parents[3]
    command = [sys.executable, "-I", "-S", "-c", ALONE, str(source)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == str(sorted(readmodel_cfn.local.gateway.__all__))


def test_methods_are_compiled_separately() -> None:
    """The message names the method that is wrong, not its neighbours."""
    wrong = s3_method(request={"integration.request.header.A": "method.request.header.A"})
    wrong["requestParameters"] = None
    definition = api({"/x": {"GET": s3_method(), "PUT": wrong}})
    with pytest.raises(DefinitionError, match=r"^PUT /x: .*method\.request\.header\.A"):
        Snapshot.from_definition(definition)
