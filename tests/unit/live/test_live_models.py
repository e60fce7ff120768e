"""Whatever the read model: what a fresh deployment serves is what its template says."""

from typing import Any

from hypothesis import given
from live_stacks import api_gateway, template_of, wanted

from articles import article_template
from readmodel_cfn import ReadModel
from readmodel_cfn.deploy.live.compare import compare
from readmodel_cfn.deploy.live.snapshot import snapshot
from readmodel_cfn.deploy.live.values import Comparison
from strategies import read_models

ALL = ("deployment", "canary", "method settings", "routes", "authorization", "integrations")


def comparison(template: Any, **parameters: str) -> Comparison:
    (stage,) = wanted(template, **parameters)
    client = api_gateway(template, **parameters)
    return compare(stage, snapshot(client, stage.api, stage.stage))


@given(read_models)
def test_a_fresh_deployment_serves_what_the_template_says(model: ReadModel) -> None:
    found = comparison(template_of(model))
    assert found.findings == ()
    assert found.compared == ALL
    assert found.unknown == ()


def test_so_does_the_articles() -> None:
    found = comparison(article_template(), StackName="read-model")
    assert found.findings == ()
    assert found.compared == ALL
    assert found.unknown == ()


@given(read_models)
def test_nothing_of_ours_is_beyond_knowing(model: ReadModel) -> None:
    """An unknown part would fit anything that is live."""
    (stage,) = wanted(template_of(model))
    for method in stage.methods.values():
        assert method.integration is not None
        assert not [text for text in method.integration.values() if not isinstance(text, str)]
