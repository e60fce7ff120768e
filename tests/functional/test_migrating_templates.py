"""The audit and the OpenAPI document of templates as the CDK and Serverless write them."""

from pathlib import Path

import pytest

from readmodel_cfn.analysis.audit import audit_report
from readmodel_cfn.analysis.openapi import openapi

TEMPLATES = Path(__file__).parents[1] / "migrating"


@pytest.mark.parametrize("name", ["cdk.json", "serverless.json"])
def test_audit_finds_what_a_read_model_adds(name: str) -> None:
    """Statuses that are not answered, no ETag, a role that may read more than it needs."""
    report = audit_report(TEMPLATES / name)
    assert report.unchecked == ()
    found = {finding.rule for finding in report.findings}
    assert {"R09", "R20", "R42"} <= found
    assert found & {"R01", "R03"}


@pytest.mark.parametrize("name", ["cdk.json", "serverless.json"])
def test_openapi_has_the_paths_of_the_routes(name: str) -> None:
    assert list(openapi(TEMPLATES / name)["paths"]) == ["/products/{id}"]
