"""Audit of the generated templates: only the article's has findings."""

import json
from typing import Any

from hypothesis import given

from articles import article_template
from readmodel_cfn import ReadModel, Route, build_template, render
from readmodel_cfn.analysis.audit import audit, audit_report
from readmodel_cfn.analysis.view import View
from strategies import read_models


def content_of(model: ReadModel) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(render(build_template(model), "compact"))
    return content


@given(read_models)
def test_read_models_have_no_findings_but_a_requested_secret_output(model: ReadModel) -> None:
    in_outputs = model.writer.kind == "user" and model.writer.key_in == "outputs"
    report = audit_report(content_of(model))
    found = [(finding.rule, finding.path) for finding in report.findings]
    assert found == ([("R48", "DataStoreSecretAccessKey/Value")] if in_outputs else [])
    assert report.unchecked == ()


def test_view_has_get_and_head_of_every_route() -> None:
    model = ReadModel(routes=(Route(), Route("a/{b}/{rest+}", "a/{b}/{rest}.json")))
    assert [
        (method.verb, method.uri.key) for method in View(content_of(model)).reads if method.uri
    ] == [
        ("GET", "payload.json"),
        ("GET", "a/{b}/{rest}.json"),
        ("HEAD", "payload.json"),
        ("HEAD", "a/{b}/{rest}.json"),
    ]


def test_findings_of_the_article_template() -> None:
    found = [
        (finding.severity, finding.name, finding.resource) for finding in audit(article_template())
    ]
    assert found == [
        ("high", "unanswered-status", "SamplesGetMethod"),
        ("high", "secret-in-outputs", "Outputs"),
        ("medium", "missing-header", "SamplesGetMethod"),  # Content-Type
        ("medium", "missing-header", "SamplesGetMethod"),  # ETag
        ("medium", "no-head", "SamplesGetMethod"),
        ("medium", "inline-stage", "ApiGatewayDeployment"),
        ("medium", "role-action", "ApiGatewayDataStorePolicy"),
        ("medium", "role-beyond-keys", "ApiGatewayDataStorePolicy"),
        ("medium", "public-access", "DataStore"),
        ("medium", "plain-http", "DataStore"),
        ("medium", "user-wildcard", "DataStoreWriter"),
        ("low", "no-conditional-read", "SamplesGetMethod"),
        ("low", "literal-region", "SamplesGetMethod"),
        ("low", "literal-region", "Outputs"),
    ]


def test_model_with_150_routes_has_no_findings() -> None:
    routes = tuple(Route(f"document{number}", f"{number}.json") for number in range(150))
    template = content_of(ReadModel(routes=routes))
    assert audit(template) == []
