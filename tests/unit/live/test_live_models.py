"""A new deployment of any read model serves what its template says."""

from typing import Any

from hypothesis import given
from live_stacks import api_gateway, desired, template_of

from articles import article_template
from readmodel_cfn import ReadModel
from readmodel_cfn.deploy.live.compare import compare
from readmodel_cfn.deploy.live.snapshot import snapshot
from readmodel_cfn.deploy.live.values import Comparison
from strategies import read_models

ALL_PARTS = 6  # deployment, canary, settings, routes, authorization, integrations


def comparison(template: Any, **parameters: str) -> Comparison:
    stage, *_ = desired(template, **parameters)
    client = api_gateway(template, **parameters)
    return compare(stage, snapshot(client, stage.api, stage.stage))


@given(read_models)
def test_new_deployment_of_a_read_model_has_no_findings(model: ReadModel) -> None:
    found = comparison(template_of(model))
    assert found.findings == ()
    assert len(found.compared) == ALL_PARTS
    assert found.unknown == ()


def test_new_deployment_of_the_article_has_no_findings() -> None:
    found = comparison(article_template(), StackName="read-model")
    assert found.findings == ()
    assert len(found.compared) == ALL_PARTS
    assert found.unknown == ()


@given(read_models)
def test_generated_templates_have_no_unknown_parts(model: ReadModel) -> None:
    """An unknown part would fit anything that is live."""
    stages = desired(template_of(model))
    for method in (method for stage in stages for method in stage.methods.values()):
        assert method.integration is not None
        assert not [text for text in method.integration.values() if not isinstance(text, str)]
