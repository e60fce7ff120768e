"""Our own templates: production has no fault, and the article those it is known for."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings

from articles import article_template
from readmodel_cfn import ReadModel, Route, build_template, render
from readmodel_cfn.analysis.audit import audit
from readmodel_cfn.analysis.view import View
from strategies import read_models

slow = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def content_of(model: ReadModel) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(render(build_template(model), "compact"))
    return content


@slow
@given(read_models)
def test_every_read_model_passes_the_audit(model: ReadModel) -> None:
    """But for the one fault that can be asked for: the writer's key in the outputs."""
    in_outputs = model.writer.kind == "user" and model.writer.key_in == "outputs"
    found = [(one.rule, one.path) for one in audit(content_of(model))]
    assert found == ([("R48", "DataStoreSecretAccessKey/Value")] if in_outputs else [])


def test_the_audit_sees_every_route_of_a_model() -> None:
    model = ReadModel(routes=(Route(), Route("a/{b}/{rest+}", "a/{b}/{rest}.json")))
    assert [(one.verb, one.uri.key) for one in View(content_of(model)).reads if one.uri] == [
        ("GET", "payload.json"),
        ("GET", "a/{b}/{rest}.json"),
        ("HEAD", "payload.json"),
        ("HEAD", "a/{b}/{rest}.json"),
    ]


def test_of_the_article_it_lists_what_the_article_lacks() -> None:
    found = [(one.name, one.resource) for one in audit(article_template())]
    assert found == [
        ("unanswered-status", "SamplesGetMethod"),
        ("missing-header", "SamplesGetMethod"),  # Content-Type
        ("missing-header", "SamplesGetMethod"),  # ETag
        ("no-conditional-read", "SamplesGetMethod"),
        ("no-head", "SamplesGetMethod"),
        ("inline-stage", "ApiGatewayDeployment"),
        ("role-action", "ApiGatewayDataStorePolicy"),
        ("role-beyond-keys", "ApiGatewayDataStorePolicy"),
        ("literal-place", "SamplesGetMethod"),
        ("literal-place", "Outputs"),
        ("public-access", "DataStore"),
        ("plain-http", "DataStore"),
        ("secret-in-outputs", "Outputs"),
        ("user-wildcard", "DataStoreWriter"),
    ]


def test_the_largest_model_is_audited_in_a_moment() -> None:
    import time

    routes = tuple(Route(f"document{number}", f"{number}.json") for number in range(150))
    template = content_of(ReadModel(routes=routes))
    begin = time.perf_counter()
    assert audit(template) == []
    assert time.perf_counter() - begin < 10
